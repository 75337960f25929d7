"""
The language of texts may only become better: `data/language_todo.toml` lists what is still to do.

A text that is written right is taken off the list (`python tests/test_language.py` writes the list
anew and refuses to make it longer); a new text is not put on it.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from language import docstrings_that_tell, english, texts, with_avoided_word, with_bare_plural

from zmd_layout.messages import Message

TODO = Path(__file__).parent / "data" / "language_todo.toml"


def todo() -> dict[str, list[str] | int]:
    return tomllib.loads(TODO.read_text("utf-8"))


def test_no_new_text_counts_a_noun_in_one_form_only() -> None:
    assert sorted(with_bare_plural() - set(todo()["bare_plurals"])) == []


def test_no_new_text_has_a_word_that_is_not_to_be_used() -> None:
    assert sorted(with_avoided_word() - set(todo()["avoided_words"])) == []


def test_the_list_holds_nothing_that_is_done() -> None:
    assert sorted(set(todo()["bare_plurals"]) - with_bare_plural()) == []
    assert sorted(set(todo()["avoided_words"]) - with_avoided_word()) == []


def test_no_more_docstrings_begin_with_give_tell_or_say() -> None:
    assert docstrings_that_tell() <= int(todo()["docstrings"])  # type: ignore[arg-type]


def test_two_forms_name_the_number_that_they_turn_with() -> None:
    for key, entry in texts():
        if not isinstance(entry["en"], str):
            assert set(entry["en"]) == {"one", "other"}, key
            assert all("{" + entry["by"] in form for form in [entry["zh"], entry["en"]["other"]]), (
                key
            )
        assert all(english(entry)) or not entry["zh"], key


@pytest.mark.parametrize(
    ("count", "noun"), [(0, "rows are"), (1, "row is"), (2, "rows are"), (1.5, "rows are")]
)
def test_one_is_said_as_one_and_any_other_number_as_many(count: float, noun: str) -> None:
    message = Message("layers.doubled", layer="schools", column="school_id", count=count, found="7")
    assert f"{count} {noun}" in message.text("en")
    assert f"{count} 行重复" in message.text("zh")


def test_a_long_list_ends_with_the_number_of_the_rest() -> None:
    message = Message("layers.unit_not_named", layer="schools", found=[str(n) for n in range(63)])
    assert "59 and 3 more" in message.text("en")
    assert "、59等63项" in message.text("zh")


def _write() -> None:
    old = todo() if TODO.exists() else {}
    new = {"bare_plurals": with_bare_plural(), "avoided_words": with_avoided_word()}
    for name, keys in new.items():
        grown = sorted(keys - set(old.get(name, keys)))  # type: ignore[arg-type]
        if grown:
            sys.exit(f"{name}: the list may not grow; write these right: {', '.join(grown)}")
    lines = [f"docstrings = {min(docstrings_that_tell(), int(old.get('docstrings', 10**6)))}"]
    for name, keys in new.items():
        lines += [f"{name} = [", *(f'    "{key}",' for key in sorted(keys)), "]"]
    TODO.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    _write()
