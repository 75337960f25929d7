"""
Read a Shapefile as exporters write it: any encoding, whatever the `.cpg` says, and cut names.

The table beside the shapes (DBF) cuts names of fields at ten bytes, in the middle of a character
if need be, and numbers those that have become alike. Its encoding is told by the bytes: what reads
as UTF-8 is UTF-8, what reads as pairs of GB 2312 is GBK, and only then the `.cpg` is believed.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyogrio

from zmd_layout.errors import LayerError
from zmd_layout.layers.account import Account, Item, Outcome
from zmd_layout.layers.reading.known import plain
from zmd_layout.layers.schema import SCHEMAS
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from pathlib import Path

    from zmd_layout.layers.schema import Schema

# every byte is a character, so that nothing is lost before the encoding is known
_BYTES = "ISO-8859-1"
_HEADER_BYTES = 32
_FIELD_BYTES = 32
_NAME_BYTES = 11
_SAMPLE_BYTES = 1 << 22
_CUT_AT = 10
_LONGEST_TAIL = 3
_FIRST_OF_THREE = 0xE0  # begins a character of three bytes in UTF-8, as Chinese ones are
_NUMBERED = re.compile(r"(.{1,8}?)_?(\d{1,2})")
_CUT_AGE = re.compile(r"resident[s_][_\d]{0,2}")
_CODE_PAGES = {
    "936": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030",
    "cp936": "gb18030", "ansi936": "gb18030", "65001": "utf-8", "utf8": "utf-8",
    "950": "big5", "big5": "big5", "932": "cp932", "949": "cp949", "1252": "cp1252",
    "iso88591": "latin-1", "88591": "latin-1",
}  # fmt: skip


def read_shapefile(  # noqa: PLR0913 - all but the first two by name
    name: str,
    path: Path,
    *,
    layer_name: str,
    encoding: str | None,
    declared: frozenset[str],
    window: tuple[float, float, float, float] | None,
    account: Account,
) -> gpd.GeoDataFrame:
    """
    Read a Shapefile.

    Parameters
    ----------
    name, path
        The `.shp` as GDAL may open it, and the file.
    layer_name
        The layer, in errors and for the names that it knows.
    encoding
        As declared; None: told by the bytes.
    declared
        Heads that the study names itself, which are left as they are.
    window
        What is to be read.
    account
        Takes the encoding where the `.cpg` says another, and the names that were completed.

    Raises
    ------
    LayerError
        If the text fits no encoding, or cut names may be several columns.
    """
    raw = pyogrio.read_dataframe(name, encoding=_BYTES, bbox=window)
    table = path.with_suffix(".dbf")
    chosen = encoding or encoding_of(table, said_by(path), layer_name=layer_name, account=account)
    frame = raw.rename(columns={c: _decoded(c, chosen) for c in raw.columns if c != "geometry"})
    for column in frame.columns:
        if column != "geometry" and not pd.api.types.is_numeric_dtype(frame[column]):
            cells = [cell for cell in frame[column].dropna().unique() if isinstance(cell, str)]
            texts = {cell: _decoded(cell, chosen) for cell in cells}
            if texts:
                frame[column] = frame[column].map(lambda cell, texts=texts: texts.get(cell, cell))
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = gpd.GeoDataFrame(pd.DataFrame(frame), geometry=[None] * len(frame))
    whole = {c: len(str(o).encode(_BYTES)) for o, c in zip(raw.columns, frame.columns, strict=True)}
    cut = {c for c, n in whole.items() if n >= _CUT_AT - 1 and c not in declared} - {"geometry"}
    schema = SCHEMAS.get(layer_name)
    return frame if schema is None else _completed(frame, cut, schema, path.name, account)


def said_by(path: Path) -> str | None:
    """Return the encoding that a `.cpg` beside the shapes names, in Python's words, or None."""
    beside = path.with_suffix(".cpg")
    if not beside.is_file():
        return None
    text = beside.read_bytes()[:40].decode("ascii", errors="ignore")
    form = re.sub(r"[^a-z0-9]", "", text.casefold())
    name = _CODE_PAGES.get(form) or _CODE_PAGES.get(form.removeprefix("ansi").removeprefix("cp"))
    if name is not None:
        return name
    try:
        return codecs.lookup(text.strip()).name
    except LookupError:
        return None


def encoding_of(table: Path, said: str | None, *, layer_name: str, account: Account) -> str:
    """
    Report the encoding of a DBF by its bytes.

    Parameters
    ----------
    table
        The `.dbf`.
    said
        What the `.cpg` says.
    layer_name
        The layer in errors.
    account
        Takes a line where the bytes contradict the `.cpg`.

    Raises
    ------
    LayerError
        If the bytes fit none.
    """
    texts = _texts(table)
    if not texts:
        return said or "utf-8"
    is_utf8, is_gbk = (all(map(fits, texts)) for fits in (_is_utf8, _is_gb2312))
    # pairs of GB 2312 can look like Latin letters in UTF-8, which a Chinese table does not hold
    is_latin = is_utf8 and not any(byte >= _FIRST_OF_THREE for text in texts for byte in text)
    found = "gb18030" if is_gbk and (is_latin or not is_utf8) else "utf-8" if is_utf8 else None
    if found is None:
        for name in (said, "gb18030"):
            if name is not None and all(_fits(text, name) for text in texts):
                found = name
                break
    if found is None:
        raise LayerError(Message("layers.no_encoding", layer=layer_name, path=table.name))
    if said is not None and said != found:
        why = Message("account.cpg_contradicted", said=said, found=found)
        account.add(Item.FILE, Outcome.CONVERTED, [table.name], why=why)
    return found


def _texts(table: Path) -> set[bytes]:
    """Return names of fields and cells that are not ASCII alone, of the first megabytes."""
    if not table.is_file():
        return set()
    with table.open("rb") as file:
        data = file.read(_SAMPLE_BYTES)
    begin, size = (int.from_bytes(data[at : at + 2], "little") for at in (8, 10))
    fields, at = [], 1
    for start in range(_HEADER_BYTES, min(begin, len(data)) - _FIELD_BYTES + 1, _FIELD_BYTES):
        if data[start] == 0x0D:  # noqa: PLR2004 - ends the list of fields
            break
        fields.append((data[start : start + _NAME_BYTES].split(b"\0")[0], data[start + 16]))
    found = {name for name, _ in fields}
    for row in range(begin, len(data) - size + 1, size) if size else ():
        at = row + 1
        for _, width in fields:
            found.add(data[at : at + width].strip(b" \0"))
            at += width
    return {text for text in found if not text.isascii()}


def _is_utf8(text: bytes) -> bool:
    return _fits(text, "utf-8")


def _is_gb2312(text: bytes) -> bool:
    """Return whether bytes beyond ASCII come in pairs of GB 2312, a cut last one aside."""
    for run in re.findall(rb"[\x80-\xff]+", text):
        whole = run[: len(run) // 2 * 2]
        is_cut = len(run) % 2 == 1 and not text.endswith(run)
        pairs = [(whole[n], whole[n + 1]) for n in range(0, len(whole), 2)]
        if is_cut or not all(0xA1 <= a <= 0xF7 and b >= 0xA1 for a, b in pairs):  # noqa: PLR2004 - the rows of GB 2312
            return False
    return True


def _fits(text: bytes, encoding: str) -> bool:
    """Return whether bytes can be decoded, but for a character that was cut at the end."""
    for cut in range(_LONGEST_TAIL + 1):
        try:
            text[: len(text) - cut].decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(text) - cut - _LONGEST_TAIL:
                return False
            continue
        except LookupError:
            return False
        return cut == 0 or len(text) > cut
    return False


def _decoded(text: str, encoding: str) -> str:
    """Decode what was read byte by byte; a character that was cut at the end is left out."""
    return text.encode(_BYTES, errors="ignore").decode(encoding, errors="ignore").rstrip("\0 ")


def _completed(
    frame: gpd.GeoDataFrame, cut: set[str], schema: Schema, path: str, account: Account
) -> gpd.GeoDataFrame:
    """Complete names cut at ten bytes where only one column of the layer can be meant."""
    known = {column.name: column.name for column in schema.columns}
    known |= {name: column.name for column in schema.columns for name in column.names}
    whole = {plain(name) for name in known}
    taken = {known[c] for c in frame.columns if c in known}
    names: dict[str, str] = {}
    open_: dict[str, list[str]] = {}
    for head in sorted(cut & set(frame.columns), key=list(frame.columns).index):
        if plain(head) in whole:  # a whole name, such as residents
            continue
        likely = _likely(head, known)
        if schema.has_ages and _CUT_AGE.fullmatch(head):
            open_[head] = ["residents_3_5", "residents_6_11", "…"]
        elif len({known[name] for name in likely}) == 1 and known[likely[0]] not in taken:
            names[head] = likely[0]
        elif likely:
            open_[head] = sorted({known[name] for name in likely})
    doubled = [h for h in names if sum(known[n] == known[names[h]] for n in names.values()) > 1]
    open_ |= {head: [known[names.pop(head)]] for head in doubled}
    _refuse_open(open_, schema, path)
    for head, name in names.items():
        why = Message("account.name_completed", head=head, name=name)
        account.add(Item.COLUMN, Outcome.CONVERTED, [head], why=why)
    return frame.rename(columns=names)


def _refuse_open(open_: dict[str, list[str]], schema: Schema, path: str) -> None:
    alike: dict[tuple[str, ...], list[str]] = {}
    for head, likely in open_.items():
        alike.setdefault(tuple(likely), []).append(head)
    if alike:
        raise LayerError(
            *(
                Message("layers.cut_names", layer=schema.name, path=path, heads=heads,
                        head=heads[0], likely=likely, column=likely[0])
                for likely, heads in alike.items()
            )
        )  # fmt: skip


def _likely(head: str, known: dict[str, str]) -> list[str]:
    begun = [name for name in known if name.startswith(head) and len(name) > len(head)]
    numbered = _NUMBERED.fullmatch(head)
    if begun or numbered is None:
        return begun
    return [name for name in known if name.startswith(numbered[1]) and len(name) > _CUT_AT]
