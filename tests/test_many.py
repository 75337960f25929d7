"""Many studies: each sees its neighbours near the border, one that fails stops no other."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from jobs_that_die import always_die, die_once

import zmd_layout
from conftest import LAT, LON, point, square, write_geojson
from zmd_layout.cli import main
from zmd_layout.errors import StudyError
from zmd_layout.layers import load_layers
from zmd_layout.layers.layer import Layer, Origin
from zmd_layout.layers.roads import RoadTables, roads_near
from zmd_layout.measures.access import BEYOND
from zmd_layout.outputs.table import to_csv
from zmd_layout.workflow.executors import Where, do_all
from zmd_layout.workflow.halo import Halo, joined_roads, with_halo
from zmd_layout.workflow.jobs import Area, Job, basis_of
from zmd_layout.workflow.many import Many, run_many

WAY = "primary-access-remote-village"
STUDY = """
[study]
id = "{id}"
name = {{zh = "{id}县", en = "{id}"}}
as_of = 2025-12-31
plan_period = [2021-01-01, 2025-12-31]

[layers.counties]
path = "counties.geojson"
coordinates = "wgs84"
[layers.villages]
path = "villages.geojson"
coordinates = "wgs84"
[layers.schools]
path = "schools.geojson"
coordinates = "wgs84"
is_complete = true
[layers.roads]
path = "roads.geojson"
coordinates = "wgs84"
"""


class Here(Where):
    """Do jobs in the process of the test: what is tested is not the pool."""

    @contextmanager
    def executor(self, attempt: int = 0) -> Iterator[Executor]:  # noqa: ARG002, D102 - as there
        with ThreadPoolExecutor(1) as executor:
            yield executor


def county(folder: Path, unit_id: str, *, east: float, school: float, village: float) -> Path:
    """Write a county of a tenth of a degree, with a road through it, a school and a village."""
    folder.mkdir(parents=True)
    about = {"unit_id": unit_id, "name": f"县{unit_id}", "kind": "county", "residents": 500_000}
    write_geojson(folder / "counties.geojson", [(about, square(east, 0))])
    here = {"unit_id": f"{unit_id}001201", "name": "村", "township_id": f"{unit_id}001"}
    write_geojson(folder / "villages.geojson", [(here, point(village, 0.05))])
    taught = {
        "school_id": f"S{unit_id}", "name": "小学", "stages": "primary", "status": "operating",
        "is_teaching_point": False,
    }  # fmt: skip
    write_geojson(folder / "schools.geojson", [(taught, point(school, 0.05))])
    ends = [
        [LON + east, LAT + 0.05],
        [LON + east + 0.05, LAT + 0.05],
        [LON + east + 0.1, LAT + 0.05],
    ]
    road = {"type": "LineString", "coordinates": ends}
    write_geojson(folder / "roads.geojson", [({"highway": "tertiary", "oneway": "no"}, road)])
    (folder / "study.toml").write_text(STUDY.format(id=f"c{unit_id}"), "utf-8")
    return folder / "study.toml"


def make_province(folder: Path) -> Path:
    """Two counties side by side and one far away."""
    # the village of the west is near the school of the east, over the border at 0.1
    county(folder / "west", "411721", east=0.0, school=0.01, village=0.095)
    county(folder / "east", "411722", east=0.1, school=0.105, village=0.19)
    county(folder / "far", "411723", east=0.6, school=0.65, village=0.65)
    return folder


def run(province: Path) -> Many:
    return run_many(province, out=province.parent / "out", where=Here())


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def province(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZMD_CACHE", str(tmp_path / "cache"))
    return make_province(tmp_path / "province")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Many:
    """Give what came of the three, run once; nothing may be changed."""
    folder = tmp_path_factory.mktemp("many")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZMD_CACHE", str(folder / "cache"))
        return run(make_province(folder / "province"))


def test_a_village_at_the_border_goes_to_the_school_beyond_it(many: Many) -> None:
    rows = [row for row in rows_of(many.paths["findings.csv"]) if row["rule_id"] == WAY]
    metres = {row["study_id"]: float(row["measured"]) for row in rows}
    # by road a hundredth of a degree of longitude, 934 m; the own school is 7.9 km away
    assert metres["c411721"] == pytest.approx(934, abs=150)
    assert metres["c411723"] == pytest.approx(0, abs=15)


def test_a_batch_finds_what_a_study_finds_alone_with_its_halo(many: Many) -> None:
    (west,) = [one for one in many.done if one.study_id == "c411721"]
    province = west.out.parents[1] / "province"
    study = zmd_layout.load_study(province / "west")
    halo = Halo((province / "east" / "study.toml",), is_kept=False)
    alone = to_csv(zmd_layout.run(study, halo=halo).findings)
    assert alone == (west.out / "findings.csv").read_bytes().decode("utf-8-sig")
    assert alone != to_csv(zmd_layout.check(study))


def test_schools_beyond_the_border_are_counted_nowhere(many: Many) -> None:
    (west,) = [one for one in many.done if one.study_id == "c411721"]
    rows = rows_of(west.out / "findings.csv")
    assert {row["unit_id"] for row in rows if row["unit_kind"] == "school"} == {"S411721"}
    rule = "indicator-primary-per-10000-residents"
    (count,) = [r for r in rows if r["rule_id"] == rule and r["unit_kind"] == "county"]
    assert float(count["measured"]) == 1


def test_merged_files_hold_all_studies_and_no_part_of_a_city_as_the_city(many: Many) -> None:
    whole = [row for one in many.done for row in rows_of(one.out / "findings.csv")]
    parts = [row for row in whole if row["unit_kind"] == "city"]
    assert parts  # each county calls itself the city 411700
    assert len(rows_of(many.paths["findings.csv"])) == len(whole) - len(parts)
    record = json.loads(many.paths["run.json"].read_text("utf-8"))
    assert record["cities_in_parts"] == ["411700"]
    assert many.paths["gap_map.html"].stat().st_size < 10_000_000


def test_merged_geoparquet_has_every_finding_in_its_place(many: Many) -> None:
    pytest.importorskip("pyarrow")
    table = gpd.read_parquet(many.paths["findings.parquet"])
    assert len(table) == len(rows_of(many.paths["findings.csv"]))
    assert table.crs.to_epsg() == 4490
    west = table[(table["study_id"] == "c411721") & (table["unit_kind"] == "county")]
    assert west.geometry.iloc[0].centroid.x == pytest.approx(LON + 0.05, abs=1e-3)


def test_a_study_that_fails_is_told_and_the_others_stand_when_it_is_mended(province: Path) -> None:
    villages = province / "far" / "villages.geojson"
    before = villages.read_bytes()
    villages.write_text("{}", "utf-8")
    first = run(province)
    assert [one.study_id for one in first.failed] == ["c411723"]
    assert "villages" in first.failed[0].fault
    told = {row["study_id"]: row["fault"] for row in rows_of(first.paths["studies.csv"])}
    assert told["c411723"]
    assert not told["c411721"]
    merged = len(rows_of(first.paths["findings.csv"]))
    left = first.failed[0].out / ".zmd-left"  # of a process that was killed while it wrote
    left.mkdir(parents=True)
    villages.write_bytes(before)
    second = run(province)
    stood = {one.study_id: one.has_stood for one in second.done}
    assert stood == {"c411721": True, "c411722": True, "c411723": False}
    assert len(rows_of(second.paths["findings.csv"])) > merged
    assert not left.exists()


def test_results_rest_on_the_schools_of_neighbours_too(province: Path) -> None:
    file = province / "west" / "study.toml"
    halo = Halo((province / "east" / "study.toml",))
    job = Job(Area(file), province, halo)
    study = zmd_layout.load_study(file)
    before = basis_of(study, job)
    (province / "east" / "villages.geojson").write_text("{}", "utf-8")
    school = province / "east" / "schools.geojson"
    school.write_text(school.read_text("utf-8").replace("operating", "closed"), "utf-8")
    after = basis_of(study, job)
    assert before is not None
    assert before != after


def test_a_neighbour_that_cannot_be_read_is_left_out_and_told(province: Path) -> None:
    (province / "east" / "schools.geojson").write_text("{}", "utf-8")
    study = zmd_layout.load_study(province / "west")
    halo = Halo((province / "east" / "study.toml",), is_kept=False)
    layers = with_halo(load_layers(study), study, halo)
    assert BEYOND not in layers
    assert "east" in layers["schools"].origin.notes[-1].text("en")


def test_two_studies_of_one_id_are_refused(province: Path) -> None:
    text = (province / "east" / "study.toml").read_text("utf-8")
    (province / "far" / "study.toml").write_text(text, "utf-8")
    with pytest.raises(StudyError) as error:
        run(province)
    assert "c411722" in error.value.text("en")


def test_a_folder_without_studies_is_no_folder_of_studies(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--lang", "en", "run", str(tmp_path)])
    assert done.exit_code == 1
    assert "study.toml" in done.output


def test_jobs_whose_process_died_are_done_again_in_a_new_pool(tmp_path: Path) -> None:
    jobs = [tmp_path / name for name in ("sound-a", "weak", "sound-b")]
    found = do_all(Where(workers=2), die_once, jobs, check=lambda _: "")
    assert found == [("sound-a", ""), ("weak", ""), ("sound-b", "")]


def test_a_job_that_kills_each_process_is_given_up_and_told(tmp_path: Path) -> None:
    found = do_all(Where(workers=1), always_die, [tmp_path / "weak"], check=lambda _: "")
    assert found[0][0] is None
    assert "BrokenProcessPool" in found[0][1]


def tables(nodes: dict[int, tuple[float, float]], *edges: tuple[int, int]) -> RoadTables:
    places = [(node, x, y) for node, (x, y) in nodes.items()]
    ways = [(u, v, math.dist(nodes[u], nodes[v]), "tertiary", False) for u, v in edges]
    return RoadTables(
        pd.DataFrame(places, columns=["node_id", "x", "y"]),
        pd.DataFrame(ways, columns=["u", "v", "length_m", "highway", "oneway"]),
    )


def test_of_an_extract_the_stretches_that_reach_into_a_zone_are_kept_whole() -> None:
    roads = tables({1: (0, 0), 2: (50, 0), 3: (500, 0), 4: (900, 0)}, (1, 2), (2, 3), (3, 4))
    near = roads_near(roads, shapely.box(-10, -10, 100, 10))
    assert near.edges[["u", "v"]].to_numpy().tolist() == [[1, 2], [2, 3]]
    assert near.nodes["node_id"].tolist() == [1, 2, 3]


def test_roads_of_two_extracts_join_at_the_node_that_both_have() -> None:
    west = tables({1: (0, 0), 2: (100, 0)}, (1, 2))
    east = tables({1: (0, 0), 2: (100, 0), 3: (150, 0), 9: (9_000, 0)}, (1, 2), (2, 3), (3, 9))
    nothing = gpd.GeoDataFrame(geometry=[], crs="EPSG:4547")
    own, other = (Layer("roads", nothing, Origin(), roads) for roads in (west, east))
    joined = joined_roads(own, [other], shapely.box(-10, -10, 120, 10))
    assert joined.roads is not None
    assert joined.roads.edges[["u", "v"]].to_numpy().tolist() == [[1, 2], [2, 3]]
    assert joined.roads.nodes["node_id"].tolist() == [1, 2, 3]


def test_a_cluster_does_the_jobs_of_a_worker_that_died(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    jobs = [tmp_path / name for name in ("sound-a", "weak", "sound-b")]
    local = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    )
    with local as cluster:
        where = Where(scheduler=cluster.scheduler_address)
        found = do_all(where, die_once, jobs, check=lambda _: "")
    assert found == [("sound-a", ""), ("weak", ""), ("sound-b", "")]


def test_a_scheduler_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("zmd_layout.workflow.executors.PATIENCE_S", 0.5)
    with pytest.raises(StudyError) as error:
        do_all(Where(scheduler="tcp://127.0.0.1:9"), die_once, [Path("x")], check=lambda _: "")
    assert "tcp://127.0.0.1:9" in error.value.text("en")
