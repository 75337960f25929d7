"""The ten sheets of the workbook in order, in the words of the education department."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.outputs.workbook_people import balance, overview
from zmd_layout.outputs.workbook_schools import kept_schools, planned_schools, projects
from zmd_layout.outputs.workbook_sources import rule_sheet, sources
from zmd_layout.outputs.workbook_verdicts import all_findings, open_matters, problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zmd_layout.outputs.results import Results
    from zmd_layout.outputs.workbook_sheet import Sheet


def sheets_of(results: Results) -> Iterator[Sheet]:
    """Yield the sheets in order."""
    yield overview(results)
    yield all_findings(results)
    yield problems(results)
    yield balance(results)
    yield planned_schools(results)
    yield projects(results)
    yield kept_schools(results)
    yield sources(results)
    yield rule_sheet(results)
    yield open_matters(results)
