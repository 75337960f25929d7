"""Open the files that layers come in: vector formats by GDAL, CSV, XLSX, GeoParquet, zips."""

from __future__ import annotations

import hashlib
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import geopandas as gpd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from zmd_layout.errors import LayerError
from zmd_layout.layers import archives, formats
from zmd_layout.layers.account import Account, Item, Outcome
from zmd_layout.layers.reading.assemble import parts_of, table_of_parts
from zmd_layout.layers.reading.heads import find_head
from zmd_layout.layers.reading.kml import read_kml
from zmd_layout.layers.reading.known import recogniser
from zmd_layout.layers.reading.places import point_columns, with_places
from zmd_layout.layers.reading.shapefiles import read_shapefile
from zmd_layout.layers.reading.sheets import Sheet, cleaned, sheets_of, squared
from zmd_layout.layers.schema import SCHEMAS, Shape
from zmd_layout.layers.tables import (
    Window,
    all_rows_of,
    heads_of,
    open_text,
    rows_within,
    table_of,
)
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

    from zmd_layout.layers.tables import Text
    from zmd_layout.study import LayerSource

    Bounds = tuple[float, float, float, float]

# what readers raise over a file that is not what it says
UNREADABLE = (
    DataSourceError, DataLayerError, shapely.errors.ShapelyError, ValueError, LookupError, OSError,
    RecursionError,
)  # fmt: skip
_MURMURS = 3
_SEARCHED = 20  # rows in which a head is looked for
_SAID = (RuntimeWarning, UserWarning)
_GEOMETRIES = {
    Shape.POLYGON: ("Polygon", "Surface"), Shape.LINE: ("Line", "Curve"), Shape.POINT: ("Point",),
}  # fmt: skip


def sha256_of(path: Path) -> str:
    """
    Return the SHA-256 of a file as hexadecimal digits.

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
    account: Account | None = None,
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
        The layer, for the heads that it knows and in errors.
    window
        West, south, east and north in the file's own coordinates: formats that GDAL reads, tables
        of points, and GeoParquet that says where its rows lie, give what meets it and no more, and
        no rows without a position; of others everything is read.
    account
        Takes what was read, joined, converted and left out.

    Returns
    -------
    frame
        Cells as text in CSV, as they are in XLSX, else as the format has them; geometry without a
        CRS of our own making: what the file says, or none. Rows without a position have None. The
        index numbers the rows in messages (`conform.row_number`).

    Raises
    ------
    LayerError
        If the file is not there or cannot be read, or it is not clear which sheet or layer of it is
        meant.
    """
    if not path.exists():
        raise LayerError(Message("layers.no_file", layer=layer_name, path=path))
    reader = _Reader(source, layer_name, window, Account() if account is None else account)
    try:
        return reader.read(path)
    except ImportError as error:
        raise LayerError(Message("layers.no_pyarrow", layer=layer_name, path=path)) from error
    except UNREADABLE as error:
        if isinstance(error, LayerError):
            raise
        raise LayerError(
            Message("layers.unreadable_file", layer=layer_name, path=path.name, why=_short(error))
        ) from error


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


@dataclass(frozen=True, slots=True)
class _Reader:
    """How one layer is to be read out of a file."""

    source: LayerSource
    layer_name: str
    window: Bounds | None
    account: Account

    def read(self, path: Path) -> gpd.GeoDataFrame:
        """Read a file by its format."""
        found = formats.format_of(path)
        if formats.is_text_table(path, found):
            return self._text(path)
        if found == formats.XLSX:
            table = self._table(sheets_of(path, self.source, self.layer_name, self.account), path)
            return with_places(table, self.source, self.layer_name, self.account)
        if found == formats.PARQUET:
            return self._counted(_read_parquet(path, self.window))
        if found == formats.ZIP:
            most = archives.MOST_UNPACKED_BYTES_OF_LAYER
            with archives.unpacked(path, most_bytes=most) as members:
                member = archives.only_member(members, path, self.source.layer, self.layer_name)
                left_out = [m.name for m in members if m != member]
                self.account.add(Item.FILE, Outcome.READ, [member.name])
                self.account.add(Item.FILE, Outcome.LEFT_OUT, left_out)
                return self._vector(member, formats.format_of(member), layer=None)
        return self._vector(path, found, layer=self.source.layer)

    def _vector(self, path: Path, found: formats.Format, *, layer: str | None) -> gpd.GeoDataFrame:
        name = formats.gdal_path(path, layer_name=self.layer_name)
        if found == formats.SHAPEFILE:
            frame = read_shapefile(
                name, path, layer_name=self.layer_name, encoding=self.source.encoding,
                declared=frozenset(self.source.columns.values()), window=self.window,
                account=self.account,
            )  # fmt: skip
        elif found == formats.KML:
            frame = read_kml(path, layer_name=self.layer_name, account=self.account)
            if self.window is not None:
                frame = frame[frame.intersects(shapely.box(*self.window))].reset_index(drop=True)
        else:
            layer = layer or only_layer(name, path, self.layer_name, self.account)
            frame = pyogrio.read_dataframe(
                name, layer=layer, encoding=self.source.encoding, bbox=self.window
            )
        if not isinstance(frame, gpd.GeoDataFrame):
            frame = gpd.GeoDataFrame(frame, geometry=[None] * len(frame))
        return self._counted(frame)

    def _counted(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        self.account.add(Item.ROW, Outcome.READ, count=len(frame))
        return frame

    def _text(self, path: Path) -> gpd.GeoDataFrame:
        text = open_text(path, self.source.encoding, self.layer_name)
        places = None if self.window is None else self._places_of(text)
        if self.window is not None and places is not None:
            head, x, y = places
            chosen = Window(self.window, (head.index(x), x), (head.index(y), y))
            rows = (list(map(cleaned, row)) for row in rows_within(text, chosen))
            table = table_of(rows, head, path.name)
            chosen.refuse_misread(self.layer_name)
            self.account.add(Item.ROW, Outcome.READ, count=len(table))
        else:
            table = self._table([Sheet("", squared(all_rows_of(text), path.name))], path)
        return with_places(table, self.source, self.layer_name, self.account)

    def _places_of(self, text: Text) -> tuple[list[str], str, str] | None:
        """
        Find the columns of coordinates of a text whose head is its first row.

        None where it has a title or a head of several rows: such a table is made by hand, and small
        enough to be read whole.
        """
        top = list(islice(all_rows_of(text), _SEARCHED))
        grid = squared(top, text.path.name)
        head = find_head(grid, recogniser(SCHEMAS.get(self.layer_name), self.source.columns))
        first = next((n for n, row in enumerate(top) if any(row)), 0)
        if head.first != first or head.body_from != first + 1 or not top:
            return None
        names = heads_of(top[first])
        places = point_columns(names, self.source, self.layer_name)
        return None if places is None else (names, *places)

    def _table(self, sheets: list[Sheet], path: Path) -> pd.DataFrame:
        schema = SCHEMAS.get(self.layer_name)
        parts = parts_of(
            sheets, recogniser(schema, self.source.columns), layer_name=self.layer_name,
            file_name=path.name, is_named=self.source.sheet is not None, account=self.account,
        )  # fmt: skip

        def counted(field: str) -> bool:
            column = None if schema is None else schema.column(field)
            return column.counts if column is not None else field.startswith("residents_")

        return table_of_parts(
            parts, key=lambda field: schema is not None and field == schema.key, counted=counted,
            is_filtered=schema is not None, layer_name=self.layer_name, file_name=path.name,
            account=self.account,
        )  # fmt: skip


def only_layer(name: str, path: Path, layer_name: str, account: Account) -> str | None:
    """
    Choose the layer of a file that has several: the only one that can be meant.

    Parameters
    ----------
    name, path
        The file as GDAL may open it, and as the user knows it.
    layer_name
        The layer of the study, for the shapes that it may have.
    account
        Takes the layers that were left out.

    Returns
    -------
    layer
        None where the file has one layer without a choice.

    Raises
    ------
    LayerError
        If several could be meant: with the list.
    """
    listed = [(str(layer), kind) for layer, kind in pyogrio.list_layers(name)]
    if len(listed) <= 1:
        return None
    schema = SCHEMAS.get(layer_name)
    kinds = _GEOMETRIES.get(schema.shape, ()) if schema is not None else ()
    fitting = [
        layer for layer, kind in listed
        if kind and (not kinds or "Unknown" in kind or any(word in kind for word in kinds))
    ] or [layer for layer, _ in listed]  # fmt: skip
    if len(fitting) > 1:
        raise LayerError(
            Message("layers.several_layers", layer=layer_name, path=path.name, found=fitting)
        )
    left_out = [layer for layer, _ in listed if layer not in fitting]
    account.add(Item.LAYER, Outcome.READ, fitting)
    account.add(Item.LAYER, Outcome.LEFT_OUT, left_out, why=Message("account.layer_other_shape"))
    return fitting[0]


def _read_parquet(path: Path, window: Bounds | None) -> gpd.GeoDataFrame:
    if window is not None:
        with suppress(ValueError):  # it does not say where its rows lie
            return gpd.read_parquet(path, bbox=window).reset_index(drop=True)
    return gpd.read_parquet(path)
