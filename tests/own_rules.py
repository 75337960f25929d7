"""Short rules of one's own, as files that a study can name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

SOME_DAY = "2020-01-01"


def number(value: float) -> dict[str, Any]:
    return {
        "unit": "1",
        "values": {SOME_DAY: {"value": value, "basis": "clause", "clause": "text"}},
    }


def rule(rule_id: str, **keys: Any) -> dict[str, Any]:
    """Give a rule that counts schools in counties, with other keys in place of its own."""
    return {
        "id": rule_id, "key": "O1", "title": {"zh": "量", "en": "A measure"},
        "status": "reviewed", "strength": "duty", "addressee": "county",
        "due": {"state": "standing"}, "effective": {"from": SOME_DAY, "until": None},
        "clauses": {"text": {"document": "某文", "article": "一", "text": "原文", "evidence": "V",
                             "checked_on": SOME_DAY}},
        "reading": {"zh": "读法", "en": "A reading"}, "unit": "county",
        "parameters": {"least": number(1)}, "measures": {"found": {"count": "schools"}},
        "measure_unit": "school",
        "check": {"kind": "threshold", "measure": "found", "relation": "at_least",
                  "limit": "least"},
        "needs": ["found"],
    } | keys  # fmt: skip


def text_of(keys: dict[str, Any]) -> str:
    """Write a rule as YAML in which a day is a day."""
    text = yaml.safe_dump(keys, allow_unicode=True, sort_keys=False)
    return text.replace(f"'{SOME_DAY}'", SOME_DAY)


def write_rules(folder: Path, *rules: dict[str, Any]) -> Path:
    """Write rules into `folder/my-rules`, in place of those that stand there."""
    ours = folder / "my-rules"
    ours.mkdir(exist_ok=True)
    for file in ours.glob("*.yaml"):
        file.unlink()
    for keys in rules:
        (ours / f"{keys['id']}.yaml").write_text(text_of(keys), "utf-8")
    return ours


def counting(rule_id: str, other: str, *, status: str = "shortfall", **keys: Any) -> dict[str, Any]:
    """Give a rule that allows no verdict of a status under another."""
    return rule(
        rule_id, **{
            "parameters": {"most": number(0)},
            "measures": {"found": {"verdicts": other, "status": status}},
            "check": {"kind": "threshold", "measure": "found", "relation": "at_most",
                      "limit": "most"},
            **keys,
        },
    )  # fmt: skip
