"""The few ways in which a measure is held against a number; there is no expression language."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zmd_layout.rulebook.provision import Strict
from zmd_layout.vocabulary import Relation


class Threshold(Strict):
    """Hold a measure against one number."""

    kind: Literal["threshold"]
    measure: str
    relation: Relation
    limit: str
    tolerance: str | None = None


class Proportion(Strict):
    """
    Require supply in proportion to demand: ⌊demand / per⌋.

    Below `per` nothing is required (`not_applicable`). With `letter`, the clause's letter asks
    for that many whatever the multiple: where it is not met, it is what is required, and the
    proportion stands in the note; where the letter is met and the proportion is not, the shortfall
    is one in principle, on an assumption, flagged `reading_decides`.
    """

    kind: Literal["proportion"]
    supply: str
    demand: str
    per: str
    letter: str | None = None


class Band(Strict):
    """A stretch of the demand, both ends included, and what it requires."""

    at_least: str | None = None
    at_most: str | None = None
    required: str


class Banded(Strict):
    """
    Require a number that depends on the band in which the demand lies.

    Bands may meet in a point: the larger requirement holds there and `overlap_flag` is set.
    `near` names a parameter, a share of the bound within which `near_threshold` is flagged;
    `settled` one by which a count of another year may differ from that of the due day.
    """

    kind: Literal["banded"]
    supply: str
    demand: str
    bands: tuple[Band, ...] = Field(min_length=1)
    overlap_flag: str | None = None
    near: str | None = None
    settled: str | None = None


class Report(Strict):
    """Return the figure, no verdict; `reference` is a number to set beside it."""

    kind: Literal["report"]
    measure: str
    reference: str | None = None
    relation: Relation | None = None


Check = Annotated[Threshold | Proportion | Banded | Report, Field(discriminator="kind")]


def measure_names(check: Check) -> set[str]:
    """Name the measures that a check holds against each other or against a number."""
    match check:
        case Threshold() | Report():
            return {check.measure}
        case _:  # a proportion, or bands
            return {check.supply, check.demand}
