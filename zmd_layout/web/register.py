"""The local register of reviews: SQLite, every version kept, one writer at a time."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from zmd_layout.errors import OutputError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS versions (
    review_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    saved_at TEXT NOT NULL,
    name TEXT NOT NULL,
    conclusion TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (review_id, version)
)
"""
_LATEST = (
    "SELECT review_id, version, saved_at, name, conclusion, content FROM versions v "
    "WHERE version = (SELECT MAX(version) FROM versions w WHERE w.review_id = v.review_id)"
)
_MOST = 200


class ConflictError(OutputError):
    """Somebody else saved the same review in the meantime."""


class Register:
    """
    Reviews in a file.

    A save is one transaction: a process that is killed in the middle leaves the last version whole.

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
            with closing(self._open()) as base, base:
                base.execute("PRAGMA journal_mode=WAL")
                base.execute(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise OutputError(Message("web.no_register", path=path, why=error)) from error

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=10.0)

    def save(
        self, content: dict[str, Any], *, saved_at: str, review_id: int | None, version: int
    ) -> dict[str, Any]:
        """
        Save a review as a new version.

        Parameters
        ----------
        content
            What is kept; `name` and `conclusion` are searched.
        saved_at
            The time, as ISO 8601.
        review_id, version
            The review and the version that was changed; None and 0 for a new one.

        Returns
        -------
        saved
            `id` and `version`.

        Raises
        ------
        ConflictError
            If the register holds another version than the one that was changed.
        """
        text = _whole(json.dumps(content, ensure_ascii=False))
        name, conclusion = (_whole(str(content.get(key, ""))) for key in ("name", "conclusion"))
        with closing(self._open()) as base, base:
            base.execute("BEGIN IMMEDIATE")
            if review_id is None:
                found = base.execute("SELECT COALESCE(MAX(review_id), 0) + 1 FROM versions")
                review_id, latest = int(found.fetchone()[0]), 0
            else:
                found = base.execute(
                    "SELECT COALESCE(MAX(version), 0) FROM versions WHERE review_id = ?",
                    (review_id,),
                )
                latest = int(found.fetchone()[0])
            if latest != version:
                raise ConflictError(Message("web.conflict", name=name, latest=latest, mine=version))
            base.execute(
                "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?)",
                (review_id, latest + 1, saved_at, name, conclusion, text),
            )
        return {"id": review_id, "version": latest + 1}

    def search(self, text: str = "") -> list[dict[str, Any]]:
        """List the latest versions whose name holds `text`, the last saved first."""
        query = f"{_LATEST} AND instr(name, ?) > 0 ORDER BY saved_at DESC, review_id DESC LIMIT ?"
        with closing(self._open()) as base:
            return [_head(row) for row in base.execute(query, (text, _MOST))]

    def history(self, review_id: int) -> list[dict[str, Any]]:
        """List every version of a review with its content, the newest first."""
        query = (
            "SELECT review_id, version, saved_at, name, conclusion, content FROM versions "
            "WHERE review_id = ? ORDER BY version DESC"
        )
        with closing(self._open()) as base:
            rows = base.execute(query, (review_id,)).fetchall()
        return [{**_head(row), "content": json.loads(row[5])} for row in rows]


def _whole(text: str) -> str:
    """Replace halves of signs, which JSON may hold and a file may not."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _head(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(("id", "version", "saved_at", "name", "conclusion"), row[:5], strict=True))
