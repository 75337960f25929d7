"""Location problems as plain arrays → solution, bound and proof; this room knows no schools."""

from zmd_layout.location.problem import Model, Problem, SearchEnd, Solution
from zmd_layout.location.solver import solve

__all__ = ["Model", "Problem", "SearchEnd", "Solution", "solve"]
