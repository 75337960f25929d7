"""The measures that are Python functions, by name and unit kind; rules refer to them as `named`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from zmd_layout.rulebook.named_measures import declare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zmd_layout.checks.value import Value
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World
    from zmd_layout.vocabulary import UnitKind

    Compute: TypeAlias = Callable[[World, Units, Mapping[str, Any]], dict[str, Value]]

NAMED_MEASURES: dict[tuple[str, UnitKind], Compute] = {}


def named_measure(
    name: str, *kinds: UnitKind, numbers: tuple[str, ...] = ()
) -> Callable[[Compute], Compute]:
    """
    Register a function as the measure `name` of units of `kinds`.

    Parameters
    ----------
    name, kinds
        As rules refer to it, and which units it is computed for.
    numbers
        The parameters that it takes of a rule; a rule that lacks one is refused when it is read.

    Returns
    -------
    register
        Takes a function of the world, the units and the rule's numbers in force, which gives one
        `Value` for each unit id.
    """

    def register(compute: Compute) -> Compute:
        for kind in kinds:
            NAMED_MEASURES[name, kind] = compute
            declare(name, kind, numbers)
        return compute

    return register
