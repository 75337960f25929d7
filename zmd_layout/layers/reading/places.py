"""
From cells that name a place to points: longitudes and latitudes, both in one cell, WKT, H3 cells.

Degrees come in any spelling (`cells.read_degrees`). What cannot be a place of its column is found
row by row: zero, metres among degrees, swapped degrees, and degrees whose decimals are minutes and
seconds; such rows have no known place and are named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from zmd_layout.errors import LayerError
from zmd_layout.layers.account import Account, Item, Outcome, row_number
from zmd_layout.layers.hexagons import cell_column, cells_to_polygons
from zmd_layout.layers.reading.cells import (
    could_be_packed,
    is_latitude,
    is_longitude,
    read_place,
)
from zmd_layout.layers.reading.known import PLACE_NAMES, X_NAMES, Y_NAMES, plain
from zmd_layout.layers.tables import Misread, is_no_place
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from zmd_layout.study import LayerSource

    Floats = np.ndarray[Any, np.dtype[np.float64]]

_SPHERE = 180.0


@dataclass(slots=True)
class Places:
    """
    Places of rows, and what is doubtful about them.

    Attributes
    ----------
    x, y
        (n,) longitude and latitude, or metres; NaN where the place is not known.
    doubts
        Position of the row → the cells as they stand, and why.
    """

    x: Floats
    y: Floats
    doubts: dict[int, tuple[str, Message]] = field(default_factory=dict)


def look_through(x: Floats, y: Floats) -> Places:
    """
    Find the rows whose numbers are no place of their columns.

    Parameters
    ----------
    x, y
        (n,) as read; NaN is unknown.

    Returns
    -------
    Places
        Zero, metres among degrees, degrees among metres, and single rows of degrees the wrong way
        round are unknown. Where most are the wrong way round they stay as they are, and the door
        says how to declare them. Where all decimals are minutes and seconds nobody can say what is
        meant, and all are unknown.
    """
    places = Places(x.copy(), y.copy())
    known = np.isfinite(x) & np.isfinite(y)
    small = (np.abs(x) <= _SPHERE) & (np.abs(y) <= _SPHERE)
    degrees, metres = known & small, known & ~small
    are_degrees = degrees.sum() >= metres.sum()
    turned = np.array([is_latitude(a) and is_longitude(b) for a, b in zip(x, y, strict=True)], bool)
    are_turned = 2 * turned.sum() > degrees.sum()
    for row in np.flatnonzero(known):
        east, north = float(x[row]), float(y[row])
        told = f"{east:.10g}, {north:.10g}"
        if east == 0 or north == 0:
            _doubt(places, row, told, Message("account.place_zero"))
        elif bool(metres[row]) == bool(are_degrees):
            key = "account.place_metres" if are_degrees else "account.place_degrees"
            _doubt(places, row, told, Message(key))
        elif are_degrees and turned[row] and are_turned:
            places.doubts[int(row)] = (told, Message("account.places_swapped"))
        elif are_degrees and turned[row]:
            _doubt(places, row, told, Message("account.place_swapped"))
    told_degrees = [float(v) for v in np.concatenate([x[degrees], y[degrees]]) if v]
    if are_degrees and could_be_packed(told_degrees):
        for row in np.flatnonzero(degrees):
            _doubt(places, row, f"{x[row]:.10g}, {y[row]:.10g}", Message("account.place_packed"))
    return places


def _doubt(places: Places, row: Any, told: str, why: Message) -> None:  # noqa: ANN401 - an index
    places.x[row] = places.y[row] = np.nan
    places.doubts[int(row)] = (told, why)


def with_places(
    frame: pd.DataFrame, source: LayerSource, layer_name: str, account: Account
) -> gpd.GeoDataFrame:
    """
    Make points of columns of coordinates, polygons of WKT or H3 cells; none: no positions.

    Parameters
    ----------
    frame
        Their columns.
    source
        For the columns that the study names.
    layer_name
        The layer in errors.
    account
        Takes the rows whose place is doubtful.

    Raises
    ------
    LayerError
        If a cell of a coordinate is none, or two columns could be one.
    """
    wkt = _wkt_column(frame.columns)
    if wkt is not None:
        shapes = shapely.from_wkt(frame[wkt].replace("", None), on_invalid="ignore")
        return gpd.GeoDataFrame(frame.drop(columns=wkt), geometry=list(shapes))
    cells = cell_column(frame.columns)
    if cells is not None:
        hexagons = cells_to_polygons(frame[cells], layer_name=layer_name)
        return gpd.GeoDataFrame(frame.drop(columns=cells), geometry=list(hexagons))
    found = _read_columns(frame, source, layer_name)
    if found is None:
        return gpd.GeoDataFrame(frame, geometry=[None] * len(frame))
    columns, x, y = found
    places = look_through(x, y)
    for why in dict.fromkeys(why for _, why in places.doubts.values()):
        rows = [row_number(frame.index[n]) for n, (_, w) in places.doubts.items() if w == why]
        account.add(Item.ROW, Outcome.UNUSED, rows, why=why)
    known = np.isfinite(places.x) & np.isfinite(places.y)
    points = np.full(len(frame), None, dtype=object)
    points[known] = shapely.points(places.x[known], places.y[known])
    return gpd.GeoDataFrame(frame.drop(columns=columns), geometry=list(points))


def _read_columns(
    frame: pd.DataFrame, source: LayerSource, layer_name: str
) -> tuple[list[str], Floats, Floats] | None:
    """Read the columns that name places: two of them, or one with both; None: there is none."""
    pair = point_columns(list(frame.columns), source, layer_name)
    if pair is not None:
        x, y = (numbers_of(frame[name], layer_name, name) for name in pair)
        return list(pair), x, y
    joint = _joint_column(frame, source)
    return None if joint is None else ([joint], *_joint(frame[joint], layer_name, joint))


def _wkt_column(head: Iterable[str]) -> str | None:
    return next((name for name in head if plain(name) in {"wkt", "geometry"}), None)


def point_columns(
    head: Sequence[str], source: LayerSource, layer_name: str
) -> tuple[str, str] | None:
    """
    Find the columns of coordinates.

    Returns
    -------
    columns
        None: there are not both, or shapes stand in their stead.

    Raises
    ------
    LayerError
        If a declared one is not there, or two could be one.
    """
    if _wkt_column(head) is not None or cell_column(head) is not None:
        return None
    _refuse_missing(head, source, layer_name)
    x = _coordinate_column(head, source.columns.get("x"), X_NAMES, layer_name)
    y = _coordinate_column(head, source.columns.get("y"), Y_NAMES, layer_name)
    return None if x is None or y is None else (x, y)


def _refuse_missing(head: Sequence[str], source: LayerSource, layer_name: str) -> None:
    declared = {ours: source.columns[ours] for ours in ("x", "y") if ours in source.columns}
    missing = {ours: theirs for ours, theirs in declared.items() if theirs not in head}
    if missing:
        raise LayerError(
            *(
                Message("layers.no_such_column", layer=layer_name, column=theirs, ours=ours,
                        found=[str(name) for name in head][:30])
                for ours, theirs in missing.items()
            )
        )  # fmt: skip


def _coordinate_column(
    heads: Sequence[str], declared: str | None, names: frozenset[str], layer_name: str
) -> str | None:
    def is_meant(head: str) -> bool:
        return head == declared if declared is not None else plain(head) in names

    found = [head for head in heads if is_meant(head)]
    if len(found) > 1:
        raise LayerError(
            Message("layers.two_candidates", layer=layer_name, column="x / y", found=found)
        )
    return found[0] if found else None


def _joint_column(frame: pd.DataFrame, source: LayerSource) -> str | None:
    """Find a column with both coordinates in a cell; one of datums (坐标) holds words."""
    if source.columns.keys() & {"x", "y"}:
        return None
    named = [head for head in frame.columns if plain(head) in PLACE_NAMES]
    return next((h for h in named if frame[h].map(read_place).notna().any()), None)


def _joint(cells: pd.Series[Any], layer_name: str, column: str) -> tuple[Floats, Floats]:
    misread = Misread(column)
    found: list[tuple[float, float]] = []
    for label, cell in cells.items():
        place = None if is_no_place(cell) else read_place(cell)
        if place is None and not is_no_place(cell):
            misread.note(row_number(label), cell)
        found.append(place or (np.nan, np.nan))
    misread.refuse(layer_name)
    pairs = np.array(found, dtype=np.float64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def numbers_of(cells: pd.Series[Any], layer_name: str, column: str) -> Floats:
    """
    Read a column of coordinates.

    Raises
    ------
    LayerError
        If cells are none.
    """
    misread = Misread(column)
    numbers = misread.numbers(cells)
    misread.refuse(layer_name)
    return numbers
