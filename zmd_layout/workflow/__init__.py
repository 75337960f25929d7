"""
The order of a run, a check and a review: the only place that knows it.

What a check does not need, such as siting and maps, is not loaded for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.lazy import loader

if TYPE_CHECKING:
    from zmd_layout.workflow.checking import check, check_to_folder
    from zmd_layout.workflow.evaluating import Evaluation, evaluate
    from zmd_layout.workflow.loading import load_rules
    from zmd_layout.workflow.repeating import Repetition, repeat
    from zmd_layout.workflow.reviewing import Desk, Review, open_desk, review
    from zmd_layout.workflow.running import Run, run
    from zmd_layout.workflow.siting import closing, site
    from zmd_layout.workflow.studies import load_study

__all__ = [
    "Desk", "Evaluation", "Repetition", "Review", "Run", "check", "check_to_folder", "closing",
    "evaluate", "load_rules", "load_study", "open_desk", "repeat", "review", "run", "site",
]  # fmt: skip

_HOMES = {
    "checking": ("check", "check_to_folder"),
    "evaluating": ("Evaluation", "evaluate"),
    "loading": ("load_rules",),
    "siting": ("closing", "site"),
    "repeating": ("Repetition", "repeat"),
    "reviewing": ("Desk", "Review", "open_desk", "review"),
    "running": ("Run", "run"),
    "studies": ("load_study",),
}
__getattr__ = loader(
    __name__, {name: f"{__name__}.{home}" for home, names in _HOMES.items() for name in names}
)
