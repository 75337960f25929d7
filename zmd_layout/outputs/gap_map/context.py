"""Encode what stands around the findings: schools, land, people, children by year, suggestions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from zmd_layout.layers.geometry import points_in
from zmd_layout.outputs.gap_map.geometry import encode_lines, round_degrees, simplify, to_degrees
from zmd_layout.outputs.gap_map.tables import encode_table
from zmd_layout.outputs.gap_map.units import cells
from zmd_layout.unit_keys import read_closes
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

Positions = dict[tuple[str, str], int]  # (unit kind, unit id) → number on the page
_GROUNDS = {UnitKind.COUNTY, UnitKind.TOWNSHIP}

CELL = 1_000  # population is summed in squares of this many 1e-5 degrees
# what a school is called that provides exactly these stages
SCHOOL_TYPES: dict[frozenset[str], str] = {
    frozenset({Stage.KINDERGARTEN}): "kindergarten",
    frozenset({Stage.PRIMARY}): "primary",
    frozenset({Stage.JUNIOR}): "junior",
    frozenset({Stage.SENIOR}): "senior",
    frozenset({Stage.PRIMARY, Stage.JUNIOR}): "nine_year",
    frozenset({Stage.JUNIOR, Stage.SENIOR}): "complete_secondary",
    frozenset({Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR}): "twelve_year",
    frozenset({Stage.VOCATIONAL}): "vocational",
    frozenset({Stage.SPECIAL}): "special",
}
SCHOOL_FACTS = ("name", "ownership", "status", "construction", "seats", "enrolment")
LAND_FACTS = ("name", "stage", "current_use")
ROAD_FACTS = ("kind", "gap_m", "length_m")
SUGGESTION_FACTS = (
    "id",
    "rank",
    "stage",
    "action",
    "name",
    "seats",
    "classes",
    "opens_in",
    "until_year",
    "use_2027",
    "use_2032",
    "use_2035",
    "residents_served",
    "children_served",
    "mean_distance_before_m",
    "mean_distance_after_m",
    "model",
    "solve_status",
    "objective",
    "objective_unit",
    "bound",
    "gap_percent",
    "flags",
    "is_synthetic",
    "note_zh",
    "note_en",
)
CHILDREN_FACTS = ("stage", "year", "children", "low", "high", "seats", "is_born")
PEOPLE_COLUMNS = ("children", "low", "high", "seats")


def school_type(stages: object, *, is_teaching_point: bool) -> str:
    """
    Name the type of a school from its stages, a `;` list.

    >>> school_type("primary;junior", is_teaching_point=False)
    'nine_year'
    """
    if is_teaching_point:
        return "teaching_point"
    named = frozenset(str(stages).split(";")) if isinstance(stages, str) else frozenset()
    return SCHOOL_TYPES.get(named, "several" if named & set(Stage) else "unknown")


def encode_schools(schools: gpd.GeoDataFrame, positions: Positions) -> dict[str, Any]:
    """Encode schools as points, with the number of the unit each one is (None: not checked)."""
    placed = _ordered(to_degrees(schools, "schools"), "school_id")
    x, y = _points(placed)
    points = [value is not None and bool(value) for value in cells(placed, "is_teaching_point")]
    types = [
        school_type(stages, is_teaching_point=is_point)
        for stages, is_point in zip(cells(placed, "stages"), points, strict=True)
    ]
    units = [positions.get(("school", str(school_id))) for school_id in placed["school_id"]]
    return encode_table(
        {"x": x, "y": y, "type": types, "unit": units, **_facts(placed, SCHOOL_FACTS)}
    )


def encode_land(land: gpd.GeoDataFrame) -> dict[str, Any]:
    """Encode parcels reserved for education: their facts and their outlines, in the same order."""
    placed = _ordered(to_degrees(land, "education_land"), "parcel_id")
    shapes = [encode_lines(shape) for shape in simplify(placed.geometry.to_numpy(), "parcel")]
    return {"table": encode_table(_facts(placed, LAND_FACTS)), "shapes": shapes}


def encode_road_faults(faults: gpd.GeoDataFrame) -> dict[str, Any]:
    """Encode where roads may be wrong: a point for each, and the lines of those that have any."""
    placed = to_degrees(faults, "road_health")
    x, y = _points(placed)
    lines = placed.geometry.where(placed.geometry.geom_type != "Point")
    shapes = [[] if line is None else encode_lines(line) for line in lines]
    table = encode_table({"x": x, "y": y, **_facts(placed, ROAD_FACTS)})
    return {"table": table, "shapes": shapes}


def encode_population(population: gpd.GeoDataFrame) -> dict[str, Any]:
    """
    Sum residents in squares of 0.01 degrees, about a kilometre.

    Returns
    -------
    dict
        `cell`, the side in 1e-5 degrees, and `table` with `column, row, residents`: the square
        begins at `column · cell` east and `row · cell` north. Features whose residents are unknown
        are left out, and their number is `unknown`.
    """
    placed = to_degrees(population, "population")
    residents = pd.to_numeric(placed["residents"], errors="coerce").to_numpy(dtype=float)
    known = np.isfinite(residents) & ~placed.geometry.isna().to_numpy()
    squares = np.floor_divide(round_degrees(points_in(placed[known])), CELL)
    frame = pd.DataFrame(
        {"column": squares[:, 0], "row": squares[:, 1], "residents": residents[known]}
    )
    sums = frame.groupby(["column", "row"], as_index=False)["residents"].sum()
    sums = sums[sums["residents"] > 0].round({"residents": 0})
    table = encode_table({name: list(sums[name]) for name in sums.columns})
    return {"cell": CELL, "table": table, "unknown": int((~known).sum())}


def encode_suggestions(
    suggestions: gpd.GeoDataFrame, *, rules: dict[str, list[int]], positions: Positions
) -> dict[str, Any]:
    """
    Encode suggested sites and the findings that each would close.

    Parameters
    ----------
    suggestions
        Columns of `suggestions.geojson`.
    rules
        Rule id → the rule's numbers on the page.
    positions
        Unit → its number on the page.

    Returns
    -------
    dict
        `table`, and `closes`: for each suggestion a list of `[rule, unit]`.
    """
    placed = _ordered(to_degrees(suggestions, "suggestions"), "id")
    x, y = _points(placed)
    unit_of: dict[str, list[int]] = {}
    for (kind, unit_id), number in positions.items():
        if kind in _GROUNDS:  # needs are those of counties and townships
            unit_of.setdefault(unit_id, []).append(number)
    closes = [_closed(text, rules, unit_of) for text in cells(placed, "closes")]
    table = encode_table({"x": x, "y": y, **_facts(placed, SUGGESTION_FACTS)})
    return {"table": table, "closes": closes}


def _closed(
    text: object, rules: dict[str, list[int]], unit_of: dict[str, list[int]]
) -> list[list[int]]:
    """Read `rule_id@unit_id;…` (or a list of such) as pairs of numbers."""
    entries = text.split(";") if isinstance(text, str) else list(_items(text))
    return [
        [rule, unit]
        for rule_id, unit_id in read_closes(str(entry) for entry in entries)
        for rule in rules.get(rule_id, [])
        for unit in unit_of.get(unit_id, [])
    ]


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple | np.ndarray) else ()


def encode_catchments(
    catchments: gpd.GeoDataFrame, suggestions: gpd.GeoDataFrame
) -> list[dict[str, Any]]:
    """
    Encode simulated catchments: lines or areas with the `suggestion_id` they belong to.

    Returns
    -------
    list of dict
        `suggestion`, the position among the suggestions ordered by id; `is_area`; `lines`.
    """
    numbers = {str(name): i for i, name in enumerate(sorted(suggestions["id"].astype(str)))}
    placed = to_degrees(catchments, "catchments")
    entries = [
        {
            "suggestion": numbers[str(suggestion_id)],
            "is_area": bool(shapely.get_type_id(geometry) in {3, 6}),
            "lines": encode_lines(geometry),
        }
        for suggestion_id, geometry in zip(
            placed["suggestion_id"], simplify(placed.geometry.to_numpy(), "parcel"), strict=True
        )
        if str(suggestion_id) in numbers
    ]
    return sorted(entries, key=lambda entry: (entry["suggestion"], entry["lines"]))


def encode_children(children: pd.DataFrame, positions: Positions) -> dict[str, Any]:
    """
    Encode children and seats by unit, stage and year.

    `unit_id` alone says which unit; where ids of two kinds agree, `unit_kind` tells them apart.
    Rows of units that the map does not know are left out. People and seats are whole numbers, None
    where they are unknown; `low`, `high` and `is_born` may be missing.
    """
    kinds = cells(children, "unit_kind")
    by_id = {unit_id: number for (_, unit_id), number in reversed(positions.items())}
    units = pd.Series(
        [
            by_id.get(str(unit_id)) if kind is None else positions.get((str(kind), str(unit_id)))
            for kind, unit_id in zip(kinds, children["unit_id"], strict=True)
        ],
        index=children.index,
        dtype="Int64",
    )
    known = children.assign(unit=units)[units.notna().to_numpy()]
    known = known.sort_values(["stage", "year", "unit"], kind="stable")
    numbers = [name for name in PEOPLE_COLUMNS if name in known]
    known[numbers] = known[numbers].astype(float).round()
    return encode_table({"unit": list(known["unit"]), **_facts(known, CHILDREN_FACTS)})


def _ordered(frame: gpd.GeoDataFrame, key: str) -> gpd.GeoDataFrame:
    order = frame[key].astype(str).sort_values(kind="stable").index
    ordered = frame.loc[order]
    return ordered[~ordered.geometry.isna()]


def _points(frame: gpd.GeoDataFrame) -> tuple[list[int], list[int]]:
    whole = round_degrees(points_in(frame))
    return [int(x) for x in whole[:, 0]], [int(y) for y in whole[:, 1]]


def _facts(frame: pd.DataFrame, names: tuple[str, ...]) -> dict[str, list[Any]]:
    return {name: list(cells(frame, name)) for name in names}
