"""The units of a study: what findings are about, one table a kind."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from zmd_layout.checks.conditions import is_missing
from zmd_layout.layers.holding import stands_alone
from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.rulebook.named_measures import MERGING
from zmd_layout.unit_keys import join_ids
from zmd_layout.vocabulary import UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from zmd_layout.layers.layer import Layer, Layers
    from zmd_layout.study import Study

_CODE = re.compile(r"(([0-9]{4})[0-9]{2})(?:[0-9]{3}){0,2}")  # of a county, township or village
LAYER_OF = {
    UnitKind.COUNTY: ("counties", "unit_id"),
    UnitKind.TOWNSHIP: ("townships", "unit_id"),
    UnitKind.VILLAGE: ("villages", "unit_id"),
    UnitKind.PLANNING_UNIT: ("planning_units", "unit_id"),
    UnitKind.RESIDENTIAL_AREA: ("residential_areas", "unit_id"),
    UnitKind.SCHOOL: ("schools", "school_id"),
    UnitKind.PARCEL: ("education_land", "parcel_id"),
}


@dataclass(frozen=True, slots=True)
class Units:
    """
    The units of one kind.

    Attributes
    ----------
    kind
        The kind.
    frame
        Indexed by unit id (text, sorted), with the unit's fields and its geometry (None where it
        has no position).
    made
        Same index; bool for each field: whether it was made up.
    year
        The year of the layer.
    source
        How findings cite the layer.
    assumed
        The fields whose numbers rest on an assumption of ours.
    definition
        What defines the units beside the layers: the kind and, for groups, the rule's distances.
    whole
        All units of the kind, where these are chosen out of them; None where they are all.
    """

    kind: UnitKind
    frame: gpd.GeoDataFrame
    made: pd.DataFrame
    year: int | None
    source: str
    assumed: frozenset[str] = frozenset()
    definition: tuple[Any, ...] = ()
    whole: Units | None = None

    _rows: list[UnitRow] = field(default_factory=list, repr=False, compare=False)

    def rows(self) -> list[UnitRow]:
        """Return the units in the order of their ids; they are made once, for many rules ask."""
        if not self._rows:
            self._rows.extend(self._make_rows())
        return self._rows

    def chosen(self, wanted: np.ndarray[Any, np.dtype[np.bool_]]) -> Units:
        """Return the units at which `wanted` (n,) is true, which know of all the others."""
        if wanted.all():
            return self
        frame, made = self.frame[wanted], self.made[wanted]
        return replace(self, frame=frame, made=made, whole=self.whole or self, _rows=[])

    def _make_rows(self) -> Iterator[UnitRow]:
        names = [str(name) for name in self.frame.columns if name != "geometry"]
        columns = [_known(self.frame[name].tolist()) for name in names]
        made_names = [str(name) for name in self.made.columns]
        made_rows = self.made.to_numpy(dtype=bool)
        patterns: dict[bytes, frozenset[str]] = {}
        shapes = self.frame.geometry.to_numpy()
        for number, unit_id in enumerate(self.frame.index):
            flags = made_rows[number]
            pattern = flags.tobytes()
            if pattern not in patterns:
                made = (name for name, flag in zip(made_names, flags, strict=True) if flag)
                patterns[pattern] = frozenset(made)
            fields = dict(zip(names, (column[number] for column in columns), strict=True))
            yield UnitRow(str(unit_id), fields, patterns[pattern], shapes[number])


def _known(cells: list[Any]) -> list[Any]:
    return [None if is_missing(cell) else cell for cell in cells]


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit: its id, its fields (None: unknown), the names of those made up, its geometry."""

    unit_id: str
    fields: dict[str, Any]
    made: frozenset[str]
    geometry: shapely.Geometry | None = None

    @property
    def is_synthetic(self) -> bool:
        """Whether the unit itself was made up, as its name tells."""
        return "name" in self.made


def units_of(
    kind: UnitKind, *, study: Study, layers: Layers, limits: Mapping[str, Any]
) -> Units | None:
    """
    Return the units of a kind, or None where the study has no layer for them.

    Parameters
    ----------
    kind
        The kind.
    study, layers
        The study and its layers.
    limits
        The rule's numbers by name; groups of residential areas need `merge_distance_m` and
        `merge_years`.
    """
    found = _units_of(kind, study=study, layers=layers, limits=limits)
    return None if found is None else replace(found, definition=definition_of(kind, limits))


def definition_of(kind: UnitKind, limits: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what defines the units of a kind beside the layers; equal ones are the same units."""
    merging = MERGING if kind is UnitKind.RESIDENTIAL_GROUP else ()
    return (kind, *(float(limits[name].value) for name in merging))


def _units_of(
    kind: UnitKind, *, study: Study, layers: Layers, limits: Mapping[str, Any]
) -> Units | None:
    match kind:
        case UnitKind.CITY:
            return _city(study, layers)
        case UnitKind.RESIDENTIAL_GROUP:
            areas = units_of(UnitKind.RESIDENTIAL_AREA, study=study, layers=layers, limits=limits)
            return None if areas is None else _groups(areas, limits)
        case _:
            name, key = LAYER_OF[kind]
            return None if name not in layers else _rows(kind, layers[name], key, layers)


def _rows(kind: UnitKind, layer: Layer, key: str, layers: Layers) -> Units:
    frame = layer.frame.copy()
    made = pd.DataFrame(
        {column: layer.made([str(column)]) for column in frame.columns if column != "is_synthetic"},
        index=frame.index,
    )
    if kind is UnitKind.SCHOOL and "closures" in layers:
        listed = layers["closures"]
        frame["is_listed_for_closure"] = frame[key].isin(listed.frame["school_id"])
        made["is_listed_for_closure"] = listed.is_synthetic
    made.index = pd.Index(frame[key], name="unit_id")
    frame = frame.set_index(key, drop=False).rename_axis("unit_id").sort_index()
    assumed = layer.origin.assumed_columns
    return Units(kind, frame, made.sort_index(), layer.origin.year, layer.source, assumed)


def _city(study: Study, layers: Layers) -> Units | None:
    """
    Add the city's units up.

    Its residents are those of the first layer that has any; a zone in another unit is counted there
    already. One unknown part makes the sum unknown.
    """
    name = next(
        (n for n in ("counties", "townships", "villages", "population") if n in layers), None
    )
    if name is None:
        return None
    layer = layers[name]
    frame = layer.frame
    if name == "counties":
        frame = frame[stands_alone(frame)]
    columns = [c for c in frame.columns if c == "residents" or AGE_COLUMN.fullmatch(str(c))]
    shapes = frame.geometry.dropna()
    row: dict[str, Any] = {c: float(frame[c].sum(skipna=False)) for c in columns}
    unit_id = _city_id(layer, study)
    row |= {"unit_id": unit_id, "name": study.name.zh, "kind": str(UnitKind.CITY)}
    geometry = [shapely.union_all(shapes.to_numpy()) if len(shapes) else None]
    index = pd.Index([unit_id], name="unit_id")
    table = gpd.GeoDataFrame([row], index=index, geometry=geometry, crs=study.crs)
    made = pd.DataFrame({c: [bool(layer.made([c]).any())] for c in columns}, index=index)
    return Units(UnitKind.CITY, table, made, layer.origin.year, layer.source)


def _city_id(layer: Layer, study: Study) -> str:
    """Return the prefecture code that the county codes share (411700), else the study's id."""
    if "unit_id" in layer.frame and layer.name in {"counties", "townships"}:
        codes = [_CODE.fullmatch(str(unit_id)) for unit_id in layer.frame["unit_id"]]
        prefixes = {None if code is None else code[2] for code in codes}
        if len(prefixes) == 1 and None not in prefixes:
            return f"{prefixes.pop()}00"
    return study.id


def county_code(unit_id: str) -> str | None:
    """Return the county in the official code of a county, township or village; None for others."""
    code = _CODE.fullmatch(unit_id)
    return None if code is None else code[1]


def _groups(areas: Units, limits: Mapping[str, Any]) -> Units | None:
    """
    Join new urban areas that lie side by side into groups of two or more.

    Areas are joined where the gap between them is at most `merge_distance_m`, directly or through
    others of the group, and the conditions of all lie within `merge_years` years; where a date is
    unknown the distance alone decides. A group is as large as these allow, so that an area may be
    in several.
    """
    frame = areas.frame
    nothing = pd.Series(index=frame.index, dtype=object)
    new = frame.get("is_new", nothing).map(lambda flag: flag is True or flag is np.True_)
    urban = frame.get("settlement", nothing).isin(["urban", "town"])
    candidates = frame[new & urban & frame.geometry.notna()]
    distance_m, years = (limits[name].value for name in MERGING)
    shapes = candidates.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=distance_m)
    near = first < second
    dates = candidates.get("conditions_on", pd.Series(index=candidates.index, dtype=object))
    rows, made = [], []
    for found in _within_window(dates.tolist(), (first[near], second[near]), years):
        members = candidates.iloc[found]
        rows.append(_group(members))
        made.append({"members": bool(areas.made.loc[members.index].to_numpy().any())})
    if not rows:
        return None
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs=frame.crs).set_index(
        "unit_id", drop=False
    )
    table = table.rename_axis("unit_id").sort_index()
    flags = pd.DataFrame(made, index=[row["unit_id"] for row in rows]).sort_index()
    return Units(UnitKind.RESIDENTIAL_GROUP, table, flags, areas.year, areas.source)


def _group(members: gpd.GeoDataFrame) -> dict[str, Any]:
    ids = tuple(sorted(str(unit_id) for unit_id in members.index))
    names = members["name"] if "name" in members else members.index.to_series()
    return {
        "unit_id": join_ids(ids),
        "name": " + ".join(str(names[i]) for i in ids),
        "members": ids,
        "geometry": shapely.union_all(members.geometry.to_numpy()),
    }


def _within_window(
    dates: list[dt.date | None], near: tuple[NDArray[np.int64], NDArray[np.int64]], years: float
) -> list[list[int]]:
    """
    Find the largest sets of areas side by side whose dates all lie within some years.

    Parameters
    ----------
    dates
        (n,) of the areas; an area without one is in every window.
    near
        Which areas lie beside which, as two arrays of positions.
    years
        The years between the first and the last.

    Returns
    -------
    groups
        Positions in ascending order, each of two areas or more, none a part of another.
    """
    undated = np.array([is_missing(date) for date in dates], dtype=bool)
    known = sorted({date for date in dates if date is not None and not is_missing(date)})
    found: set[frozenset[int]] = set()
    for start in known or [dt.date.min]:
        last = _years_after(start, years) if known else start
        inside = undated | np.array(
            [not is_missing(d) and d is not None and start <= d <= last for d in dates], dtype=bool
        )
        kept = inside[near[0]] & inside[near[1]]
        size = len(dates)
        pairs = coo_array((np.ones(kept.sum()), (near[0][kept], near[1][kept])), shape=(size, size))
        _, label = connected_components(pairs, directed=False) if size else (0, np.empty(0, int))
        joined = pd.Series(np.flatnonzero(inside)).groupby(label[inside]).agg(frozenset)
        found |= {group for group in joined if len(group) > 1}
    whole = [group for group in found if not any(group < other for other in found)]
    return sorted(sorted(group) for group in whole)


def _years_after(day: dt.date, years: float) -> dt.date:
    try:
        return day.replace(year=day.year + int(years))
    except ValueError:  # 29 February
        return day.replace(year=day.year + int(years), day=28)
