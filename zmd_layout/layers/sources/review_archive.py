"""
Unpack what an applicant sends as a zip, without trusting any of it.

Nothing is written outside the folder, whatever the names inside say; sizes are counted as they are
unpacked, not as the archive states them, so that a bomb stops where its limit is.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from zmd_layout.errors import LayerError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from typing import IO

MOST_BYTES = 200 * 2**20  # of a file that is handed in
MOST_UNPACKED_BYTES = 500 * 2**20
MOST_MEMBERS = 500
_BLOCK_BYTES = 1 << 20
_ENCRYPTED = 0x1
_UTF8_NAMES = 0x800


def refuse_too_large(path: Path) -> None:
    """
    Refuse a file that no plot needs.

    Raises
    ------
    LayerError
        If it is larger than `MOST_BYTES`.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise LayerError(
            Message(
                "review.too_large", name=path.name, size=round(size / 2**20), most=MOST_BYTES >> 20
            )
        )


def unpack(path: Path, folder: Path) -> list[Path]:
    """
    Unpack an archive into a folder.

    Parameters
    ----------
    path
        The zip.
    folder
        An empty folder.

    Returns
    -------
    files
        What was unpacked, sorted by name. Names that are not marked as UTF-8 are read as GBK.

    Raises
    ------
    LayerError
        If it is no zip, is encrypted, has names that lead outside, or unpacks to too much.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _refuse(members, path.name)
            left = MOST_UNPACKED_BYTES
            files = []
            for member in members:
                target = folder.joinpath(*PurePosixPath(_name(member)).parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as out:
                    left -= _copy(source, out, left, path.name)
                files.append(target)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise LayerError(Message("review.no_zip", name=path.name)) from error
    return sorted(files)


def _name(member: zipfile.ZipInfo) -> str:
    """Give a member's name; Chinese tools on Windows write GBK, which zipfile reads as CP437."""
    if member.flag_bits & _UTF8_NAMES:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def _refuse(members: list[zipfile.ZipInfo], name: str) -> None:
    faults = []
    outside = sorted({_name(m) for m in members if _leads_outside(_name(m))})
    if outside:
        faults.append(Message("review.zip_outside", name=name, found=outside[:3]))
    if any(member.flag_bits & _ENCRYPTED for member in members):
        faults.append(Message("review.zip_encrypted", name=name))
    stated = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS or stated > MOST_UNPACKED_BYTES:
        faults.append(_bomb(name))
    if faults:
        raise LayerError(*faults)


def _leads_outside(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name


def _copy(source: IO[bytes], out: IO[bytes], most: int, name: str) -> int:
    count = 0
    while block := source.read(_BLOCK_BYTES):
        count += len(block)
        if count > most:
            raise LayerError(_bomb(name))
        out.write(block)
    return count


def _bomb(name: str) -> Message:
    return Message(
        "review.zip_bomb", name=name, most=MOST_UNPACKED_BYTES >> 20, members=MOST_MEMBERS
    )
