"""The made city as a study folder, so that it comes through the same door as real data."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

import geopandas as gpd
import pyogrio

from zmd_layout.messages import Message
from zmd_layout.synthetic.city import DEFAULT_SEED, make_city
from zmd_layout.synthetic.real_inputs import CITY, PLANE, age_columns, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pandas as pd

# GeoPackages carry the time at which they were written; the same city is to be the same bytes.
_CLOCK = "OGR_CURRENT_DATE"
_WRITTEN_AT = "2025-12-31T00:00:00.000Z"
_CENSUS_YEAR, _SCHOOL_YEAR = 2020, 2025
_CENSUS_LAYERS = frozenset({"counties", "townships", "villages", "population"})
_HEAD = """\
# {note}

[study]
id = "{id}"
name = {{zh = "{zh}", en = "{en}"}}
crs = "{crs}"
as_of = 2025-12-31
plan_period = [2021-01-01, 2025-12-31]
city = "{city}"
rulesets = ["zhumadian-2022-49"]
"""
_LAYER = """
[layers.{name}]
path = "{path}"
coordinates = "{coordinates}"
year = {year}
synthetic = {synthetic}
"""


def build(
    directory: Path,
    *,
    seed: int = DEFAULT_SEED,
    scale: float = 1.0,
    progress: Callable[[Message], None] | None = None,
) -> Path:
    """
    Make the city and write it as a study folder.

    Parameters
    ----------
    directory
        The folder; made if it is not there. `study.toml` is written last, so that a folder with
        one is whole.
    seed, scale, progress
        As in `make_city`.

    Returns
    -------
    Path
        The study file.

    Raises
    ------
    StudyError
        If the scale is not positive, or too large.
    """
    city = make_city(seed=seed, scale=scale, progress=progress)
    if progress is not None:
        progress(Message("standin.writing", path=directory))
    whole = scale == 1
    name = Message("standin.name") if whole else Message("standin.name_scaled", scale=f"{scale:g}")
    study_id = "zhumadian" if whole else f"zhumadian-x{scale:g}".replace(".", "_")
    return write_study(directory, city, study_id=study_id, name=name, scale=scale)


def write_study(
    directory: Path,
    tables: Mapping[str, pd.DataFrame],
    *,
    study_id: str,
    name: Message,
    scale: float,
) -> Path:
    """
    Write made layers as a study folder, `study.toml` last.

    Parameters
    ----------
    directory
        The folder; made if it is not there.
    tables
        Layer → its table, as from `make_city`, or a part of it.
    study_id, name
        Of the study.
    scale
        With which it was made: the counties of further cities are made up, too.
    """
    directory.mkdir(parents=True, exist_ok=True)
    study = directory / "study.toml"
    study.unlink(missing_ok=True)
    text = _head(study_id, name)
    for layer, table in tables.items():
        path = _write(directory, layer, table)
        text += _LAYER.format(
            name=layer,
            path=path.name,
            coordinates=_coordinates(table),
            year=_CENSUS_YEAR if layer in _CENSUS_LAYERS else _SCHOOL_YEAR,
            synthetic=json.dumps(_made_columns(layer, scale)),
        )
    study.write_text(text, encoding="utf-8", newline="\n")
    return study


def cache_key(*, seed: int = DEFAULT_SEED, scale: float = 1.0) -> str:
    """
    Name a city for a cache: it changes with seed, scale, the generator and its sources.

    The version of the generator is the digest of its own code and of the real files it stands on,
    so that nobody has to remember to count it up.
    """
    digest = hashlib.sha256()
    code = [file for file in files("zmd_layout.synthetic").iterdir() if file.name.endswith(".py")]
    for file in sorted(code, key=lambda file: file.name):
        digest.update(file.read_bytes())
    for name in ("counties.geojson", "census2020.csv", "county_seats.csv", "townships.csv"):
        digest.update(source(name))
    return f"standin-{digest.hexdigest()[:12]}-{seed}-{scale:g}"


def _head(study_id: str, name: Message) -> str:
    return _HEAD.format(
        note=Message("standin.note").text("zh"),
        id=study_id,
        zh=name.text("zh"),
        en=name.text("en"),
        crs=PLANE,
        city=CITY,
    )


def _coordinates(table: pd.DataFrame) -> str:
    if not isinstance(table, gpd.GeoDataFrame):
        return "none"
    return PLANE if table.crs == PLANE else "wgs84"


def _made_columns(name: str, scale: float) -> bool | list[str]:
    """Return what of a layer is made up: of real counties nothing, of townships all but names."""
    if scale > 1:
        return True
    if name == "counties":
        return False
    if name == "townships":
        return ["geometry", "is_county_seat", "residents", *age_columns()]
    return True


def _write(directory: Path, name: str, table: pd.DataFrame) -> Path:
    if not isinstance(table, gpd.GeoDataFrame):
        path = directory / f"{name}.csv"
        table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
        return path
    path = directory / f"{name}.gpkg"
    path.unlink(missing_ok=True)
    with _stopped_clock():
        pyogrio.write_dataframe(table, path, layer=name, driver="GPKG", SPATIAL_INDEX="NO")
    return path


@contextmanager
def _stopped_clock() -> Iterator[None]:
    before = pyogrio.get_gdal_config_option(_CLOCK)
    pyogrio.set_gdal_config_options({_CLOCK: _WRITTEN_AT})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({_CLOCK: before})
