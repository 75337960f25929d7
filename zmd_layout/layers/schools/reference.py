"""
A second source of schools, such as OSM, held against the first, such as a roster.

It verifies the datum of the first, tells which school is which, gives positions that the first
lacks, and names schools that only it has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from zmd_layout.crs import (
    DatumCheck,
    check_against_reference,
    check_beside_lines,
    parse_coordinates,
)
from zmd_layout.errors import CrsError, LayerError
from zmd_layout.layers.files import sha256_of
from zmd_layout.layers.roads import lines_of
from zmd_layout.layers.schools.doubles import merge_doubles
from zmd_layout.layers.schools.matching import (
    Decision,
    Matching,
    match_schools,
    read_decisions,
)
from zmd_layout.layers.schools.pairs import MatchOptions
from zmd_layout.messages import Message
from zmd_layout.vocabulary import SchoolStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from zmd_layout.layers.layer import Layer, Layers
    from zmd_layout.study import Study

REFERENCE = "reference_schools"
LISTED_IN = "listed_in"  # of each school: schools, both, or reference_schools
_TAKEN_OVER = ("school_id", "name", "stages", "possible_stages", "is_stage_ambiguous",
               "is_teaching_point", "ownership", "geometry")  # fmt: skip


def without_doubles(schools: Layer) -> Layer:
    """Merge the rows of a layer that are one school: one name, near each other, no two stages."""
    frame, merged = merge_doubles(schools.frame)
    if not merged:
        return schools
    note = Message("matching.merged", count=len(merged), left=len(frame))
    origin = replace(schools.origin, notes=(*schools.origin.notes, note))
    return replace(schools, frame=frame.reset_index(drop=True), origin=origin)


@dataclass(frozen=True, slots=True)
class Compared:
    """
    Two sources of schools side by side.

    Attributes
    ----------
    matching
        Left is the first source, right the reference.
    reference
        The reference, its doubles merged.
    is_datum_verified
        Whether the two lie on each other; False where too few are at hand to tell.
    """

    matching: Matching
    reference: gpd.GeoDataFrame
    is_datum_verified: bool


def compare(
    schools: gpd.GeoDataFrame,
    reference: gpd.GeoDataFrame,
    *,
    coordinates: str | None,
    is_datum_verified: bool = False,
    decisions: Sequence[Decision] = (),
    options: MatchOptions | None = None,
) -> Compared:
    """
    Hold schools against those of a second source.

    Parameters
    ----------
    schools, reference
        In our columns, in one plane in metres; a school may have no position.
    coordinates
        What the positions of `schools` are declared as; None: it has none.
    is_datum_verified
        What is known of the datum before.
    decisions
        What was decided by hand.
    options
        What counts as the same.

    Raises
    ------
    CrsError
        If the schools lie off the reference as another datum would.
    LayerError
        If a decision names a school that neither source has.
    """
    reference, merged = merge_doubles(reference)
    if coordinates is not None:
        check = check_against_reference(
            _places(schools), _places(reference), coordinates=parse_coordinates(coordinates),
            working_crs=str(schools.crs), layer_name="schools",
            so_far=DatumCheck(len(schools), 0, is_verified=is_datum_verified),
        )  # fmt: skip
        is_datum_verified = check.is_verified
    decisions = [replace(d, right_id=merged.get(d.right_id, d.right_id)) for d in decisions]
    matching = match_schools(
        schools, reference, decisions=decisions, options=options or MatchOptions()
    )
    return Compared(matching, reference, is_datum_verified)


def with_reference(layers: Layers, study: Study) -> tuple[Layer, list[Message]]:
    """
    Bring the layer of schools together with `reference_schools`.

    Parameters
    ----------
    layers
        With `schools`, and with the reference or without.
    study
        For `[matching]`.

    Returns
    -------
    schools, faults
        Verified, filled up and added to as the study asks; `origin.matching` is what `run.json`
        keeps. Without a reference, or with a fault, as it was.
    """
    schools, reference = layers["schools"], layers.get(REFERENCE)
    asked = study.matching
    if reference is None:
        return schools, []
    declared = schools.origin.coordinates
    is_placeless = declared in (None, "none")
    table = None if asked.decisions is None else study.folder / Path(asked.decisions)
    try:
        decisions = () if table is None else read_decisions(table)
        compared = compare(
            schools.frame, reference.frame, decisions=decisions,
            coordinates=None if is_placeless else str(declared),
            # without positions of its own it takes those of the reference
            is_datum_verified=bool(
                (reference if is_placeless else schools).origin.is_datum_verified
            ),
            options=MatchOptions(
                radius_m=asked.radius_m, least_score=asked.least_score, far_m=asked.far_m
            ),
        )  # fmt: skip
    except (CrsError, LayerError) as error:
        return schools, list(error.messages)
    frame = schools.frame
    told: dict[str, Any] = {}
    if asked.fill:
        frame, told = _filled(frame, compared)
    if asked.add_unmatched:
        is_in_both = frame["school_id"].isin(compared.matching.partners())
        listed = is_in_both.map({True: "both", False: "schools"}).astype(object)
        frame = frame.assign(**{LISTED_IN: listed})
        frame, told["added"] = _added(frame, compared, source=reference.source)
    if table is not None:
        told |= {"decisions_file": asked.decisions, "decisions_sha256": sha256_of(table)}
    return _result(schools, frame, compared, told), []


def beside_roads(layers: Layers, study: Study) -> tuple[Layer, list[Message]]:
    """
    Ask the roads whether the schools stand where they are declared to, if nothing else told.

    Parameters
    ----------
    layers
        With `schools`; with `roads` of an OSM extract, whose datum is known, or without.
    study
        For its plane.

    Returns
    -------
    schools, faults
        Verified where clearly more of them stand beside a road than under another datum; a fault
        where clearly fewer do.
    """
    schools, roads = layers["schools"], layers.get("roads")
    declared = schools.origin.coordinates
    is_open = schools.origin.is_datum_verified is False and declared not in (None, "none")
    tables = None if roads is None or roads.is_synthetic != schools.is_synthetic else roads.roads
    if tables is None or not is_open:
        return schools, []
    try:
        check = check_beside_lines(
            _places(schools.frame), shapely.STRtree(lines_of(tables)),
            coordinates=parse_coordinates(str(declared)), working_crs=study.crs,
            layer_name="schools", so_far=DatumCheck(len(schools.frame), 0, is_verified=False),
        )  # fmt: skip
    except CrsError as error:
        return schools, list(error.messages)
    origin = replace(schools.origin, is_datum_verified=check.is_verified)
    return replace(schools, origin=origin), []


def _result(
    schools: Layer, frame: gpd.GeoDataFrame, compared: Compared, told: dict[str, Any]
) -> Layer:
    has_positions = frame.geometry.notna().any()
    matching = compared.matching
    counts = Message("matching.counts", **matching.counts())
    filled = {name: told.get(name, 0) for name in ("positions", "stages", "added")}
    used = Message("matching.used", **filled)
    origin = replace(
        schools.origin,
        is_datum_verified=compared.is_datum_verified if has_positions else None,
        notes=(*schools.origin.notes, counts, used),
        matching=matching.record() | told,
    )
    return replace(schools, frame=frame, origin=origin)


def _filled(frame: gpd.GeoDataFrame, compared: Compared) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Take positions and stages that the first source lacks from the match."""
    other = compared.reference.set_index("school_id")
    partner = frame["school_id"].map(compared.matching.partners())
    frame = frame.copy()
    places = partner.map(other.geometry)
    lacks = frame.geometry.isna() & places.notna()
    frame.loc[lacks, "geometry"] = places[lacks]
    known = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    if "stages" in other:
        known = partner.map(other["stages"]).astype(object)
    fits = [
        isinstance(stages, str)
        and (not isinstance(open_, str) or set(stages.split(";")) <= set(open_.split(";")))
        for stages, open_ in zip(known, _column(frame, "possible_stages"), strict=True)
    ]
    takes = _column(frame, "stages").isna() & pd.Series(fits, index=frame.index)
    frame["stages"] = _column(frame, "stages").where(~takes, known)
    for name in ("possible_stages", "is_stage_ambiguous"):
        if name in frame:
            frame[name] = frame[name].where(~takes, None)
    return frame, {"positions": int(lacks.sum()), "stages": int(takes.sum())}


def _added(
    frame: gpd.GeoDataFrame, compared: Compared, *, source: str
) -> tuple[gpd.GeoDataFrame, int]:
    """Add what only the reference has: possibly a school, surely one where a hand says so."""
    matching, reference = compared.matching, compared.reference
    lonely = matching.only_right() - matching.no_schools()
    rows = reference[reference["school_id"].isin(lonely)]
    if rows.empty:
        return frame, 0
    extra = rows[[name for name in _TAKEN_OVER if name in rows]].copy()
    extra["status"] = [
        str(SchoolStatus.OPERATING) if identity in matching.schools() else None
        for identity in extra["school_id"]
    ]
    extra["source"], extra[LISTED_IN] = source, REFERENCE
    extra["is_synthetic"] = rows["is_synthetic"].to_numpy(dtype=bool)
    taken = set(frame["school_id"])
    extra["school_id"] = [
        f"{identity}@{REFERENCE}" if identity in taken else identity
        for identity in extra["school_id"]
    ]
    both = pd.DataFrame(
        {
            name: [*_column(frame, name), *_column(extra, name)]
            for name in [*frame.columns, *(c for c in extra.columns if c not in frame)]
            if name != "geometry"
        }
    )
    both = both.astype({n: frame[n].dtype for n in frame if n in both and n != "geometry"})
    shapes = [*frame.geometry, *extra.geometry]
    whole = gpd.GeoDataFrame(both, geometry=shapes, crs=frame.crs)
    return whole.sort_values("school_id", kind="stable", ignore_index=True), len(extra)


def _column(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    empty = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    found: pd.Series[Any] = frame.get(name, empty)
    return found


def _places(frame: gpd.GeoDataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middles of what has a position, in metres of the study's plane."""
    middles = frame.geometry.dropna().centroid
    return middles.x.to_numpy(), middles.y.to_numpy()
