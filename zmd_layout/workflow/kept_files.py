"""
Results in files: each with a checksum, all together within a bound.

A file that was torn or of which a bit has turned is never taken. What has not been asked for the
longest goes first when there is too much.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT_BYTES = 500_000_000
_MAGIC = b"zmd-layout kept 2\n"
_DIGEST_BYTES = hashlib.sha256().digest_size
_SUFFIX, _ASIDE, _STAMP = ".pickle", ".aside-", ".cleaned"
_CLEANED_EVERY_S = 600.0
_LEFT_BEHIND_S = 3600.0


@dataclass(slots=True)
class KeptFiles:
    """
    The results that are kept in one folder.

    Parameters
    ----------
    folder
        Where they stand; a folder of the user's cache, for they are pickled.
    """

    folder: Path

    def read(self, name: str) -> Any:  # noqa: ANN401 - results of any kind
        """Return a result, or None where it was not kept or is not as it was written."""
        file = self._file(name)
        try:
            content = file.read_bytes()
            start = len(_MAGIC) + _DIGEST_BYTES
            head, payload = content[:start], content[start:]
            if head != _MAGIC + hashlib.sha256(payload).digest():
                return None
            value = pickle.loads(payload)  # noqa: S301 - the user's own cache, and its checksum holds
        except Exception:  # noqa: BLE001 - what cannot be read was never kept
            return None
        with suppress(OSError):
            os.utime(file)  # what was asked for lately is cleaned last
        return value

    def write(self, name: str, value: Any) -> None:  # noqa: ANN401 - results of any kind
        """Keep a result; a cache that cannot be written is no reason to fail."""
        file = self._file(name)
        aside: Path | None = None
        try:
            payload = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, place = tempfile.mkstemp(prefix=_ASIDE, dir=file.parent)
            aside = Path(place)
            with os.fdopen(handle, "wb") as stream:
                stream.write(_MAGIC + hashlib.sha256(payload).digest())
                stream.write(payload)
            aside.replace(file)
        except (OSError, pickle.PicklingError, TypeError, AttributeError, RecursionError):
            if aside is not None:
                with suppress(OSError):
                    aside.unlink()

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}{_SUFFIX}"


def clean(root: Path, *, limit_bytes: int = LIMIT_BYTES, at_once: bool = False) -> None:
    """
    Delete what was not asked for the longest until the rest is within the bound.

    Parameters
    ----------
    root
        The folder that holds the folders of all studies.
    limit_bytes
        How much may stay.
    at_once
        Also where it was cleaned a few minutes ago.
    """
    stamp = root / _STAMP
    now = time.time()
    with suppress(OSError):
        if not at_once and now - stamp.stat().st_mtime < _CLEANED_EVERY_S:
            return
    with suppress(OSError):
        root.mkdir(parents=True, exist_ok=True)
        stamp.touch()
    files = sorted(_files(root), reverse=True)
    total = 0
    for changed_at, size, file in files:
        is_left_behind = file.name.startswith(_ASIDE) and now - changed_at > _LEFT_BEHIND_S
        total += size
        if total > limit_bytes or is_left_behind:
            total -= size
            with suppress(OSError):  # another run may have taken it away
                file.unlink()
    for folder in {file.parent for _, _, file in files} - {root}:
        with suppress(OSError):  # it is not empty
            folder.rmdir()


def _files(root: Path) -> Iterator[tuple[float, int, Path]]:
    for file in root.rglob("*"):
        with suppress(OSError):
            if file.name != _STAMP and file.is_file():
                told = file.stat()
                yield told.st_mtime, told.st_size, file
