"""An upload is read apart: the page outlives what a file does to its reader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import square, write_geojson
from zmd_layout.errors import LayerError
from zmd_layout.layers.sources.review_files import read_plots
from zmd_layout.web import reading
from zmd_layout.web.reading import PlotReader

CRS = "EPSG:4547"


@pytest.fixture
def reader() -> Iterator[PlotReader]:
    made = PlotReader()
    yield made
    made.close()


@pytest.fixture
def plots(tmp_path: Path) -> Path:
    path = tmp_path / "plots.geojson"
    return write_geojson(path, [({"name": "甲", "planned_residents": 9000}, square(0, 0, 0.01))])


def test_a_file_read_apart_is_the_same_as_read_here(reader: PlotReader, plots: Path) -> None:
    apart, here = reader.read(plots, working_crs=CRS), read_plots(plots, working_crs=CRS)
    assert apart.frame.equals(here.frame)
    assert (apart.coordinates, apart.notes) == (here.coordinates, here.notes)


def test_a_refusal_comes_back_as_it_was_made(reader: PlotReader, tmp_path: Path) -> None:
    (tmp_path / "plots.geojson").write_text("<OGRVRTDataSource/>")
    for read in (reader.read, read_plots):
        with pytest.raises(LayerError) as caught:
            read(tmp_path / "plots.geojson", working_crs=CRS)
        assert [message.key for message in caught.value.messages] == ["formats.refused"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a file that never ends needs a pipe")
def test_a_file_that_never_ends_is_given_up_and_the_next_is_read(
    tmp_path: Path, plots: Path
) -> None:
    endless = tmp_path / "endless.geojson"
    os.mkfifo(endless)
    reader = PlotReader(seconds=1.0)
    try:
        reader.read(plots, working_crs=CRS)
        start = time.monotonic()
        with pytest.raises(LayerError) as caught:
            reader.read(endless, working_crs=CRS)
        assert caught.value.messages[0].key == "web.reading_long"
        assert time.monotonic() - start < 30
        reader = PlotReader(seconds=60.0)
        assert len(reader.read(plots, working_crs=CRS).frame) == 1
    finally:
        reader.close()


def test_a_reader_that_died_is_replaced(reader: PlotReader, plots: Path) -> None:
    reader.read(plots, working_crs=CRS)
    assert reader._process is not None
    reader._process.kill()
    reader._process.join()
    assert len(reader.read(plots, working_crs=CRS).frame) == 1


def test_the_reader_knows_no_driver_that_reaches_beyond_a_file() -> None:
    """What would be followed if the checks of formats failed is not there to be followed."""
    program = (
        "import os\n"
        "from zmd_layout.web.reading import _REACHING_DRIVERS\n"
        "os.environ['OGR_SKIP'] = ','.join(_REACHING_DRIVERS)\n"
        "import pyogrio\n"
        "print(set(pyogrio.list_drivers()) & set(_REACHING_DRIVERS))\n"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
    assert reading.MOST_SECONDS <= 60


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux alone")
def test_a_file_that_takes_all_memory_is_refused_and_the_next_is_read(
    reader: PlotReader, tmp_path: Path, plots: Path
) -> None:
    """Each of 20,000 features has a field of its own: 1 MB makes 400 million cells."""
    features = [
        {"type": "Feature", "properties": {f"f{n}": 1}, "geometry": None} for n in range(20_000)
    ]
    wide = tmp_path / "wide.geojson"
    wide.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with pytest.raises(LayerError, match=r"wide\.geojson"):
        reader.read(wide, working_crs=CRS)
    assert len(reader.read(plots, working_crs=CRS).frame) == 1
