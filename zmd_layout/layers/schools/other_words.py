"""Stages of schools by words of other languages: `stage_words.toml` and a table of the study."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pydantic import Field, TypeAdapter, ValidationError

from zmd_layout.errors import LayerError
from zmd_layout.layers.schools.stages import StageReading
from zmd_layout.messages import Message
from zmd_layout.study.strict import Strict
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from zmd_layout.layers.layer import Layer
    from zmd_layout.study import Study

_ABBREVIATION = re.compile(r"\b(?:\w\.\s?)+\w\b\.?")


class _Words(Strict):
    """One table of words with the same meaning; see `stage_words.toml`."""

    language: str
    words: tuple[str, ...] = Field(min_length=1)
    stages: tuple[Stage, ...] = ()
    candidates: tuple[Stage, ...] = ()


class _File(Strict):
    words: tuple[_Words, ...]


@dataclass(frozen=True, slots=True)
class StageWord:
    """A word and what it means; neither stages nor candidates: no school."""

    pattern: re.Pattern[str]
    length: int
    stages: tuple[Stage, ...]
    candidates: tuple[Stage, ...]


def read_stage_words(own: Path | None = None) -> tuple[StageWord, ...]:
    """
    Read the words of other languages, longest first.

    Parameters
    ----------
    own
        A further table of the study; its words go before the built-in ones of the same length.

    Raises
    ------
    LayerError
        If it cannot be read as a table of words.
    """
    built_in = files("zmd_layout.layers.schools") / "stage_words.toml"
    tables = [*_own_tables(own), *_tables(built_in.read_text("utf-8"))]
    words = [_word(word, table) for table in tables for word in table.words]
    return tuple(sorted(words, key=lambda word: -word.length))


def stages_of_words(name: str, words: Sequence[StageWord]) -> StageReading | None:
    """
    Read a name by words of other languages.

    Returns
    -------
    StageReading
        The stages of all its words together; open as soon as one of them leaves the stage open. No
        school where the only words are of something else. None where no word is in it.
    """
    rest, found = _spelt(name), []
    for word in words:
        rest, count = word.pattern.subn("\0", rest)
        if count:
            found.append(word)
    if not found:
        return None
    sure = _in_order(stage for word in found for stage in word.stages)
    maybe = _in_order(stage for word in found for stage in word.candidates)
    if Stage.SPECIAL in sure:
        sure, maybe = (Stage.SPECIAL,), ()
    if maybe:
        return StageReading(
            Message("stages.ambiguous"), candidates=_in_order((*sure, *maybe)), is_to_check=True
        )
    if sure:
        return StageReading(Message("stages.by_name"), stages=sure)
    return StageReading(Message("stages.not_a_school"), is_school=False)


def with_stage_words(layer: Layer, study: Study) -> Layer:
    """
    Read the stages of schools of which neither code nor tag nor Chinese name says any.

    Returns
    -------
    layer
        With `stages`, or `possible_stages` where a word leaves them open. What by its words is no
        school of general education is left out and counted in a note.
    """
    frame = layer.frame
    if not {"name", "stages", "possible_stages"} <= set(frame.columns):
        return layer
    is_open = frame["stages"].isna() & frame["possible_stages"].isna() & frame["name"].notna()
    own = study.matching.stage_words
    words = read_stage_words(None if own is None else study.folder / own)
    readings = {
        row: reading
        for row, name in frame.loc[is_open, "name"].items()
        if (reading := stages_of_words(str(name), words)) is not None
    }
    if not readings:
        return layer
    frame = frame.copy()
    for row, reading in readings.items():
        frame.loc[row, "stages"] = ";".join(reading.stages) or None
        frame.loc[row, "possible_stages"] = ";".join(reading.candidates) or None
        if "is_stage_ambiguous" in frame:
            frame.loc[row, "is_stage_ambiguous"] = reading.is_ambiguous
    out = [row for row, reading in readings.items() if not reading.is_school]
    note = Message(
        "layers.schools_other_words",
        count=len(readings),
        sure=sum(bool(reading.stages) for reading in readings.values()),
        open=sum(reading.is_ambiguous for reading in readings.values()),
        out=len(out),
    )
    origin = replace(layer.origin, notes=(*layer.origin.notes, note))
    return replace(layer, frame=frame.drop(index=out).reset_index(drop=True), origin=origin)


def _own_tables(path: Path | None) -> list[_Words]:
    if path is None:
        return []
    try:
        return _tables(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        why: Any = error
        if isinstance(error, ValidationError):
            fault = error.errors()[0]
            why = f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
        elif isinstance(error, OSError):
            why = error.strerror or error
        raise LayerError(Message("layers.stage_words", path=path.name, why=why)) from error


def _tables(text: str) -> list[_Words]:
    return [*TypeAdapter(_File).validate_python(tomllib.loads(text)).words]


def _word(word: str, table: _Words) -> StageWord:
    text = _spelt(word.removeprefix("*"))
    before = "" if word.startswith("*") else r"(?<!\w)"
    pattern = re.compile(rf"{before}{re.escape(text)}(?!\w)")
    return StageWord(pattern, len(text), table.stages, table.candidates)


def _spelt(text: str) -> str:
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return _ABBREVIATION.sub(lambda found: re.sub(r"[.\s]", "", found[0]), folded)


def _in_order(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    found = set(stages)
    return tuple(stage for stage in Stage if stage in found)
