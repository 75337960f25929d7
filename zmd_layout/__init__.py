"""Check school layout against planning rules, draw the gaps, suggest sites."""

from zmd_layout.outputs.gap_map import gap_map
from zmd_layout.workflow import Review, Run, check, closing, load_study, review, run, site

__all__ = ["Review", "Run", "check", "closing", "gap_map", "load_study", "review", "run", "site"]
