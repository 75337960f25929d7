"""Open the files that layers come in: whatever GDAL reads, CSV, XLSX and GeoParquet."""

from __future__ import annotations

import csv
import hashlib
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from zmd_layout.errors import LayerError
from zmd_layout.layers.conform import plain
from zmd_layout.layers.hexagons import cell_column, cells_to_polygons
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zmd_layout.study import LayerSource

# what readers raise over a file that is not what it says
UNREADABLE = (
    DataSourceError, DataLayerError, shapely.errors.ShapelyError, ValueError, LookupError, OSError,
    RecursionError,
)  # fmt: skip
_TEXT_SUFFIXES = {".csv", ".tsv", ".txt"}
_BOOK_SUFFIXES = {".xlsx", ".xlsm"}
_MURMURS = 3
_SAID = (RuntimeWarning, UserWarning)
_ENCODINGS = ("utf-8-sig", "gb18030")
_X_NAMES = {"x", "lon", "lng", "longitude", "经度", "学校经度", "东经", "x坐标"}
_Y_NAMES = {"y", "lat", "latitude", "纬度", "学校纬度", "北纬", "y坐标"}


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file as hexadecimal digits."""
    digest = hashlib.sha256()
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
    window: tuple[float, float, float, float] | None = None,
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
        West, south, east and north in the file's own coordinates: formats that GDAL reads give what
        meets it and no more; of others everything is read.

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
    suffix = path.suffix.lower()
    try:
        if suffix in _TEXT_SUFFIXES:
            return _with_points(_read_text(path, source, layer_name), source, layer_name)
        if suffix in _BOOK_SUFFIXES:
            return _with_points(_read_book(path, source, layer_name), source, layer_name)
        if suffix in {".parquet", ".geoparquet"}:
            return gpd.read_parquet(path)
        return _read_gdal(path, source, window)
    except ImportError as error:
        raise LayerError(Message("layers.no_pyarrow", layer=layer_name, path=path)) from error
    except UNREADABLE as error:
        if isinstance(error, LayerError):
            raise
        raise LayerError(
            Message("layers.unreadable_file", layer=layer_name, path=path, why=_short(error))
        ) from error


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _read_gdal(
    path: Path, source: LayerSource, window: tuple[float, float, float, float] | None
) -> gpd.GeoDataFrame:
    name = f"/vsizip/{path}" if path.suffix.lower() == ".zip" else path
    frame = pyogrio.read_dataframe(name, layer=source.layer, encoding=source.encoding, bbox=window)
    if not isinstance(frame, gpd.GeoDataFrame):
        return gpd.GeoDataFrame(frame, geometry=[None] * len(frame))
    return frame


def _read_text(path: Path, source: LayerSource, layer_name: str) -> pd.DataFrame:
    data = path.read_bytes()
    for encoding in [source.encoding] if source.encoding else _ENCODINGS:
        try:
            text = data.decode(encoding)
            break
        except (UnicodeDecodeError, LookupError):
            continue
    else:
        raise LayerError(
            Message(
                "layers.encoding",
                layer=layer_name,
                path=path.name,
                encoding=source.encoding or "UTF-8, GB18030",
            )
        )
    head = text[:4096].splitlines()[0] if text else ""
    separator = max(",\t;", key=head.count)
    rows = list(csv.reader(text.splitlines(), delimiter=separator))
    return _table(rows)


def _read_book(path: Path, source: LayerSource, layer_name: str) -> pd.DataFrame:
    import openpyxl  # noqa: PLC0415 - slow to load, for workbooks only

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises what its zip and XML readers raise
        raise LayerError(
            Message("layers.unreadable_file", layer=layer_name, path=path, why=_short(error))
        ) from error
    try:
        if source.sheet is not None and source.sheet not in book.sheetnames:
            raise LayerError(
                Message(
                    "layers.no_sheet", layer=layer_name, sheet=source.sheet, found=book.sheetnames
                )
            )
        sheet = book[source.sheet] if source.sheet else book.worksheets[0]
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    finally:
        book.close()
    return _table(rows)


def _table(rows: list[list[Any]]) -> pd.DataFrame:
    """Make a table of rows whose first filled row is the head; empty rows are left out."""
    filled = [row for row in rows if any(cell not in (None, "") for cell in row)]
    if not filled:
        return pd.DataFrame()
    head = [str(cell).strip() if cell is not None else "" for cell in filled[0]]
    head = [name or f"column_{n + 1}" for n, name in enumerate(head)]
    width = len(head)
    body = [[*row[:width], *[None] * (width - len(row))] for row in filled[1:]]
    return pd.DataFrame(body, columns=head, dtype=object)


def _with_points(frame: pd.DataFrame, source: LayerSource, layer_name: str) -> gpd.GeoDataFrame:
    """Make points of coordinate columns, polygons of WKT or H3 cells; none: no positions."""
    wkt = next((c for c in frame.columns if plain(c) in {"wkt", "geometry"}), None)
    if wkt is not None:
        shapes = shapely.from_wkt(frame[wkt].replace("", None), on_invalid="ignore")
        return gpd.GeoDataFrame(frame.drop(columns=wkt), geometry=list(shapes))
    cells = cell_column(frame)
    if cells is not None:
        hexagons = cells_to_polygons(frame[cells], layer_name=layer_name)
        return gpd.GeoDataFrame(frame.drop(columns=cells), geometry=hexagons)
    _refuse_missing(frame, source, layer_name)
    x = _coordinate_column(frame, source.columns.get("x"), _X_NAMES, layer_name)
    y = _coordinate_column(frame, source.columns.get("y"), _Y_NAMES, layer_name)
    if x is None or y is None:
        return gpd.GeoDataFrame(frame, geometry=[None] * len(frame))
    east, north = _degrees(frame[x], layer_name, x), _degrees(frame[y], layer_name, y)
    known = np.isfinite(east) & np.isfinite(north)
    points = np.full(len(frame), None, dtype=object)
    points[known] = shapely.points(east[known], north[known])
    return gpd.GeoDataFrame(frame.drop(columns=[x, y]), geometry=points)


def _refuse_missing(frame: pd.DataFrame, source: LayerSource, layer_name: str) -> None:
    declared = {ours: source.columns[ours] for ours in ("x", "y") if ours in source.columns}
    missing = {ours: theirs for ours, theirs in declared.items() if theirs not in frame.columns}
    if missing:
        raise LayerError(
            *(
                Message("layers.no_such_column", layer=layer_name, column=theirs, ours=ours,
                        found=[str(name) for name in frame.columns][:30])
                for ours, theirs in missing.items()
            )
        )  # fmt: skip


def _coordinate_column(
    frame: pd.DataFrame, declared: str | None, names: set[str], layer_name: str
) -> str | None:
    def is_meant(head: str) -> bool:
        return head == declared if declared is not None else plain(head) in names

    found = [head for head in frame.columns if is_meant(head)]
    if len(found) > 1:
        raise LayerError(
            Message("layers.two_candidates", layer=layer_name, column="x / y", found=found)
        )
    return found[0] if found else None


def _degrees(
    cells: pd.Series[Any], layer_name: str, column: str
) -> np.ndarray[Any, np.dtype[np.float64]]:
    text = cells.astype("string").str.strip().replace({"": pd.NA, "—": pd.NA, "-": pd.NA})
    numbers = pd.to_numeric(text, errors="coerce")
    bad = text.notna() & numbers.isna()
    if bad.any():
        raise LayerError(
            Message("layers.not_a_coordinate", layer=layer_name, column=column,
                    count=int(bad.sum()),
                    rows=[int(n) + 1 for n in np.flatnonzero(bad)[:5]],
                    found=[str(c)[:30] for c in text[bad].unique()[:5]])
        )  # fmt: skip
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)
