"""Questions of an analyst, each a line: compared with answers worked out another way."""

from __future__ import annotations

from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from test_door_frames import DAY, frame

import zmd_layout
from zmd_layout.errors import ArgumentError, LayerError
from zmd_layout.study import Study

PRIMARY = "indicator-primary-per-10000-residents"


@pytest.fixture
def line_world() -> Study:
    """Three hamlets and two schools on a line of road from west to east, in metres."""
    import shapely

    def shape(geometry: shapely.Geometry) -> Any:
        return shapely.geometry.mapping(geometry)

    ages = {"residents": 100, "residents_5_9": 60, "residents_10_14": 40}
    east = {"unit_id": "411721", "name": "西县", "kind": "county", **ages}
    east |= {"residents": 300, "residents_5_9": 180, "residents_10_14": 120}
    crs = "EPSG:4547"
    x, y = 500_000.0, 3_650_000.0
    area = shapely.box(x - 1_000, y - 1_000, x + 11_000, y + 1_000)
    hamlets = [
        ({"unit_id": f"41172110020{n}", "name": f"村{n}", **ages}, shape(shapely.Point(x + at, y)))
        for n, at in enumerate((0.0, 4_000.0, 10_000.0))
    ]
    schools = [
        (
            {"school_id": key, "name": key, "stages": "primary", "seats": seats},
            shape(shapely.Point(x + at, y)),
        )
        for key, at, seats in (("west", 1_000.0, 90), ("east", 9_000.0, 500))
    ]
    road = [
        (
            {"highway": "residential", "oneway": "no"},
            shape(shapely.LineString([(x, y), (x + 10_000, y)])),
        )
    ]
    return Study.from_frames(
        counties=frame([(east, shape(area))], crs), villages=frame(hamlets, crs),
        schools=frame(schools, crs), roads=frame(road, crs), as_of=DAY,
        years={"counties": 2020, "villages": 2020},
    )  # fmt: skip


def test_each_village_has_its_nearest_school(line_world: Study) -> None:
    ways = zmd_layout.nearest_school(line_world, "primary")
    assert ways.index.name == "unit_id"
    assert ways["school_id"].tolist() == ["west", "west", "east"]
    assert np.allclose(ways["distance_m"], [1_000, 3_000, 1_000])
    faster = zmd_layout.nearest_school(line_world, "primary", mode="drive")
    assert (faster["minutes"] < ways["minutes"]).all()


def test_ways_from_places_of_ones_own_keep_their_index(line_world: Study) -> None:
    points = gpd.points_from_xy([502_000.0, 508_000.0], [3_650_000.0] * 2)
    mine = gpd.GeoDataFrame(index=["b", "a"], geometry=points, crs="EPSG:4547")
    ways = zmd_layout.nearest_school(line_world, "primary", places=mine.to_crs("EPSG:4326"))
    assert ways["school_id"].to_dict() == {"b": "west", "a": "east"}


def test_villages_known_by_the_users_index_answer_on_it(line_world: Study) -> None:
    villages = line_world._tables["villages"].frame.drop(columns="unit_id").set_axis([7, 3, 5])
    tables = {name: table.frame for name, table in line_world._tables.items()}
    study = Study.from_frames(**{**tables, "villages": villages}, as_of=DAY)
    ways = zmd_layout.nearest_school(study, "primary")
    assert ways["name"].to_dict() == {7: "村0", 3: "村1", 5: "村2"}


def test_service_areas_grow_with_the_minutes_and_hold_their_places(line_world: Study) -> None:
    ways = zmd_layout.nearest_school(line_world, "primary")
    areas = zmd_layout.service_areas(line_world, "primary", minutes=(60, 10), cell_m=100)
    assert areas["minutes"].is_monotonic_increasing
    for limit, rows in areas.groupby("minutes"):
        within = ways.geometry.apply(
            lambda point, rows=rows: bool(rows.distance(point).min() < 150)
        )
        assert within.tolist() == (ways["minutes"] <= limit).tolist()


def test_catchments_share_the_children_out(line_world: Study) -> None:
    areas = zmd_layout.catchments(line_world, "primary", cell_m=100)
    assert areas["children"].to_dict() == pytest.approx(
        {"west": 2 * areas["children"]["east"], "east": areas["children"]["east"]}
    )
    assert areas.area.sum() <= 24e6 * 1.01


def test_schools_over_their_seats_are_found(small_city: Study) -> None:
    table = zmd_layout.seats(small_city, by="school", stage="primary")
    frame = table.set_index("school_id")
    assert (
        frame["gap"].dropna() == (frame["enrolment"] - frame["seats"]).clip(lower=0).dropna()
    ).all()
    units = zmd_layout.seats(small_city, year=2030, by="township")
    assert set(units["year"]) == {2030}
    assert np.allclose(
        (units["needed_middle"] - units["seats"]).clip(lower=0), units["gap_middle"], equal_nan=True
    )


def test_fewer_births_change_only_those_who_are_not_born(small_city: Study) -> None:
    as_is = zmd_layout.school_age_population(small_city)
    fewer = zmd_layout.school_age_population(small_city.births(0.8))
    born = as_is["is_born"]
    assert np.allclose(as_is["middle"][born], fewer["middle"][born])
    later = (as_is["year"] == 2035) & (as_is["stage"] == "kindergarten")
    assert np.allclose(fewer["middle"][later], 0.8 * as_is["middle"][later])


def test_another_number_is_an_assumption_and_names_itself(small_city: Study) -> None:
    tried = small_city.with_number(PRIMARY, "residents_per_school", 5_000)
    before, after = (zmd_layout.why(one, "确山县", PRIMARY) for one in (small_city, tried))
    assert after["numbers"] == {"residents_per_school": 5_000.0}
    assert after["required"] in {2 * before["required"], 2 * before["required"] + 1}
    assert after["basis"] == "assumption"
    assert tried.name.en.endswith("(scenario)")
    assert small_city.what_if.numbers == {}


@pytest.mark.parametrize(
    ("rule", "name", "word"), [("no-such", "x", "no-such"), (PRIMARY, "per_school", "per_school")]
)
def test_a_number_that_no_rule_has_is_refused(
    small_city: Study, rule: str, name: str, word: str
) -> None:
    with pytest.raises(ArgumentError, match=word):
        zmd_layout.check(small_city.with_number(rule, name, 1))


def test_a_rule_is_known_by_its_title(small_city: Study) -> None:
    by_id = zmd_layout.why(small_city, "411725", PRIMARY)
    by_title = zmd_layout.why(small_city, "411725", by_id["title"])
    assert by_title["rule_id"] == PRIMARY
    with pytest.raises(ArgumentError, match="411799"):
        zmd_layout.why(small_city, "411799", PRIMARY)


def test_closing_and_opening_change_where_children_go(line_world: Study) -> None:
    closed = zmd_layout.nearest_school(line_world.close("west"), "primary")
    assert set(closed["school_id"]) == {"east"}
    place = gpd.points_from_xy([504_000.0], [3_650_000.0])
    new = gpd.GeoDataFrame({"name": ["新"], "stages": ["primary"]}, index=["mid"], geometry=place)
    study = line_world.open(new.set_crs("EPSG:4547"))
    opened = zmd_layout.nearest_school(study, "primary")
    assert opened["school_id"].tolist() == ["west", "mid", "east"]
    findings = zmd_layout.check(study)
    is_counted = (findings["rule_id"] == PRIMARY) & (findings["unit_kind"] == "county")
    assert findings.loc[is_counted, "measured"].tolist() == [3.0]
    assert findings.loc[is_counted, "is_synthetic"].all()
    with pytest.raises(LayerError, match="nowhere"):
        zmd_layout.check(line_world.close(["nowhere"]))
    with pytest.raises(LayerError, match="west"):
        zmd_layout.check(line_world.open(new.set_axis(["west"]).set_crs("EPSG:4547")))


def test_scenarios_are_compared_in_memory(line_world: Study) -> None:
    changed = zmd_layout.compare(line_world, line_world.close(["west"]))
    assert set(changed.changes["unit_id"]) >= {"411721"}
    row = changed.changes.set_index("rule_id").loc[PRIMARY]
    assert (row["measured_before"], row["measured_after"]) == (2.0, 1.0)
    assert isinstance(changed.map(), folium.Map)
    assert zmd_layout.compare(line_world, zmd_layout.check(line_world)).changes.empty
    with pytest.raises(ArgumentError, match="int"):
        zmd_layout.compare(line_world, 3)  # type: ignore[arg-type]


def test_a_problem_is_solved_on_ids(line_world: Study) -> None:
    problem = zmd_layout.location_problem(line_world, "primary", new=1)
    found = zmd_layout.location.solve(problem)
    assert found.assignment.index.tolist() == ["411721100200", "411721100201", "411721100202"]
    # one site among three hamlets of equal size: the middle one
    assert found.open_sites[0].endswith("411721100201")
    assert found.objective == pytest.approx(problem.demands[0] * 10_000, rel=1e-3)


def test_a_capacity_leaves_children_unserved(line_world: Study) -> None:
    problem = zmd_layout.location_problem(line_world, "primary", new=1, capacity=80)
    found = zmd_layout.location.solve(problem)
    served = problem.demands[found.assignment.notna().to_numpy()]
    assert served.max() <= 80
    both = zmd_layout.location_problem(line_world, "primary", new=1, capacity=80, standing=True)
    assert both.site_labels is not None
    assert dict(zip(both.site_labels[:2], both.capacities[:2], strict=True)) == {
        "east": 500,
        "west": 90,
    }


def test_a_question_is_refused_in_words(line_world: Study) -> None:
    ask = zmd_layout
    refused: list[Any] = [
        (lambda: ask.nearest_school(line_world, "primry"), "primry"),
        (lambda: ask.nearest_school(line_world, "senior"), "schools"),
        (lambda: ask.nearest_school(line_world, "primary", places="hamlets"), "hamlets"),
        (lambda: ask.nearest_school(line_world, "primary", mode="fly"), "fly"),
        (lambda: ask.seats(line_world, year=1999), "1999"),
        (lambda: ask.seats(line_world, by="village"), "village"),
        (lambda: ask.location_problem(line_world, "primary", new=1, county="1"), "411721"),
    ]
    for call, word in refused:
        with pytest.raises(ArgumentError, match=word):
            call()


def test_results_open_as_maps(small_city: Study) -> None:
    pytest.importorskip("mapclassify")  # geopandas needs it to draw; it is no dependency of ours
    ways = zmd_layout.nearest_school(small_city, "primary")
    areas = zmd_layout.catchments(small_city, "junior", cell_m=1000)
    for table in (ways, areas, zmd_layout.check(small_city)):
        assert isinstance(table.dropna(subset="geometry").explore(), folium.Map)


def test_the_demand_curve_is_drawn(small_city: Study) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    axes = zmd_layout.plot_demand(small_city, "primary", unit_id="411725", lang="en")
    table = zmd_layout.school_age_population(small_city)
    rows = table[(table["stage"] == "primary") & table["is_born"]]
    assert axes.lines[0].get_ydata() == pytest.approx(rows["middle"].to_numpy())
    plt.close("all")


def test_a_changed_file_is_read_again(make_study: Any) -> None:
    from test_door_names import SCHOOLS_TOML, make_schools

    from conftest import COUNTIES, write_geojson

    folder = make_study(SCHOOLS_TOML)
    make_schools(folder)
    study = zmd_layout.load_study(folder)
    here = {"places": "counties"}
    assert len(zmd_layout.nearest_school(study, "primary", **here)) == 3
    write_geojson(folder / "counties.geojson", COUNTIES[:2])
    assert len(zmd_layout.nearest_school(study, "primary", **here)) == 2


def test_a_question_twice_reads_the_layers_once(
    line_world: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zmd_layout.workflow.questions import opened

    first = zmd_layout.nearest_school(line_world, "primary")

    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(opened, "load", fail)
    pd.testing.assert_frame_equal(first, zmd_layout.nearest_school(line_world, "primary"))
