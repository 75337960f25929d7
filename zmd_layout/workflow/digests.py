"""Digests of what results rest on: the program, a study, files, layers and tables."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from dataclasses import fields
from functools import cache
from importlib.metadata import (
    Distribution,
    PackageNotFoundError,
    distribution,
    distributions,
)
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from zmd_layout.layers.files import sha256_of
from zmd_layout.measures.registry import NAMED_MEASURES
from zmd_layout.rulebook.measure_forms import NamedMeasure, parts
from zmd_layout.workflow.code_digest import is_own, of_code

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zmd_layout.layers.layer import Layer
    from zmd_layout.rulebook import Rule

PACKAGE = Path(__file__).parents[1]
_DISTRIBUTION = "zmd-layout"
_WORKSHOP = {"audit", "bench", "dev", "docs", "mutate", "test"}  # extras on which no result rests
# what GDAL, PROJ and their readers take from the environment
_ENVIRONMENT = (
    "AWS_", "CPL_", "CSV_", "DXF_", "FGDB_", "GDAL_", "GML_", "GPKG_", "GTIFF_", "KML_", "LIBKML_",
    "OGR_", "OPENFILEGDB_", "OSM_", "PROJ_", "PYOGRIO_", "PYPROJ_", "RASTERIO_", "S57_", "SHAPE_",
    "SQLITE_", "TIFF_", "VRT_", "VSI_", "XLSX_",
)  # fmt: skip
_READS_ELSEWHERE = {".vrt", ".ovr"}


def of_texts(*texts: str) -> str:
    """Return one digest of texts in their order."""
    digest = hashlib.sha256()
    for text in texts:
        part = text.encode()
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def of_program() -> str:
    """Return the digest of our own files, of all versions beneath, and of the environment."""
    settings = [f"{k}={v}" for k, v in sorted(os.environ.items()) if k.startswith(_ENVIRONMENT)]
    return of_texts(_of_installation(), *settings)


@cache
def _of_installation() -> str:
    own = sorted(p for p in PACKAGE.rglob("*") if p.is_file() and p.suffix != ".pyc")
    files = [f"{path.relative_to(PACKAGE).as_posix()} {sha256_of(path)}" for path in own]
    libraries = [f"{name} {version}" for name, version in sorted(installed_versions().items())]
    systems = (
        pyogrio.__gdal_version_string__, pyproj.proj_version_str, shapely.geos_version_string,
    )  # fmt: skip
    return of_texts(*files, *libraries, *systems, sys.version, platform.platform())


def installed_versions() -> dict[str, str]:
    """
    Return the versions of the installed distributions that results may rest on.

    These are all that this package requires, for itself or for an extra, directly or through
    others. Where the package is not installed itself, whatever is installed may be beneath it.
    """
    try:
        root = distribution(_DISTRIBUTION)
    except PackageNotFoundError:
        return {one.name: one.version for one in distributions()}
    extras = set(root.metadata.get_all("Provides-Extra") or []) - _WORKSHOP
    found: dict[str, str] = {}
    asked: set[tuple[str, str]] = set()
    waiting = [(root, extra) for extra in ("", *sorted(extras))]
    while waiting:
        one, extra = waiting.pop()
        found[canonicalize_name(one.name)] = one.version
        for text in one.requires or []:
            needed = Requirement(text)
            if needed.marker is not None and not needed.marker.evaluate({"extra": extra}):
                continue
            for more in ("", *needed.extras):
                key = canonicalize_name(needed.name), more
                if key not in asked:
                    asked.add(key)
                    waiting += [(there, more) for there in _installed(needed.name)]
    return found


def _installed(name: str) -> list[Distribution]:
    try:
        return [distribution(name)]
    except PackageNotFoundError:
        return []


def of_own_measures(rules: Iterable[Rule]) -> str:
    """Return the digest of the code of the measures of one's own that rules name."""
    named = {
        (part.named, kind)
        for rule in rules
        for kind in (*rule.units, *(monitor.unit for monitor in rule.monitor))
        for definition in rule.measures.values()
        for part in parts(definition)
        if isinstance(part, NamedMeasure)
    }
    computed = [(key, NAMED_MEASURES[key]) for key in sorted(named) if key in NAMED_MEASURES]
    return of_texts(*(f"{key} {of_code(compute)}" for key, compute in computed if is_own(compute)))


def of_files(path: Path) -> str | None:
    """
    Return the digest of a layer's file with those that belong to it.

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
    """Return the digest of all that a layer holds."""
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
    """Return the digest of a table: columns, types, cells, geometry and CRS."""
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
