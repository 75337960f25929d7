"""
The local register of reviews: SQLite, every version kept, one writer at a time.

A review is one project through its stages. Each save, voiding and reinstatement is a version of it
with its time; nothing is ever removed. Attached files are kept in the same file, so that one backup
holds everything.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing, contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from platformdirs import user_data_path

from zmd_layout.errors import OutputError, ZmdLayoutError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_SCHEMA = 2
_NEW = {"results": "'[]'", "action": "'saved'", "by": "''", "remark": "''", "words": "''"}
_TABLES = f"""
CREATE TABLE IF NOT EXISTS versions (
    review_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    saved_at TEXT NOT NULL,
    name TEXT NOT NULL,
    conclusion TEXT NOT NULL,
    content TEXT NOT NULL,
    {" ".join(f'"{name}" TEXT NOT NULL DEFAULT {value},' for name, value in _NEW.items())}
    PRIMARY KEY (review_id, version)
);
CREATE TABLE IF NOT EXISTS attachments (
    review_id INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    added_at TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (review_id, sha256)
);
"""
_HEAD = ("id", "version", "saved_at", "name", "conclusion", "action", "by", "remark")
_COLUMNS = 'review_id, version, saved_at, name, conclusion, action, "by", remark'
_LATEST = (
    f"SELECT {_COLUMNS}, results FROM versions v "  # noqa: S608 - constants
    "WHERE version = (SELECT MAX(version) FROM versions w WHERE w.review_id = v.review_id)"
)
_MOST = 200


def default_path() -> Path:
    """Return the register of a user who names none."""
    return user_data_path("zmd-layout", appauthor=False) / "reviews.sqlite"


class Action(StrEnum):
    """What a version of a review records."""

    SAVED = "saved"
    VOIDED = "voided"
    REINSTATED = "reinstated"


class ConflictError(OutputError):
    """Somebody else saved the same review in the meantime."""


class StorageError(OutputError):
    """The register cannot be read or written, for instance since the disk is full."""


class Register:
    """
    Reviews in a file.

    A save is one transaction: a process that is killed in the middle leaves the last version whole.
    A register of an earlier release is migrated when it is opened, after a copy was put beside it.

    Parameters
    ----------
    path
        The file; made if it is not there.

    Raises
    ------
    OutputError
        If the file cannot be made, or is no register.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as base:
                self._migrate(base)
                base.execute("PRAGMA journal_mode=WAL")
                base.executescript(_TABLES)
                base.execute(f"PRAGMA user_version={_SCHEMA}")
        except (OSError, sqlite3.Error) as error:
            raise OutputError(Message("web.no_register", path=path, why=error)) from error

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=10.0)

    @contextmanager
    def _base(self) -> Iterator[sqlite3.Connection]:
        """Open the register for one transaction; what the disk refuses is a message."""
        try:
            with closing(self._open()) as base, base:
                yield base
        except ZmdLayoutError:
            raise
        except (OSError, sqlite3.Error) as error:
            raise StorageError(Message("web.register_fault", path=self._path, why=error)) from error

    def _migrate(self, base: sqlite3.Connection) -> None:
        """Add the columns of this release to a register of an earlier one, after a backup."""
        columns = {row[1] for row in base.execute("PRAGMA table_info(versions)")}
        if not columns or columns >= set(_NEW):
            return
        beside = _unused(self._path.with_name(f"{self._path.name}.before-migration"))
        with closing(sqlite3.connect(beside)) as copy:
            base.backup(copy)
        with base:
            base.execute("BEGIN IMMEDIATE")
            for name, value in _NEW.items():
                if name not in columns:
                    base.execute(
                        f'ALTER TABLE versions ADD COLUMN "{name}" TEXT NOT NULL DEFAULT {value}'
                    )
            rows = base.execute("SELECT rowid, content, conclusion FROM versions").fetchall()
            for rowid, content, conclusion in rows:
                words = f"{_words(json.loads(content))} {conclusion}".lower()
                base.execute("UPDATE versions SET words = ? WHERE rowid = ?", (words, rowid))

    def save(  # noqa: PLR0913 - what a version holds, by name
        self,
        content: Mapping[str, Any],
        *,
        saved_at: str,
        review_id: int | None,
        version: int,
        results: Sequence[Mapping[str, Any]] = (),
        conclusion: str = "",
        by: str = "",
    ) -> dict[str, Any]:
        """
        Save a review as a new version.

        Parameters
        ----------
        content
            What was filled in; `name` is its title.
        saved_at
            The time, as ISO 8601.
        review_id, version
            The review and the version that was changed; None and 0 for a new one.
        results, conclusion
            The conclusion of each plot as it was made from the rows, and all in one line.
        by
            Who saves it.

        Returns
        -------
        saved
            `id` and `version`.

        Raises
        ------
        ConflictError
            If the register holds another version than the one that was changed.
        OutputError
            If the review is void, or there is no such review.
        """
        row = {
            "saved_at": saved_at, "name": str(content.get("name", "")), "conclusion": conclusion,
            "content": _json(content), "results": _json(results), "action": Action.SAVED, "by": by,
            "remark": "", "words": _words([content, results, conclusion, by]).lower(),
        }  # fmt: skip
        with self._base() as base:
            base.execute("BEGIN IMMEDIATE")
            is_new = review_id is None
            if review_id is None:
                found = base.execute("SELECT COALESCE(MAX(review_id), 0) + 1 FROM versions")
                review_id, latest = int(found.fetchone()[0]), 0
            else:
                latest, action = self._latest(base, review_id)
                if action == Action.VOIDED:
                    raise OutputError(Message("web.is_void", id=review_id))
            if latest == 0 and not is_new:
                raise OutputError(Message("web.no_review", id=review_id))
            if latest != version:
                name = row["name"]
                raise ConflictError(Message("web.conflict", name=name, latest=latest, mine=version))
            _insert(base, {"review_id": review_id, "version": latest + 1, **row})
        return {"id": review_id, "version": latest + 1}

    def mark(
        self, review_id: int, action: Action, *, at: str, by: str, reason: str
    ) -> dict[str, Any]:
        """
        Void a review, or reinstate it, as a further version of the same content.

        Parameters
        ----------
        review_id
            Which.
        action
            `VOIDED` or `REINSTATED`.
        at, by, reason
            When, by whom and why.

        Raises
        ------
        OutputError
            If there is no such review, it is so already, or name or reason is missing.
        """
        if not (by.strip() and reason.strip()):
            raise OutputError(Message("web.void_incomplete"))
        with self._base() as base:
            base.execute("BEGIN IMMEDIATE")
            latest, now = self._latest(base, review_id)
            if latest == 0 or (now == Action.VOIDED) == (action is Action.VOIDED):
                raise OutputError(Message(f"web.not_{action}", id=review_id))
            query = "SELECT * FROM versions WHERE review_id = ? AND version = ?"
            found = base.execute(query, (review_id, latest))
            row = dict(zip((c[0] for c in found.description), found.fetchone(), strict=True))
            words = f"{row['words']} {_whole(by)} {_whole(reason)}".lower()
            row |= {"version": latest + 1, "saved_at": at, "action": action, "by": by}
            _insert(base, row | {"remark": reason, "words": words})
        return {"id": review_id, "version": latest + 1}

    @staticmethod
    def _latest(base: sqlite3.Connection, review_id: int) -> tuple[int, str]:
        query = (
            "SELECT version, action FROM versions WHERE review_id = ? ORDER BY version DESC LIMIT 1"
        )
        return base.execute(query, (review_id,)).fetchone() or (0, "")

    def search(self, text: str = "", *, most: int | None = _MOST) -> list[dict[str, Any]]:
        """
        List the latest versions that hold every word of `text` in any field, the last saved first.

        `#12` finds the review of that number; each entry has its `results` by plot.
        """
        terms = _whole(text).lower().split()
        numbers = [int(t[1:]) for t in terms if t[:1] == "#" and t[1:].isdigit() and len(t) < 18]  # noqa: PLR2004 - SQLite's whole numbers
        words = [t for t in terms if not (t[:1] == "#" and t[1:].isdigit())]
        query = _LATEST + " AND instr(words || ' ' || lower(name), ?) > 0" * len(words)
        query += " AND review_id = ?" * len(numbers) + " ORDER BY saved_at DESC, review_id DESC"
        query += "" if most is None else f" LIMIT {most}"
        with self._base() as base:
            found = base.execute(query, (*words, *numbers)).fetchall()
        return [{**_head(row), "results": json.loads(row[-1])} for row in found]

    def history(self, review_id: int) -> list[dict[str, Any]]:
        """List every version of a review with its content, the newest first."""
        query = (
            f"SELECT {_COLUMNS}, content, results FROM versions "  # noqa: S608 - constants
            "WHERE review_id = ? ORDER BY version DESC"
        )
        with self._base() as base:
            rows = base.execute(query, (review_id,)).fetchall()
        return [
            {**_head(r), "content": upgraded(json.loads(r[-2])), "results": json.loads(r[-1])}
            for r in rows
        ]

    def attach(self, review_id: int, name: str, content: bytes, *, at: str) -> dict[str, Any]:
        """Keep a file with a review under its SHA-256; the same file is kept once."""
        digest = hashlib.sha256(content).hexdigest()
        with self._base() as base:
            if self._latest(base, review_id)[0] == 0:
                raise OutputError(Message("web.no_review", id=review_id))
            base.execute(
                "INSERT OR IGNORE INTO attachments VALUES (?, ?, ?, ?, ?)",
                (review_id, digest, _whole(name), at, content),
            )
        return {"sha256": digest, "name": _whole(name)}

    def attachments(self, review_id: int) -> list[dict[str, Any]]:
        """List the files that are kept with a review."""
        query = (
            "SELECT sha256, name, added_at, length(bytes) FROM attachments WHERE review_id = ? "
            "ORDER BY added_at, name"
        )
        with self._base() as base:
            rows = base.execute(query, (review_id,)).fetchall()
        return [dict(zip(("sha256", "name", "added_at", "size"), row, strict=True)) for row in rows]

    def attachment(self, review_id: int, sha256: str) -> tuple[str, bytes]:
        """Return the name and the content of an attached file."""
        query = "SELECT name, bytes FROM attachments WHERE review_id = ? AND sha256 = ?"
        with self._base() as base:
            found = base.execute(query, (review_id, sha256)).fetchone()
        if found is None:
            raise OutputError(Message("web.no_attachment"))
        return str(found[0]), bytes(found[1])

    def backup(self, path: Path) -> None:
        """
        Copy the whole register, as it is at one moment, while the page may be in use.

        Raises
        ------
        OutputError
            If the file is there already or cannot be written.
        """
        if path.exists():
            raise OutputError(Message("web.backup_exists", path=path))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as base, closing(sqlite3.connect(path)) as copy:
                base.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")
        except (OSError, sqlite3.Error) as error:
            raise StorageError(Message("web.register_fault", path=path, why=error)) from error

    def restore(self, path: Path) -> Path | None:
        """
        Replace the register by a backup; what it held is kept beside it.

        Returns
        -------
        kept
            The copy of what was replaced; None where the register was empty.

        Raises
        ------
        OutputError
            If the backup is damaged or is no register; nothing is replaced then.
        """
        try:
            source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
            with closing(source), closing(self._open()) as base:
                intact = source.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
                columns = {row[1] for row in source.execute("PRAGMA table_info(versions)")}
                if not intact or "review_id" not in columns:
                    raise OutputError(Message("web.no_backup", path=path))
                kept = None
                if base.execute("SELECT 1 FROM versions LIMIT 1").fetchone():
                    kept = _unused(self._path.with_name(f"{self._path.name}.before-restore"))
                    with closing(sqlite3.connect(kept)) as copy:
                        base.backup(copy)
                source.backup(base)
        except ZmdLayoutError:
            raise
        except (OSError, sqlite3.Error) as error:
            raise OutputError(Message("web.no_backup", path=path)) from error
        Register(self._path)  # a backup of an earlier release is migrated
        return kept


def upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """
    Return the content of a version as this release has it.

    Earlier releases kept one conclusion of the official's for a whole entry. It belongs to a plot
    only where there is one; otherwise it is kept apart and applied to none.
    """
    own = content.get("override")
    if own is None or "overrides" in content:
        return content
    out = {key: value for key, value in content.items() if key != "override"} | {"overrides": {}}
    plots = content.get("plots") or []
    if isinstance(own, dict) and own.get("conclusion"):
        if len(plots) == 1:
            unit = str((plots[0].get("properties") or {}).get("unit_id") or "1")
            out["overrides"] = {unit: own}
        else:
            out["unassigned_override"] = own
    return out


def _insert(base: sqlite3.Connection, row: Mapping[str, Any]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    values = [_whole(value) if isinstance(value, str) else value for value in row.values()]
    base.execute(f"INSERT INTO versions ({names}) VALUES ({marks})", values)  # noqa: S608 - names of columns


def _json(value: object) -> str:
    return _whole(json.dumps(value, ensure_ascii=False))


def _words(value: object) -> str:
    """Return every text and number in what was saved, but no outlines, to be searched."""
    match value:
        case dict():
            return " ".join(_words(item) for key, item in value.items() if key != "geometry")
        case list() | tuple():
            return " ".join(_words(item) for item in value)
        case None | bool():
            return ""
        case _:
            return _whole(str(value))


def _whole(text: str) -> str:
    """Replace halves of signs, which JSON may hold and a file may not."""
    return str(text).encode("utf-8", "replace").decode("utf-8")


def _unused(path: Path) -> Path:
    """Return a path that is not taken, so that no earlier copy is replaced."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def _head(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(_HEAD, row, strict=False))
