"""The sheets of the workbook in order, in the words of the education department."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.outputs.workbook.balance import balance, hindcast
from zmd_layout.outputs.workbook.evaluation import evaluation
from zmd_layout.outputs.workbook.first_sheet import first_sheet
from zmd_layout.outputs.workbook.people import overview
from zmd_layout.outputs.workbook.plan import plan_by_county, plan_by_row, plan_in_cases
from zmd_layout.outputs.workbook.schools import kept_schools, planned_schools, projects
from zmd_layout.outputs.workbook.sources import account, rule_sheet, sources
from zmd_layout.outputs.workbook.verdicts import all_findings, indications, open_matters, problems
from zmd_layout.vocabulary import Lang

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zmd_layout.outputs.results import Results
    from zmd_layout.outputs.workbook.sheet import Sheet


def sheets_of(results: Results, *, lang: Lang = Lang.ZH) -> Iterator[Sheet]:
    """Yield the sheets in order."""
    yield first_sheet(results, lang)
    yield overview(results, lang)
    yield all_findings(results, lang)
    yield problems(results, lang)
    yield evaluation(results, lang)
    indicated = indications(results, lang)
    if indicated is not None:
        yield indicated
    yield balance(results, lang)
    yield hindcast(results, lang)
    yield plan_by_county(results, lang)
    yield plan_by_row(results, lang)
    yield plan_in_cases(results, lang)
    yield planned_schools(results, lang)
    yield projects(results, lang)
    yield kept_schools(results, lang)
    yield sources(results, lang)
    yield account(results, lang)
    yield rule_sheet(results, lang)
    yield open_matters(results, lang)
