"""Where the next schools could stand: needs, candidates, sites and their proof."""

from zmd_layout.location import Model, Problem, Solution, solve
from zmd_layout.siting.stage_state import Aim, SitingOptions

__all__ = ["Aim", "Model", "Problem", "SitingOptions", "Solution", "solve"]
