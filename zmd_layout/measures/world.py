"""What measures see: the study, its layers, its units, and which row lies in which unit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from zmd_layout.checks.conditions import is_missing
from zmd_layout.layers.tracked import note, noting
from zmd_layout.measures.units import LAYER_OF, Units, county_code, definition_of, units_of
from zmd_layout.vocabulary import UnitKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from zmd_layout.layers.layer import Layer, Layers
    from zmd_layout.study import Study

_DECLARED = {
    UnitKind.COUNTY: "county_id",
    UnitKind.TOWNSHIP: "township_id",
    UnitKind.RESIDENTIAL_AREA: "residential_area_id",
    UnitKind.SCHOOL: "school_id",
}


@dataclass(frozen=True, slots=True)
class World:
    """
    A study with its layers on one day; measures ask it, and what is asked twice is kept.

    Attributes
    ----------
    study, layers
        The study and its validated layers.
    as_of
        The day of the assessment.
    by
        A day in the past that is asked about: what came later does not count, and what has no date
        counts for open where the layer is newer. None: the layers are taken as they are.
    """

    study: Study
    layers: Layers
    as_of: dt.date
    by: dt.date | None = None
    _units: dict[Any, Any] = field(default_factory=dict, repr=False)
    _members: dict[Any, Any] = field(default_factory=dict, repr=False)
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False)

    def on(self, day: dt.date) -> World:
        """Return the same study as it was on a day in the past."""
        return replace(self, as_of=day, by=day, _kept={})

    def units(self, kind: UnitKind, limits: Mapping[str, Any]) -> Units | None:
        """Return the units of a kind (for groups: under the rule's distances)."""
        found: Units | None = self._remembered(
            self._units,
            definition_of(kind, limits),
            lambda: units_of(kind, study=self.study, layers=self.layers, limits=limits),
        )
        return found

    def keep(self, key: Any, make: Any) -> Any:  # noqa: ANN401 - a store of anything
        """Return what `make()` gave the first time."""
        return self._remembered(self._kept, key, make)

    def in_mode(self, mode: str | None) -> World:
        """Return the world as one sees it who travels in a mode; None: as the study says."""
        travel = self.study.travel
        if mode is None or mode == travel.mode:
            return self
        other = travel.model_copy(update={"mode": mode})
        study = self.study.model_copy(update={"travel": other})
        made: World = self.keep(("in mode", mode), lambda: replace(self, study=study, _kept={}))
        return made

    def _remembered(self, store: dict[Any, Any], key: Any, make: Any) -> Any:  # noqa: ANN401 - as above
        """Return what was made, and tell again which layers it rests on."""
        if key not in store:
            with noting(self.layers) as names:
                made = make()
            store[key] = made, names
        found, names = store[key]
        note(self.layers, names)
        return found

    def members(self, layer: Layer, units: Units) -> pd.Series[Any]:
        """
        Report in which unit each row of a layer lies.

        A row's own id column (`county_id`, `township_id`, …) goes before its position, and a row
        that names a school lies where its school lies. Positions are representative points. The
        digits of a township's id count as an official code only where nothing else places the row.

        Returns
        -------
        unit_id
            On the layer's index; None where it is unknown or outside of every unit; `""` where it
            is surely outside.
        """
        whole = units.whole or units
        # both are kept with the answer: an object's number is its own only while it is held
        kept: tuple[pd.Series[Any], Layer, Units] = self._remembered(
            self._members,
            (id(layer), id(whole)),
            lambda: (self._find_members(layer, whole), layer, whole),
        )
        return kept[0]

    def is_beyond(self, layer: Layer, units: Units) -> NDArray[np.bool_]:
        """
        Report which units of a layer lie beyond the study's border, taken in for distance alone.

        Returns
        -------
        is_beyond
            (n,) in the order of `units`. False where nothing is drawn of the study, a row has no
            position, or names a county or township of the study.
        """
        city = self.units(UnitKind.CITY, {})
        beyond = np.zeros(len(units.frame), dtype=np.bool_)
        if city is None or not city.frame.geometry.notna().any():
            return beyond
        outside = (self.members(layer, city) == "").to_numpy(dtype=bool, copy=True)
        if not outside.any():
            return beyond
        for kind in (UnitKind.COUNTY, UnitKind.TOWNSHIP):
            holders = self.units(kind, {})
            if holders is not None:
                outside &= ~self._declared(layer, holders).notna().to_numpy()
        key = LAYER_OF[units.kind][1]
        ids = set(layer.frame[key][outside].astype(str))
        return np.array([str(unit) in ids for unit in units.frame.index], dtype=np.bool_)

    def rests_on_position(self, layer: Layer, units: Units) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """
        Report which rows a position says in which unit they lie, their own or their school's.

        Returns
        -------
        by_position
            (n,) False where a row names its unit, or has no position. Of the city as a whole
            positions say nothing but what lies beyond its border: False.
        """
        frame, units = layer.frame, units.whole or units
        if units.kind is UnitKind.CITY:
            return np.zeros(len(frame), dtype=bool)
        if self._follows_schools(layer, units):
            schools = self.layers["schools"]
            by_position = self.rests_on_position(schools, units)
            of_school = dict(zip(schools.frame["school_id"], by_position, strict=True))
            follows = [bool(of_school.get(school, False)) for school in frame["school_id"]]
            return np.array(follows, dtype=bool)
        names_unit = self._declared(layer, units).notna().to_numpy()
        has_position: np.ndarray[Any, np.dtype[np.bool_]] = frame.geometry.notna().to_numpy()
        return has_position & ~names_unit

    def _find_members(self, layer: Layer, units: Units) -> pd.Series[Any]:
        frame = layer.frame
        if units.kind is UnitKind.CITY:
            return self._in_city(layer, units)
        found = self._named_or_placed(layer, units)
        column = _township_column(layer)
        if units.kind is not UnitKind.COUNTY or column is None:
            return found
        coded = frame[column].map(lambda unit: None if is_missing(unit) else county_code(str(unit)))
        return found.where(found.notna(), _known_units(coded, units))

    def _named_or_placed(self, layer: Layer, units: Units) -> pd.Series[Any]:
        declared = self._declared(layer, units)
        return declared.where(declared.notna(), by_position(layer.frame, units))

    def _in_city(self, layer: Layer, units: Units) -> pd.Series[Any]:
        """Take the study's rows as the city's, but for those beyond its border."""
        city = units.frame.index[0]
        frame = layer.frame
        result = pd.Series([city] * len(frame), index=frame.index, dtype=object)
        placed = by_position(frame, units)
        if units.frame.geometry.notna().any():
            outside = frame.geometry.notna() & (placed == "")
            result[outside] = ""
        return result

    def _declared(self, layer: Layer, units: Units) -> pd.Series[Any]:
        """Return the unit that a row names, by its own column or through its school."""
        frame = layer.frame
        empty = pd.Series([None] * len(frame), index=frame.index, dtype=object)
        own = _own_column(layer, units)
        if own is not None:
            return _known_units(frame[own], units)
        if self._follows_schools(layer, units):
            schools = self.layers["schools"]
            place = self.members(schools, units).to_numpy()
            by_school = dict(zip(schools.frame["school_id"], place, strict=True))
            placed = [by_school.get(school) for school in frame["school_id"]]
            return pd.Series(placed, index=frame.index, dtype=object)
        if units.kind is UnitKind.COUNTY and _township_column(layer) == "township_id":
            return _known_units(frame["township_id"].map(self._county_of_township(units)), units)
        return empty

    def _county_of_township(self, counties: Units) -> dict[str, Any]:
        """Return the county that each township names, else the one in which it lies."""
        townships = self.layers.get("townships")
        if townships is None:
            return {}
        place = self._named_or_placed(townships, counties)
        return dict(zip(townships.frame["unit_id"], place, strict=True))

    def _follows_schools(self, layer: Layer, units: Units) -> bool:
        """Return whether the rows of a layer lie where their schools lie."""
        is_linked = "school_id" in layer.frame and layer.name != "schools"
        return is_linked and "schools" in self.layers and _own_column(layer, units) is None


def _own_column(layer: Layer, units: Units) -> str | None:
    """Return the column in which the rows of a layer name their unit, if it has one."""
    own = _DECLARED.get(units.kind)
    if LAYER_OF.get(units.kind, ("",))[0] == layer.name:
        own = LAYER_OF[units.kind][1]
    return own if own in layer.frame else None


def _township_column(layer: Layer) -> str | None:
    """Return the column with the township of each row, if the layer has one."""
    column = "unit_id" if layer.name == "townships" else "township_id"
    return column if column in layer.frame else None


def _known_units(ids: pd.Series[Any], units: Units) -> pd.Series[Any]:
    known: pd.Series[Any] = ids.astype(object).where(ids.isin(units.frame.index), None)
    return known


def by_position(frame: Any, units: Units) -> pd.Series[Any]:  # noqa: ANN401 - a GeoDataFrame
    """
    Find the unit in whose polygon each row's representative point lies.

    Returns
    -------
    unit_id
        None where the row has no position or no unit has a polygon; `""` outside of all units. On a
        shared border the smaller unit id.
    """
    result = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    shapes = units.frame.geometry.to_numpy()
    is_area = ~shapely.is_missing(shapes) & (shapely.get_dimensions(shapes) == 2)  # noqa: PLR2004 - areas
    known = frame.geometry.notna().to_numpy()
    if not is_area.any() or not known.any():
        return result
    ids = units.frame.index.to_numpy()[is_area]
    points = shapely.point_on_surface(frame.geometry.to_numpy()[known])
    row, unit = shapely.STRtree(shapes[is_area]).query(points, predicate="intersects")
    order = np.lexsort((ids[unit].astype(str), row))[::-1]
    found = np.full(int(known.sum()), "", dtype=object)
    found[row[order]] = ids[unit[order]]
    result[known] = found
    return result
