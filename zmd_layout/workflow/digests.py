"""Digests of what results rest on: the program, a study, files, layers and tables."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.layers.files import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zmd_layout.layers.layer import Layer

PACKAGE = Path(__file__).parents[1]
_LIBRARIES = (
    "exactextract", "geopandas", "highspy", "numpy", "osmium", "pandas", "pydantic",
    "pyogrio", "pyproj", "rasterio", "scipy", "shapely",
)  # fmt: skip
_READS_ELSEWHERE = {".vrt", ".ovr"}


def of_texts(*texts: str) -> str:
    """Give one digest of texts in their order."""
    digest = hashlib.sha256()
    for text in texts:
        part = text.encode()
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


@cache
def of_program() -> str:
    """Give the digest of our own files and of the versions of what computes for us."""
    own = sorted(p for p in PACKAGE.rglob("*") if p.is_file() and p.suffix != ".pyc")
    files = [f"{path.relative_to(PACKAGE).as_posix()} {sha256_of(path)}" for path in own]
    libraries = [f"{name} {_version(name)}" for name in _LIBRARIES]
    return of_texts(*files, *libraries, platform.python_version())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def of_files(path: Path) -> str | None:
    """
    Give the digest of a layer's file with those that belong to it.

    A shapefile is four files of one name, a GeoDatabase a folder. None where a file names others,
    as a VRT does, or where there is none.
    """
    if path.suffix.lower() in _READS_ELSEWHERE or not path.exists():
        return None
    if path.is_dir():
        files: Iterable[Path] = path.rglob("*")
    else:
        files = path.parent.glob(f"{_plain(path.stem)}.*")
    found = sorted(file for file in {path, *files} if file.is_file())
    return of_texts(*(f"{file.relative_to(path.parent)} {sha256_of(file)}" for file in found))


def _plain(stem: str) -> str:
    """Keep a file's name from being read as a pattern."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in stem)


def of_layer(layer: Layer) -> str:
    """Give the digest of all that a layer holds."""
    parts = [layer.name, of_table(layer.frame), _of_origin(layer.origin)]
    if layer.roads is not None:
        for part in fields(layer.roads):
            value = getattr(layer.roads, part.name)
            parts.append(of_table(value) if isinstance(value, pd.DataFrame) else repr(value))
    return of_texts(*parts)


def _of_origin(origin: Any) -> str:  # noqa: ANN401 - any dataclass of plain values
    values = {part.name: getattr(origin, part.name) for part in fields(origin)}
    return repr([(k, sorted(v) if isinstance(v, frozenset) else v) for k, v in values.items()])


def of_table(table: pd.DataFrame) -> str:
    """Give the digest of a table: columns, types, cells, geometry and CRS."""
    digest = hashlib.sha256(repr([(str(n), str(t)) for n, t in table.dtypes.items()]).encode())
    digest.update(_cells(table.index))
    for number in range(table.shape[1]):
        digest.update(_cells(table.iloc[:, number]))
    return digest.hexdigest()


def _cells(column: Any) -> bytes:  # noqa: ANN401 - a column or an index
    if isinstance(column, gpd.GeoSeries):
        shapes = shapely.to_wkb(column.to_numpy())
        return repr(column.crs).encode() + b"".join(b"\0" if s is None else s for s in shapes)
    values = column.to_numpy()
    if values.dtype.kind in "biuf":
        return bytes(np.ascontiguousarray(values).tobytes())
    return repr(values.tolist()).encode()
