"""The review page: upload or draw a plot, read the verdict, take the opinion, keep a register."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any, Literal

import geopandas as gpd
import shapely
from fastapi import FastAPI, File, Form, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from zmd_layout.development_review import Conclusions, choices_of
from zmd_layout.errors import LayerError, ZmdLayoutError
from zmd_layout.layers.archives import MOST_BYTES
from zmd_layout.layers.sources.review_files import load_plots
from zmd_layout.messages import Message, catalogue, forms
from zmd_layout.outputs.opinion import Override, write_opinion
from zmd_layout.outputs.table import to_csv
from zmd_layout.rulebook import builtin_rulesets
from zmd_layout.vocabulary import Lang
from zmd_layout.web.answers import answer, merging, outline, plots_of
from zmd_layout.web.guard import guard, language_of
from zmd_layout.web.reading import plot_reader
from zmd_layout.web.register import ConflictError, Register

if TYPE_CHECKING:
    from zmd_layout.development_review.judge import Judged
    from zmd_layout.workflow import Desk

_WGS84 = "EPSG:4326"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_STATIC = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/elements.js": ("elements.js", "text/javascript; charset=utf-8"),
    "/form.js": ("form.js", "text/javascript; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/drawing.js": ("drawing.js", "text/javascript; charset=utf-8"),
}
_LEAFLET = {
    "/leaflet.js": ("leaflet.js", "text/javascript; charset=utf-8"),
    "/leaflet.css": ("leaflet.css", "text/css; charset=utf-8"),
}


class Own(BaseModel):
    """The official's own conclusion; empty where she concludes as the rules do."""

    conclusion: Conclusions | Literal[""] = ""
    reason: str = ""
    official: str = ""


class Asked(BaseModel):
    """What the page asks about: its plots, how they are measured, which one is shown."""

    plots: list[dict[str, Any]] = []
    choices: dict[str, Any] = {}
    override: Own = Own()
    only: str | int | None = None


class Saved(BaseModel):
    """A review to be saved, and the version that it was made from."""

    content: dict[str, Any]
    id: int | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class _Handlers:
    """What the page asks of an opened study and a register."""

    desk: Desk
    register: Register

    def start(self, lang: Lang = Lang.ZH) -> dict[str, Any]:
        """Give the page's words and the ground that the study covers."""
        return {
            "words": {key: forms(texts, lang) for key, texts in catalogue("web").items()},
            "study": self.desk.study.name.text(lang),
            "outline": outline(self.desk.layers, self.desk.study),
            "rulesets": [
                {"id": name, "title": Message(f"web.ruleset_{name}").text(lang)}
                for name in builtin_rulesets()
                if name not in self.desk.study.rulesets
            ],
            "merging": merging(self.desk.rules, _today(), lang),
            "most_bytes": MOST_BYTES,
            "too_large": Message("web.too_large", most=MOST_BYTES >> 20).text(lang),
        }

    def plots(
        self,
        file: Annotated[UploadFile, File()],
        coordinates: Annotated[str, Form()] = "",
        lang: Lang = Lang.ZH,
    ) -> dict[str, Any]:
        """Read an uploaded file; its name is used for its suffix and in messages only."""
        name = PurePath((file.filename or "plot").replace("\\", "/")).name
        with tempfile.TemporaryDirectory(prefix="zmd-upload-") as folder:
            path = Path(folder) / name
            with path.open("wb") as out:
                shutil.copyfileobj(file.file, out)
            study = self.desk.study
            layer = load_plots(
                path, study=study, coordinates=coordinates or None,
                area=self.desk.area, read=plot_reader().read,
            )  # fmt: skip
        notes = [note.text(lang) for note in layer.origin.notes]
        notes += [entry.text(lang) for entry in layer.origin.account if entry.is_notable]
        return {"plots": plots_of(layer.frame), "notes": notes}

    def _judged(self, asked: Asked, *, only: str | None = None) -> Judged:
        if not asked.plots:
            raise LayerError(Message("web.no_plot"))
        try:
            shapes = [shapely.from_geojson(json.dumps(f["geometry"])) for f in asked.plots]
            rows = [dict(f["properties"]) for f in asked.plots]
        except (KeyError, TypeError, ValueError, shapely.errors.GEOSException) as error:
            raise LayerError(Message("web.no_plot")) from error
        frame = gpd.GeoDataFrame(rows, geometry=shapes, crs=_WGS84)
        choices = choices_of(asked.choices)
        unknown = sorted(set(choices.also) - set(builtin_rulesets()))
        if unknown:  # a name may be a folder, and a page opens no folders
            raise LayerError(Message("web.unknown_ruleset", found=unknown[:3]))
        return self.desk.judge(
            frame, coordinates="wgs84", as_of=_today(), choices=choices, only=only
        )

    def judge(self, asked: Asked, lang: Lang = Lang.ZH) -> dict[str, Any]:
        """Give the verdict on the plot that the page shows, among all that it has."""
        only = None if asked.only is None else str(asked.only)
        return answer(self._judged(asked, only=only), lang)

    def opinion(self, asked: Asked, lang: Lang = Lang.ZH) -> Response:
        """Give the Word file."""
        judged = self._judged(asked)
        override = _override(asked.override)
        chosen = {case.unit_id: override for case in judged.cases if override is not None}
        with tempfile.TemporaryDirectory(prefix="zmd-opinion-") as folder:
            path = Path(folder) / "opinion.docx"
            write_opinion(path, judged.cases, layers=judged.layers, overrides=chosen, lang=lang)
            return Response(path.read_bytes(), media_type=_WORD)

    def data(self, asked: Asked) -> Response:
        """Give the findings as CSV with a BOM, for spreadsheets."""
        text = to_csv(self._judged(asked).findings)
        return Response(text.encode("utf-8-sig"), media_type="text/csv")

    def reviews(self, q: str = "") -> list[dict[str, Any]]:
        """Search the register."""
        return self.register.search(q)

    def review(self, review_id: int) -> list[dict[str, Any]]:
        """Give every version of a review."""
        return self.register.history(review_id)

    def save(self, saved: Saved) -> dict[str, Any]:
        """Save a review; the version that was changed must be the latest."""
        now = dt.datetime.now().astimezone().isoformat(timespec="seconds")
        return self.register.save(
            saved.content, saved_at=now, review_id=saved.id, version=saved.version
        )


def _today() -> dt.date:
    return dt.datetime.now().astimezone().date()


def _override(own: Own) -> Override | None:
    if own.conclusion == "":
        return None
    if not (own.reason and own.official):
        raise LayerError(Message("web.override_incomplete"))
    return Override(own.conclusion, own.reason, own.official, _today())


def make_app(desk: Desk, register: Register, *, token: str | None = None) -> FastAPI:
    """
    Make the application.

    Parameters
    ----------
    desk
        The opened study; kept, so that a verdict takes no reading of files.
    register
        Where reviews are kept.
    token
        What a visitor must bring where the page is public.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.middleware("http")(guard(token=token))
    app.add_exception_handler(ZmdLayoutError, _told)
    app.add_exception_handler(RequestValidationError, _not_understood)
    handlers = _Handlers(desk, register)
    app.get("/api/start")(handlers.start)
    app.get("/api/reviews")(handlers.reviews)
    app.get("/api/reviews/{review_id}")(handlers.review)
    app.post("/api/reviews")(handlers.save)
    app.post("/api/plots")(handlers.plots)
    app.post("/api/judge")(handlers.judge)
    app.post("/api/opinion", response_class=Response)(handlers.opinion)
    app.post("/api/data", response_class=Response)(handlers.data)
    for route, (name, kind) in {**_STATIC, **_LEAFLET}.items():
        package, folder = (
            ("zmd_layout.web", "static") if route in _STATIC
            else ("js_lib_leaflet", "static/js_lib_leaflet")
        )  # fmt: skip
        content = files(package).joinpath(folder, name).read_bytes()
        app.get(route, response_class=Response)(_file(content, kind))
    return app


def _file(content: bytes, kind: str) -> Any:  # noqa: ANN401 - a route
    def give() -> Response:
        return Response(content, media_type=kind)

    return give


def _told(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ZmdLayoutError)  # noqa: S101 - what it is registered for
    status = 409 if isinstance(error, ConflictError) else 422
    return JSONResponse({"error": error.text(language_of(request))}, status_code=status)


def _not_understood(request: Request, error: Exception) -> JSONResponse:
    del error
    text = Message("web.not_understood").text(language_of(request))
    return JSONResponse({"error": text}, status_code=422)
