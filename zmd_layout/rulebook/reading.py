"""
From raw YAML to a rule, or to everything that is wrong with it.

What cannot be read is set aside, so that one fault hides no other: the rest is held against the
columns, words and numbers all the same.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from zmd_layout.rulebook.faults import Fault, faults_in_form
from zmd_layout.rulebook.rule import Rule
from zmd_layout.rulebook.soundness import faults_in_meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zmd_layout.rulebook.faults import Place

# of these one item can be set aside alone
_GATHERED = {"applies_to", "monitor", "parameters", "measures", "clauses"}
# something readable in place of what is not; nothing is concluded from it
_STAND_IN: dict[str, Any] = {
    "id": "x", "key": "", "title": {"zh": "-", "en": "-"}, "status": "draft", "strength": "duty",
    "addressee": "city", "due": {"state": "none"}, "effective": {"from": "2000-01-01"},
    "clauses": {"-": {"document": "-", "article": "-", "text": "-", "evidence": "R",
                      "checked_on": "2000-01-01"}},
    "reading": {"zh": "-", "en": "-"}, "unit": "city", "measures": {}, "measure_unit": "-",
    "check": {"kind": "report", "measure": "-"}, "needs": [],
}  # fmt: skip


def read_rule(raw: dict[str, Any]) -> tuple[Rule | None, list[Fault]]:
    """
    Read a rule.

    Returns
    -------
    rule, faults
        The rule, or None with all that is wrong.
    """
    try:
        rule = Rule.model_validate(raw)
    except ValidationError as error:
        faults = faults_in_form(error, raw, _keys())
        return None, [*faults, *_faults_of_the_rest(raw, [fault.place for fault in faults])]
    faults = faults_in_meaning(rule)
    return (None if faults else rule), faults


def _faults_of_the_rest(raw: dict[str, Any], places: list[Place]) -> list[Fault]:
    rest: dict[str, Any] = {key: copy(value) for key, value in raw.items()}
    distrusted = {str(place[0]) for place in places if place}
    for top, item in sorted({_set_aside(place) for place in places if place}, key=repr):
        if item is None or not isinstance(rest.get(top), dict | list):
            rest.pop(top, None)
            rest |= {top: _STAND_IN[top]} if top in _STAND_IN else {}
        elif isinstance(rest[top], dict):
            rest[top] = {k: v for k, v in rest[top].items() if str(k) != str(item)}
        else:
            rest[top][int(item)] = None
    for top in _GATHERED:
        if isinstance(rest.get(top), list):
            rest[top] = [one for one in rest[top] if one is not None]
    if not rest.get("clauses"):
        rest["clauses"] = _STAND_IN["clauses"]
    try:
        rule = Rule.model_validate(rest)
    except ValidationError:
        return []
    return faults_in_meaning(rule, frozenset(distrusted))


def _set_aside(place: Place) -> tuple[str, str | int | None]:
    top = str(place[0])
    return (top, place[1]) if top in _GATHERED and len(place) > 1 else (top, None)


def _keys() -> set[str]:
    return set(_keys_of(Rule, set()))


def _keys_of(model: type[BaseModel], seen: set[type]) -> Iterator[str]:
    """Yield every key of a rule and of its parts, as the file writes them."""
    seen.add(model)
    for name, field in model.model_fields.items():
        yield field.alias or name
        for part in _models_in(field.annotation):
            if part not in seen:
                yield from _keys_of(part, seen)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - of any form
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models_in(inner)
