"""Where a study says little: no villages, no counties, no time, one county asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import pytest
import shapely

import zmd_layout
from conftest import LAT, LON, point, square, write_geojson
from zmd_layout.errors import SitingError
from zmd_layout.location.highs import MipResult, MipStatus
from zmd_layout.messages import Message, word_message
from zmd_layout.siting.stage_state import Aim, SitingOptions
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zmd_layout.siting.suggest import Suggestions

AGES = {"residents_0_4": 300, "residents_5_9": 300, "residents_10_14": 300, "residents_15_19": 300}
WEST = {"unit_id": "411721", "name": "西县", "kind": "county", "residents": 30000}
FAR = ({"school_id": "p1", "name": "一小", "stages": "primary"}, point(0.01, 0.01))
PRIVATE = ({"school_id": "k1", "stages": "kindergarten", "ownership": "private"}, point(0.01, 0.01))


def layers(tmp_path: Path, tables: dict[str, Any]) -> str:
    """Write layers beside a study and declare them."""
    for name, rows in tables.items():
        write_geojson(tmp_path / f"{name}.geojson", rows)
    return "".join(
        f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
        for name in tables
    )


@pytest.fixture
def site(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., Suggestions]:
    """Give a function that suggests schools of a stage in one county with some layers."""

    def made(
        stage: str,
        *,
        counties: Any = None,
        told: Callable[[Message], None] | None = None,
        options: dict[str, Any] | None = None,
        **tables: Any,
    ) -> Suggestions:
        folder = make_study(layers(tmp_path, tables), counties=counties or [(WEST, square(0, 0))])
        asked = zmd_layout.load_study(folder).with_plan(include_indicators=True)
        return zmd_layout.site(
            asked, stage=stage, options=SitingOptions(**options or {}),
            progress=told,
        )  # fmt: skip

    return made


def people(east: float, north: float, residents: int) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"residents": residents, **AGES}, point(east, north)


def town(number: int, east: float, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        {"unit_id": f"41172110{number}", "name": f"{number}镇", "kind": "town", **more},
        square(east, 0, 0.05),
    )


def degrees(shape: shapely.Geometry) -> tuple[float, float]:
    """Give where a point of the study's plane lies, as `point` takes it."""
    plane = pyproj.Transformer.from_crs("EPSG:4547", "EPSG:4490", always_xy=True)
    x, y = plane.transform(shape.x, shape.y)
    return x - LON, y - LAT


def road(*ends: tuple[float, float]) -> tuple[dict[str, Any], dict[str, Any]]:
    line = [point(*end)["coordinates"] for end in ends]
    return {"highway": "residential", "oneway": "no"}, {"type": "LineString", "coordinates": line}


def test_with_no_place_to_suggest_the_need_stays_and_is_told(
    site: Callable[..., Suggestions],
) -> None:
    found = site("primary", population=[people(0.05, 0.05, 9000)], schools=[FAR])
    assert found.table.empty
    assert {need.unit_id for need in found.unmet} == {"411721"}
    assert {need.stage for need in found.unmet} == {"primary"}


def test_a_town_without_villages_gets_its_school_where_most_people_live_or_in_its_middle(
    site: Callable[..., Suggestions],
) -> None:
    found = site(
        "kindergarten", townships=[town(1, 0), town(2, 0.05)], schools=[PRIVATE],
        population=[people(0.01, 0.03, 4000), people(0.04, 0.02, 9000)],
    )  # fmt: skip
    table = found.table.set_index("name")
    assert table["candidate_kind"].unique().tolist() == ["road_node"]
    assert degrees(table.geometry["1镇"]) == pytest.approx((0.04, 0.02), abs=1e-6)
    # nobody is counted in the second town: it owes a kindergarten, and nothing says where
    assert degrees(table.geometry["2镇"]) == pytest.approx((0.075, 0.025), abs=0.005)


def test_with_roads_a_town_without_villages_gets_its_school_on_the_road_next_to_most_people(
    site: Callable[..., Suggestions],
) -> None:
    crossing, end = (0.035, 0.02), (0.048, 0.04)
    found = site(
        "kindergarten", townships=[town(1, 0)], schools=[PRIVATE],
        population=[people(0.01, 0.03, 4000), people(0.04, 0.021, 9000)],
        roads=[
            road((0.005, 0.02), crossing), road(crossing, end), road(crossing, (0.03, 0)),
        ],
    )  # fmt: skip
    place = shapely.Point(degrees(found.table.geometry.iloc[0]))
    assert place.distance(shapely.LineString([crossing, end])) < 1e-6  # half a metre
    assert place.distance(shapely.Point(0.04, 0.021)) < 0.004


def test_a_town_that_does_not_name_its_county_is_asked_about_with_the_county_of_its_number(
    site: Callable[..., Suggestions],
) -> None:
    tables = {
        "townships": [town(1, 0, county_id=None), town(2, 0.05, county_id="411721")],
        "schools": [PRIVATE], "population": [people(0.01, 0.03, 4000)],
    }  # fmt: skip
    mine = site("kindergarten", options={"county_id": "411721"}, **tables)
    assert mine.table["name"].tolist() == ["1镇", "2镇"]
    assert mine.table["county_id"].unique().tolist() == ["411721"]
    assert site("kindergarten", options={"county_id": "411722"}, **tables).table.empty


def test_of_many_points_the_most_populous_stand_for_their_neighbours_and_that_is_flagged(
    site: Callable[..., Suggestions],
) -> None:
    tables = {
        "townships": [town(1, 0)], "schools": [PRIVATE],
        "population": [people(0.01 * n, 0.03, 2000 * n) for n in range(1, 5)],
    }  # fmt: skip
    whole = site("kindergarten", **tables).table.iloc[0]
    joined = site("kindergarten", options={"most_points": 2}, **tables).table.iloc[0]
    assert "points_joined" in joined["flags"]
    assert "points_joined" not in whole["flags"]
    # what is reported is of all points, whatever the search looked at
    assert joined["children_served"] == whole["children_served"]


def test_where_the_time_is_over_before_any_answer_no_place_is_claimed_and_the_need_stays(
    site: Callable[..., Suggestions], monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = MipResult(
        status=MipStatus.UNKNOWN, objective=np.inf, bound=-np.inf, values=np.empty(0),
        row_duals=np.empty(0), reduced_costs=np.empty(0), nodes=0, simplex_iterations=0,
        is_ended_by_time=True,
    )  # fmt: skip
    monkeypatch.setattr("zmd_layout.siting.placement.solve_mip", lambda *_, **__: nothing)
    found = site(
        "kindergarten", townships=[town(1, 0)], schools=[PRIVATE],
        population=[people(0.01, 0.03, 4000)],
    )  # fmt: skip
    assert found.table.empty
    assert [need.unit_id for need in found.unmet] == ["411721101"]


def test_whoever_waits_is_told_which_stage_is_being_placed(
    site: Callable[..., Suggestions],
) -> None:
    tables = {
        "townships": [town(1, 0)], "schools": [PRIVATE, FAR],
        "villages": [({"unit_id": "v1", "residents": 9000, **AGES}, point(0.04, 0.04))],
    }  # fmt: skip
    for stage, options in (
        ("kindergarten", {}), ("primary", {"aim": Aim.TRAVEL, "new_count": 1}),
    ):  # fmt: skip
        told: list[Message] = []
        site(stage, told=told.append, options=options, **tables)
        placing = [message for message in told if message.key == "sites.placing"]
        assert [dict(message.args)["stage"] for message in placing] == [word_message(Stage(stage))]


def test_with_every_bottom_line_drawn_all_of_them_are_named_as_checked(
    site: Callable[..., Suggestions],
) -> None:
    kinds = (
        "permanent_farmland", "ecological_red_line", "outside_urban_boundary", "flood_detention",
    )  # fmt: skip
    found = site(
        "kindergarten", townships=[town(1, 0)], schools=[PRIVATE],
        population=[people(0.01, 0.03, 4000)],
        constraints=[({"kind": kind}, square(0.04, 0.04, 0.001)) for kind in kinds],
    )  # fmt: skip
    row = found.table.iloc[0]
    assert "constraints" not in row["flags"]
    assert "永久基本农田、生态保护红线、城镇开发边界、蓄滞洪区），仍须" in row["note_zh"]


def test_a_school_whose_seats_nobody_counted_is_made_larger_by_classes_alone(
    site: Callable[..., Suggestions],
) -> None:
    ages = dict.fromkeys(AGES, 1200)
    school = {
        "school_id": "j1", "name": "镇中", "stages": "junior", "classes": 12, "enrolment": 600,
        "site_area_m2": 90_000,
    }  # fmt: skip
    found = site(
        "junior", counties=[(WEST | {"residents": 19000, **ages}, square(0, 0))],
        schools=[(school, point(0.02, 0.05))],
        villages=[({"unit_id": "v1", "residents": 19000, **ages}, point(0.05, 0.05))],
    )  # fmt: skip
    assert found.table["action"].tolist() == ["expand"]
    assert found.remaining == ()


# --- so many schools in one county --------------------------------------------------------------

EAST = {"unit_id": "411722", "name": "东县", "kind": "county", "residents": 30000}
BOTH = [(WEST, square(0, 0)), (EAST, square(0.1, 0))]


def villages(*east: float) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [
        ({"unit_id": f"v{n}", "name": f"村{n}", "residents": 2000 + n, **AGES}, point(place, 0.05))
        for n, place in enumerate(east)
    ]


def test_so_many_schools_asked_for_in_one_county_stand_in_it_and_serve_its_children(
    site: Callable[..., Suggestions],
) -> None:
    found = site(
        "primary", counties=BOTH, schools=[FAR], villages=villages(0.03, 0.12, 0.14, 0.17),
        options={"aim": Aim.TRAVEL, "new_count": 1, "county_id": "411722"},
    )  # fmt: skip
    assert found.table["county_id"].tolist() == ["411722"]
    assert found.table["children_served"].iloc[0] == pytest.approx(3 * 360)


def test_so_many_schools_for_a_county_in_which_no_children_live_are_refused(
    site: Callable[..., Suggestions],
) -> None:
    without = {"unit_id": "v9", "name": "空村", "residents": 0, **dict.fromkeys(AGES, 0)}
    with pytest.raises(SitingError) as refused:
        site(
            "primary", counties=BOTH, schools=[FAR],
            villages=[*villages(0.03, 0.07), (without, point(0.15, 0.05))],
            options={"aim": Aim.TRAVEL, "new_count": 1, "county_id": "411722"},
        )  # fmt: skip
    assert refused.value.messages == (Message("sites.without_children"),)


def test_so_many_schools_where_nobody_says_which_stand_are_refused(
    site: Callable[..., Suggestions],
) -> None:
    with pytest.raises(SitingError) as refused:
        site("primary", villages=villages(0.03), options={"aim": Aim.TRAVEL, "new_count": 1})
    assert refused.value.messages == (Message("sites.without_children"),)


def test_where_all_children_are_covered_already_no_school_more_is_suggested(
    site: Callable[..., Suggestions],
) -> None:
    found = site(
        "primary", schools=[FAR], villages=villages(0.011, 0.012),
        options={"aim": Aim.COVER_ALL, "radius_m": 9000.0},
    )  # fmt: skip
    assert found.table.empty
    assert [message.key for message in found.explanation] == ["sites.answer_optimal"]


# --- a study without counties -------------------------------------------------------------------


def test_a_study_of_towns_alone_is_placed_in_and_its_catchments_are_left_undrawn(
    tmp_path: Path,
) -> None:
    tables = {
        "townships": [town(1, 0)], "schools": [PRIVATE],
        "population": [people(0.01, 0.03, 4000), people(0.04, 0.02, 9000)],
    }  # fmt: skip
    head = (
        '[study]\nid = "towns"\nname = {zh = "镇", en = "Town"}\nas_of = 2025-12-31\n'
        "plan_period = [2021-01-01, 2025-12-31]\n"
    )
    (tmp_path / "study.toml").write_text(head + layers(tmp_path, tables), "utf-8")
    study = zmd_layout.load_study(tmp_path)
    options = SitingOptions(aim=Aim.TRAVEL, new_count=1)
    found = zmd_layout.site(study, stage="kindergarten", options=options)
    row = found.table.iloc[0]
    assert row["mean_distance_after_m"] < row["mean_distance_before_m"]
    assert np.isfinite(row["objective"])
    assert found.catchments.empty


def test_a_list_of_towns_without_outlines_says_nothing_of_where_children_live(
    site: Callable[..., Suggestions],
) -> None:
    towns = [(town(n, 0, residents=4000, **AGES)[0], None) for n in (1, 2)]
    with pytest.raises(SitingError) as refused:
        site(
            "kindergarten", townships=towns, schools=[PRIVATE],
            options={"aim": Aim.TRAVEL, "new_count": 1},
        )  # fmt: skip
    assert refused.value.messages == (Message("sites.without_children"),)
