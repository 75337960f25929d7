"""Fetch a population grid into a study's folder."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from string import Formatter
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from rasterio.errors import RasterioError

from zmd_layout.errors import LayerError, SourceError
from zmd_layout.layers.files import sha256_of
from zmd_layout.layers.formats import open_geotiff
from zmd_layout.layers.sources.fetch.download import download, drop_part, put_in_place
from zmd_layout.layers.sources.fetch.record import (
    Fetched,
    FetchedFile,
    add_to_record,
    read_record,
)
from zmd_layout.layers.sources.fetch.retry import Patience
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from zmd_layout.layers.sources.fetch.retry import Progress

GRID_FOLDER = "population"

WORLDPOP = (
    "https://data.worldpop.org/GIS/Population/Global_2015_2030/R2025A/{year}/{COUNTRY}/v1/100m/"
    "constrained/{country}_pop_{year}_CN_100m_R2025A_v1.tif"
)
"""WorldPop R2025A: people per 3″ cell of a country; `COUNTRY` and `country` are its ISO code
of three letters, in capitals and in small letters (CHN, chn)."""

GHS_POP = (
    "https://jeodpp.jrc.ec.europa.eu/ftp/jrc-opendata/GHSL/GHS_POP_GLOBE_R2023A/"
    "GHS_POP_E{year}_GLOBE_R2023A_4326_3ss/V1-0/tiles/"
    "GHS_POP_E{year}_GLOBE_R2023A_4326_3ss_V1_0_R{row}_C{column}.zip"
)
"""GHS-POP R2023A: people per 3″ cell of one tile, some 10° wide; the download page of the Global
Human Settlement Layer shows the tiles' rows and columns."""

_GRID_SUFFIXES = (".tif", ".tiff")
_WGS84 = 4326


@dataclass(frozen=True, slots=True)
class RasterSource:
    """
    A grid that can be downloaded.

    Parameters
    ----------
    template
        The URL with placeholders, such as `WORLDPOP`; a GeoTIFF, or a ZIP that holds one.
    values
        What the placeholders stand for; `year` is also the year of the data.
    sha256
        Of the file at the URL; None: not known.
    """

    template: str
    values: Mapping[str, str | int] = field(default_factory=dict)
    sha256: str | None = None

    @property
    def url(self) -> str:
        """
        The URL, filled in.

        Raises
        ------
        SourceError
            If a placeholder has no value.
        """
        wanted = {name for _, name, *_ in Formatter().parse(self.template) if name}
        missing = sorted(wanted - set(self.values))
        if missing:
            raise SourceError(Message("fetch.no_value", url=self.template, missing=missing))
        return self.template.format(**self.values)


def fetch_raster(
    source: RasterSource,
    folder: Path,
    *,
    fetched_at: str,
    patience: Patience | None = None,
    progress: Progress | None = None,
    refresh: bool = False,
) -> Fetched:
    """
    Fetch a grid as a GeoTIFF under `population/`.

    A download that broke off is gone on with. A file that the same URL brought before, and that
    nobody changed, is not fetched again.

    Parameters
    ----------
    source
        What.
    folder
        The study's.
    fetched_at
        When this is, an ISO date and time.
    patience
        How to bear with the server; None: as usual.
    progress
        Hears the bytes that came.
    refresh
        Fetch even what is there, and let go of what a download that broke off left.

    Returns
    -------
    fetched
        The grid in its place.

    Raises
    ------
    SourceError
        If it cannot be had, or is no grid. What was in the folder stays.
    """
    url = source.url
    name = PurePosixPath(unquote(urlsplit(url).path)).name or "grid.tif"
    target = folder / GRID_FOLDER / PurePosixPath(name).with_suffix(".tif").name
    path = f"{GRID_FOLDER}/{target.name}"
    request = hashlib.sha256(url.encode()).hexdigest()
    known = read_record(folder).same(path, request, folder)
    if known is not None and not refresh:
        return Fetched((known,), (Message("fetch.kept", path=path, fetched_at=known.fetched_at),))
    is_zip = name.lower().endswith(".zip")
    downloaded = target.with_name(name) if is_zip else target
    if refresh:
        drop_part(downloaded)
    got = download(
        url,
        downloaded,
        patience=patience or Patience(),
        sha256=source.sha256,
        check=_grid_in if is_zip else coordinates_of,
        progress=progress,
    )
    if is_zip:
        _unpack(got.path, target)
    file = FetchedFile(
        layer="population",
        path=path,
        urls=(url,),
        fetched_at=fetched_at,
        sha256=sha256_of(target),
        size=target.stat().st_size,
        data_as_of=str(source.values["year"]) if "year" in source.values else None,
        coordinates=coordinates_of(target),
        request=request,
    )
    add_to_record(folder, file)
    return Fetched((file,))


def coordinates_of(grid: Path) -> str:
    """
    Report the CRS of a grid in the words of `study.toml`.

    Raises
    ------
    SourceError
        If the file is no grid, or does not tell its CRS.
    """
    try:
        with open_geotiff(grid) as dataset:
            crs = dataset.crs
    except (RasterioError, LayerError) as error:
        raise SourceError(Message("fetch.no_grid", path=grid.name, why=error)) from error
    code = crs.to_epsg() if crs else None
    if code is None:
        raise SourceError(Message("fetch.no_crs", path=grid.name))
    return "wgs84" if code == _WGS84 else f"EPSG:{code}"


def _grid_in(archive: Path) -> str:
    """Name the one grid that an archive holds whole."""
    try:
        with zipfile.ZipFile(archive) as packed:
            names = [n for n in packed.namelist() if n.lower().endswith(_GRID_SUFFIXES)]
            broken = packed.testzip()
    except (zipfile.BadZipFile, EOFError, RuntimeError, zlib.error) as error:
        raise SourceError(Message("fetch.no_zip", path=archive.name, why=error)) from error
    if broken is not None:
        raise SourceError(Message("fetch.no_zip", path=archive.name, why=broken))
    if len(names) != 1:
        raise SourceError(Message("fetch.not_one_grid", path=archive.name, found=names))
    return names[0]


def _unpack(archive: Path, target: Path) -> None:
    """Put the grid of an archive in place, and let go of the archive."""
    unfinished = target.with_name(f"{target.name}.part")
    with (
        zipfile.ZipFile(archive) as packed,
        packed.open(_grid_in(archive)) as grid,
        unfinished.open("wb") as file,
    ):
        shutil.copyfileobj(grid, file)
    coordinates_of(unfinished)
    put_in_place(unfinished, target)
    archive.unlink()
