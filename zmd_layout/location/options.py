"""How long a search may try, what it starts from, and whom it tells."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


# a count that no search reaches, within the integers of HiGHS
ENDLESS = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchProgress:
    """
    What a search has reached so far.

    Attributes
    ----------
    step
        Name of the step (`swaps`, `lagrangian`, `cuts`, …), for a log.
    objective, bound
        In the unit of the costs; NaN where there is none yet.
    elapsed_s
        Seconds since the search began.
    """

    step: str
    objective: float
    bound: float
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveOptions:
    """
    The choices of a search that do not change the question.

    Parameters
    ----------
    seed
        Start of every random choice; the same seed and effort give the same answer.
    time_limit_s
        The net, in seconds. A search stops by counts; one that the net caught is not reproducible.
    effort
        Multiplies every count of iterations, cuts and nodes; 1 is the usual amount.
    until_time
        Whether the last step goes on past its count, until the gap is closed or the time is over.
    progress
        Called now and then with a `SearchProgress`; None for silence.
    """

    seed: int = 0
    time_limit_s: float = 60.0
    effort: float = 1.0
    until_time: bool = False
    progress: Callable[[SearchProgress], None] | None = None

    def count(self, usual: int) -> int:
        """Return a count of iterations, cuts or nodes at this effort, at least 1."""
        return max(1, round(usual * self.effort))

    def last_count(self, usual: int) -> int:
        """Return the count of the last step of a search, without end if time alone ends it."""
        return ENDLESS if self.until_time else self.count(usual)


@dataclass(slots=True)
class Deadline:
    """
    The time limit under a search, begun when it is made; remembers whether it ended the search.

    Parameters
    ----------
    options
        The search it belongs to.
    """

    options: SolveOptions
    started_s: float = field(default_factory=time.perf_counter)
    has_ended_the_search: bool = False

    def elapsed_s(self) -> float:
        """Return the seconds since the search began."""
        return time.perf_counter() - self.started_s

    def remaining_s(self) -> float:
        """Return the seconds that are left, 0 where none are."""
        return max(0.0, self.options.time_limit_s - self.elapsed_s())

    def is_over(self) -> bool:
        """Return whether the time is over; a caller that is told so must stop."""
        if self.remaining_s() <= 0:
            self.has_ended_the_search = True
        return self.has_ended_the_search

    def tell(self, step: str, objective: float, bound: float) -> None:
        """Report to the listener of the search, if there is one."""
        if self.options.progress is not None:
            self.options.progress(
                SearchProgress(
                    step=step, objective=objective, bound=bound, elapsed_s=self.elapsed_s()
                )
            )
