"""What the page is told: plots, verdicts and surroundings as JSON in WGS 84."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

from zmd_layout.development_review.choices import merging_of
from zmd_layout.layers import study_area
from zmd_layout.messages import word
from zmd_layout.outputs.opinion.tables import heads, merging_note, project, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.development_review import Case
    from zmd_layout.development_review.judge import Judged
    from zmd_layout.layers import Layers
    from zmd_layout.rulebook import Rule
    from zmd_layout.study import Study
    from zmd_layout.vocabulary import Lang

_WGS84 = "EPSG:4326"
_SIMPLE_M = 200.0
_TABLES = (1, 2, 3, 4, 5, 6, 7)


def outline(layers: Layers, study: Study) -> Any:  # noqa: ANN401 - GeoJSON
    """Return the ground of a study, simplified; None where it has no polygons."""
    area = study_area(layers, study)
    if area is None:
        return None
    return _geojson(gpd.GeoSeries([area.geometry.simplify(_SIMPLE_M)], crs=study.crs))[0]


def _geojson(shapes: gpd.GeoSeries) -> list[Any]:
    return [json.loads(text) for text in shapely.to_geojson(shapes.to_crs(_WGS84).to_numpy())]


def merging(rules: Sequence[Rule], day: dt.date, lang: Lang) -> dict[str, Any] | None:
    """Return how plots are added up by the rules, with the basis of both numbers."""
    found = merging_of(rules, day)
    if found is None:
        return None
    return {
        "distance_m": found.distance_m, "years": found.years,
        "distance_source": found.distance_source.text(lang),
        "years_source": found.years_source.text(lang),
    }  # fmt: skip


def plots_of(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return plots as GeoJSON features with their known fields."""
    table = frame.drop(columns=["geometry", "is_synthetic"]).to_dict("records")
    shapes = _geojson(frame.geometry)
    return [
        {"type": "Feature", "properties": _plain(row), "geometry": shape}
        for row, shape in zip(table, shapes, strict=True)
    ]


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell of a layer
    match value:
        case dict():
            known = {str(key): _plain(item) for key, item in value.items()}
            return {key: item for key, item in known.items() if item is not None}
        case list() | tuple():
            return [_plain(item) for item in value]
        case dt.date():
            return value.isoformat()
        case float() if math.isnan(value):
            return None
        case _:
            return value


def answer(judged: Judged, lang: Lang) -> dict[str, Any]:
    """Return the verdicts on some plots in a language."""
    return {"cases": [_case(case, lang) for case in judged.cases]}


def _case(case: Case, lang: Lang) -> dict[str, Any]:
    shown = {
        str(number): {"heads": heads(number, lang), "rows": rows(number, case, lang)}
        for number in _TABLES
    }
    points = gpd.GeoSeries([shapely.Point(s.xy_m) for s in case.near], crs=case.crs).to_crs(_WGS84)
    return {
        "id": case.unit_id,
        "name": case.name,
        "title": case.title.text(lang),
        "facts": project(case, lang),
        "is_synthetic": case.is_synthetic,
        "remarks": [remark.text(lang) for remark in case.remarks],
        "conclusion": case.conclusion.message.text(lang),
        "kind": case.conclusion.kind,
        "reasons": [reason.text(lang) for reason in case.conclusion.reasons],
        "remedies": [
            {"rule": i.rule.title.text(lang), "what": i.remedy.text(lang)}
            for i in case.issues
            if i.remedy is not None and i.standing != "hint"
        ],
        "advice": [what.text(lang) for _, what in case.advice],
        "statuses": [i.status for i in case.issues],
        "tables": shown,
        "beside": [pair.message.text(lang) for pair in case.beside],
        "merging": None if case.merging is None else merging_note(case.merging).text(lang),
        "schools": [
            {
                "name": s.name, "stage": s.stage, "stage_word": word(s.stage, lang),
                "distance_m": round(s.distance_m),
                "road_m": None if math.isnan(s.road_m) else round(s.road_m), "within": s.is_within,
                "spare": None if math.isnan(s.spare) else round(s.spare),
                "lat": point.y, "lon": point.x,
            }
            for s, point in zip(case.near, points, strict=True)
        ],
    }  # fmt: skip
