"""The review page: upload or draw a plot, read the verdict, take the opinion, keep a register."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

import geopandas as gpd
import shapely
from fastapi import FastAPI, File, Form, Request, UploadFile
from fastapi import Path as PathParam
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, ValidationError, model_validator

from zmd_layout.development_review import BY_HAND, Conclusions, choices_of
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
from zmd_layout.web.register import Action, ConflictError, Register, StorageError
from zmd_layout.web.register_sheet import write_register
from zmd_layout.web.results import results_of, summary

if TYPE_CHECKING:
    from zmd_layout.development_review.judge import Judged
    from zmd_layout.workflow import Desk

_WGS84 = "EPSG:4326"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MOST_ATTACHED = 20 << 20
_MOST_STEM, _MOST_SUFFIX = 60, 8
_ASKED = ("plots", "choices", "overrides")
_STATIC = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/elements.js": ("elements.js", "text/javascript; charset=utf-8"),
    "/form.js": ("form.js", "text/javascript; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/ask.js": ("ask.js", "text/javascript; charset=utf-8"),
    "/register.js": ("register.js", "text/javascript; charset=utf-8"),
    "/drawing.js": ("drawing.js", "text/javascript; charset=utf-8"),
}
_LEAFLET = {
    "/leaflet.js": ("leaflet.js", "text/javascript; charset=utf-8"),
    "/leaflet.css": ("leaflet.css", "text/css; charset=utf-8"),
}


_ID = 2**53  # the largest whole number that a page can hold
ReviewId = Annotated[int, PathParam(ge=1, le=_ID)]


class _Body(BaseModel):
    """What a page sends; halves of signs, which JSON may hold and no file can, are replaced."""

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, given: Any) -> Any:  # noqa: ANN401 - JSON
        return whole(given)


class Own(_Body):
    """The official's own conclusion on a plot; empty where it is that of the rules."""

    conclusion: Literal["", *BY_HAND] = ""  # type: ignore[valid-type]
    reason: str = ""
    official: str = ""
    at: dt.datetime | None = None


class Asked(_Body):
    """What the page asks about: its plots, how they are measured, which one is shown."""

    plots: list[dict[str, Any]] = []
    choices: dict[str, Any] = {}
    overrides: dict[str, Own] = {}
    only: str | int | None = None


class Saved(_Body):
    """A review to be saved, and the version that it was made from."""

    content: dict[str, Any]
    id: Annotated[int, Field(ge=1, le=_ID)] | None = None
    version: Annotated[int, Field(ge=0, le=_ID)] = 0
    official: str = ""


class Marked(_Body):
    """Who voids a review or reinstates it, and why."""

    action: Literal["voided", "reinstated"]
    official: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Handlers:
    """What the page asks of an opened study and a register."""

    desk: Desk
    register: Register

    def start(self, lang: Lang = Lang.ZH) -> dict[str, Any]:
        """Return the page's words and the ground that the study covers."""
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
        name = safe_name(file.filename or "")
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
            shapes = [_shape(f["geometry"]) for f in asked.plots]
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
        """Return the verdict on the plot that the page shows, among all that it has."""
        only = None if asked.only is None else str(asked.only)
        return answer(self._judged(asked, only=only), lang)

    def overrides(self, asked: Asked, judged: Judged) -> dict[str, Override]:
        """Return the official's own conclusions of these plots; of no others."""
        ids = {case.unit_id for case in judged.cases}
        found = {unit: _override(own) for unit, own in asked.overrides.items() if unit in ids}
        return {unit: own for unit, own in found.items() if own is not None}

    def opinion(self, asked: Asked, lang: Lang = Lang.ZH) -> Response:
        """Return the Word file."""
        judged = self._judged(asked)
        chosen = self.overrides(asked, judged)
        with tempfile.TemporaryDirectory(prefix="zmd-opinion-") as folder:
            path = Path(folder) / "opinion.docx"
            write_opinion(path, judged.cases, layers=judged.layers, overrides=chosen, lang=lang)
            return Response(path.read_bytes(), media_type=_WORD)

    def data(self, asked: Asked) -> Response:
        """Return the findings as CSV with a BOM, for spreadsheets."""
        text = to_csv(self._judged(asked).findings)
        return Response(text.encode("utf-8-sig"), media_type="text/csv")

    def reviews(self, q: str = "", lang: Lang = Lang.ZH) -> list[dict[str, Any]]:
        """Search the register."""
        del lang
        return self.register.search(q)

    def review(self, review_id: ReviewId) -> dict[str, Any]:
        """Return every version of a review, and the files that are kept with it."""
        return {
            "versions": self.register.history(review_id),
            "attachments": self.register.attachments(review_id),
        }

    def save(self, saved: Saved, lang: Lang = Lang.ZH) -> dict[str, Any]:
        """
        Save a review with the conclusions of all its plots, made anew from the rows.

        What cannot be judged yet is kept as a draft, with what stands against it.
        """
        content, results = dict(saved.content), []
        try:
            asked = Asked.model_validate({k: content[k] for k in _ASKED if k in content})
            if asked.plots:
                judged = self._judged(asked)
                own = self.overrides(asked, judged)
                content["overrides"] = {unit: _kept(each) for unit, each in own.items()}
                results = results_of(judged.cases, own, lang)
            conclusion = summary(results, lang)
        except (ZmdLayoutError, ValidationError) as error:
            why = error.text(lang) if isinstance(error, ZmdLayoutError) else ""
            conclusion = Message("web.draft", why=why).text(lang)
        done = self.register.save(
            content, saved_at=_now().isoformat(timespec="seconds"), review_id=saved.id,
            version=saved.version, results=results, conclusion=conclusion, by=saved.official,
        )  # fmt: skip
        return {**done, "conclusion": conclusion, "overrides": content.get("overrides", {})}

    def mark(self, review_id: ReviewId, marked: Marked) -> dict[str, Any]:
        """Void a review, or reinstate it; it stays in the register with the reason."""
        return self.register.mark(
            review_id, Action(marked.action), at=_now().isoformat(timespec="seconds"),
            by=marked.official, reason=marked.reason,
        )  # fmt: skip

    def export(self, q: str = "", lang: Lang = Lang.ZH) -> Response:
        """Return the register, or what a search finds of it, as a workbook."""
        with tempfile.TemporaryDirectory(prefix="zmd-register-") as folder:
            path = Path(folder) / "register.xlsx"
            write_register(path, self.register.search(q, most=None), lang=lang)
            return Response(path.read_bytes(), media_type=_EXCEL)

    def attach(self, review_id: ReviewId, file: Annotated[UploadFile, File()]) -> dict[str, Any]:
        """Keep a file with a review."""
        at = _now().isoformat(timespec="seconds")
        name = safe_name(file.filename or "")
        content = file.file.read(_MOST_ATTACHED + 1)
        if len(content) > _MOST_ATTACHED:
            raise LayerError(Message("web.too_large", most=_MOST_ATTACHED >> 20))
        return self.register.attach(review_id, name, content, at=at)

    def attachment(self, review_id: ReviewId, sha256: str) -> Response:
        """Return an attached file, to be saved and never shown by the browser."""
        name, content = self.register.attachment(review_id, sha256)
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
        return Response(content, media_type="application/octet-stream", headers=headers)


def _shape(outline: Any) -> shapely.Geometry | None:  # noqa: ANN401 - GeoJSON
    """Return an outline; a plot of a list may have none."""
    return None if outline is None else shapely.from_geojson(json.dumps(outline))


def _now() -> dt.datetime:
    return dt.datetime.now().astimezone()


def _today() -> dt.date:
    return _now().date()


def _override(own: Own) -> Override | None:
    if own.conclusion == "":
        return None
    if not (own.reason.strip() and own.official.strip()):
        raise LayerError(Message("web.override_incomplete"))
    at = own.at or _now()
    return Override(Conclusions(own.conclusion), own.reason, own.official, at)


def _kept(own: Override) -> dict[str, Any]:
    return {
        "conclusion": str(own.conclusion), "reason": own.reason, "official": own.official,
        "at": own.at.isoformat(timespec="seconds"),
    }  # fmt: skip


def whole(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Replace halves of signs in every text of a JSON value."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode("utf-8")
        case dict():
            return {whole(key): whole(item) for key, item in value.items()}
        case list():
            return [whole(item) for item in value]
        case _:
            return value


def safe_name(given: str) -> str:
    """Return a name that any disk takes, with the suffix of what a stranger calls a file."""
    bare = whole(given).replace("\\", "/").rpartition("/")[2]
    bare = re.sub(r'[\x00-\x1f<>:"|?*]', "_", bare).strip(" .")
    stem, dot, suffix = bare.rpartition(".")
    if not stem or len(suffix) > _MOST_SUFFIX:
        stem, dot, suffix = bare, "", ""
    return f"{stem[:_MOST_STEM] or 'plot'}{dot}{suffix}"


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
    app.post("/api/reviews/{review_id}/mark")(handlers.mark)
    app.post("/api/reviews/{review_id}/attachments")(handlers.attach)
    app.get("/api/reviews/{review_id}/attachments/{sha256}", response_class=Response)(
        handlers.attachment
    )
    app.get("/api/register", response_class=Response)(handlers.export)
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
    if isinstance(error, StorageError):
        status = 507
    return JSONResponse({"error": error.text(language_of(request))}, status_code=status)


def _not_understood(request: Request, error: Exception) -> JSONResponse:
    del error
    text = Message("web.not_understood").text(language_of(request))
    return JSONResponse({"error": text}, status_code=422)
