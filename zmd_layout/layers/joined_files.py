"""A layer in several files: each is read by itself, and all together are one layer."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.errors import LayerError
from zmd_layout.layers.geometry import overlap_faults
from zmd_layout.layers.layer import Layer, Origin
from zmd_layout.layers.schema import schema_of
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.layers.account import Entry
    from zmd_layout.layers.schema import Schema
    from zmd_layout.study import LayerSource

_SHOWN = 5
SEPARATOR = "; "  # of paths and digests in the origin


def joined(parts: Sequence[Layer], source: LayerSource) -> Layer:
    """
    Make one layer of the validated layers of its files.

    Parameters
    ----------
    parts
        In the order of `source.paths`.
    source
        The layer as the study declares it.

    Returns
    -------
    layer
        With the rows in their stable order; its origin names all files and their digests, and the
        account says of each entry in which file it was.

    Raises
    ------
    LayerError
        If an id stands in two files, if areas of two files overlap, or if a file is an OSM extract
        of roads, which is read whole.
    """
    name = parts[0].name
    schema = schema_of(name)
    if any(part.roads is not None for part in parts):
        raise LayerError(Message("layers.roads_in_files", layer=name))
    faults = _ids_in_two(parts, source, schema)
    if faults:
        raise LayerError(*faults)
    frame = gpd.GeoDataFrame(pd.concat([part.frame for part in parts], ignore_index=True))
    overlaps, slivers = overlap_faults(frame, schema)
    if overlaps:
        raise LayerError(*overlaps)
    origin = _origin([part.origin for part in parts], source)
    origin = replace(origin, repaired=dict(Counter(origin.repaired) + Counter(slivers)))
    return Layer(name, in_stable_order(frame, schema), origin)


def _ids_in_two(parts: Sequence[Layer], source: LayerSource, schema: Schema) -> list[Message]:
    """Report ids that stand in more than one file, each with its files."""
    files_of: dict[str, list[str]] = {}
    for part, path in zip(parts, source.paths, strict=True):
        ids = part.frame.get(schema.key, ())
        for unit in map(str, ids):
            files_of.setdefault(unit, []).append(Path(path).name)
    doubled = {unit: files for unit, files in files_of.items() if len(files) > 1}
    if not doubled:
        return []
    shown = [
        Message("layers.id_in_files", id=unit, files=files)
        for unit, files in [*doubled.items()][:_SHOWN]
    ]
    names = {"layer": schema.name, "column": schema.key, "count": len(doubled), "found": shown}
    return [Message("layers.doubled_in_files", **names)]


def _origin(origins: Sequence[Origin], source: LayerSource) -> Origin:
    checks = {origin.is_datum_verified for origin in origins}
    repaired: Counter[str] = Counter()
    for origin in origins:
        repaired.update(origin.repaired)
    return replace(
        origins[0],
        path=SEPARATOR.join(source.paths),
        sha256=SEPARATOR.join(origin.sha256 for origin in origins),
        is_datum_verified=False if False in checks else (True if True in checks else None),
        synthetic_columns=frozenset().union(*(origin.synthetic_columns for origin in origins)),
        assumed_columns=frozenset().union(*(origin.assumed_columns for origin in origins)),
        is_complete=all(origin.is_complete for origin in origins),
        repaired=dict(repaired),
        notes=tuple(dict.fromkeys(note for origin in origins for note in origin.notes)),
        account=tuple(
            _in_file(entry, path)
            for origin, path in zip(origins, source.paths, strict=True)
            for entry in origin.account
        ),
    )


def _in_file(entry: Entry, path: str) -> Entry:
    name = Path(path).name
    return replace(entry, part=f"{name} · {entry.part}" if entry.part else name)


def in_stable_order(frame: gpd.GeoDataFrame, schema: Schema) -> gpd.GeoDataFrame:
    """Sort by key, or by all there is, so that the order of input rows changes nothing."""
    if schema.key is not None and schema.key in frame:
        return frame.sort_values(schema.key, kind="stable", ignore_index=True)
    shapes = shapely.to_wkb(frame.geometry.to_numpy(), hex=True)
    keys = [pd.Series(shapes, dtype=object).fillna("").to_numpy(dtype=str)]
    if pd.Series(keys[0]).duplicated().any():
        columns = sorted(str(c) for c in frame.columns if c != "geometry")
        keys += [frame[c].astype(str).to_numpy(dtype=str) for c in columns]
    order = np.lexsort(keys[::-1])
    return frame.iloc[order].reset_index(drop=True)
