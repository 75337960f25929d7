"""
Fetch OSM and population grids into a study's folder, and write down what came from where.

The functions read no clock: the caller says when it is. A file is replaced only by a complete
one, and what came before a break is gone on with. `zmd-layout fetch` calls them.
"""

from __future__ import annotations

from zmd_layout.layers.sources.fetch.osm import fetch_osm, tiles_of
from zmd_layout.layers.sources.fetch.overpass import OverpassSettings, Topic
from zmd_layout.layers.sources.fetch.raster import GHS_POP, WORLDPOP, RasterSource, fetch_raster
from zmd_layout.layers.sources.fetch.record import (
    RECORD,
    Fetched,
    FetchedFile,
    read_record,
    study_snippet,
)
from zmd_layout.layers.sources.fetch.retry import Patience, Progress

__all__ = [
    "GHS_POP",
    "RECORD",
    "WORLDPOP",
    "Fetched",
    "FetchedFile",
    "OverpassSettings",
    "Patience",
    "Progress",
    "RasterSource",
    "Topic",
    "fetch_osm",
    "fetch_raster",
    "read_record",
    "study_snippet",
    "tiles_of",
]
