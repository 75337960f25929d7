"""Layers → values on a unit index: people, supply, access, land, time."""

from zmd_layout.measures import areas, land
from zmd_layout.measures.evaluate import evaluate
from zmd_layout.measures.value import Value, exactly
from zmd_layout.measures.world import World

__all__ = ["Value", "World", "areas", "evaluate", "exactly", "land"]
