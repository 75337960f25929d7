"""The made city: true to the census, marked as made, the same from the same seed."""

import hashlib
import json
import math
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from zmd_layout.layers import load_layers
from zmd_layout.layers.schema import AGE_COLUMN, SCHEMAS, STATISTIC_NAMES
from zmd_layout.messages import Message
from zmd_layout.study import read_study
from zmd_layout.synthetic import build, build_by_county, make_city
from zmd_layout.synthetic.real_inputs import ground
from zmd_layout.synthetic.study_folder import write_study

CITY_RESIDENTS = 7_008_427
CITY_ENTRIES = 3_536
SHARED = Path(__file__).parents[1].parent / "shared"
SMALL = 0.05
City = dict[str, gpd.GeoDataFrame]


@pytest.fixture(scope="module")
def city() -> City:
    return make_city()


@pytest.fixture(scope="module")
def told() -> list[Message]:
    return []


@pytest.fixture(scope="module")
def small(told: list[Message]) -> City:
    return make_city(scale=SMALL, progress=told.append)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, told: list[Message]) -> Path:
    made = tmp_path_factory.mktemp("city") / "made"
    return build(made, scale=SMALL, progress=told.append)


def ages_of(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if AGE_COLUMN.fullmatch(name)]


def census_by_county(city: City) -> pd.DataFrame:
    counties = city["counties"][city["counties"].geometry.notna()].set_index("unit_id")
    return counties[["residents", *ages_of(counties)]].astype("int64").sort_index()


def county_polygons(city: City) -> gpd.GeoSeries:
    counties = city["counties"][city["counties"].geometry.notna()].set_index("unit_id")
    return counties.geometry.to_crs(city["townships"].crs)


# --- people -------------------------------------------------------------------------------------


def test_townships_sum_to_the_census_of_their_county_by_age_to_the_person(city: City) -> None:
    wanted = census_by_county(city)
    found = city["townships"].groupby("county_id")[wanted.columns.tolist()].sum()
    pd.testing.assert_frame_equal(found, wanted, check_names=False, check_dtype=False)
    assert found["residents"].sum() == CITY_RESIDENTS


def test_villages_sum_to_their_township_by_age_to_the_person(city: City) -> None:
    wanted = city["townships"].set_index("unit_id")
    columns = ["residents", *ages_of(wanted)]
    found = city["villages"].groupby("township_id")[columns].sum()
    pd.testing.assert_frame_equal(
        found, wanted[columns].sort_index(), check_names=False, check_dtype=False
    )


def test_the_population_points_inside_a_county_sum_to_its_census_by_age(city: City) -> None:
    wanted = census_by_county(city)
    polygons = county_polygons(city)
    areas = gpd.GeoDataFrame(
        {"county": polygons.index}, geometry=polygons.to_numpy(), crs=polygons.crs
    )
    inside = gpd.sjoin(city["population"], areas, predicate="within")
    found = inside.groupby("county")[wanted.columns.tolist()].sum()
    pd.testing.assert_frame_equal(found, wanted, check_names=False, check_dtype=False)
    assert len(inside) == len(city["population"])


def test_residents_are_the_sum_of_the_ages_everywhere(small: City) -> None:
    for name in ("townships", "villages", "population"):
        frame = small[name]
        assert (frame[ages_of(frame)].sum(axis=1) == frame["residents"]).all()
        assert (frame["residents"] > 0).all()


# --- land ---------------------------------------------------------------------------------------


def test_townships_cover_their_county_without_gap_or_overlap(city: City) -> None:
    townships = city["townships"]
    for county, polygon in county_polygons(city).items():
        own = townships.geometry[townships["county_id"] == county]
        assert shapely.coverage_is_valid(own.to_numpy())
        assert own.union_all().symmetric_difference(polygon).area < 1
        assert math.isclose(own.area.sum(), polygon.area, rel_tol=1e-9)
    assert set(townships.geometry.geom_type) == {"Polygon"}


def test_every_real_township_is_there_with_its_real_name_and_kind(city: City) -> None:
    townships = city["townships"]
    assert len(townships) == 196
    assert townships["kind"].value_counts().to_dict() == {
        "town": 102, "township": 51, "subdistrict": 43,
    }  # fmt: skip
    row = townships.set_index("unit_id").loc["411702100"]
    assert (row["name"], row["kind"], row["county_id"]) == ("水屯镇", "town", "411702")


def test_every_county_has_a_seat_made_of_subdistricts(city: City) -> None:
    seats = city["townships"][city["townships"]["is_county_seat"]]
    assert seats["county_id"].nunique() == 10
    assert set(seats["kind"]) == {"subdistrict"}


def test_reserved_land_is_built_over_in_some_places_and_empty_in_others(city: City) -> None:
    land = city["education_land"]
    assert set(land["current_use"]) == {"education", "vacant", "other"}
    assert land.geometry.within(county_polygons(city).union_all()).all()


# --- roads --------------------------------------------------------------------------------------


def test_all_roads_hang_together_but_for_a_few_islands(small: City) -> None:
    roads = small["roads"]
    ends = shapely.get_coordinates(roads.geometry.to_numpy())
    first = np.cumsum(shapely.get_num_coordinates(roads.geometry.to_numpy()))
    places, number = np.unique(
        np.vstack([ends[np.append(0, first[:-1])], ends[first - 1]]), axis=0, return_inverse=True
    )
    u, v = number.reshape(2, -1)
    both = (roads["oneway"] == "no").to_numpy()
    arcs = np.concatenate([u, v[both]]), np.concatenate([v, u[both]])
    graph = coo_array((np.ones(len(arcs[0])), arcs), shape=(len(places),) * 2)
    count, label = connected_components(graph, directed=True, connection="strong")
    sizes = np.bincount(label)
    assert 1 < count < 10
    assert sizes.max() > 0.98 * len(places)


def test_a_road_net_has_classes_one_way_streets_and_a_motorway(city: City) -> None:
    roads = city["roads"]
    assert set(roads["highway"]) == {
        "motorway", "primary", "tertiary", "residential", "unclassified",
    }  # fmt: skip
    assert (roads.loc[roads["highway"] == "motorway", "oneway"] == "yes").all()
    assert 0 < (roads["oneway"] == "yes").mean() < 0.1


# --- schools ------------------------------------------------------------------------------------


def test_the_city_has_3536_entries_and_teaching_points_apart(city: City) -> None:
    schools = city["schools"]
    assert (~schools["is_teaching_point"]).sum() == CITY_ENTRIES
    assert schools["is_teaching_point"].sum() > 0
    assert (schools.loc[schools["is_teaching_point"], "level_code"] == "218").all()
    assert schools["school_id"].is_unique


def test_no_school_stands_outside_its_county(city: City) -> None:
    schools = city["schools"]
    polygons = county_polygons(city)
    own = polygons.loc[schools["school_id"].str.slice(2, 8)].to_numpy()
    assert shapely.contains(own, schools.geometry.to_numpy()).all()


def test_tertiary_entries_have_no_stage_that_a_rule_could_see(city: City) -> None:
    schools = city["schools"]
    assert (schools["stages"].isna() == (schools["level_code"] == "414")).all()


def test_what_is_not_open_has_no_pupils_which_is_not_the_same_as_none(city: City) -> None:
    schools = city["schools"].set_index("status")
    for status in ("planned", "under_construction", "closed"):
        assert schools.loc[status, "enrolment"].isna().all()
    assert schools.loc["planned", "seats"].notna().all()


def test_a_class_list_agrees_with_the_school_it_belongs_to(city: City) -> None:
    schools = city["schools"].set_index("school_id")
    lists = city["classes"].groupby("school_id")["pupils"]
    of_listed = schools.loc[lists.sum().index]
    assert (lists.sum() == of_listed["enrolment"]).all()
    assert (lists.size() == of_listed["classes"]).all()
    large = city["classes"]["pupils"].ge(56).groupby(city["classes"]["school_id"]).sum()
    told = of_listed["classes_of_56_and_more"].dropna()
    assert (large.loc[told.index] == told).all()
    assert of_listed["classes_of_56_and_more"].isna().any()
    assert told.max() > 0


def test_junior_seats_are_short_in_some_counties_and_spare_in_others(city: City) -> None:
    schools = city["schools"]
    junior = schools[schools["stages"] == "junior"]
    sums = junior.groupby(junior["school_id"].str.slice(2, 8))[["seats", "enrolment"]].sum()
    ratio = sums["seats"] / sums["enrolment"]
    assert ratio.min() < 0.98
    assert ratio.max() > 1.25


def test_some_counties_opened_their_new_senior_schools_and_some_did_not(city: City) -> None:
    schools = city["schools"]
    new = schools[(schools["level_code"] == "342") & (schools["construction"] == "new")]
    opened = new[(new["status"] == "operating") & new["opens_on"].between("2021", "2026")]
    by_county = opened.groupby(opened["school_id"].str.slice(2, 8)).size()
    assert set(by_county) == {1, 2}
    assert by_county.size < 10
    assert {"planned", "under_construction"} <= set(new["status"])


def test_every_county_lacks_a_public_central_kindergarten_somewhere(city: City) -> None:
    schools = city["schools"]
    central = schools[schools["is_township_central"] & (schools["stages"] == "kindergarten")]
    public = central[central["ownership"] == "public"]
    places = gpd.sjoin(public, city["townships"][["unit_id", "geometry"]], predicate="within")
    owing = city["townships"][city["townships"]["kind"] != "subdistrict"]
    without = owing[~owing["unit_id"].isin(places["unit_id"])]
    assert set(without["county_id"]) == set(owing["county_id"])
    assert len(without) < 0.2 * len(owing)
    assert (places["unit_id"].value_counts() == 2).any()


def test_new_schools_stand_at_and_on_both_sides_of_the_sizes_that_rules_name(city: City) -> None:
    schools = city["schools"]
    new = schools[schools["construction"] == "new"]
    sizes = {
        code: set(new.loc[new["level_code"] == code, "seats"]) for code in ("211", "311", "312")
    }
    assert {2000, 2340} <= sizes["211"]
    assert {2000, 2200} <= sizes["311"]
    assert {2500, 2940, 3150} <= sizes["312"]


def test_a_school_is_closed_before_its_replacement_opens_and_another_is_not(city: City) -> None:
    schools = city["schools"].set_index("school_id")
    closures = city["closures"]
    assert (schools.loc[closures["school_id"], "status"] == "closed").all()
    opens = schools.loc[closures["replacement_id"], "opens_on"].to_numpy()
    assert set(opens > closures["closes_on"].to_numpy()) == {True, False}


def test_projects_fall_just_short_for_kindergartens_and_suffice_for_compulsory_schools(
    city: City,
) -> None:
    done = city["projects"].dropna(subset="done_on").groupby("stage").size()
    assert 190 < done["kindergarten"] < 214
    assert done["primary"] + done["junior"] > 365
    assert 20 < done["senior"] < 30


# --- residential areas --------------------------------------------------------------------------


def test_residential_areas_hold_every_case_at_any_scale(small: City) -> None:
    areas = small["residential_areas"].set_index("name")
    assert len(areas) >= 12
    offers = {name: json.loads(text) for name, text in areas["schools"].items()}
    east = [name for name in areas.index if name.startswith("示例东苑")]
    assert areas.loc[east, "planned_residents"].between(5_500, 6_500).all()
    assert all(areas.geometry[a].distance(areas.geometry[b]) < 50 for a, b in pairwise(east))
    assert [o["stage"] for o in offers["示例中央公园"]].count("primary") == 1
    assert areas.loc["示例中央公园", "planned_residents"] == 20_000
    defect = areas[areas["kindergarten_defect"] == "not_handed_over"]
    assert defect["accepted_on"].notna().all()
    assert len(defect) == 1
    late = areas.loc["示例学府名城", "first_phase_on"]
    assert any(offer["opens_on"] > late for offer in offers["示例学府名城"])
    assert pd.isna(areas.loc["示例滨江府", "conditions_on"])
    assert (areas["settlement"] == "rural").sum() == 1
    assert pd.isna(areas.loc["示例翠湖湾", "planned_residents"])
    assert areas.loc["示例翠湖湾", "dwellings"] > 0


def test_residential_areas_lie_apart_inside_the_city(city: City) -> None:
    areas = city["residential_areas"].geometry
    assert areas.within(county_polygons(city).union_all()).all()
    assert math.isclose(areas.union_all().area, areas.area.sum(), rel_tol=1e-9)


def test_a_primary_school_stands_inside_the_area_that_names_it(small: City) -> None:
    schools = small["schools"].dropna(subset="residential_area_id")
    areas = small["residential_areas"].set_index("unit_id").geometry
    assert len(schools) == 1
    assert areas[schools["residential_area_id"].iloc[0]].contains(schools.geometry.iloc[0])


# --- marked as made -----------------------------------------------------------------------------


def test_every_made_name_begins_with_shili(city: City) -> None:
    for layer, frame in city.items():
        if layer in {"counties", "townships", "statistics"}:  # real names; names of measures
            continue
        for column in ("name", "developer", "source"):
            if column in frame:
                assert frame[column].str.startswith("示例").all(), (layer, column)


def test_the_study_file_marks_what_is_made_and_only_that(folder: Path) -> None:
    layers = read_study(folder).layers
    assert layers["counties"].synthetic is False
    assert "geometry" in layers["townships"].synthetic
    assert "residents_5_9" in layers["townships"].synthetic
    assert not {"name", "kind", "county_id", "unit_id"} & set(layers["townships"].synthetic)
    others = set(layers) - {"counties", "townships"}
    assert all(layers[name].synthetic is True for name in others)


def test_counties_of_further_cities_are_marked_as_made(small: City, tmp_path: Path) -> None:
    study = write_study(
        tmp_path, {"counties": small["counties"]}, study_id="two", name=Message("standin.name"),
        scale=2.0,
    )  # fmt: skip
    assert read_study(study).layers["counties"].synthetic is True


def test_a_county_of_a_second_city_has_a_name_a_code_and_a_place_of_its_own(
    small: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_of_second = ground(1.01)[10]
    monkeypatch.setattr("zmd_layout.synthetic.city.ground", lambda _: [first_of_second])
    other = make_city(scale=SMALL)["counties"].set_index("unit_id")
    own = small["counties"].set_index("unit_id")
    assert not set(other.index) & set(own.index)
    assert other["name"].tolist() == [f"示例二{name}" for name in own["name"]]
    assert other["residents"].tolist() == own["residents"].tolist()
    apart = other.geometry.iloc[0].distance(own.geometry.iloc[0])
    assert apart > 1  # degrees


def test_made_codes_cannot_be_taken_for_real_ones(city: City) -> None:
    assert city["villages"]["unit_id"].str.fullmatch(r"\d{9}9\d\d").all()
    assert city["schools"]["school_id"].str.startswith("SL").all()


# --- through the door ---------------------------------------------------------------------------


def test_the_study_folder_passes_the_door_that_real_data_passes(folder: Path, small: City) -> None:
    layers = load_layers(read_study(folder))
    assert set(layers) == set(small)
    for name, layer in layers.items():
        assert len(layer.frame) == len(small[name])
        assert not layer.origin.repaired
        assert {column.name for column in SCHEMAS[name].columns if column.is_required} <= set(
            layer.frame.columns
        )


def test_statistics_have_the_names_of_the_closed_list(city: City) -> None:
    assert set(city["statistics"]["name"]) <= STATISTIC_NAMES


def test_a_folder_without_its_study_file_is_one_that_was_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "study.toml").write_text("of an older city", encoding="utf-8")
    monkeypatch.setattr("pyogrio.write_dataframe", _fail)
    with pytest.raises(OSError, match="disk full"):
        build(tmp_path, scale=SMALL)
    assert not (tmp_path / "study.toml").exists()


def _fail(*_args: object, **_options: object) -> None:
    raise OSError("disk full")


# --- chance -------------------------------------------------------------------------------------


def digests(study: Path) -> dict[str, str]:
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(study.parent.iterdir())
    }


def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    assert digests(folder) == digests(build(tmp_path / "again", scale=SMALL))


def test_another_seed_gives_another_city_of_the_same_people(small: City) -> None:
    other = make_city(seed=1, scale=SMALL)
    places = [made["population"].get_coordinates().to_numpy() for made in (small, other)]
    assert places[0].shape != places[1].shape or (places[0] != places[1]).any()
    assert other["population"]["residents"].sum() == small["population"]["residents"].sum()


def test_a_county_is_the_same_alone_and_in_the_whole_city(city: City, small: City) -> None:
    for name, key in (("townships", "county_id"), ("villages", "township_id")):
        whole = city[name][city[name][key].str.startswith("411725")].reset_index(drop=True)
        pd.testing.assert_frame_equal(pd.DataFrame(whole), pd.DataFrame(small[name]))
    whole = city["schools"][city["schools"]["school_id"].str.startswith("SL411725")]
    facts = ["school_id", "name", "enrolment", "seats", "ownership", "opens_on"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(whole[facts].reset_index(drop=True)), pd.DataFrame(small["schools"][facts])
    )


@pytest.mark.usefixtures("small")
def test_progress_tells_each_step_in_both_languages(told: list[Message], folder: Path) -> None:
    assert any("确山县" in message.text("zh") for message in told)
    assert Message("standin.writing", path=folder.parent) in told
    assert all(message.text("en") for message in told)


# --- the real study -----------------------------------------------------------------------------


def test_the_zone_without_a_polygon_is_counted_once_and_shown_beside_its_district(
    city: City,
) -> None:
    counties = city["counties"].set_index("unit_id")
    zone = counties.loc["411771"]
    assert (zone["kind"], zone["within"], zone.geometry) == ("zone", "411702", None)
    assert zone["residents"] == 268_684
    assert counties.loc["411702", "residents"] == 756_859 + 268_684
    assert counties.loc[counties.geometry.notna(), "residents"].sum() == CITY_RESIDENTS


def test_counties_as_studies_of_their_own_hold_the_city_between_them(tmp_path: Path) -> None:
    whole = make_city(scale=0.1)
    files = build_by_county(tmp_path, scale=0.1)
    assert [file.parent.name for file in files] == ["411702", "411725"]
    for name, table in whole.items():
        paths = [path for file in files for path in file.parent.glob(f"{name}.*")]
        rows = [len(pyogrio.read_dataframe(path)) for path in paths]
        of_city = (table["unit_id"] == "411700").sum() if name == "statistics" else 0
        assert sum(rows) == len(table) - of_city, name
    for file in files:
        layers = load_layers(read_study(file))
        county = layers["counties"].frame
        own = county.geometry[county["unit_id"] == file.parent.name].iloc[0]
        beyond = layers["population"].frame.geometry.distance(own)
        assert beyond.max() < 100, file  # a point at the border may lie a little outside
