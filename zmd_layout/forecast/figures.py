"""Numbers that carry where they come from; read from the data files beside this module."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from zmd_layout.vocabulary import Basis, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_STRONGEST_FIRST = list(Basis)


class Mark(StrEnum):
    """How well the source of a number is known."""

    VERIFIED = "V"  # read in a public copy, nearly always a secondary one
    NEWS = "N"  # a press report of the document was read, not the document
    COMPUTED = "C"  # computed from such figures
    RECALLED = "R"  # from memory, not opened


class Sourced(BaseModel):
    """
    What every number of a data file says of itself.

    Parameters
    ----------
    basis
        What the number rests on. A recalled number counts as an assumption.
    mark
        How well its source is known.
    source
        Where it stands.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    basis: Basis
    mark: Mark
    source: str

    @model_validator(mode="after")
    def _recalled_is_assumed(self) -> Self:
        if self.mark is Mark.RECALLED and self.basis is not Basis.ASSUMPTION:
            # a fault of our own data file, found by its test; no text for a user
            raise ValueError(f"a recalled figure counts as an assumption: {self.source}")
        return self


class Figure(Sourced):
    """A number and its source."""

    value: float


class AgeRange(Sourced):
    """The ages of a stage of schooling in completed years, both ends included."""

    first: int
    last: int


class PerThousand(Sourced):
    """Seats per thousand residents by stage (千人指标), as one place publishes them."""

    seats: dict[Stage, float]


class Standards(BaseModel):
    """
    The figures of `standards.toml`.

    Parameters
    ----------
    stage_ages
        Ages by stage. `SENIOR` holds the ages of general and vocational schooling together.
    class_sizes
        Most pupils in a class by stage.
    land_m2_per_seat
        Site area by stage.
    seats_per_thousand
        Published indicators by name.
    default_indicator
        The one of them that is used where a study names none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    stage_ages: dict[Stage, AgeRange]
    class_sizes: dict[Stage, Figure]
    land_m2_per_seat: dict[Stage, Figure]
    seats_per_thousand: dict[str, PerThousand]
    default_indicator: str

    @property
    def indicator(self) -> PerThousand:
        """The per-thousand indicator where a study names none."""
        return self.seats_per_thousand[self.default_indicator]


@cache
def standards() -> Standards:
    """Read the packaged standards: ages and class sizes by stage, per-thousand indicators."""
    return Standards.model_validate(read_data("standards.toml"))


def values(figures: Mapping[Stage, Figure]) -> dict[Stage, float]:
    """Leave the bare numbers, by stage."""
    return {stage: figure.value for stage, figure in figures.items()}


def weakest(bases: Iterable[Basis]) -> Basis:
    """Return the weakest of several bases; that of nothing is the strongest."""
    return max(bases, key=_STRONGEST_FIRST.index, default=_STRONGEST_FIRST[0])


def read_data(name: str) -> dict[str, Any]:
    """Read a TOML file that lies beside this module."""
    return tomllib.loads((files("zmd_layout.forecast") / name).read_text("utf-8"))
