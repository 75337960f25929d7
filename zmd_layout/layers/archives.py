"""
Unpack a zip that somebody sent, without trusting any of it.

Nothing is written outside the folder, whatever the names inside say; links are written as the
text that they are; sizes are counted as they are unpacked, not as the archive states them, so that
a bomb stops where its limit is.
"""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from zmd_layout.errors import LayerError
from zmd_layout.layers import formats
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

MOST_BYTES = 200 * 2**20  # of a file that is handed in
MOST_UNPACKED_BYTES = 500 * 2**20
# of a layer of a study, whose user chose the file: it goes to the disk, not into memory
MOST_UNPACKED_BYTES_OF_LAYER = 8 * 2**30
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


@contextmanager
def unpacked(path: Path, *, most_bytes: int | None = None) -> Iterator[list[Path]]:
    """
    Unpack an archive into a folder that lives as long as the context.

    Yields
    ------
    members
        What can be a layer, sorted by name: files, and folders of file geodatabases. Files of a
        geodatabase, hidden files, and those that belong to a Shapefile are left out.

    Raises
    ------
    LayerError
        As `unpack`.
    """
    with tempfile.TemporaryDirectory(prefix="zmd-unpacked-", ignore_cleanup_errors=True) as name:
        files = unpack(path, Path(name), most_bytes=most_bytes)
        yield members_of(files)


def members_of(files: list[Path]) -> list[Path]:
    """Choose among unpacked files those that can be a layer of their own; see `unpacked`."""
    bases = {p for file in files for p in file.parents if p.suffix.lower() == ".gdb"}
    shapes = {file.with_suffix("") for file in files if file.suffix.lower() == ".shp"}
    kept = [
        file
        for file in files
        if file.name[0] not in "._"
        and not bases.intersection(file.parents)
        and (file.suffix.lower() == ".shp" or file.with_suffix("") not in shapes)
    ]
    return sorted([*kept, *bases])


def unpack(path: Path, folder: Path, *, most_bytes: int | None = None) -> list[Path]:
    """
    Unpack an archive into a folder.

    Parameters
    ----------
    path
        The zip.
    folder
        An empty folder.
    most_bytes
        What all members together may unpack to; by default `MOST_UNPACKED_BYTES`.

    Returns
    -------
    files
        What was unpacked, sorted by name. Names that are not marked as UTF-8 are read as GBK.

    Raises
    ------
    LayerError
        If it is no zip, is encrypted, has names that lead outside, or unpacks to too much.
    """
    most_bytes = MOST_UNPACKED_BYTES if most_bytes is None else most_bytes
    if formats.has_long_list(path):
        raise LayerError(_bomb(path.name, most_bytes))
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _refuse(members, path.name, most_bytes)
            left = most_bytes
            files = []
            for member in members:
                target = folder.joinpath(*PurePosixPath(_name(member)).parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as out:
                    left -= _copy(source, out, left, path.name, most_bytes)
                files.append(target)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise LayerError(Message("review.no_zip", name=path.name)) from error
    return sorted(files)


def _name(member: zipfile.ZipInfo) -> str:
    """Return a member's name; Chinese tools on Windows write GBK, which zipfile reads as CP437."""
    if member.flag_bits & _UTF8_NAMES:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def _refuse(members: list[zipfile.ZipInfo], name: str, most_bytes: int) -> None:
    faults = []
    outside = sorted({_name(m) for m in members if _leads_outside(_name(m))})
    if outside:
        faults.append(Message("review.zip_outside", name=name, found=outside[:3]))
    if any(member.flag_bits & _ENCRYPTED for member in members):
        faults.append(Message("review.zip_encrypted", name=name))
    stated = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS or stated > most_bytes:
        faults.append(_bomb(name, most_bytes))
    if faults:
        raise LayerError(*faults)


def _leads_outside(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name


def _copy(source: IO[bytes], out: IO[bytes], left: int, name: str, most_bytes: int) -> int:
    count = 0
    while block := source.read(_BLOCK_BYTES):
        count += len(block)
        if count > left:
            raise LayerError(_bomb(name, most_bytes))
        out.write(block)
    return count


def _bomb(name: str, most_bytes: int) -> Message:
    return Message("review.zip_bomb", name=name, most=most_bytes >> 20, members=MOST_MEMBERS)


def only_member(members: list[Path], path: Path, layer: str | None, layer_name: str) -> Path:
    """
    Choose the member of a study's archive that is the layer.

    Parameters
    ----------
    members
        As `unpacked` yields them.
    path
        The archive.
    layer
        The name of a member without its suffix, as the study declares it; else there must be one.
    layer_name
        The layer in errors.

    Raises
    ------
    LayerError
        If none can be read, or several and `layer` names none of them.
    """
    found = [member for member in members if formats.format_of(member) in formats.VECTORS]
    named = [member for member in found if member.stem == layer]
    if len(named or found) == 1:
        return (named or found)[0]
    if not found:
        odd = members[0] if len(members) == 1 else path
        raise formats.refusal(odd, formats.format_of(odd), layer_name=layer_name)
    raise LayerError(
        Message("formats.zip_many", layer=layer_name, name=path.name,
                found=[member.stem for member in found])
    )  # fmt: skip
