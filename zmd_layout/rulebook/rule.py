"""A clause read as a spatial check; see `soundness` for what is refused when it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from zmd_layout.rulebook.kinds import Check, Report, Threshold
from zmd_layout.rulebook.measure_forms import Condition, MeasureDefinition
from zmd_layout.rulebook.provision import (
    Both,
    Clause,
    DatedValue,
    Due,
    Effective,
    Parameter,
    Strict,
)
from zmd_layout.vocabulary import (
    Addressee,
    JudgedOn,
    Relation,
    RuleStatus,
    Stage,
    Strength,
    UnitKind,
)

if TYPE_CHECKING:
    import datetime as dt


class Monitor(Strict):
    """Units for which the figure is reported beside the verdicts."""

    unit: UnitKind
    where: tuple[Condition, ...] = ()


class Stricter(Strict):
    """A stricter number of the province, for a flag only; the province's own rules stand apart."""

    limit: str
    flag: str


class Place(Strict):
    """The city whose own target it is: it judges a study of that city with all its counties."""

    city: str = Field(pattern=r"^\d{6}$")
    name: Both
    counties: tuple[str, ...] = Field(min_length=1)


class Wish(Strict):
    """What the clause would like to see beyond its minimum, for a note on units that meet it."""

    limit: str
    where: tuple[Condition, ...] = ()


# the columns that rules named before 0.2
_OLD_GOVERNING = {
    "conditions_on": JudgedOn.CONDITIONS,
    "accepted_on": JudgedOn.ACCEPTANCE,
    "opens_on": JudgedOn.OPENING,
}


def _governing(given: Any) -> Any:  # noqa: ANN401 - raw YAML
    return _OLD_GOVERNING.get(given, given) if isinstance(given, str) else given


class Rule(Strict):
    """A clause read as a spatial check."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    key: str
    ruleset: str = ""
    title: Both
    status: RuleStatus
    stage: Stage | None = None
    strength: Strength
    addressee: Addressee
    due: Due
    effective: Effective
    clauses: dict[str, Clause] = Field(min_length=1)
    reading: Both
    unit: UnitKind
    also_units: tuple[UnitKind, ...] = ()
    place: Place | None = None
    judged_on: Annotated[JudgedOn | None, BeforeValidator(_governing)] = None
    applies_to: tuple[Condition, ...] = ()
    monitor: tuple[Monitor, ...] = ()
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    measures: dict[str, MeasureDefinition]
    measure_unit: str
    check: Check
    stricter: Stricter | None = None
    wish: Wish | None = None
    proxy: Both | None = None
    needs: tuple[str, ...]

    @property
    def units(self) -> tuple[UnitKind, ...]:
        """The kinds of units that are judged."""
        return (self.unit, *self.also_units)

    @property
    def relation(self) -> Relation | None:
        """How measured must stand to required; None for a report without a reference."""
        match self.check:
            case Threshold() | Report():
                return self.check.relation
            case _:
                return Relation.AT_LEAST

    def limits(self, day: dt.date) -> dict[str, DatedValue | None]:
        """Return each parameter's value in force on `day`."""
        return {name: parameter.on(day) for name, parameter in self.parameters.items()}

    def in_force(self, day: dt.date) -> bool:
        """Return whether the clause binds on `day`; both ends included."""
        until = self.effective.until
        return self.effective.start <= day and (until is None or day <= until)
