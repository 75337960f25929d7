"""
Replace the files of a run in its folder, so that the last good run stays whole until the new is.

Files are written aside in the same folder and replaced one by one, `run.json` last. It lists the
SHA-256 of each, so a mismatch tells of an interrupted run. A file that is locked (open in Excel on
Windows) is reported before any is replaced, and nothing else in the folder is touched.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zmd_layout.errors import OutputError, is_disk_full
from zmd_layout.layers.files import sha256_of
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RECORD = "run.json"
ASIDE = ".zmd-"  # how the folders begin in which files wait to be put in their place
_LEFT_AFTER_S = 3600.0  # of which nothing was written for so long, nobody is writing any more


def write_all(
    folder: Path, writers: Mapping[str, Callable[[Path], None]], record: dict[str, Any]
) -> dict[str, Path]:
    """
    Write the files of a run.

    Parameters
    ----------
    folder
        Where they go; made if it is not there.
    writers
        File name, or folder and name, → function that writes the file at the path it is given;
        a file that it does not write is left out.
    record
        What `run.json` holds; `outputs` (name → SHA-256) is added.

    Returns
    -------
    paths
        File name → path, `run.json` included.

    Raises
    ------
    OutputError
        If the folder cannot be made or written, the disk is full, or a file is locked. The files of
        the last run are then as they were.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear_left(folder)
        aside = Path(tempfile.mkdtemp(prefix=ASIDE, dir=folder))
    except OSError as error:
        raise OutputError(Message("outputs.no_folder", path=folder, why=_why(error))) from error
    try:
        for name, write in writers.items():
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            write(aside / name)
        written = [name for name in writers if (aside / name).exists()]
        digests = {name: sha256_of(aside / name) for name in sorted(written)}
        text = json.dumps({**record, "outputs": digests}, ensure_ascii=False, indent=2)
        (aside / RECORD).write_text(text + "\n", "utf-8")
        names = [*written, RECORD]
        _refuse_locked(folder, names)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(aside / name, folder / name)  # noqa: PTH105 - one atomic call on all systems
    except OutputError:
        raise
    except Exception as error:
        if not isinstance(error, OSError) and not is_disk_full(error):
            raise
        raise OutputError(Message("outputs.not_written", path=folder, why=_why(error))) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return {name: folder / name for name in names}


def _clear_left(folder: Path) -> None:
    """Take away what killed runs left half written; another run may be writing here now."""
    for left in folder.glob(f"{ASIDE}*"):
        try:
            newest = max(path.stat().st_mtime for path in [left, *left.rglob("*")])
        except OSError:
            continue  # its run has just ended
        if time.time() - newest > _LEFT_AFTER_S:
            shutil.rmtree(left, ignore_errors=True)


def _why(error: Exception) -> Message | str:
    return disk_full() if is_disk_full(error) else getattr(error, "strerror", None) or str(error)


def disk_full() -> Message:
    """Return the message of a full disk; it may be that of the results or of temporary files."""
    return Message("outputs.disk_full", folder=tempfile.gettempdir())


def _refuse_locked(folder: Path, names: list[str]) -> None:
    locked = []
    for name in names:
        path = folder / name
        if path.exists():
            try:
                with path.open("r+b"):
                    pass
            except OSError:
                locked.append(name)
    if locked:
        raise OutputError(Message("outputs.locked", path=folder, names=locked))


def is_whole(folder: Path) -> bool:
    """Return whether every file that `run.json` lists is there as it was written."""
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
        return all(sha256_of(folder / n) == digest for n, digest in record["outputs"].items())
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def standing(folder: Path, **entries: object) -> dict[str, Path] | None:
    """Return the files of the last run by name, if they are whole and its record says `entries`."""
    if not is_whole(folder):
        return None
    record = json.loads((folder / RECORD).read_text("utf-8"))
    if any(record.get(name) != value for name, value in entries.items()):
        return None
    return {name: folder / name for name in [*record["outputs"], RECORD]}
