"""What a study sees of its neighbours: in other planes, of extracts, where layers are lacking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from test_many import county

import zmd_layout
from conftest import COUNTIES, LAT, LON
from zmd_layout.errors import StudyError
from zmd_layout.layers import load_layers
from zmd_layout.measures.access import BEYOND
from zmd_layout.workflow import running
from zmd_layout.workflow.halo import Halo, with_halo
from zmd_layout.workflow.jobs import Area, Job, area_of, basis_of, do
from zmd_layout.workflow.many import run_many

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zmd_layout.layers import Layer, Layers


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep what is remembered between runs out of the user's cache."""
    monkeypatch.setenv("ZMD_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """Give two counties side by side, each with a road from end to end."""
    folder = tmp_path / "province"
    county(folder / "west", "411721", east=0.0, school=0.01, village=0.095)
    county(folder / "east", "411722", east=0.1, school=0.105, village=0.19)
    return folder


def edit(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


def seen_from_west(province: Path) -> Layers:
    study = zmd_layout.load_study(province / "west")
    halo = Halo((province / "east" / "study.toml",), is_kept=False)
    return with_halo(load_layers(study), study, halo)


def as_extract(folder: Path, east: float) -> None:
    """Write the road of a county as an extract, its ends shared with the county beside it."""
    first = round(east * 10)
    nodes = "".join(
        f'<node id="{first + n + 1}" version="1" lon="{LON + east + 0.1 * n}" lat="{LAT + 0.05}"/>'
        for n in range(2)
    )
    way = f'<way id="{first + 1}" version="1"><nd ref="{first + 1}"/><nd ref="{first + 2}"/>'
    way += '<tag k="highway" v="tertiary"/></way>'
    text = f'<?xml version="1.0"?><osm version="0.6">{nodes}{way}</osm>'
    (folder / "roads.osm").write_text(text, "utf-8")
    edit(folder / "study.toml", ('"roads.geojson"\ncoordinates = "wgs84"', '"roads.osm"'))


def places(roads: Layer) -> np.ndarray:
    """Give where roads run, in the plane of the study, in order."""
    if roads.roads is not None:
        found = roads.roads.nodes[["x", "y"]].to_numpy()
    else:
        found = roads.frame.get_coordinates().to_numpy()
    return found[np.lexsort(found.T)]


@pytest.mark.parametrize("form", ["lines", "extracts"])
def test_roads_of_a_neighbour_in_another_plane_come_into_the_studys_own(
    pair: Path, form: str
) -> None:
    if form == "extracts":
        as_extract(pair / "west", 0.0)
        as_extract(pair / "east", 0.1)
    alike = places(seen_from_west(pair)["roads"])
    edit(pair / "east" / "study.toml", ("plan_period", 'crs = "EPSG:4548"\nplan_period'))
    seen = seen_from_west(pair)
    assert places(seen["roads"]) == pytest.approx(alike, abs=0.01)
    assert np.ptp(alike[:, 0]) > 15_000  # the road goes on beyond the border
    assert seen[BEYOND].frame.crs == "EPSG:4547"


def test_a_study_without_roads_or_schools_sees_only_what_it_has_layers_for(pair: Path) -> None:
    file = pair / "west" / "study.toml"
    whole = file.read_text("utf-8")
    file.write_text(whole.partition("[layers.roads]")[0], "utf-8")
    assert set(seen_from_west(pair)) == {"counties", "villages", "schools", BEYOND}
    file.write_text(whole.partition("[layers.schools]")[0], "utf-8")
    (pair / "east" / "schools.geojson").write_text("{}", "utf-8")  # nobody can be told of it
    assert set(seen_from_west(pair)) == {"counties", "villages"}


def test_results_do_not_stand_on_a_layer_that_is_gone_or_reads_elsewhere(pair: Path) -> None:
    file = pair / "west" / "study.toml"
    study = zmd_layout.load_study(file)
    job = Job(Area(file), pair, Halo())
    assert basis_of(study, job) is not None
    (pair / "west" / "roads.geojson").unlink()
    assert basis_of(study, job) is None
    edit(file, ('"roads.geojson"', '"roads.vrt"'))
    (pair / "west" / "roads.vrt").write_text("<OGRVRTDataSource/>", "utf-8")
    assert basis_of(zmd_layout.load_study(file), job) is None


def test_results_that_somebody_wrote_into_are_made_again(
    pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "missing_packages", lambda: ["matplotlib"])  # no documents
    file = pair / "west" / "study.toml"
    job = Job(area_of(file), pair.parent / "out", Halo())
    first = do(job)
    assert (first.fault, first.has_stood) == ("", False)
    assert do(job).has_stood
    findings = job.out / "findings.csv"
    whole = findings.read_bytes()
    findings.write_bytes(b"mine")
    again = do(job)
    assert (again.has_stood, again.counts) == (False, first.counts)
    assert findings.read_bytes() == whole


def test_a_study_without_polygons_is_nowhere_and_has_no_neighbours(
    make_study: Callable[..., Path],
) -> None:
    folder = make_study(counties=[(about, None) for about, _ in COUNTIES])
    found = area_of(folder / "study.toml")
    assert (found.study_id, found.name, found.shape, found.fault) == ("small", "小世界", None, "")


def test_a_folder_that_holds_no_study_cannot_be_run_as_many(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudyError) as caught:
        run_many(tmp_path / "empty", out=tmp_path / "out")
    assert [fault.key for fault in caught.value.messages] == ["many.none"]
    assert not (tmp_path / "out").exists()
