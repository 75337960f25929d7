"""What the names of a list say together, where the name of one school leaves its stages open."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np

from zmd_layout.layers.schools.same_name import match_name
from zmd_layout.layers.schools.stages import read_stages
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.layers.layer import Layer, Layers

# assumptions of ours: with this many senior schools whose names say so, a county names them all so
_LEAST_SENIORS = 2
# the column of schools whose stages rest on the convention; only where there are any
STAGE_ASSUMED = "is_stage_assumed"
_NUMERAL = "[〇一二三四五六七八九十百]"
_SENIOR = re.compile("高$|高中|高级中学")
_NUMBERED = re.compile(f"{_NUMERAL}中$")
_TYPED = re.compile("实验中$")
_OF_TOWNSHIP = re.compile(".[镇乡](?![市县区]).*中$")
_OF_DISTRICT = re.compile("^.{1,4}区.*中$")  # senior schools of a city are the city's
_CONVENTIONAL = (_NUMBERED, _TYPED, _OF_TOWNSHIP, _OF_DISTRICT)
_BOTH_LEVELS = re.compile("(?:^〇|..)中小$")  # 关中小学 may be a primary school of 关中
_MIDDLE = frozenset({Stage.JUNIOR, Stage.SENIOR})
_JUNIOR, _NINE_YEARS = str(Stage.JUNIOR), f"{Stage.PRIMARY};{Stage.JUNIOR}"


def decided_by_list(schools: Layer, layers: Layers) -> Layer:
    """
    Decide the stages of schools that a convention of their county's names tells, and say which.

    Where the names of senior schools say so (第一高级中学, 二高), a 中学 that is numbered, of a
    township or district, or 实验中学, is a junior school, and a 中小学 has no senior classes. A
    senior school of the county, by its code, whose name does not say so contradicts the convention.

    Parameters
    ----------
    schools
        Schools of which some names leave the stages open.
    layers
        Counties, for schools that do not name theirs, and townships, whose names schools bear.

    Returns
    -------
    layer
        With the stages, `is_stage_assumed` where they rest on the convention, and notes: what was
        decided by convention, and each school that stays undecided, by reason.
    """
    frame = schools.frame
    if "name" not in frame or "stages" not in frame:
        return schools
    forms = np.array([match_name(name) for name in frame["name"]], dtype=object)
    is_open = frame["stages"].isna().to_numpy(dtype=bool)
    if not is_open.any():
        return schools
    conventional = _follows_convention(frame, forms, _counties(frame, layers))
    places = _township_names(layers)
    decided: dict[int, str] = {}
    for row in np.flatnonzero(is_open & conventional & _is_by_name(frame)):
        stages = _by_convention(str(forms[row]), places)
        if stages is not None:
            decided[int(row)] = stages
    frame = frame.copy()
    rows = frame.index[list(decided)]
    frame.loc[rows, "stages"] = list(decided.values())
    frame.loc[rows, "possible_stages"] = None
    frame.loc[rows, "is_stage_ambiguous"] = False
    if decided:
        frame[STAGE_ASSUMED] = frame.index.isin(rows)
    notes = list(schools.origin.notes)
    if decided:
        names = frame.loc[rows, "name"].tolist()
        notes.append(Message("layers.schools_by_convention", count=len(names), names=names))
    notes += _undecided(frame)
    return replace(schools, frame=frame, origin=replace(schools.origin, notes=tuple(notes)))


def _counties(frame: gpd.GeoDataFrame, layers: Layers) -> NDArray[np.object_]:
    """Return the county of each school: as given, else by location; empty is unknown."""
    found = np.full(len(frame), "", dtype=object)
    counties = layers.get("counties")
    if counties is not None and frame.geometry.notna().any():
        where = gpd.GeoDataFrame(geometry=frame.geometry.representative_point())
        units = counties.frame[["unit_id", "geometry"]]
        joined = where.sjoin(units[units.geometry.notna()], predicate="within")["unit_id"]
        joined = joined[~joined.index.duplicated()]
        found[frame.index.get_indexer(joined.index)] = joined.to_numpy()
    if "county_id" in frame:
        own = frame["county_id"]
        found = np.where(own.notna(), own.astype(object), found)
    return found


def _follows_convention(
    frame: gpd.GeoDataFrame, forms: NDArray[np.object_], counties: NDArray[np.object_]
) -> NDArray[np.bool_]:
    """Find the schools of counties whose senior schools all have the level in their names."""
    saying: dict[Any, int] = defaultdict(int)
    silent: set[Any] = set()
    for stages, form, county in zip(frame["stages"], forms, counties, strict=True):
        if not isinstance(stages, str) or Stage.SENIOR not in stages.split(";") or not form:
            continue
        if _SENIOR.search(form):
            saying[county] += 1
        elif any(pattern.search(form) for pattern in _CONVENTIONAL):
            silent.add(county)
    follows = {c for c, count in saying.items() if count >= _LEAST_SENIORS} - silent
    return np.array([county in follows for county in counties], dtype=bool)


def _is_by_name(frame: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Find the schools whose possible stages are those that the name leaves open."""
    if "possible_stages" not in frame:
        return np.zeros(len(frame), dtype=bool)
    return np.array(
        [
            isinstance(name, str)
            and isinstance(possible, str)
            and set(read_stages(name=name).candidates) == set(possible.split(";"))
            for name, possible in zip(frame["name"], frame["possible_stages"], strict=True)
        ],
        dtype=bool,
    )


def _by_convention(form: str, places: tuple[str, ...]) -> str | None:
    if _BOTH_LEVELS.search(form):
        return _NINE_YEARS
    is_of_place = form.endswith("中") and form[:-1].endswith(places)
    is_told = any(pattern.search(form) for pattern in _CONVENTIONAL)
    return _JUNIOR if is_of_place or is_told else None


def _township_names(layers: Layers) -> tuple[str, ...]:
    """List the names of towns and townships without their ending, as schools bear them."""
    townships = layers.get("townships")
    if townships is None:
        return ()
    names = [str(name) for name in townships.frame["name"]]
    return tuple(n[:-1] for n in names if n.endswith(("镇", "乡")) and len(n) > 2)  # noqa: PLR2004 - one character is no name


def _undecided(frame: gpd.GeoDataFrame) -> list[Message]:
    """Name the schools whose stages stay open, by reason."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for row in frame[frame["stages"].isna()].itertuples():
        name = row.name if isinstance(row.name, str) else ""
        by_reason[_reason(name)].append(name or str(row.school_id))
    return [
        Message(
            "layers.schools_undecided", count=len(names), names=sorted(names),
            reason=Message(f"stages.{reason}"),
        )
        for reason, names in sorted(by_reason.items())
    ]  # fmt: skip


def _reason(name: str) -> str:
    if not name:
        return "nothing_known"
    reading = read_stages(name=name)
    if not reading.is_ambiguous:
        return reading.reason.key.removeprefix("stages.")
    if set(reading.candidates) == _MIDDLE:
        return "middle_says_no_level"
    return "both_levels" if _BOTH_LEVELS.search(match_name(name)) else "school_says_no_stage"
