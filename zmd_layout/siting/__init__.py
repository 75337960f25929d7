"""Where the next schools could stand: needs, candidates, sites and their proof."""

from zmd_layout.location import Model, Problem, Solution, solve

__all__ = ["Model", "Problem", "Solution", "solve"]
