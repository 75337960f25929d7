"""
Read the rules under `rules/`: law as data.

A rule is a YAML file that quotes its clause, says how it is read, and names the numbers with the
day each took force and what it rests on. The loader refuses what it does not understand: unknown
keys, doubled keys, a number without a basis, a measure nobody computes, an id that is not the
file's name. All faults of a file come in one error that names the file and, where YAML tells it,
the line.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from zmd_layout.errors import RuleError
from zmd_layout.measures.definitions import (
    Condition,
    MeasureDefinition,
    NamedMeasure,
    ParameterRef,
    VerdictMeasure,
    conditions,
    parts,
)
from zmd_layout.measures.registry import NAMED_MEASURES
from zmd_layout.messages import Message
from zmd_layout.vocabulary import (
    Addressee,
    Basis,
    DueState,
    Relation,
    RuleStatus,
    Stage,
    Strength,
    UnitKind,
)

CASES_SUFFIX = ".test.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Both(_Strict):
    """A text in Chinese and English."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self, lang: str) -> str:
        """Give the text in `lang`."""
        return str(getattr(self, str(lang)))


class Clause(_Strict):
    """
    One provision of one document, quoted word for word.

    `evidence` is how it was read: `P` in the document itself, `V` in a public copy, `N` in a press
    report, `R` only recalled. Rules that rest on `N` or `R` stay draft.
    """

    document: str = Field(min_length=1)
    article: str = Field(min_length=1)
    text: str = Field(min_length=1)
    evidence: Literal["P", "V", "N", "R"]
    checked_on: dt.date
    url: str | None = None


class DatedValue(_Strict):
    """A number, and the clause, the standard or the assumption that sets it."""

    value: float
    basis: Basis
    clause: str | None = None
    source: Both | None = None


class Parameter(_Strict):
    """A number in the law, with the day from which each value holds."""

    unit: str
    values: dict[dt.date, DatedValue] = Field(min_length=1)

    def on(self, day: dt.date) -> DatedValue | None:
        """Give the value in force on `day`, or None before the first."""
        started = [start for start in self.values if start <= day]
        return self.values[max(started)] if started else None


class Threshold(_Strict):
    """Hold a measure against one number."""

    kind: Literal["threshold"]
    measure: str
    relation: Relation
    limit: str
    tolerance: str | None = None


class Proportion(_Strict):
    """
    Require supply in proportion to demand: ⌊demand / per⌋.

    Below `per` nothing is required (`not_applicable`). With `letter`, the clause's letter asks
    for that many whatever the multiple; where the letter is met and the proportion is not, the
    shortfall is one in principle, on an assumption, flagged `reading_decides`.
    """

    kind: Literal["proportion"]
    supply: str
    demand: str
    per: str
    letter: str | None = None


class Band(_Strict):
    """A stretch of the demand, both ends included, and what it requires."""

    at_least: str | None = None
    at_most: str | None = None
    required: str


class Banded(_Strict):
    """
    Require a number that depends on the band in which the demand lies.

    Bands may meet in a point: the larger requirement holds there and `overlap_flag` is set.
    `near` names a parameter, a share of the bound within which `near_threshold` is flagged.
    """

    kind: Literal["banded"]
    supply: str
    demand: str
    bands: tuple[Band, ...] = Field(min_length=1)
    overlap_flag: str | None = None
    near: str | None = None


class Report(_Strict):
    """Give the figure, no verdict; `reference` is a number to set beside it."""

    kind: Literal["report"]
    measure: str
    reference: str | None = None
    relation: Relation | None = None


Check = Annotated[Threshold | Proportion | Banded | Report, Field(discriminator="kind")]


class Due(_Strict):
    """Either a day by which it must be done, or a state (`standing`, `none`)."""

    on: dt.date | None = None
    state: Literal[DueState.STANDING, DueState.NONE] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.on is None) == (self.state is None):
            raise ValueError("due: give either a day (on) or a state (standing, none)")
        return self


class Effective(_Strict):
    """The days from and until which the clause binds, both included."""

    start: dt.date = Field(alias="from")
    until: dt.date | None = None


class Monitor(_Strict):
    """Units for which the figure is reported beside the verdicts."""

    unit: UnitKind
    where: tuple[Condition, ...] = ()


class Stricter(_Strict):
    """A stricter number of the province, for a flag only; the province's own rules stand apart."""

    limit: str
    flag: str


class Wish(_Strict):
    """What the clause would like to see beyond its minimum, for a note on units that meet it."""

    limit: str
    where: tuple[Condition, ...] = ()


class Rule(_Strict):
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
    judged_on: str | None = None
    applies_to: tuple[Condition, ...] = ()
    monitor: tuple[Monitor, ...] = ()
    parameters: dict[str, Parameter] = {}
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
        used = {name for name in _parameter_names(self.check) if name is not None}
        used |= {c.parameter for c in _parameter_refs(self)}
        if self.stricter:
            used.add(self.stricter.limit)
        if self.wish:
            used.add(self.wish.limit)
        unknown = sorted(used - set(self.parameters))
        return [f"{name!r} is not among the parameters" for name in unknown]

    def _measure_faults(self) -> list[str]:
        used = _measure_names(self.check)
        faults = [f"measure {n!r} is not defined under measures" for n in used - set(self.measures)]
        if set(self.needs) != used:
            faults.append(f"needs is {sorted(self.needs)}; the check uses {sorted(used)}")
        for name, definition in self.measures.items():
            faults += [
                f"measure {name!r}: nobody computes {part.named!r} for a {self.unit}"
                for part in parts(definition)
                if isinstance(part, NamedMeasure) and (part.named, self.unit) not in NAMED_MEASURES
            ]
        return sorted(faults)

    def _evidence_faults(self) -> list[str]:
        weak = sorted(n for n, c in self.clauses.items() if c.evidence in "NR")
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


def _parameter_names(check: Check) -> set[str | None]:
    match check:
        case Threshold():
            return {check.limit, check.tolerance}
        case Proportion():
            return {check.per, check.letter}
        case Banded():
            bounds = {name for b in check.bands for name in (b.at_least, b.at_most, b.required)}
            return bounds | {check.near}
        case Report():
            return {check.reference}


def _measure_names(check: Check) -> set[str]:
    match check:
        case Threshold() | Report():
            return {check.measure}
        case Proportion() | Banded():
            return {check.supply, check.demand}


def _parameter_refs(rule: Rule) -> list[ParameterRef]:
    found = [*rule.applies_to, *(c for m in rule.monitor for c in m.where)]
    found += rule.wish.where if rule.wish else ()
    found += [c for definition in rule.measures.values() for c in conditions(definition)]
    bounds = [b for c in found for b in (c.at_least, c.at_most)]
    return [b for b in bounds if isinstance(b, ParameterRef)]


class Case(_Strict):
    """One situation and the verdict expected of it."""

    name: str
    as_of: dt.date
    unit: dict[str, Any] = {}
    measures: dict[str, Any] = {}
    expect: dict[str, Any] | None


_BOOL = "tag:yaml.org,2002:bool"


class _UniqueKeyLoader(yaml.SafeLoader):
    """Refuse a key that stands twice; only true and false are booleans, not `on`."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {  # type: ignore[misc]  # the stubs call it an instance's
        first: [(tag, form) for tag, form in forms if tag != _BOOL]
        for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - the signature is PyYAML's
        """Build the mapping once every key is known to be new."""
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(self.construct_object(key, deep=True))
            if name in seen:
                line = key.start_mark.line + 1
                raise yaml.MarkedYAMLError(None, None, f"line {line}: key {name!r} written twice")
            seen.add(name)
        return super().construct_mapping(node, deep)


_UniqueKeyLoader.add_implicit_resolver(_BOOL, re.compile(r"true|false"), list("tf"))


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - YAML is what it is
    """
    Parse one YAML file: safe types only, duplicate keys refused.

    Raises
    ------
    RuleError
        If it is not YAML or a key stands twice; names file and line.
    """
    try:
        return yaml.load(path.read_text("utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise RuleError(Message("rulebook.not_yaml", path=path.name, why=str(error))) from error


def load_rule(path: Path, *, ruleset: str = "") -> Rule:
    """
    Read one rule file.

    Parameters
    ----------
    path
        A `*.yaml` file.
    ruleset
        The id of the set it belongs to; by default the folder's name.

    Returns
    -------
    rule
        The rule, frozen.

    Raises
    ------
    RuleError
        If the file is not a rule: all faults in one error.
    """
    raw = read_yaml(path)
    if not isinstance(raw, dict):
        raise RuleError(Message("rulebook.not_a_rule", path=path.name))
    try:
        rule = Rule.model_validate({**raw, "ruleset": ruleset or path.parent.name})
    except ValidationError as error:
        raise RuleError(*_faults(path, error)) from error
    if rule.id != path.stem:
        raise RuleError(
            Message("rulebook.id_is_not_file", path=path.name, found=rule.id, wanted=path.stem)
        )
    return rule


def _faults(path: Path, error: ValidationError) -> list[Message]:
    lines = path.read_text("utf-8").splitlines()
    return [
        Message(
            "rulebook.fault",
            path=path.name,
            line=_line_of(lines, [str(part) for part in fault["loc"]]),
            where=".".join(str(part) for part in fault["loc"]) or "rule",
            why=fault["msg"].removeprefix("Value error, "),
        )
        for fault in error.errors()
    ]


def _line_of(lines: list[str], location: list[str]) -> int:
    """Find the line of the deepest key of `location` that stands in the file; 1 if none does."""
    found = 0
    for part in location:
        found = next(
            (
                n
                for n in range(found, len(lines))
                if lines[n].strip().startswith((f"{part}:", f"- {part}:"))
            ),
            found,
        )
    return found + 1


def rules_folder() -> Path:
    """
    Find the folder with the built-in rule sets.

    In a wheel it stands inside the package; an editable install has it beside the package.

    Raises
    ------
    RuleError
        If neither is there: the installation is broken.
    """
    package = Path(__file__).parent
    for folder in (package / "rules", package.parent / "rules"):
        if folder.is_dir():
            return folder
    raise RuleError(Message("rulebook.no_folder"))


@cache
def builtin_rulesets() -> tuple[str, ...]:
    """Name the built-in rule sets, sorted."""
    return tuple(sorted(p.name for p in rules_folder().iterdir() if p.is_dir()))


def load_ruleset(ruleset: str, *, base: Path | None = None) -> list[Rule]:
    """
    Read all rules of a set.

    Parameters
    ----------
    ruleset
        The name of a built-in set, or a folder of own rules.
    base
        What a relative folder is relative to (the study file's folder).

    Returns
    -------
    rules
        Sorted by id.

    Raises
    ------
    RuleError
        If there is no such set, it is empty, or any of its files is not a rule: all faults of all
        files in one error.
    """
    folder = (
        rules_folder() / ruleset if ruleset in builtin_rulesets() else (base or Path()) / ruleset
    )
    files = sorted(p for p in folder.glob("*.yaml") if not p.name.endswith(CASES_SUFFIX))
    if not files:
        known = list(builtin_rulesets())
        raise RuleError(Message("rulebook.no_ruleset", ruleset=ruleset, known=known))
    rules: list[Rule] = []
    faults: list[Message] = []
    for path in files:
        try:
            rules.append(load_rule(path, ruleset=folder.name))
        except RuleError as error:
            faults += error.messages
    faults += [] if faults else _unknown_verdicts(rules)
    if faults:
        raise RuleError(*faults)
    return sorted(rules, key=lambda rule: rule.id)


def _unknown_verdicts(rules: list[Rule]) -> list[Message]:
    """Name the rules that count verdicts of a rule that is not in their set."""
    known = {rule.id for rule in rules}
    return [
        Message("rulebook.unknown_verdicts", path=f"{rule.id}.yaml", wanted=part.verdicts)
        for rule in rules
        for definition in rule.measures.values()
        for part in parts(definition)
        if isinstance(part, VerdictMeasure) and part.verdicts not in known
    ]


def load_cases(path: Path) -> list[Case]:
    """
    Read the cases beside a rule.

    The file has `defaults` (merged under each case; `unit` and `measures` key by key) and `cases`.

    Raises
    ------
    RuleError
        If the file is not a list of cases.
    """
    book = read_yaml(path)
    try:
        defaults = book.get("defaults", {})
        return [
            Case.model_validate(
                {
                    **defaults,
                    **case,
                    "unit": {**defaults.get("unit", {}), **case.get("unit", {})},
                    "measures": {**defaults.get("measures", {}), **case.get("measures", {})},
                }
            )
            for case in book["cases"]
        ]
    except ValidationError as error:
        raise RuleError(*_faults(path, error)) from error
    except (AttributeError, KeyError, TypeError) as error:
        raise RuleError(Message("rulebook.not_cases", path=path.name)) from error
