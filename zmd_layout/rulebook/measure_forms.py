"""
The forms in which a rule names what it measures.

They are plain data, read out of a rule's YAML: a column of the unit, a count or a sum of the rows
of a layer that lie in it, a share of two of these, a statistic, the verdicts under another rule, or
a function of this package by name. There is no expression language.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from zmd_layout.vocabulary import Status


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ParameterRef(_Strict):
    """A condition's bound that stands among the rule's parameters."""

    parameter: str


Bound = float | dt.date | ParameterRef


class Condition(_Strict):
    """
    One test of one field; exactly one of the operators is given.

    A field that is empty makes the condition unknown, which is neither met nor failed.
    """

    field: str
    equals: str | bool | float | dt.date | None = None
    any_of: tuple[str, ...] | None = None
    contains: str | None = None
    at_least: Bound | None = None
    at_most: Bound | None = None
    in_plan_period: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_operator(self) -> Self:
        given = [name for name in _OPERATORS if getattr(self, name) is not None]
        if len(given) != 1:
            known = {"operators": list(_OPERATORS)}
            raise PydanticCustomError("rulebook.why_operator", "exactly one operator", known)
        return self

    @property
    def operator(self) -> str:
        """The operator that is given."""
        return next(name for name in _OPERATORS if getattr(self, name) is not None)


_OPERATORS = ("equals", "any_of", "contains", "at_least", "at_most", "in_plan_period")


class FieldMeasure(_Strict):
    """A column of the unit itself."""

    field: str


class CountMeasure(_Strict):
    """
    How many rows of a layer lie in the unit and meet the conditions.

    With `needs_rows` a unit of which the layer has no row at all is unknown, not zero.
    """

    count: str
    where: tuple[Condition, ...] = ()
    needs_rows: bool = False


class SumMeasure(_Strict):
    """The sum of a column over the rows of a layer in the unit that meet the conditions."""

    sum: str
    of: str
    where: tuple[Condition, ...] = ()
    needs_rows: bool = False


class ShareMeasure(_Strict):
    """100 · part / whole, in percent; with `rest`, what is left of the whole: 100 − that."""

    part: SumMeasure | CountMeasure
    whole: SumMeasure | CountMeasure
    rest: bool = False


class StatisticMeasure(_Strict):
    """The latest value of the statistics table for the unit, not later than the day."""

    statistic: str


class VerdictMeasure(_Strict):
    """How many units have the status under another rule."""

    verdicts: str
    status: Status


class NamedMeasure(_Strict):
    """
    A measure that is a Python function of the package, by its name.

    `mode` is how people travel where ways are measured; without it, as the study says.
    """

    named: str
    mode: Literal["walk", "cycle", "drive"] | None = None


def _mark(value: Any) -> str:  # noqa: ANN401 - pydantic hands over raw YAML or a model
    # what is neither is refused as no field
    keys = value if isinstance(value, dict) else getattr(type(value), "model_fields", ())
    marks = ("either", "part", "count", "sum", "statistic", "verdicts", "named")
    return next((mark for mark in marks if mark in keys), "field")


SimpleMeasure = (
    Annotated[FieldMeasure, Tag("field")]
    | Annotated[CountMeasure, Tag("count")]
    | Annotated[SumMeasure, Tag("sum")]
    | Annotated[ShareMeasure, Tag("part")]
    | Annotated[StatisticMeasure, Tag("statistic")]
    | Annotated[VerdictMeasure, Tag("verdicts")]
    | Annotated[NamedMeasure, Tag("named")]
)


class EitherMeasure(_Strict):
    """The first of several measures that is known for the unit."""

    either: tuple[Annotated[SimpleMeasure, Discriminator(_mark)], ...] = Field(min_length=2)


MeasureDefinition = Annotated[
    Annotated[EitherMeasure, Tag("either")] | SimpleMeasure, Discriminator(_mark)
]


def parts(definition: MeasureDefinition) -> tuple[SimpleMeasure, ...]:
    """Return the alternatives of a definition, one for all but `either`."""
    return definition.either if isinstance(definition, EitherMeasure) else (definition,)
