"""What a document says: its words, its numbers, and the days between which they hold."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from zmd_layout.messages import steers
from zmd_layout.vocabulary import Basis, DueState


class Strict(BaseModel):
    """A part of a rule: unknown keys refused, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _is_plain(text: str) -> str:
    if steers(text):
        raise PydanticCustomError("rulebook.why_control", "control characters")
    return text


PlainText = Annotated[str, Field(min_length=1), AfterValidator(_is_plain)]


class Both(Strict):
    """A text in Chinese and English."""

    zh: PlainText
    en: PlainText

    def text(self, lang: str) -> str:
        """Return the text in `lang`."""
        return str(getattr(self, str(lang)))


class Clause(Strict):
    """
    One provision of one document, quoted word for word.

    `evidence` is how it was read: `P` in the document itself, `V` in a public copy, `N` in a press
    report, `R` only recalled. Rules that rest on `N` or `R` stay draft.
    """

    document: PlainText
    article: PlainText
    text: PlainText
    evidence: Literal["P", "V", "N", "R"]
    checked_on: dt.date
    url: str | None = None


class DatedValue(Strict):
    """A number, and the clause, the standard or the assumption that sets it."""

    value: float
    basis: Basis
    clause: str | None = None
    source: Both | None = None


class Parameter(Strict):
    """A number in the law, with the day from which each value holds."""

    unit: str
    values: dict[dt.date, DatedValue] = Field(min_length=1)

    def on(self, day: dt.date) -> DatedValue | None:
        """Return the value in force on `day`, or None before the first."""
        started = [start for start in self.values if start <= day]
        return self.values[max(started)] if started else None


class Due(Strict):
    """Either a day by which it must be done, or a state (`standing`, `none`)."""

    on: dt.date | None = None
    state: Literal[DueState.STANDING, DueState.NONE] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.on is None) == (self.state is None):
            raise PydanticCustomError("rulebook.why_due", "either on or state")
        return self


class Effective(Strict):
    """The days from and until which the clause binds, both included."""

    start: dt.date = Field(alias="from")
    until: dt.date | None = None
