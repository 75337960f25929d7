"""The targets of a plan: what it promises in numbers, row by row, as `targets.toml` has it."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from zmd_layout.errors import RuleError
from zmd_layout.messages import Message
from zmd_layout.rulebook.provision import Both, PlainText, Strict
from zmd_layout.rulebook.sets import builtin_rulesets, rules_folder
from zmd_layout.vocabulary import Strength, TargetHandling

TARGETS_FILE = "targets.toml"


class Target(Strict):
    """
    A number that a plan promises for its last year.

    Exactly one of `rule` (a rule decides it), `statistic` (the figure is reported from the layer
    `statistics` and held against `value`) and `reason` (why it cannot be checked) is given.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    title: Both
    quote: PlainText
    article: PlainText
    in_table: bool = False
    strength: Strength
    unit: str | None = None
    base: float | None = None
    value: float | None = None
    relation: Literal["at_least", "above", "at_most"] | None = None
    rule: str | None = None
    statistic: str | None = None
    reason: Both | None = None
    reading: Both | None = None
    contradiction: Both | None = None

    @model_validator(mode="after")
    def _one_handling(self) -> Self:
        if sum(given is not None for given in (self.rule, self.statistic, self.reason)) != 1:
            raise ValueError("one of rule, statistic, reason")
        if (self.value is None) != (self.relation is None):
            raise ValueError("value and relation")
        return self

    @property
    def handling(self) -> TargetHandling:
        """How it is dealt with."""
        if self.rule is not None:
            return TargetHandling.ENCODED
        return TargetHandling.REPORTED if self.statistic else TargetHandling.NOT_CHECKABLE

    def is_met_by(self, value: float) -> bool:
        """Return whether a figure reaches the target; only for a target with a number."""
        if self.value is None:
            raise ValueError(self.id)
        if self.relation == "above":
            return value > self.value
        return value <= self.value if self.relation == "at_most" else value >= self.value


class Targets(Strict):
    """All targets of one plan, and the days between which they hold."""

    model_config = ConfigDict(populate_by_name=True)

    document: PlainText
    evidence: Literal["P", "V"]
    checked_on: dt.date
    city: str = Field(pattern=r"^\d{6}$")
    base_year: int
    start: dt.date = Field(alias="from")
    due_on: dt.date
    target: tuple[Target, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({one.id for one in self.target}) != len(self.target):
            raise ValueError("doubled id")
        return self


def load_targets(ruleset: str, *, base: Path | None = None) -> Targets | None:
    """
    Read the targets of a rule set.

    Parameters
    ----------
    ruleset
        The name of a built-in set, or a folder of own rules.
    base
        What a relative folder is relative to.

    Returns
    -------
    targets
        None where the set has no `targets.toml`.

    Raises
    ------
    RuleError
        If the file is not what it should be; names the place of each fault.
    """
    is_builtin = ruleset in builtin_rulesets()
    path = (rules_folder() if is_builtin else base or Path()) / ruleset / TARGETS_FILE
    if not path.exists():
        return None
    try:
        return Targets.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleError(Message("evaluation.not_toml", path=path, why=error)) from error
    except ValidationError as error:
        faults = [
            Message(
                "evaluation.wrong_target", path=path, why=fault["msg"],
                place=".".join(str(part) for part in fault["loc"]),
            )
            for fault in error.errors()
        ]  # fmt: skip
        raise RuleError(*faults) from error
