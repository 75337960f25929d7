"""Values that rest on positions of which nothing says that their datum is the declared one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zmd_layout.measures.units import LAYER_OF
from zmd_layout.vocabulary import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from zmd_layout.checks.value import Value
    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World


def open_datum(*layers: Layer | None) -> tuple[str, ...]:
    """
    Return the flag `datum_unverified` where positions of a layer were not verified, else nothing.

    A layer that was made up has no datum to be wrong about.
    """
    is_open = any(layer is not None and layer.is_datum_open for layer in layers)
    return (str(Flag.DATUM_UNVERIFIED),) if is_open else ()


def open_places(
    world: World, layer: Layer, units: Units, *, rows: NDArray[np.bool_] | None = None
) -> tuple[str, ...]:
    """
    Return the flag where positions say which rows of a layer lie in which unit, and may be wrong.

    Parameters
    ----------
    world, layer, units
        Whose rows lie in which units.
    rows
        (n,) the rows that count; by default all.
    """
    by_position = world.rests_on_position(layer, units)
    if not (by_position if rows is None else by_position & rows).any():
        return ()
    name = LAYER_OF.get(units.kind, ("",))[0]
    linked = world.layers.get("schools") if layer.frame.geometry.isna().all() else layer
    return open_datum(linked, world.layers.get(name))


def flagged(values: Mapping[str, Value], flags: tuple[str, ...]) -> dict[str, Value]:
    """Add flags to values; what there is nothing to measure of stays as it is."""
    return {
        unit: value
        if value.is_void or not flags
        else replace(value, flags=tuple(sorted({*value.flags, *flags})))
        for unit, value in values.items()
    }
