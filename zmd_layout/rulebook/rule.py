"""A clause read as a spatial check; what refers to nothing is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from zmd_layout.rulebook.kinds import (
    Check,
    Report,
    Threshold,
    measure_names,
    parameter_names,
)
from zmd_layout.rulebook.measure_forms import (
    Condition,
    MeasureDefinition,
    NamedMeasure,
    ParameterRef,
    conditions,
    parts,
)
from zmd_layout.rulebook.named_measures import MERGING, NUMBERS, is_named
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
    Basis,
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

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        faults = [
            *self._number_faults(),
            *self._reference_faults(),
            *self._measure_faults(),
            *self._input_faults(),
            *self._evidence_faults(),
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _number_faults(self) -> list[str]:
        faults = []
        for name, parameter in self.parameters.items():
            for day, dated in parameter.values.items():
                where = f"parameters.{name} of {day}"
                if dated.basis is Basis.CLAUSE and dated.clause not in self.clauses:
                    known = ", ".join(self.clauses)
                    faults.append(f"{where} cites {dated.clause!r}; the clauses are {known}")
                if dated.basis is not Basis.CLAUSE and dated.source is None:
                    faults.append(f"{where} rests on {dated.basis}: its source (zh, en) is missing")
        return faults

    def _reference_faults(self) -> list[str]:
        used = {name for name in parameter_names(self.check) if name is not None}
        used |= {c.parameter for c in _parameter_refs(self)}
        if self.stricter:
            used.add(self.stricter.limit)
        if self.wish:
            used.add(self.wish.limit)
        unknown = sorted(used - set(self.parameters))
        return [f"{name!r} is not among the parameters" for name in unknown]

    def _measure_faults(self) -> list[str]:
        used = measure_names(self.check)
        faults = [f"measure {n!r} is not defined under measures" for n in used - set(self.measures)]
        if set(self.needs) != used:
            faults.append(f"needs is {sorted(self.needs)}; the check uses {sorted(used)}")
        for name, definition in self.measures.items():
            faults += [
                f"measure {name!r}: nobody computes {part.named!r} for a {self.unit}"
                for part in parts(definition)
                if isinstance(part, NamedMeasure) and not is_named(part.named, self.unit)
            ]
        return sorted(faults)

    def _input_faults(self) -> list[str]:
        """Tell which numbers are not there, from the first day on, that a computation takes."""
        used = {
            name
            for unit in self.units
            for definition in self.measures.values()
            for part in parts(definition)
            if isinstance(part, NamedMeasure)
            for name in NUMBERS.get((part.named, unit), ())
        }
        if UnitKind.RESIDENTIAL_GROUP in self.units:
            used |= set(MERGING)
        there = {name for name, value in self.limits(self.effective.start).items() if value}
        return [
            f"the parameter {name!r} is needed to compute this, from {self.effective.start} on"
            for name in sorted(used - there)
        ]

    def _evidence_faults(self) -> list[str]:
        weak = sorted(n for n, c in self.clauses.items() if c.evidence in {"N", "R"})
        if self.status is RuleStatus.REVIEWED and weak:
            return [f"a reviewed rule rests on clauses not read in the original: {', '.join(weak)}"]
        return []

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
        """Give each parameter's value in force on `day`."""
        return {name: parameter.on(day) for name, parameter in self.parameters.items()}

    def in_force(self, day: dt.date) -> bool:
        """Tell whether the clause binds on `day`; both ends included."""
        until = self.effective.until
        return self.effective.start <= day and (until is None or day <= until)


def _parameter_refs(rule: Rule) -> list[ParameterRef]:
    found = [*rule.applies_to, *(c for m in rule.monitor for c in m.where)]
    found += rule.wish.where if rule.wish else ()
    found += [c for definition in rule.measures.values() for c in conditions(definition)]
    bounds = [b for c in found for b in (c.at_least, c.at_most)]
    return [b for b in bounds if isinstance(b, ParameterRef)]
