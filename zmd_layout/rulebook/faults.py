"""The faults of a rule file: where each stands in it, and what is wrong in either language."""

from __future__ import annotations

import datetime as dt
import re
import reprlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zmd_layout.messages import Message
from zmd_layout.rulebook.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]  # keys and numbers of items, from the top of the file

# pydantic names a key that is a day as Python would write it
_DAY = re.compile(r"datetime\.date\((\d+), (\d+), (\d+)\)")
_ROOM = "rulebook."
# the beginnings of pydantic's kinds of errors, and our words for them
_WHY = {
    "missing": "why_missing", "string_pattern_mismatch": "why_pattern", "string_too_short":
    "why_empty", "too_short": "why_empty", "string": "why_text", "float": "why_number",
    "int": "why_number", "bool": "why_bool", "date": "why_date", "dict": "why_mapping",
    "model": "why_mapping", "list": "why_list", "tuple": "why_list",
}  # fmt: skip
_CLOSED = {"enum", "literal_error"}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a rule: at which place, and what."""

    place: Place
    why: Message


def faults_in_form(error: ValidationError, raw: Any, keys: Iterable[str] = ()) -> list[Fault]:  # noqa: ANN401 - raw YAML
    """
    Translate what pydantic found.

    Parameters
    ----------
    error
        Its faults; where a value may be of several forms, there is one for each form.
    raw
        What was validated.
    keys
        The keys that there are, among which that of an unknown one is looked for.
    """
    found: dict[Place, list[ErrorDetails]] = {}
    for one in error.errors(include_url=False):
        found.setdefault(_place(one, raw), []).append(one)
    deeper = [place for place in found if any(_is_below(other, place) for other in found)]
    return [
        Fault(place, _why(of_place, raw, place, keys))
        for place, of_place in found.items()
        if not (place in deeper and len(of_place) > 1)
    ]


def _is_below(deeper: Place, place: Place) -> bool:
    return len(deeper) > len(place) and deeper[: len(place)] == place


def _place(one: ErrorDetails, raw: Any) -> Place:  # noqa: ANN401 - raw YAML
    """Leave of pydantic's location what stands in the file, without the names of its forms."""
    location = [_as_written(part) for part in one["loc"]]
    if not location:
        return ()
    is_absent = one["type"] == "missing"
    found = _longest(location[:-1] if is_absent else location, raw)
    return (*found, location[-1]) if is_absent else found


def _longest(location: list[str | int], raw: Any) -> Place:  # noqa: ANN401 - raw YAML
    if not location:
        return ()
    first, rest = location[0], location[1:]
    without = _longest(rest, raw)
    inside = _child(raw, first)
    if inside is None:
        return without
    taken = (first, *_longest(rest, inside[0]))
    # of a form's name that is a key, too, the step that leads on is meant
    return taken if len(taken) > len(without) or not rest else without


def _child(raw: Any, part: str | int) -> tuple[Any] | None:  # noqa: ANN401 - raw YAML
    if isinstance(raw, dict):
        return next(((value,) for key, value in raw.items() if _written(key) == str(part)), None)
    if isinstance(raw, list) and isinstance(part, int) and part < len(raw):
        return (raw[part],)
    return None


def value_at(raw: Any, place: Place) -> Any:  # noqa: ANN401 - raw YAML
    """Return what stands at a place of the file; None where nothing does."""
    for part in place:
        inside = _child(raw, part)
        if inside is None:
            return None
        raw = inside[0]
    return raw


def _as_written(part: str | int) -> str | int:
    """Name a step of a fault's location as the file has it."""
    day = _DAY.fullmatch(str(part))
    return part if day is None else dt.date(*map(int, day.groups())).isoformat()


def _written(key: object) -> str:
    return key.isoformat() if isinstance(key, dt.date) else str(key)


def _why(found: list[ErrorDetails], raw: Any, place: Place, keys: Iterable[str]) -> Message:  # noqa: ANN401 - raw YAML
    one = found[0]
    kind, value = one["type"], shown(value_at(raw, place))
    if kind.startswith(_ROOM):
        return Message(kind, **one.get("ctx", {}))
    if len({error["type"] for error in found}) > 1:
        return Message("rulebook.why_unfit", found=value)
    if kind == "extra_forbidden":
        return near_message("rulebook.why_extra", str(place[-1]) if place else "", keys)
    if kind in _CLOSED:
        known = re.findall(r"'([^']*)'", str(one.get("ctx", {}).get("expected", "")))
        return near_message("rulebook.why_word", value, known)
    key = next((name for start, name in _WHY.items() if kind.startswith(start)), "why_unfit")
    return Message(f"rulebook.{key}", found=value)


def near_message(key: str, found: str, known: Iterable[str], **more: object) -> Message:
    """Return the message `key`, or `key_near` where a known word is like the one found."""
    words = sorted(set(known))
    near = nearest(found, words)
    if near is None:
        return Message(key, found=found, known=words, **more)
    return Message(f"{key}_near", found=found, known=words, near=near, **more)


_SHOWN = 40


def shown(value: Any) -> str:  # noqa: ANN401 - raw YAML
    """Write a value of a file as YAML has it, cut where it is long."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, float):
        text = f"{value:g}"
    elif isinstance(value, list | dict):
        # anchors make a small file a value that would not fit into memory
        text = reprlib.repr(value)
    else:
        text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
