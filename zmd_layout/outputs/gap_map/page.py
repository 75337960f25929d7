"""A folium map that is one closed page: everything inside, nothing asked of any network."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import folium
from branca.element import Element, Figure
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRIPTS = (
    "core.js",
    "model.js",
    "pictures.js",
    "rule_picture.js",
    "completeness.js",
    "stability.js",
    "symbols.js",
    "canvas.js",
    "points.js",
    "around.js",
    "scene.js",
    "layer.js",
    "moves.js",
    "pointing.js",
    "views.js",
    "lists.js",
    "curves.js",
    "strip.js",
    "panel.js",
    "site_panel.js",
    "search.js",
    "sheet.js",
    "main.js",
)
STYLES = ("page.css", "map.css", "side.css", "screens.css")
LEAFLET_IMAGES = ("layers.png", "layers-2x.png", "marker-icon.png")
MARKER_IMAGES = {
    "iconUrl": "marker-icon.png",
    "iconRetinaUrl": "marker-icon-2x.png",
    "shadowUrl": "marker-shadow.png",
}


@cache
def leaflet_script() -> str:
    """Return Leaflet's script, without the line that sends a debugger after its source map."""
    text = _leaflet("leaflet.js").decode("utf-8")
    return re.sub(r"\n//# sourceMappingURL=.*", "", text)


@cache
def leaflet_style() -> str:
    """Return Leaflet's style sheet with its images inside."""
    text = _leaflet("leaflet.css").decode("utf-8")
    for name in LEAFLET_IMAGES:
        text = text.replace(f"url(images/{name})", f"url({leaflet_image(name)})")
    return text


@cache
def leaflet_image(name: str) -> str:
    """Return one of Leaflet's images as a data URI."""
    data = base64.b64encode(_leaflet(f"images/{name}")).decode("ascii")
    return f"data:image/png;base64,{data}"


def _leaflet(path: str) -> bytes:
    return files("js_lib_leaflet").joinpath(f"static/js_lib_leaflet/{path}").read_bytes()


@cache
def own_script() -> str:
    """Return the page's own scripts, one after the other."""
    return "\n".join(_static(name) for name in SCRIPTS)


@cache
def own_style() -> str:
    """Return the page's own style sheets, one after the other."""
    return "\n".join(_static(name) for name in STYLES)


def _static(name: str) -> str:
    return files("zmd_layout.outputs.gap_map").joinpath("static", name).read_text("utf-8")


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("zmd_layout.outputs.gap_map"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Verbatim(Element):
    """
    A text that is printed as it stands.

    branca reads the text of its elements as Jinja templates, so that `{{ … }}` in somebody's data
    would be *run* when the page is made.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "Verbatim"
        self._text = text

    def render(self, **_: object) -> str:
        """Return the text."""
        return self._text


class ClosedFigure(Figure):
    """
    A page whose content security policy lets nothing in and nothing out.

    Scripts run only if their hash is in the policy: the assets of the package, and the one block
    in which folium gathers the scripts of a map and its children.
    """

    def __init__(self, *, lang: str, title: str) -> None:
        super().__init__(height="720px", title=title)
        self._id = "gap_map_page"
        self.header = Element()
        self.header._parent = self  # noqa: SLF001 - as branca's own constructor does
        self._lang = lang

    def render(self, **kwargs: object) -> str:
        """Render the page."""
        for child in self._children.values():
            child.render(**kwargs)
        script = f"\n{self.script.render(**kwargs)}\n"
        scripts = (leaflet_script(), own_script(), script)
        return (
            _templates()
            .get_template("page.html.jinja")
            .render(
                lang=self._lang,
                title=self.title,
                policy=policy(scripts),
                leaflet_style=leaflet_style(),
                own_style=own_style(),
                scripts=scripts,
                header=self.header.render(**kwargs),
                body=self.html.render(**kwargs),
            )
        )


def policy(scripts: tuple[str, ...]) -> str:
    """Write the content security policy that lets exactly these scripts run."""
    hashes = (hashlib.sha256(script.encode("utf-8")).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(h).decode('ascii')}'" for h in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


class GapMap(folium.Map):
    """
    The map of a run's findings.

    It is a `folium.Map`: it shows in a notebook, takes further children, and saves. What folium
    would load from elsewhere (jQuery, Bootstrap, Font Awesome, tiles) it does not have.
    """

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium reads it from the class
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    def __init__(self, *, data: str, shell: Mapping[str, Any], lang: str) -> None:
        super().__init__(location=(0, 0), tiles=None)
        self._name = "map"
        self._id = "gap_map"  # folium draws ids by lot; the same findings make the same page
        self._shell = {**shell, "data": data, "lang": lang}
        ClosedFigure(lang=lang, title=shell["title"][lang]).add_child(self, name=self.get_name())

    def render(self, **kwargs: object) -> str:
        """Put the map and its children into the page; the page does the printing."""
        figure: Any = self.get_root()
        name = self.get_name()
        shell = _templates().get_template("shell.html.jinja").render(map_id=name, **self._shell)
        icons = {option: leaflet_image(image) for option, image in MARKER_IMAGES.items()}
        start = _templates().get_template("start.js.jinja").render(map_id=name, icons=icons)
        figure.html.add_child(Verbatim(shell), name=name)
        figure.script.add_child(Verbatim(start), name=name)
        for child in self._children.values():
            child.render(**kwargs)
        return ""
