"""Layers → values on a unit index: people, supply, access, land, time."""

from zmd_layout.measures import (
    areas,
    classes,
    coverage,
    enrolment,
    land,
    projects,
    remoteness,
    seat_balance,
    timing,
)
from zmd_layout.measures.evaluate import evaluate
from zmd_layout.measures.value import Value, exactly
from zmd_layout.measures.world import World

__all__ = [
    "Value",
    "World",
    "areas",
    "classes",
    "coverage",
    "enrolment",
    "evaluate",
    "exactly",
    "land",
    "projects",
    "remoteness",
    "seat_balance",
    "timing",
]
