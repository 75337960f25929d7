"""Read a table that was handed in, as a file would have been read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from zmd_layout.layers.account import Account, Item, Outcome
from zmd_layout.layers.conform import rename
from zmd_layout.layers.reading.places import with_places
from zmd_layout.layers.schema import SCHEMAS

if TYPE_CHECKING:
    from zmd_layout.study import LayerSource


def read_table(
    frame: pd.DataFrame, source: LayerSource, *, layer_name: str, account: Account
) -> gpd.GeoDataFrame:
    """
    Read a table as it is: their columns, their coordinates.

    An index with a name is a column. Where no column is the layer's key, the index is.

    Parameters
    ----------
    frame
        The table.
    source
        How it is declared.
    layer_name
        The layer, for its key and in errors.
    account
        Takes what was read.
    """
    table = pd.DataFrame(with_key(frame, source, layer_name=layer_name))
    shapes = _shapes(frame)
    if shapes is not None:
        table = table.drop(columns=frame.geometry.name)
    plain = pd.DataFrame({name: _plain(table[name]) for name in table.columns})
    account.add(Item.ROW, Outcome.READ, count=len(plain))
    if shapes is None:
        return with_places(plain, source, layer_name, account)
    return gpd.GeoDataFrame(plain, geometry=shapes.to_numpy(), crs=shapes.crs)


def with_key(frame: pd.DataFrame, source: LayerSource, *, layer_name: str) -> pd.DataFrame:
    """Return a table numbered from 0, its index among the columns where it names the rows."""
    names = [name for name in frame.index.names if name is not None and name not in frame]
    table = frame.reset_index(level=names) if names else frame
    schema = SCHEMAS.get(layer_name)
    if schema is not None and schema.key is not None and len(frame):
        heads = rename(pd.DataFrame(table), schema, source)[1]
        key = schema.column(schema.key)
        is_numbered = isinstance(frame.index, pd.RangeIndex)
        if schema.key not in heads and not (is_numbered and key and not key.is_required):
            labels = [str(label) for label in frame.index]
            table = table.assign(**{schema.key: labels})
    return table.reset_index(drop=True)


def labels_of(frame: pd.DataFrame, source: LayerSource, *, layer_name: str) -> dict[str, Any]:
    """Return key → label of the user's index, for a layer whose key is that index; else nothing."""
    schema = SCHEMAS[layer_name]
    if schema.key is None or schema.key in frame or frame.index.name == schema.key:
        return {}
    table = with_key(frame, source, layer_name=layer_name)
    if schema.key not in table or schema.key in rename(pd.DataFrame(frame), schema, source)[1]:
        return {}
    return dict(zip(table[schema.key], frame.index, strict=True))


def digest_of(frame: pd.DataFrame) -> str:
    """Return the SHA-256 of the cells, the index and the shapes of a table."""
    shapes = _shapes(frame)
    table = pd.DataFrame(frame if shapes is None else frame.drop(columns=frame.geometry.name))
    digest = hashlib.sha256(table.to_csv().encode())
    if shapes is not None:
        for shape in shapely.to_wkb(shapes.to_numpy()):
            digest.update(shape or b"-")
    return digest.hexdigest()


def _shapes(frame: pd.DataFrame) -> gpd.GeoSeries | None:
    if not isinstance(frame, gpd.GeoDataFrame) or frame._geometry_column_name not in frame:  # noqa: SLF001 - `geometry` raises where there is none
        return None
    return frame.geometry


def _plain(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column as readers of files have it: numbers as such, else objects and None."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if pd.api.types.is_bool_dtype(column) or isinstance(column.dtype, pd.StringDtype):
        column = column.astype(object)
    elif pd.api.types.is_extension_array_dtype(column.dtype):
        is_number = pd.api.types.is_numeric_dtype(column)
        column = column.astype("float64") if is_number else column.astype(object)
    if column.dtype == object:
        return column.where(column.notna(), None)
    return column
