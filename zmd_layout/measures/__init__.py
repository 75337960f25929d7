"""Layers → values on a unit index: people, supply, access, land, time."""

from zmd_layout.checks.value import Value, exactly
from zmd_layout.measures import (
    classes,
    coverage,
    enrolment,
    land,
    projects,
    remoteness,
    residential_areas,
    timing,
)
from zmd_layout.measures.evaluation import evaluate
from zmd_layout.measures.supply import seat_balance
from zmd_layout.measures.world import World

__all__ = [
    "Value",
    "World",
    "classes",
    "coverage",
    "enrolment",
    "evaluate",
    "exactly",
    "land",
    "projects",
    "remoteness",
    "residential_areas",
    "seat_balance",
    "timing",
]
