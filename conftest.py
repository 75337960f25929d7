"""Run each `rules/**/*.test.yaml` as pytest items; see CONTRIBUTING for the form of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from zmd_layout.checks.cases import compare, decide_case
from zmd_layout.rulebook import CASES_SUFFIX, Case, load_cases, load_rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> RuleCases | None:
    """Collect the cases beside a rule."""
    if file_path.name.endswith(CASES_SUFFIX):
        return RuleCases.from_parent(parent, path=file_path)
    return None


class RuleCases(pytest.File):
    """The cases of one rule."""

    def collect(self) -> Iterator[RuleCase]:
        """Yield one item a case."""
        for case in load_cases(self.path):
            yield RuleCase.from_parent(self, name=case.name, case=case)


class RuleCase(pytest.Item):
    """One situation and the verdict expected of it."""

    def __init__(self, *, case: Case, **kwargs: Any) -> None:  # noqa: ANN401 - pytest's own
        super().__init__(**kwargs)
        self.case = case

    def runtest(self) -> None:
        """Decide the case and compare the keys that `expect` names."""
        rule = load_rule(self.path.with_name(self.path.name.replace(CASES_SUFFIX, ".yaml")))
        differences = compare(decide_case(rule, self.case), self.case.expect)
        assert not differences, f"{self.path.name}: {self.case.name}: {'; '.join(differences)}"
