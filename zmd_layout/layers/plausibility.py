"""
What cannot well be so: values and places that are unknown until the study accepts them.

A value that is possible and still implausible (two residents in 6,800 dwellings, 60 schools at one
point) decides nothing: it becomes unknown and is named. `accept` of the study lets it pass, and its
reason is recorded. The bounds stand in `plausibility.toml`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Implausible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from zmd_layout.study import Acceptance

    Rows = NDArray[np.bool_]

_UNITS = ("counties", "townships", "planning_units", "villages")
# the column that says of a row why a value is unknown; only where there is one
IMPLAUSIBLE = "implausible"
_SHOWN = 10
_M2_PER_KM2 = 1e6


@dataclass(frozen=True, slots=True)
class Doubt:
    """
    Rows whose values are implausible.

    Attributes
    ----------
    what
        In which way.
    rows
        (n,) bool.
    columns
        What becomes unknown in them.
    sizes
        (n,) the figure that is out of bounds.
    """

    what: Implausible
    rows: Rows
    columns: tuple[str, ...]
    sizes: NDArray[Any]


def without_implausible(
    frame: gpd.GeoDataFrame, *, layer_name: str, accept: Iterable[Acceptance] = ()
) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """
    Make implausible values unknown.

    Parameters
    ----------
    frame
        A validated layer in the study's plane.
    layer_name
        Which.
    accept
        What the study accepts.

    Returns
    -------
    frame, notes
        The layer, with a column `implausible` where a row has been doubted; and for each kind of
        doubt the rows with their values, or the reason for which they were accepted.
    """
    accepted = {acceptance.what: acceptance.reason for acceptance in accept}
    notes = []
    for check in _CHECKS:
        for doubt in check(frame, layer_name):
            if not doubt.rows.any():
                continue
            values = {
                "layer": layer_name, "count": int(doubt.rows.sum()), "what": str(doubt.what),
                "found": _found(frame, doubt),
            }  # fmt: skip
            if doubt.what in accepted:
                reason = accepted[doubt.what]
                notes.append(Message("plausibility.accepted", reason=reason, **values))
                continue
            notes.append(Message(f"plausibility.{doubt.what}", **values))
            frame = frame.copy()
            for column in doubt.columns:
                frame.loc[frame.index[doubt.rows], column] = np.nan
            if IMPLAUSIBLE not in frame:
                frame[IMPLAUSIBLE] = None
            frame.loc[frame.index[doubt.rows], IMPLAUSIBLE] = str(doubt.what)
    return frame, tuple(notes)


def bounds(what: Implausible | str) -> dict[str, Any]:
    """Return the bounds of one kind of doubt."""
    return _bounds()[str(what)]


@cache
def _bounds() -> dict[str, dict[str, Any]]:
    source = files("zmd_layout.layers") / "plausibility.toml"
    return tomllib.loads(source.read_text("utf-8"))


def fill_values(values: NDArray[Any]) -> tuple[float, ...]:
    """
    Find values that fill cells without data, and that nobody declared.

    Parameters
    ----------
    values
        Counts of people; NaN is unknown.

    Returns
    -------
    fills
        Values of the list of usual fills that nothing else comes near.
    """
    known = values[np.isfinite(values)]
    is_usual = np.isin(known, usual_fills())
    found, counts = np.unique(known[is_usual], return_counts=True)
    others = known[~is_usual]
    if not len(others):
        return ()
    usual = dict(zip(found.tolist(), counts.tolist(), strict=True))
    return fills_of(usual, others_most=float(others.max()))


def usual_fills() -> tuple[float, ...]:
    """List the values with which programs fill cells without data."""
    limit = bounds("fill_value")
    return (*limit["alone"], *limit["repeated"])


def fills_of(usual: dict[float, int], *, others_most: float) -> tuple[float, ...]:
    """Choose fills among the usual ones, by how often each is there and the largest other value."""
    limit = bounds("fill_value")
    return tuple(
        value
        for value, count in sorted(usual.items())
        if (value in limit["alone"] or count > 1)
        and others_most < limit["others_below_share"] * value
    )


def _people(frame: gpd.GeoDataFrame) -> tuple[str, ...]:
    return tuple(c for c in frame if c == "residents" or AGE_COLUMN.fullmatch(str(c)))


def _numbers(frame: gpd.GeoDataFrame, column: str) -> NDArray[np.float64]:
    cells = frame[column] if column in frame else pd.Series(np.nan, index=frame.index)
    return np.asarray(pd.to_numeric(cells, errors="coerce"), dtype=np.float64)


def _check_fills(frame: gpd.GeoDataFrame, layer_name: str) -> Iterator[Doubt]:
    if layer_name in {*_UNITS, "population", "census"}:
        for column in _people(frame):
            values = _numbers(frame, column)
            rows = np.isin(values, fill_values(values))
            yield Doubt(Implausible.FILL_VALUE, rows, (column,), values)


def _check_few(frame: gpd.GeoDataFrame, layer_name: str) -> Iterator[Doubt]:
    limit = bounds("too_few_residents")
    name = "counties" if layer_name == "census" and _is_of_counties(frame) else layer_name
    if name not in ("counties", "townships"):
        return
    values = _numbers(frame, "residents")
    is_thin = _per_km2(frame, values) < limit["per_km2"]
    rows = (values > 0) & (values < limit[name]) & (is_thin | (values % 1 > 0))
    yield Doubt(Implausible.TOO_FEW_RESIDENTS, rows, _people(frame), values)


def _per_km2(frame: gpd.GeoDataFrame, people: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide people by the area of their polygons; NaN where there is none."""
    km2 = shapely.area(frame.geometry.to_numpy()) / _M2_PER_KM2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(km2 > 0, people / km2, np.nan)


def _is_of_counties(frame: gpd.GeoDataFrame) -> bool:
    return bool(frame["unit_id"].astype(str).str.fullmatch(r"\d{6}").all())


def _check_density(frame: gpd.GeoDataFrame, layer_name: str) -> Iterator[Doubt]:
    if layer_name not in {*_UNITS, "population"} or not frame.geometry.notna().any():
        return
    values = _per_km2(frame, _numbers(frame, "residents"))
    rows = values > bounds("residents_per_km2")["most"]
    yield Doubt(Implausible.RESIDENTS_PER_KM2, rows, _people(frame), values)


def _check_share(frame: gpd.GeoDataFrame, layer_name: str) -> Iterator[Doubt]:
    if layer_name not in {"population", "villages"}:
        return
    values = _numbers(frame, "residents")
    limit = bounds("share_of_all")
    if int((values > 0).sum()) >= limit["least_cells"]:
        share = values / np.nansum(values)
        rows = share > limit["most"]
        yield Doubt(Implausible.SHARE_OF_ALL, rows, _people(frame), 100 * share)


def _check_plots(frame: gpd.GeoDataFrame, layer_name: str) -> Iterator[Doubt]:
    if layer_name != "residential_areas" or "planned_residents" not in frame:
        return
    residents, dwellings = (_numbers(frame, c) for c in ("planned_residents", "dwellings"))
    limit = bounds("residents_per_dwelling")
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(dwellings > 0, residents / dwellings, np.nan)
    # which of the two is wrong, they do not say
    rows = (each < limit["least"]) | (each > limit["most"])
    columns = tuple(c for c in ("planned_residents", "dwellings") if c in frame)
    yield Doubt(Implausible.RESIDENTS_PER_DWELLING, rows, columns, each)
    is_fraction = (residents % 1 > 0) & (residents < bounds("fraction_of_people")["below"])
    yield Doubt(Implausible.FRACTION_OF_PEOPLE, is_fraction & ~rows, columns, residents)


def _check_classes(frame: gpd.GeoDataFrame, layer_name: str) -> Iterator[Doubt]:
    if layer_name not in {"schools", "reference_schools"} or "classes" not in frame:
        return
    pupils, classes = (_numbers(frame, column) for column in ("enrolment", "classes"))
    limit = bounds("pupils_per_class")
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(classes > 0, pupils / classes, np.nan)
    rows = (pupils > 0) & ((each < limit["least"]) | (each > limit["most"]))
    columns = tuple(c for c in ("enrolment", "classes") if c in frame)
    yield Doubt(Implausible.PUPILS_PER_CLASS, rows, columns, each)


_CHECKS = (
    _check_fills, _check_few, _check_density, _check_share, _check_plots, _check_classes,
)  # fmt: skip


def _found(frame: gpd.GeoDataFrame, doubt: Doubt) -> list[str]:
    keys = next((c for c in ("name", "unit_id", "school_id") if c in frame), None)
    names = frame.index.to_series() + 1 if keys is None else frame[keys]
    chosen = np.flatnonzero(doubt.rows)
    shown = [f"{names.iloc[n]} ({_short(doubt.sizes[n])})" for n in chosen[:_SHOWN]]
    rest = len(chosen) - len(shown)
    return [*shown, f"…（+{rest}）"] if rest else shown


def _short(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1000 or value > 1e15 else f"{value:,.0f}"  # noqa: PLR2004 - how numbers are printed
