"""
Decide one rule for one unit, from measures alone: no files, no clock, no geometry.

Every measure is a range. A known value has equal ends; a count of which some rows lack the decisive
field has a lower and a higher end; an unknown value is the whole line.
"""

from zmd_layout.checks.decision import decide, report, without_check
from zmd_layout.checks.due import due_state_unknown
from zmd_layout.checks.verdict import Unit, Verdict

__all__ = ["Unit", "Verdict", "decide", "due_state_unknown", "report", "without_check"]
