"""Why a unit has its verdict: the clause, its reading, the numbers and the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from zmd_layout.errors import ArgumentError
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Lang
from zmd_layout.workflow.arguments import as_choice
from zmd_layout.workflow.loading import find_all, load_rules, rule_named
from zmd_layout.workflow.questions.opened import world_of

if TYPE_CHECKING:
    import geopandas as gpd

    from zmd_layout.rulebook import Rule
    from zmd_layout.study import Study

_FACTS = (
    "status", "strength", "relation", "measured", "required", "gap", "measure_unit", "as_of",
    "due_on", "due_state", "basis", "sources", "is_synthetic", "flags",
)  # fmt: skip


def why(study: Study, unit: str, rule: str, *, lang: Lang | str = Lang.ZH) -> pd.Series:
    """
    Explain the verdict on a unit under a rule.

    Parameters
    ----------
    study
        The study.
    unit
        The unit, by id or name.
    rule
        The rule, by id or title.
    lang
        The language of clause and note.

    Returns
    -------
    reasons
        `rule_id`, `title`, `unit_id`, `unit_name`, the facts of the finding (`status`, `measured`,
        `required`, `gap`, …), `numbers` (those of the rule in force on the day), `quotes` of the
        clauses, `reading` (how the clause is read) and `note`.

    Raises
    ------
    ArgumentError
        If there is no such rule or unit, or several units have the name.

    Examples
    --------
    >>> rule = "indicator-primary-per-10000-residents"
    >>> reasons = zmd_layout.why(study, "确山县", rule, lang="en")
    >>> float(reasons["required"]), reasons["numbers"]
    (40.0, {'residents_per_school': 10000.0})
    """
    world, speech = world_of(study), as_choice(lang, Lang, name="lang")
    rules = load_rules(study)
    asked = rule_named(rules, rule)
    findings = world.keep("findings", lambda: find_all(rules, world, None))
    row = _row(findings[findings["rule_id"] == asked.id], unit, asked)
    numbers = {name: dated.value for name, dated in asked.limits(world.as_of).items() if dated}
    facts = {name: row[name] for name in _FACTS}
    return pd.Series(
        {
            "rule_id": asked.id,
            "title": asked.title.text(speech),
            "unit_id": row["unit_id"],
            "unit_name": row["unit_name"],
            **facts,
            "numbers": numbers,
            "quotes": [clause.text for clause in asked.clauses.values()],
            "reading": asked.reading.text(speech),
            "note": row[f"note_{speech}"],
        },
        name=f"{asked.id}@{row['unit_id']}",
    )


def _row(rows: gpd.GeoDataFrame, unit: str, rule: Rule) -> pd.Series:
    found = rows[rows["unit_id"] == str(unit)]
    if found.empty:
        found = rows[rows["unit_name"] == unit]
    if found.empty:
        raise ArgumentError(Message("arguments.no_unit", rule=rule.id, found=repr(unit)))
    ids = sorted(found["unit_id"].unique())
    if len(ids) > 1:
        raise ArgumentError(Message("arguments.some_units", found=repr(unit), known=ids))
    row: pd.Series = found.iloc[0]
    return row
