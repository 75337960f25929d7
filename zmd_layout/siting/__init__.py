"""Where the next schools could stand: location problems, their solutions and the proof."""

from zmd_layout.siting.problem import Model, Problem, Solution
from zmd_layout.siting.solve import solve

__all__ = ["Model", "Problem", "Solution", "solve"]
