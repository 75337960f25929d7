"""Open the files that layers come in: vector formats by GDAL, CSV, XLSX, GeoParquet, zips."""

from __future__ import annotations

import hashlib
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from zmd_layout.errors import LayerError
from zmd_layout.layers import archives, formats
from zmd_layout.layers.conform import plain
from zmd_layout.layers.hexagons import cell_column, cells_to_polygons
from zmd_layout.layers.tables import (
    Misread,
    Window,
    heads_of,
    open_text,
    rows_of,
    rows_within,
    table_of,
)
from zmd_layout.layers.workbooks import open_workbook, rows_of_sheet
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from zmd_layout.study import LayerSource

    Bounds = tuple[float, float, float, float]

# what readers raise over a file that is not what it says
UNREADABLE = (
    DataSourceError, DataLayerError, shapely.errors.ShapelyError, ValueError, LookupError, OSError,
    RecursionError,
)  # fmt: skip
_MURMURS = 3
_SAID = (RuntimeWarning, UserWarning)
_X_NAMES = {"x", "lon", "lng", "longitude", "经度", "学校经度", "东经", "x坐标"}
_Y_NAMES = {"y", "lat", "latitude", "纬度", "学校纬度", "北纬", "y坐标"}


def sha256_of(path: Path) -> str:
    """
    Give the SHA-256 of a file as hexadecimal digits.

    Of a folder, as a GeoDatabase is, it is that of the names and digests of all files in it but
    locks, which come and go with the programs that have it open.
    """
    digest = hashlib.sha256()
    if path.is_dir():
        for inside in sorted(path.rglob("*")):
            if inside.is_file() and inside.suffix != ".lock":
                line = f"{sha256_of(inside)} {inside.relative_to(path).as_posix()}\n"
                digest.update(line.encode())
        return digest.hexdigest()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def listening(layer_name: str) -> Iterator[list[Message]]:
    """Collect what GDAL murmurs while it reads, such as shapes that it leaves out, as notes."""
    notes: list[Message] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield notes
    said = dict.fromkeys(str(w.message)[:200] for w in caught if w.category in _SAID)
    notes += [
        Message("layers.reader_says", layer=layer_name, why=why) for why in list(said)[:_MURMURS]
    ]
    for other in caught:
        if other.category not in _SAID:
            warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)


def read_raw(
    path: Path,
    source: LayerSource,
    *,
    layer_name: str,
    window: Bounds | None = None,
) -> gpd.GeoDataFrame:
    """
    Read a file as it is: their columns, their coordinates.

    Parameters
    ----------
    path
        The file.
    source
        Encoding, sheet, layer and columns as the study declares them.
    layer_name
        The layer in errors.
    window
        West, south, east and north in the file's own coordinates: formats that GDAL reads, tables
        of points, and GeoParquet that says where its rows lie, give what meets it and no more, and
        no rows without a position; of others everything is read.

    Returns
    -------
    frame
        Cells as text in CSV and XLSX, else as the format has them; geometry without a CRS of our
        own making: what the file says, or none. Rows without a position have None.

    Raises
    ------
    LayerError
        If the file is not there or cannot be read.
    """
    if not path.exists():
        raise LayerError(Message("layers.no_file", layer=layer_name, path=path))
    try:
        return _read_as(formats.format_of(path), path, source, layer_name, window)
    except ImportError as error:
        raise LayerError(Message("layers.no_pyarrow", layer=layer_name, path=path)) from error
    except UNREADABLE as error:
        if isinstance(error, LayerError):
            raise
        raise LayerError(
            Message("layers.unreadable_file", layer=layer_name, path=path, why=_short(error))
        ) from error


def _read_as(
    found: formats.Format, path: Path, source: LayerSource, layer_name: str, window: Bounds | None
) -> gpd.GeoDataFrame:
    if formats.is_text_table(path, found):
        return _read_text(path, source, layer_name, window)
    if found == formats.XLSX:
        return _with_points(_read_book(path, source, layer_name), source, layer_name)
    if found == formats.PARQUET:
        return _read_parquet(path, window)
    if found == formats.ZIP:
        return _read_zip(path, source, layer_name, window)
    return _read_gdal(path, source, layer_name, window)


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _read_zip(
    path: Path, source: LayerSource, layer_name: str, window: Bounds | None
) -> gpd.GeoDataFrame:
    with archives.unpacked(path, most_bytes=archives.MOST_UNPACKED_BYTES_OF_LAYER) as members:
        member = archives.only_member(members, path, source.layer, layer_name)
        return _read_gdal(member, source, layer_name, window)


def _read_gdal(
    path: Path, source: LayerSource, layer_name: str, window: Bounds | None
) -> gpd.GeoDataFrame:
    name = formats.gdal_path(path, layer_name=layer_name)
    frame = pyogrio.read_dataframe(name, layer=source.layer, encoding=source.encoding, bbox=window)
    if not isinstance(frame, gpd.GeoDataFrame):
        return gpd.GeoDataFrame(frame, geometry=[None] * len(frame))
    return frame


def _read_parquet(path: Path, window: Bounds | None) -> gpd.GeoDataFrame:
    if window is not None:
        with suppress(ValueError):  # it does not say where its rows lie
            return gpd.read_parquet(path, bbox=window).reset_index(drop=True)
    return gpd.read_parquet(path)


def _read_text(
    path: Path,
    source: LayerSource,
    layer_name: str,
    window: Bounds | None,
) -> gpd.GeoDataFrame:
    text = open_text(path, source.encoding, layer_name)
    rows = rows_of(text)
    first = next(rows, None)
    head = [] if first is None else heads_of(first)
    places = None if window is None else _point_columns(head, source, layer_name)
    if window is None or places is None:
        return _with_points(table_of(rows, head, path.name), source, layer_name)
    x, y = ((head.index(name), name) for name in places)
    chosen = Window(window, x, y)
    table = table_of(rows_within(text, chosen), head, path.name)
    chosen.refuse_misread(layer_name)
    return _with_points(table, source, layer_name)


def _read_book(path: Path, source: LayerSource, layer_name: str) -> pd.DataFrame:
    with open_workbook(path, layer_name=layer_name) as book:
        if source.sheet is not None and source.sheet not in book.sheetnames:
            raise LayerError(
                Message(
                    "layers.no_sheet", layer=layer_name, sheet=source.sheet, found=book.sheetnames
                )
            )
        sheet = book[source.sheet] if source.sheet else book.worksheets[0]
        return _table(rows_of_sheet(sheet, path), path.name)


def _table(rows: list[list[Any]], name: str) -> pd.DataFrame:
    """Make a table of rows whose first filled row is the head; empty rows are left out."""
    filled = [row for row in rows if any(cell not in (None, "") for cell in row)]
    return table_of(filled[1:], heads_of(filled[0]), name) if filled else pd.DataFrame()


def _with_points(frame: pd.DataFrame, source: LayerSource, layer_name: str) -> gpd.GeoDataFrame:
    """Make points of coordinate columns, polygons of WKT or H3 cells; none: no positions."""
    wkt = _wkt_column(frame.columns)
    if wkt is not None:
        shapes = shapely.from_wkt(frame[wkt].replace("", None), on_invalid="ignore")
        return gpd.GeoDataFrame(frame.drop(columns=wkt), geometry=list(shapes))
    cells = cell_column(frame.columns)
    if cells is not None:
        hexagons = cells_to_polygons(frame[cells], layer_name=layer_name)
        return gpd.GeoDataFrame(frame.drop(columns=cells), geometry=hexagons)
    places = _point_columns(list(frame.columns), source, layer_name)
    if places is None:
        return gpd.GeoDataFrame(frame, geometry=[None] * len(frame))
    x, y = places
    east, north = _numbers(frame[x], layer_name, x), _numbers(frame[y], layer_name, y)
    known = np.isfinite(east) & np.isfinite(north)
    points = np.full(len(frame), None, dtype=object)
    points[known] = shapely.points(east[known], north[known])
    return gpd.GeoDataFrame(frame.drop(columns=[x, y]), geometry=points)


def _wkt_column(head: Iterable[str]) -> str | None:
    return next((name for name in head if plain(name) in {"wkt", "geometry"}), None)


def _point_columns(head: list[str], source: LayerSource, layer_name: str) -> tuple[str, str] | None:
    """Find the columns of coordinates; None: there are not both, or shapes stand in their stead."""
    if _wkt_column(head) is not None or cell_column(head) is not None:
        return None
    _refuse_missing(head, source, layer_name)
    x = _coordinate_column(head, source.columns.get("x"), _X_NAMES, layer_name)
    y = _coordinate_column(head, source.columns.get("y"), _Y_NAMES, layer_name)
    return None if x is None or y is None else (x, y)


def _refuse_missing(head: list[str], source: LayerSource, layer_name: str) -> None:
    declared = {ours: source.columns[ours] for ours in ("x", "y") if ours in source.columns}
    missing = {ours: theirs for ours, theirs in declared.items() if theirs not in head}
    if missing:
        raise LayerError(
            *(
                Message("layers.no_such_column", layer=layer_name, column=theirs, ours=ours,
                        found=[str(name) for name in head][:30])
                for ours, theirs in missing.items()
            )
        )  # fmt: skip


def _coordinate_column(
    heads: list[str], declared: str | None, names: set[str], layer_name: str
) -> str | None:
    def is_meant(head: str) -> bool:
        return head == declared if declared is not None else plain(head) in names

    found = [head for head in heads if is_meant(head)]
    if len(found) > 1:
        raise LayerError(
            Message("layers.two_candidates", layer=layer_name, column="x / y", found=found)
        )
    return found[0] if found else None


def _numbers(
    cells: pd.Series[Any], layer_name: str, column: str
) -> np.ndarray[Any, np.dtype[np.float64]]:
    misread = Misread(column)
    numbers = misread.numbers(cells)
    misread.refuse(layer_name)
    return numbers
