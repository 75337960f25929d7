"""Download one large file: resumed where it broke off, checked, and put in place in one step."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import requests

from zmd_layout.errors import SourceError
from zmd_layout.layers.files import sha256_of
from zmd_layout.layers.sources.fetch.retry import (
    Deadline,
    Patience,
    Progress,
    RefusalError,
    ask_in_turn,
    blocks_of,
    check_status,
    no_answer,
)
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that was downloaded: where it lies, its URL, SHA-256 and size in bytes."""

    path: Path
    url: str
    sha256: str
    size: int


def download(
    url: str,
    target: Path,
    *,
    patience: Patience,
    sha256: str | None = None,
    check: Callable[[Path], object] | None = None,
    progress: Progress | None = None,
) -> Downloaded:
    """
    Download a file.

    What came before a break lies in `<target>.part` beside the target, with the server's mark of
    the version in `<target>.part.json`; a later call goes on from there if the server still has
    that version, and starts anew if not. `target` is replaced only by a file that passed all
    checks.

    Parameters
    ----------
    url
        Where from.
    target
        Where to.
    patience
        Time-outs, waits and rounds; a broken connection is resumed within them.
    sha256
        What the file must have; None: not known.
    check
        Looks at the finished file before it is put in place; raises `SourceError`.
    progress
        Hears bytes done and total.

    Returns
    -------
    downloaded
        The file in its place.

    Raises
    ------
    SourceError
        If the server gives nothing, or something else than the file. What was at `target` stays.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _part_of(target)
    ask_in_turn(
        lambda address: _fill_while_it_grows(part, address, patience, progress),
        [url],
        patience=patience,
    )
    found = sha256_of(part.path)
    if sha256 is not None and found != sha256.lower():
        part.drop()
        raise SourceError(Message("fetch.wrong_sha256", url=url, found=found, wanted=sha256))
    if check is not None:
        try:
            check(part.path)
        except SourceError:
            part.drop()
            raise
    size = part.size
    put_in_place(part.path, target)
    part.drop()
    return Downloaded(target, url, found, size)


@dataclass(frozen=True, slots=True)
class _Part:
    """What has come of a file so far, and which version of which URL it is a part of."""

    path: Path

    @property
    def _note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def version_of(self, url: str) -> str | None:
        """Return the server's mark of the version; None: the part cannot be gone on with."""
        try:
            note = json.loads(self._note.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        is_of_url = isinstance(note, dict) and note.get("url") == url
        version = note["version"] if is_of_url and "version" in note else None
        return version if isinstance(version, str) and self.size > 0 else None

    def start(self, url: str, version: str | None) -> None:
        """Begin anew with a version."""
        self.drop()
        self._note.write_text(json.dumps({"url": url, "version": version}), "utf-8")

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)


def _part_of(target: Path) -> _Part:
    return _Part(target.with_name(f"{target.name}.part"))


def drop_part(target: Path) -> None:
    """Let go of what a download that broke off left beside its target."""
    _part_of(target).drop()


def put_in_place(finished: Path, target: Path) -> None:
    """
    Replace a file in one step.

    Raises
    ------
    SourceError
        If the target is locked, as by a program that has it open on Windows.
    """
    try:
        finished.replace(target)
    except OSError as error:
        raise SourceError(Message("fetch.locked", path=target)) from error


def _fill_while_it_grows(
    part: _Part, url: str, patience: Patience, progress: Progress | None
) -> None:
    """Go on after each cut that brought the file further: only standing still is a refusal."""
    furthest = part.size
    deadline = Deadline(patience.limit_s)
    while True:
        try:
            _fill(part, url, patience, deadline, progress)
        except RefusalError as refusal:
            is_standing = part.size <= furthest or part.version_of(url) is None
            if refusal.is_final or is_standing:
                raise
            deadline.check()
            furthest = part.size
            patience.sleep(patience.pause_s)
        else:
            return


def _fill(
    part: _Part, url: str, patience: Patience, deadline: Deadline, progress: Progress | None
) -> None:
    """Get what is missing of a part in one request."""
    version = part.version_of(url)
    # a compressed answer would count other bytes than the file has
    headers = {"Accept-Encoding": "identity"}
    if version is not None:
        headers |= {"Range": f"bytes={part.size}-", "If-Range": version}
    try:
        with requests.get(url, headers=headers, stream=True, timeout=patience.timeout_s) as answer:
            if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                _end_of_range(part, answer)
                return
            check_status(answer)
            total = _begin(part, url, answer)
            _append(part, blocks_of(answer, deadline), total, progress)
    except requests.RequestException as error:
        raise no_answer(error) from error
    if total is not None and part.size != total:
        raise RefusalError(Message("fetch.cut"))


def _end_of_range(part: _Part, answer: requests.Response) -> None:
    """Take a part that has all bytes already, and drop one that has too many."""
    if answer.headers.get("Content-Range", "") != f"bytes */{part.size}":
        part.drop()
        raise RefusalError(Message("fetch.cut"))


def _begin(part: _Part, url: str, answer: requests.Response) -> int | None:
    """Make the part ready for the bytes of an answer; give the size of the whole file."""
    found = _RANGE.match(answer.headers.get("Content-Range", ""))
    if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
        if found is None or int(found[1]) != part.size:
            part.drop()
            raise RefusalError(Message("fetch.wrong_range"))
        return int(found[2]) if found[2].isdigit() else None
    part.start(url, _version(answer))
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


def _version(answer: requests.Response) -> str | None:
    """Read the mark of a version that `If-Range` may carry: a strong tag, else the date."""
    tag = answer.headers.get("ETag", "")
    return tag if tag.startswith('"') else answer.headers.get("Last-Modified")


def _append(
    part: _Part, blocks: Iterable[bytes], total: int | None, progress: Progress | None
) -> None:
    done = part.size
    with part.path.open("ab") as file:
        for block in blocks:
            try:
                file.write(block)
            except OSError as error:
                raise SourceError(
                    Message("fetch.cannot_write", path=part.path, why=error.strerror)
                ) from error
            done += len(block)
            if progress is not None:
                progress(done, total, Message("fetch.bytes", name=part.path.name[: -len(".part")]))
