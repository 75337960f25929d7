"""
Official rosters of the education statistics, as XLSX and CSV really come.

`read_roster` gives schools in our columns and a `RosterReport` of what was understood: which column
is which field, which rows are no schools, and what a person has to look at. `preview` shows it,
`write_check_list` sends the doubtful rows back as a workbook (待核清单).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.errors import LayerError
from zmd_layout.layers.schema import SCHEMAS, Kind
from zmd_layout.layers.sources.roster.bands import band_of
from zmd_layout.layers.sources.roster.datums import as_one_datum
from zmd_layout.layers.sources.roster.doubles import merge_doubles
from zmd_layout.layers.sources.roster.heads import Head, columns_of_fields, field_of, find_head
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
from zmd_layout.layers.sources.roster.sheet import is_table, read_grid
from zmd_layout.layers.sources.roster.tables import plain
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

_SHOWN = 5
_LEAST_FIELDS = 3


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
    Tell whether a file looks like a table of the education statistics.

    That is a CSV or XLSX of whose head at least three fields are known by Chinese names, the name
    of the school or 办学类型 among them.
    """
    if not path.exists() or not is_table(path):
        return False
    head = find_head(read_grid(path, sheet=source.sheet, encoding=source.encoding))
    ours = {plain(column.name) for column in SCHEMAS["schools"].columns} | {"x", "y"}
    found = {field_of(title) for title in head.titles if title and plain(title) not in ours}
    known = found - {None}
    return len(known) >= _LEAST_FIELDS and bool(known & {"name", "type_code"})


def read_roster(path: Path, source: LayerSource) -> Roster:
    """
    Read a roster.

    Parameters
    ----------
    path
        CSV (UTF-8, GBK, GB18030) or XLSX.
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
        field, or ids were shortened by a spreadsheet (2.14E+09).
    """
    grid = read_grid(path, sheet=source.sheet, encoding=source.encoding)
    head = find_head(grid)
    columns = columns_of_fields(head, source.columns)
    if "name" not in columns:
        found = [title for title in head.titles if title]
        raise LayerError(Message("roster.no_name", path=path.name, found=found))
    reading = _reading(head, columns, source)
    rows, skipped = rows_of(grid, head, columns)
    records = [record_of(row, reading) for row in rows]
    _refuse_shortened_ids(records, reading)
    schools, no_schools = _split(records)
    schools, doubles = merge_doubles(schools)
    report = RosterReport(
        path=path.name,
        columns=_told(reading, head),
        not_recognised=_not_recognised(head, columns, reading),
        units={field: unit for field, unit in reading.units.items() if unit},
        skipped=tuple(sorted([*skipped, *no_schools, *doubles], key=lambda each: each.row)),
        doubtful=tuple(doubt for record in records for doubt in record.doubts),
        rows_read=len(rows) + len(skipped),
        schools=len(schools),
        ambiguous=sum(record.stages.is_ambiguous for record in schools),
    )
    return Roster(_frame(schools, declared=source.coordinates), report)


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


def _not_recognised(head: Head, columns: dict[str, int], reading: Reading) -> tuple[str, ...]:
    used = {*columns.values(), *reading.bands}
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
        Skipped(record.row, str(record.school.get("name")), record.stages.reason)
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
