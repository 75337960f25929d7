"""Do a run again from its `run.json` alone, and say whether anything differs."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from zmd_layout.errors import StudyError
from zmd_layout.messages import Message
from zmd_layout.outputs.folder import RECORD
from zmd_layout.study import Study
from zmd_layout.vocabulary import Lang
from zmd_layout.workflow.checking import check_to_folder
from zmd_layout.workflow.comparing import differences
from zmd_layout.workflow.evaluating import evaluate
from zmd_layout.workflow.provenance import Command
from zmd_layout.workflow.running import run
from zmd_layout.workflow.studies import load_study

if TYPE_CHECKING:
    from collections.abc import Callable


class _Opened(BaseModel):
    """What was opened: where, which built-in study it was, and every key of its file."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    folder: Path
    builtin: str | None
    definition: dict[str, Any]


class _Options(BaseModel):
    """What the user chose on the command line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pdf: bool = False
    stability: bool = False
    lang: Lang = Lang.ZH


class _Record(BaseModel):
    """The part of `run.json` that a repetition rests on."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    command: Command
    options: _Options
    opened: _Opened
    outputs: dict[str, str]
    reproducible: bool = True


@dataclass(frozen=True, slots=True)
class Repetition:
    """
    What came of doing a run again.

    Attributes
    ----------
    differences
        What differs in what the run rests on: files, rules, versions.
    alike, unlike, gone, new
        The outputs that are the same byte for byte, that differ, and that only one of both has.
    was_reproducible
        False where a time limit ended a search, so that another answer may come out.
    paths
        Where the new outputs are, by name; empty where none were kept.
    """

    differences: tuple[Message, ...]
    alike: tuple[str, ...]
    unlike: tuple[str, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]
    was_reproducible: bool = True
    paths: dict[str, Path] = field(default_factory=dict)

    @property
    def is_same(self) -> bool:
        """Whether the same files came out, byte for byte."""
        return not (self.unlike or self.gone or self.new)

    def messages(self) -> list[Message]:
        """Report it, line by line."""
        lists = {
            "outputs_alike": self.alike, "outputs_unlike": self.unlike,
            "outputs_gone": self.gone, "outputs_new": self.new,
        }  # fmt: skip
        told = [
            Message(f"repeat.{key}", count=len(names), names=list(names))
            for key, names in lists.items()
            if names
        ]
        verdict = Message("repeat.same" if self.is_same else "repeat.not_same")
        open_end = [] if self.was_reproducible else [Message("repeat.was_not_reproducible")]
        return [*self.differences, *told, *open_end, verdict]


def repeat(
    record: Path | str,
    *,
    out: Path | str | None = None,
    progress: Callable[[Message], None] | None = None,
) -> Repetition:
    """
    Do a run again from its record.

    The study file is not read: the record holds all its keys. Layers and rule sets are read where
    the study had them.

    Parameters
    ----------
    record
        `run.json`, or the folder that holds it.
    out
        Where the new results go; None compares and throws them away.
    progress
        Is told what is being done.

    Raises
    ------
    StudyError
        If the file is no record of a run, or of a command that cannot be repeated.
    ZmdLayoutError
        As the command itself.
    """
    raw, old = _read(Path(record))
    folder = old.opened.folder
    if old.opened.builtin is not None:
        folder = load_study(old.opened.builtin).folder
    study = Study.model_validate({**old.opened.definition, "folder": folder})
    with tempfile.TemporaryDirectory() as aside:
        kept = Path(out) if out is not None else Path(aside)
        paths = _do(old, study, kept, progress)
        new = json.loads(paths[RECORD].read_text("utf-8"))
    had, has = old.outputs, new["outputs"]
    both = sorted(set(had) & set(has))
    return Repetition(
        tuple(differences(raw, new)),
        alike=tuple(name for name in both if had[name] == has[name]),
        unlike=tuple(name for name in both if had[name] != has[name]),
        gone=tuple(sorted(set(had) - set(has))),
        new=tuple(sorted(set(has) - set(had))),
        was_reproducible=old.reproducible,
        paths=paths if out is not None else {},
    )


def _do(
    old: _Record, study: Study, out: Path, progress: Callable[[Message], None] | None
) -> dict[str, Path]:
    if old.command == "check":
        return check_to_folder(study, out=out, progress=progress, stability=old.options.stability)[
            1
        ]
    if old.command == "evaluate":
        return evaluate(study, out=out, lang=old.options.lang, progress=progress).paths
    return run(
        study, out=out, progress=progress, **old.options.model_dump(exclude_unset=True)
    ).paths


def _read(path: Path) -> tuple[dict[str, Any], _Record]:
    file = path / RECORD if path.is_dir() else path
    try:
        raw = json.loads(file.read_text("utf-8-sig"))
        record = _Record.model_validate(raw)
        Study.model_validate(record.opened.definition)
    except OSError as error:
        why = error.strerror or error
        raise StudyError(Message("repeat.not_readable", path=file, why=why)) from error
    except (ValidationError, ValueError, RecursionError) as error:
        raise StudyError(Message("repeat.no_record", path=file, why=_first(error))) from error
    return raw, record


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        fault = error.errors()[0]
        return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
    return str(error)[:200]
