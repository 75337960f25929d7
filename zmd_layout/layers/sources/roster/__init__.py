"""
Official rosters of the education statistics, as XLSX and CSV really come.

`read_roster` gives schools in our columns and a `RosterReport` of what was understood: which column
is which field, which rows are no schools, and what a person has to look at. `preview` shows it,
`write_check_list` sends the doubtful rows back as a workbook (待核清单).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.errors import LayerError
from zmd_layout.layers import formats
from zmd_layout.layers.account import Account, Item, Outcome
from zmd_layout.layers.plain import plain as plain_text
from zmd_layout.layers.reading.assemble import Part, parts_of, refuse_repeated
from zmd_layout.layers.reading.heads import Head, find_head, table_words
from zmd_layout.layers.reading.known import resembling
from zmd_layout.layers.reading.places import look_through
from zmd_layout.layers.reading.sheets import Sheet, sheets_of, squared
from zmd_layout.layers.schema import SCHEMAS, Kind
from zmd_layout.layers.schools.stages import stages_of_words
from zmd_layout.layers.sources.roster.bands import band_of
from zmd_layout.layers.sources.roster.datums import as_one_datum
from zmd_layout.layers.sources.roster.doubles import merge_doubles
from zmd_layout.layers.sources.roster.heads import columns_of_fields, field_of, recognise
from zmd_layout.layers.sources.roster.records import Reading, Record, record_of
from zmd_layout.layers.sources.roster.report import (
    Doubt,
    RosterReport,
    Skipped,
    check_list,
    preview,
    write_check_list,
    write_table,
)
from zmd_layout.layers.sources.roster.rows import rows_of
from zmd_layout.layers.sources.roster.tables import fields, is_used, plain
from zmd_layout.layers.tables import all_rows_of, open_text
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from zmd_layout.study import LayerSource

__all__ = [
    "Doubt",
    "Roster",
    "RosterReport",
    "Skipped",
    "check_list",
    "is_roster",
    "preview",
    "read_roster",
    "write_check_list",
    "write_table",
]

_LAYER = "schools"
_SHOWN = 5
_LEAST_FIELDS = 3
_LEAST_SHEETS = 2


@dataclass(frozen=True, slots=True)
class Roster:
    """
    The schools of a roster.

    Attributes
    ----------
    frame
        Columns of the layer `schools` (layers/schema.py), and points in the coordinates that the
        study declares, without a CRS; None where a school has no position. Unknown is NaN or None.
    report
        What was understood.
    """

    frame: gpd.GeoDataFrame
    report: RosterReport


def is_roster(path: Path, source: LayerSource) -> bool:
    """
    Return whether a file looks like a table of the education statistics.

    That is a text or workbook of one of whose sheets at least three fields are known by Chinese
    names, the name of the school or 办学类型 among them.
    """
    if not path.exists() or not is_table(path):
        return False
    ours = {plain(column.name) for column in SCHEMAS["schools"].columns} | {"x", "y"}
    for sheet in _sheets(path, source, Account()):
        head = find_head(sheet.grid, partial(recognise, declared={}))
        found = {field_of(title) for title in head.titles if title and plain(title) not in ours}
        known = found - {None}
        if len(known) >= _LEAST_FIELDS and bool(known & {"name", "type_code"}):
            return True
    return False


def _sheets(path: Path, source: LayerSource, account: Account) -> list[Sheet]:
    if formats.format_of(path) == formats.XLSX:
        return sheets_of(path, source, _LAYER, account)
    if not is_table(path):
        raise formats.refusal(path, formats.format_of(path), layer_name=_LAYER)
    text = open_text(path, source.encoding, _LAYER)
    return [Sheet("", squared(all_rows_of(text), path.name))]


def is_table(path: Path) -> bool:
    """Return whether a file is a workbook or a text, by its first bytes."""
    found = formats.format_of(path)
    return found == formats.XLSX or formats.is_text_table(path, found)


def read_roster(path: Path, source: LayerSource) -> Roster:
    """
    Read a roster.

    Parameters
    ----------
    path
        CSV (UTF-8, GBK, GB18030) or XLSX, in which sheets with the same fields are read together.
    source
        How the study declares it: `columns` (our column or a field = their head), `values`,
        `blank_means`, `coordinates`, `sheet`, `encoding`.

    Returns
    -------
    Roster
        Schools and the report. A cell that cannot be read is unknown and on the list of doubtful
        rows.

    Raises
    ------
    LayerError
        If the file cannot be read, its head lacks the name of the school, two columns could be one
        field, sheets hold the same schools, or ids were shortened by a spreadsheet (2.14E+09).
    """
    if not path.exists():
        raise LayerError(Message("layers.no_file", layer=_LAYER, path=path))
    account = Account()
    parts = parts_of(
        _sheets(path, source, account), partial(recognise, declared=source.columns),
        layer_name=_LAYER, file_name=path.name, is_named=source.sheet is not None, account=account,
    )  # fmt: skip
    if not parts:
        raise LayerError(Message("layers.empty", layer=_LAYER, path=path.name))
    read = [_read_part(part, path, source, is_several=len(parts) > 1) for part in parts]
    records = [record for part in read for record in part.records]
    for part in read:
        _refuse_shortened_ids(part.records, part.reading)
    _refuse_two_states(read, path)
    names = [part.sheet.name for part in parts]
    if len(parts) > 1:
        account.add(Item.SHEET, Outcome.JOINED, names, why=Message("account.sheets_joined"))
    doubtful = _look_at_places(records)
    schools, no_schools = _split(records)
    schools, doubles = merge_doubles(schools)
    skipped = [*(each for part in read for each in part.skipped), *no_schools, *doubles]
    _account_for(read, skipped, doubtful, account)
    report = RosterReport(
        path=path.name,
        columns=_told(read[0].reading, parts[0].head),
        not_recognised=_not_recognised(parts[0].head, read[0]),
        units={field: unit for field, unit in read[0].reading.units.items() if unit},
        skipped=tuple(sorted(skipped, key=lambda each: (each.sheet, each.row))),
        doubtful=(*(doubt for record in records for doubt in record.doubts), *doubtful),
        rows_read=sum(len(part.records) + len(part.skipped) for part in read),
        schools=len(schools),
        ambiguous=sum(record.stages.is_ambiguous for record in schools),
        account=tuple(account.entries),
    )
    return Roster(_frame(schools, declared=source.coordinates), report)


@dataclass(frozen=True, slots=True)
class _ReadPart:
    """A sheet of a roster: its schools, the rows that are none, and how cells were read."""

    records: list[Record]
    skipped: list[Skipped]
    reading: Reading
    columns: dict[str, int]
    head: Head
    sheet: str


def _read_part(part: Part, path: Path, source: LayerSource, *, is_several: bool) -> _ReadPart:
    head, sheet = part.head, part.sheet.name if is_several else ""
    columns = columns_of_fields(head, source.columns)
    if "name" not in columns:
        found = [title for title in head.titles if title]
        raise LayerError(Message("roster.no_name", path=path.name, found=found))
    reading = _reading(head, columns, source)
    rows, skipped = rows_of(part.sheet.grid, head, columns, sheet=sheet)
    given = _given_by_sheet(sheet, columns)
    records = [record_of(replace(row, cells=given | row.cells), reading) for row in rows]
    return _ReadPart(records, skipped, reading, columns, head, sheet)


def _given_by_sheet(sheet: str, columns: dict[str, int]) -> dict[str, str]:
    """Take the county or the stages from the name of a sheet, where no column has them."""
    endings = tuple(table_words()["rows"]["county_endings"])
    name = plain_text(sheet)
    if sheet and "county" not in columns and name.endswith(endings):
        return {"county": name}
    if sheet and not {"stage_text", "type_code"} & columns.keys() and stages_of_words(name):
        return {"stage_text": name}
    return {}


def _refuse_two_states(read: Sequence[_ReadPart], path: Path) -> None:
    """Refuse sheets that hold the same schools, such as those of two years."""
    if len(read) < _LEAST_SHEETS:
        return
    has_ids = all("school_id" in part.columns for part in read)
    key = "school_id" if has_ids else "name"
    keys = [
        (
            part.sheet,
            [r.school.get(key) for r in part.records if r.stages.is_school or not has_ids],
        )
        for part in read
    ]
    refuse_repeated(keys, is_key=has_ids, layer_name=_LAYER, file_name=path.name)


def _look_at_places(records: Sequence[Record]) -> list[Doubt]:
    """Hold the coordinates of all rows against each other; what is no place is unknown."""
    cells = [[record.school.get(name) for name in ("x", "y")] for record in records]
    pairs = np.array([[np.nan if c is None else c for c in pair] for pair in cells], dtype=float)
    places = look_through(*pairs.reshape(-1, 2).T)
    doubts = []
    for n, (told, why) in sorted(places.doubts.items()):
        record = records[n]
        known = np.isfinite(places.x[n])
        record.school["x"] = float(places.x[n]) if known else None
        record.school["y"] = float(places.y[n]) if known else None
        doubts.append(
            Doubt(record.row, str(record.school.get("school_id") or ""),
                  str(record.school.get("name") or ""), "", told, why, record.sheet)
        )  # fmt: skip
    return doubts


def _account_for(
    read: Sequence[_ReadPart], skipped: Sequence[Skipped], doubtful: Sequence[Doubt],
    account: Account,
) -> None:  # fmt: skip
    """Report how many rows were read of each sheet, why others were not, and which columns."""
    for part in read:
        account.add(Item.ROW, Outcome.READ, count=len(part.records), part=part.sheet)
        doubts = [doubt for doubt in doubtful if doubt.sheet == part.sheet]
        for reason in dict.fromkeys(doubt.reason for doubt in doubts):
            rows = [doubt.row for doubt in doubts if doubt.reason == reason]
            account.add(Item.ROW, Outcome.UNUSED, rows, why=reason, part=part.sheet)
        for reason in dict.fromkeys(each.reason for each in skipped if each.sheet == part.sheet):
            rows = [s.row for s in skipped if s.sheet == part.sheet and s.reason == reason]
            account.add(Item.ROW, Outcome.LEFT_OUT, rows, why=reason, part=part.sheet)
    first = read[0]
    used = [f"{title} → {(fields()[f].column or f) if f in fields() else f}"
            for f, title in first.reading.titles.items() if is_used(f)]  # fmt: skip
    account.add(Item.COLUMN, Outcome.READ, used)
    known = [title for f, title in first.reading.titles.items() if not is_used(f)]
    account.add(Item.COLUMN, Outcome.UNUSED, known, why=Message("account.column_known"))
    others = _not_recognised(first.head, first)
    likely = {t: ours for t in others
              if (ours := resembling(t, SCHEMAS["schools"], but=first.columns))}  # fmt: skip
    for title, ours in likely.items():
        why = Message("account.column_resembles", column=ours)
        account.add(Item.COLUMN, Outcome.UNUSED, [title], why=why)
    account.add(Item.COLUMN, Outcome.UNUSED, [title for title in others if title not in likely])


def _reading(head: Head, columns: dict[str, int], source: LayerSource) -> Reading:
    taken = columns.get("classes_of_56_and_more")
    bands = {n: band for n, title in enumerate(head.titles) if (band := band_of(title)) is not None}
    return Reading(
        titles={field: head.titles[n] for field, n in columns.items()},
        units={field: head.units[n] for field, n in columns.items()},
        bands={n: band for n, band in bands.items() if n != taken},
        values=source.values,
        is_blank_zero=source.blank_means == "zero",
    )


def _told(reading: Reading, head: Head) -> dict[str, str]:
    """Name the column of each field, and the bands of class sizes as one."""
    bands = "、".join(head.titles[n] for n in reading.bands)
    return reading.titles | ({"classes_of_56_and_more": bands} if bands else {})


def _not_recognised(head: Head, part: _ReadPart) -> tuple[str, ...]:
    used = {*part.columns.values(), *part.reading.bands}
    return tuple(title for n, title in enumerate(head.titles) if title and n not in used)


def _refuse_shortened_ids(records: Sequence[Record], reading: Reading) -> None:
    rows = [record.row for record in records if record.is_id_unreadable]
    if rows:
        raise LayerError(
            Message("roster.shortened_ids", column=reading.titles["school_id"], count=len(rows),
                    rows=rows[:_SHOWN])
        )  # fmt: skip


def _split(records: Sequence[Record]) -> tuple[list[Record], list[Skipped]]:
    """Part schools and teaching points from what no stage counts."""
    schools = [r for r in records if r.stages.stages or r.stages.candidates or _is_unknown(r)]
    kept = {id(record) for record in schools}
    others = [
        Skipped(record.row, str(record.school.get("name")), record.stages.reason, record.sheet)
        for record in records
        if id(record) not in kept
    ]
    return schools, others


def _is_unknown(record: Record) -> bool:
    """Check for a row that neither code nor name decides: it stays, its stages unknown."""
    return record.stages.is_open


def _frame(records: Sequence[Record], *, declared: str | None) -> gpd.GeoDataFrame:
    table = pd.DataFrame([record.school for record in records])
    x, y = (_numbers(table, name) for name in ("x", "y"))
    datums = list(table["coordinates"]) if "coordinates" in table else [None] * len(table)
    datums = [datum if isinstance(datum, str) else None for datum in datums]
    x, y = as_one_datum(x, y, datums, declared=declared)
    known = np.isfinite(x) & np.isfinite(y)
    points = np.full(len(table), None, dtype=object)
    points[known] = shapely.points(x[known], y[known])
    ours = [column for column in SCHEMAS["schools"].columns if column.name in table]
    typed = {
        column.name: pd.to_numeric(table[column.name], errors="coerce").astype("float64")
        if column.kind in {Kind.COUNT, Kind.NUMBER}
        else table[column.name].astype(object).where(table[column.name].notna(), None)
        for column in ours
        if table[column.name].notna().any()
    }
    return gpd.GeoDataFrame(pd.DataFrame(typed, index=table.index), geometry=points)


def _numbers(table: pd.DataFrame, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    if name not in table:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64)
