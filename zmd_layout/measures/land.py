"""Measures of the land that is reserved for education."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from zmd_layout.checks.conditions import is_missing
from zmd_layout.checks.value import Value, oldest
from zmd_layout.measures.registry import named_measure
from zmd_layout.messages import Message
from zmd_layout.vocabulary import LandUse, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World

_PLOTS, _USES = "residential_areas", "land_use"


@named_measure("education_land_lost_m2", UnitKind.PARCEL)
def education_land_lost_m2(
    world: World, units: Units, limits: Mapping[str, Any]
) -> dict[str, Value]:
    """
    Return the area of each reserved parcel that is taken for something else, in m².

    Lost are the parts under plots of residential areas and under land that is used for something
    else, by the map of `land_use` or by the parcel's own word; what both cover counts once. A
    vacant reserve is not lost. Where neither tells the present use, the rest of the parcel may be.
    """
    del limits
    plots, uses = world.layers.get(_PLOTS), world.layers.get(_USES)
    taken = covering(plots, units.frame.geometry.to_numpy())
    is_other = None if uses is None else (uses.frame["current_use"] == LandUse.OTHER).to_numpy()
    other = covering(uses, units.frame.geometry.to_numpy(), rows=is_other)
    mapped = covering(uses, units.frame.geometry.to_numpy())
    layers = [layer for layer in (plots, uses) if layer is not None]
    sources = tuple(sorted({units.source, *(layer.source for layer in layers)}))
    year = oldest(units.year, *(layer.origin.year for layer in layers))
    out = {}
    for n, row in enumerate(units.rows()):
        assert row.geometry is not None  # noqa: S101 - parcels are polygons
        whole, use = row.geometry.area, row.fields.get("current_use")
        lost = row.geometry if use == LandUse.OTHER else shapely.union(taken[n], other[n])
        is_told = not is_missing(use)
        unseen = 0.0 if is_told else shapely.difference(row.geometry, mapped[n]).area
        least = round(float(lost.area), 1)
        most = round(min(float(lost.area + unseen), float(whole)), 1)
        notes = [] if least == most else [Message("measures.use_unknown")]
        touched = taken[n].area > 0 or other[n].area > 0
        used = sources if touched else (units.source,)
        out[row.unit_id] = Value(
            least, max(least, most), year=year if touched else units.year, notes=tuple(notes),
            method=_method(taken[n], other[n], whole),
            is_synthetic=bool(row.made & {"current_use", "geometry"})
            or (touched and any(layer.is_synthetic for layer in layers)),
            sources=used,
        )  # fmt: skip
    return out


def covering(
    layer: Layer | None,
    shapes: NDArray[np.object_],
    *,
    rows: NDArray[np.bool_] | None = None,
) -> list[shapely.Geometry]:
    """
    Return the part of each shape that the polygons of a layer cover.

    Parameters
    ----------
    layer
        The layer; None covers nothing.
    shapes
        (n,) polygons in the study's plane.
    rows
        Which rows of the layer cover; by default all.
    """
    nothing = shapely.Polygon()
    if layer is None or layer.frame.empty:
        return [nothing] * len(shapes)
    ground = layer.frame.geometry.to_numpy()
    ground = ground[~shapely.is_missing(ground) if rows is None else rows]
    first, second = shapely.STRtree(ground).query(shapes, predicate="intersects")
    found = []
    for n, shape in enumerate(shapes):
        near = ground[second[first == n]]
        found.append(shapely.intersection(shape, shapely.union_all(near)) if len(near) else nothing)
    return found


def _method(taken: shapely.Geometry, other: shapely.Geometry, whole: float) -> tuple[Message, ...]:
    """Report how much of a parcel plots and other uses cover."""
    told = []
    for key, part in (("plots", taken), ("uses", other)):
        if part.area >= 1:
            size, share = f"{part.area:,.0f}", f"{100 * part.area / whole:.1f}"
            told.append(Message(f"measures.land_under_{key}", size=size, percent=share))
    return tuple(told)
