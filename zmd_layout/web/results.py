"""The conclusions of an entry of the register, made from the rows when it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmd_layout.messages import Message
from zmd_layout.vocabulary import Lang

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zmd_layout.development_review import Case
    from zmd_layout.outputs.opinion import Override

_SHOWN = 3


def results_of(
    cases: Sequence[Case], overrides: Mapping[str, Override], lang: Lang = Lang.ZH
) -> list[dict[str, Any]]:
    """Return the conclusion of every plot with its reasons, and beside it the official's own."""
    return [_result(case, overrides.get(case.unit_id), lang) for case in cases]


def _result(case: Case, own: Override | None, lang: Lang) -> dict[str, Any]:
    people = case.residents
    return {
        "unit_id": case.unit_id, "name": case.name, "stage": str(case.stage),
        "settlement": case.fields.get("settlement"),
        "developer": case.fields.get("developer"),
        "residents": people.low if people.is_bounded and people.low == people.high else None,
        "kind": str(case.conclusion.kind), "conclusion": case.conclusion.message.text(lang),
        "reasons": [reason.text(lang) for reason in case.conclusion.reasons],
        "remarks": [remark.text(lang) for remark in case.remarks],
        "as_of": case.as_of.isoformat(),
        "override": None if own is None or case.is_synthetic else {
            "conclusion": str(own.conclusion), "text": own.message.text(lang),
            "reason": own.reason, "official": own.official,
            "at": own.at.isoformat(timespec="seconds"),
        },
    }  # fmt: skip


def summary(results: Sequence[Mapping[str, Any]], lang: Lang = Lang.ZH) -> str:
    """Return the conclusions of an entry in one line, the official's own beside each."""
    if not results:
        return ""
    lines = []
    for result in results[:_SHOWN]:
        text = str(result["conclusion"]).rstrip("。.")
        own = result.get("override")
        if own:
            text = Message(
                "web.summary_own", text=text, own=own["text"].rstrip("。."),
                official=own["official"],
            ).text(lang)  # fmt: skip
        lines.append(text if len(results) == 1 else f"{result['name']}：{text}")
    more = len(results) - _SHOWN
    if more > 0:
        lines.append(Message("web.summary_more", count=more).text(lang))
    return "；".join(lines)
