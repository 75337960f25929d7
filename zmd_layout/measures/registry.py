"""The measures that are Python functions, by name and unit kind; rules refer to them as `named`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zmd_layout.measures.units import Units
    from zmd_layout.measures.value import Value
    from zmd_layout.measures.world import World
    from zmd_layout.vocabulary import UnitKind

    Compute: TypeAlias = Callable[[World, Units, Mapping[str, Any]], dict[str, Value]]

NAMED_MEASURES: dict[tuple[str, UnitKind], Compute] = {}


def named_measure(name: str, *kinds: UnitKind) -> Callable[[Compute], Compute]:
    """
    Register a function as the measure `name` of units of `kinds`.

    The function takes the world, the units and the rule's numbers in force, and gives one `Value`
    for each unit id.
    """

    def register(compute: Compute) -> Compute:
        for kind in kinds:
            NAMED_MEASURES[name, kind] = compute
        return compute

    return register
