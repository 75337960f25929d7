"""Report what each rule is called and what its clause says, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmd_layout.errors import RuleError
from zmd_layout.rulebook import load_ruleset
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from zmd_layout.rulebook import Rule

RuleKey = tuple[str, str]  # ruleset, rule id


def rule_keys(findings: pd.DataFrame) -> list[RuleKey]:
    """Name the rules of the findings, ordered by rule set and id."""
    pairs = findings[["ruleset", "rule_id"]].drop_duplicates().astype(str)
    return sorted(pairs.itertuples(index=False, name=None))


def encode_rules(keys: list[RuleKey], *, base: Path | None = None) -> list[dict[str, Any]]:
    """
    Describe rules for the page.

    Parameters
    ----------
    keys
        The rules, in the order in which the page numbers them.
    base
        The folder that the names of own rule sets are relative to.

    Notes
    -----
    A map can be drawn from a `findings.csv` alone: a rule whose file is not at hand is shown under
    its id.
    """
    known = {
        (ruleset, rule.id): rule
        for ruleset in sorted({ruleset for ruleset, _ in keys})
        for rule in _rules_at_hand(ruleset, base)
    }
    return [_describe(key, known.get(key)) for key in keys]


def _rules_at_hand(ruleset: str, base: Path | None) -> list[Rule]:
    try:
        return load_ruleset(ruleset, base=base)
    except RuleError:
        return []


def _describe(key: RuleKey, rule: Rule | None) -> dict[str, Any]:
    ruleset, rule_id = key
    if rule is None:
        stage = next((part for part in rule_id.split("-") if part in set(Stage)), None)
        return {"id": rule_id, "ruleset": ruleset, "stage": stage, "title": _same(rule_id)}
    return {
        "id": rule_id,
        "ruleset": ruleset,
        "key": rule.key,
        "stage": None if rule.stage is None else str(rule.stage),
        "strength": str(rule.strength),
        "title": {"zh": rule.title.zh, "en": rule.title.en},
        "reading": {"zh": rule.reading.zh, "en": rule.reading.en},
        "clauses": [
            {"document": clause.document, "article": clause.article, "text": clause.text}
            for clause in rule.clauses.values()
        ],
    }


def _same(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}
