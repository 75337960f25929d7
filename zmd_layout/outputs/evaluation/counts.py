"""The targets of a plan in numbers, and the list of how each provision is dealt with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.messages import word
from zmd_layout.outputs.evaluation.table import TARGET
from zmd_layout.rulebook import load_ruleset
from zmd_layout.rulebook.targets import load_targets
from zmd_layout.vocabulary import Lang, TargetHandling, TargetState

if TYPE_CHECKING:
    import pandas as pd

_NAMED = (
    TargetState.MET, TargetState.MET_LATE, TargetState.MISSED, TargetState.TIME_UNKNOWN,
    TargetState.UNKNOWN,
)  # fmt: skip


def counts_of_targets(table: pd.DataFrame) -> dict[str, int]:
    """Count the targets of a plan by state, for sentences of the catalogue."""
    targets = table[table["item_kind"] == TARGET]
    states = targets["state"].value_counts()
    named = {str(state): int(states.get(str(state), 0)) for state in _NAMED}
    rest = len(targets) - sum(named.values())
    in_table = int(targets["in_table"].sum())
    return {"all": len(targets), "in_table": in_table, "rest": rest, **named}


def provision_list(ruleset: str, lang: Lang) -> list[tuple[str, str, str, str]]:
    """
    List every target of a plan and every rule of its set, and how each is dealt with.

    Returns
    -------
    rows
        Title, handling, the rule, statistic or reason behind it, and the quote.
    """
    targets = load_targets(ruleset)
    rows = []
    linked = set()
    for one in () if targets is None else targets.target:
        linked.add(one.rule)
        how = one.rule or one.statistic or (one.reason.text(lang) if one.reason else "")
        rows.append((one.title.text(lang), word(one.handling, lang), how, one.quote))
    for rule in load_ruleset(ruleset):
        if rule.id not in linked:
            quote = next(iter(rule.clauses.values())).text
            handling = word(TargetHandling.ENCODED, lang)
            rows.append((rule.title.text(lang), handling, rule.id, quote))
    return rows
