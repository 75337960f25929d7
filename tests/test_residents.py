"""The ground tells where people live, the census how many; from a study file, all of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import h3
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

import zmd_layout
from conftest import COUNTIES, LAT, LON, point, square, write_geojson
from zmd_layout.errors import LayerError, StudyError
from zmd_layout.layers import Layers
from zmd_layout.vocabulary import Basis
from zmd_layout.workflow.loading import load

if TYPE_CHECKING:
    from collections.abc import Callable

POPULATION = '[layers.population]\npath = "people.tif"\nyear = 2020\n'


def write_grid(path: Path) -> None:
    """Write 40 × 40 cells of 0.01° over the counties, people in one corner only."""
    cells = np.zeros((40, 40), dtype="float32")
    cells[25:35, 5:20] = 10.0
    with rasterio.open(
        path, "w", driver="GTiff", height=40, width=40, count=1, dtype="float32",
        crs="EPSG:4326", transform=from_origin(113.9, 33.3, 0.01, 0.01), nodata=-1,
    ) as grid:  # fmt: skip
        grid.write(cells, 1)


def with_ages() -> list:
    return [
        ({**p, "residents": 1000, "residents_0_4": 300, "residents_5_19": 700}, shape)
        for p, shape in COUNTIES
    ]


def test_people_are_spread_over_the_grid_and_sum_to_the_census(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    write_grid(tmp_path / "people.tif")
    study = zmd_layout.load_study(make_study(POPULATION, counties=with_ages()))
    frame = zmd_layout.run(study).layers["population"].frame
    assert frame["residents"].sum() == pytest.approx(3000, rel=1e-12)
    assert frame["residents_0_4"].sum() == pytest.approx(900, rel=1e-12)
    assert (frame["residents_0_4"] / frame["residents"]).to_numpy() == pytest.approx(0.3)


def test_a_grid_without_a_census_is_refused(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    write_grid(tmp_path / "people.tif")
    bare = [({k: v for k, v in p.items() if k != "residents"}, shape) for p, shape in COUNTIES]
    study = zmd_layout.load_study(make_study(POPULATION, counties=bare))
    with pytest.raises(LayerError, match=r"people\.tif"):
        zmd_layout.check(study)


def test_a_grid_that_is_not_there_is_named(make_study: Callable[..., Path]) -> None:
    study = zmd_layout.load_study(make_study(POPULATION, counties=with_ages()))
    with pytest.raises(LayerError, match=r"people\.tif"):
        zmd_layout.check(study)


# --- a census table


CENSUS = """unit_id,name,residents,residents_0_4,residents_5_19,residents_20_120
411721,西县,1000,100,300,600
411722,东县,2001,200,601,1200
411702,中区,3000,300,900,1800
411771,开发区,500,50,150,300
"""
JOINED = """
[layers.census]
path = "census.csv"
year = 2020

[people]
within = {"411771" = "411702"}
"""


@pytest.fixture
def loaded(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., Layers]:
    """Give a function that loads a study with a census table and what it is handed."""

    def make(extra: str = JOINED, *, census: str = CENSUS, counties: object = None) -> Layers:
        (tmp_path / "census.csv").write_text(census, "utf-8")
        return load(zmd_layout.load_study(make_study(extra, counties=counties)), None)

    return make


def residents(layers: Layers, name: str = "counties") -> dict[str, float]:
    frame = layers[name].frame
    return dict(zip(frame["unit_id"], frame["residents"], strict=True))


def notes(layers: Layers, name: str) -> set[str]:
    return {note.key for note in layers[name].origin.notes}


def test_a_zone_without_polygon_counts_in_its_holder_and_is_reported_beside_it(
    loaded: Callable[..., Layers],
) -> None:
    layers = loaded()
    assert residents(layers) == {"411702": 3500, "411721": 1000, "411722": 2001, "411771": 500}
    zone = layers["counties"].frame.set_index("unit_id").loc["411771"]
    assert (zone["kind"], zone["within"], zone["name"]) == ("zone", "411702", "开发区")
    assert layers["counties"].origin.year == 2020


def test_a_row_of_the_census_that_no_polygon_takes_is_refused(
    loaded: Callable[..., Layers],
) -> None:
    with pytest.raises(LayerError, match="411771"):
        loaded('[layers.census]\npath = "census.csv"\n')


def test_a_unit_without_a_row_is_unknown_and_told(loaded: Callable[..., Layers]) -> None:
    layers = loaded(census=CENSUS.replace("411721,西县,1000,100,300,600\n", ""))
    assert np.isnan(residents(layers)["411721"])
    assert "people.without_row" in notes(layers, "counties")


def test_a_row_that_sums_all_others_is_left_out(loaded: Callable[..., Layers]) -> None:
    layers = loaded(census=CENSUS + "411700,驻马店市,6501,650,1951,3900\n")
    assert residents(layers)["411702"] == 3500
    assert "people.total_row" in notes(layers, "counties")


def test_a_zone_of_the_layer_that_names_its_holder_needs_no_word_in_the_study(
    loaded: Callable[..., Layers],
) -> None:
    zone = {"unit_id": "411771", "name": "开发区", "kind": "zone", "within": "411702"}
    layers = loaded(
        '[layers.census]\npath = "census.csv"\nyear = 2020\n', counties=[*COUNTIES, (zone, None)]
    )
    assert residents(layers) == {"411702": 3500, "411721": 1000, "411722": 2001, "411771": 500}


def test_a_census_of_ages_alone_brings_the_ages_and_no_residents(
    loaded: Callable[..., Layers],
) -> None:
    table = "unit_id,residents_0_4\n411721,100\n411722,200\n411702,300\n"
    layers = loaded('[layers.census]\npath = "census.csv"\nyear = 2020\n', census=table)
    frame = layers["counties"].frame.set_index("unit_id")
    assert frame["residents_0_4"].to_dict() == {"411721": 100, "411722": 200, "411702": 300}
    assert "residents" not in frame


def test_ages_that_do_not_sum_to_the_residents_are_refused_by_unit(
    loaded: Callable[..., Layers],
) -> None:
    with pytest.raises(LayerError, match="411722"):
        loaded(census=CENSUS.replace("2001,200,601,1200", "2001,200,601,1100"))


def test_a_census_of_a_layer_that_is_not_there_is_refused(loaded: Callable[..., Layers]) -> None:
    with pytest.raises(LayerError, match="townships"):
        loaded(JOINED + 'census_of = "townships"\n')


# --- the ground


HEXAGONS = [
    ({"residents": people}, square(east, north, 0.05))
    for people, east, north in [(30, 0, 0), (10, 0.05, 0), (7, 0.1, 0.05), (9, 0.02, 0.12)]
]
ON_HEXAGONS = """
[layers.population]
path = "hexagons.geojson"
coordinates = "wgs84"
year = 2023
"""


def sums_by_county(layers: Layers) -> dict[str, float]:
    frame, counties = layers["population"].frame, layers["counties"].frame
    places = frame.set_geometry(frame.representative_point())
    shapes = counties[counties.geometry.notna()][["unit_id", "geometry"]]
    return places.sjoin(shapes).groupby("unit_id")["residents"].sum().to_dict()


def test_hexagons_of_another_year_carry_the_census(
    loaded: Callable[..., Layers], tmp_path: Path
) -> None:
    write_geojson(tmp_path / "hexagons.geojson", HEXAGONS)
    layers = loaded(JOINED + 'ground = "population"\n' + ON_HEXAGONS)
    assert sums_by_county(layers) == pytest.approx({"411721": 1000, "411722": 2001, "411702": 3500})
    people = layers["population"].frame
    assert sorted(people["residents"]) == pytest.approx([250, 750, 2001, 3500])
    ages = people[["residents_0_4", "residents_5_19", "residents_20_120"]]
    assert ages.sum(axis=1).tolist() == pytest.approx(people["residents"].tolist())
    assert "people.ground_year" in notes(layers, "population")
    assert layers["population"].origin.assumed_columns == frozenset()


def test_a_table_of_h3_cells_needs_no_geometry(
    loaded: Callable[..., Layers], tmp_path: Path
) -> None:
    # res 7: two cells in 西县 and one in each of the others
    cells = {
        h3.latlng_to_cell(LAT + north, LON + east, 7): people
        for north, east, people in [
            (0.03, 0.03, 1),
            (0.07, 0.07, 3),
            (0.05, 0.15, 5),
            (0.15, 0.05, 2),
        ]
    }
    rows = "".join(f"{cell},{people}\n" for cell, people in cells.items())
    (tmp_path / "hexagons.csv").write_text("h3,population\n" + rows, "utf-8")
    extra = JOINED + 'ground = "population"\n' + ON_HEXAGONS.replace(".geojson", ".csv")
    assert sorted(loaded(extra)["population"].frame["residents"]) == pytest.approx(
        [250, 750, 2001, 3500]
    )
    (tmp_path / "hexagons.csv").write_text("h3,population\n8.9E+14,5\n", "utf-8")
    with pytest.raises(LayerError, match="H3"):
        loaded(extra)


def test_hexagons_of_a_whole_country_are_taken_where_the_study_is(
    loaded: Callable[..., Layers], tmp_path: Path
) -> None:
    far = [({"residents": 50}, square(east, 3.0, 0.05)) for east in (2.0, 2.1, 2.2, 2.3, 2.4)]
    write_geojson(tmp_path / "hexagons.geojson", HEXAGONS + far)
    extra = JOINED + 'ground = "population"\n' + ON_HEXAGONS
    with pytest.raises(LayerError, match="population"):
        loaded(extra)
    layers = loaded(extra + "clip = true\n")
    assert sorted(layers["population"].frame["residents"]) == pytest.approx([250, 750, 2001, 3500])
    assert "layers.clipped" in notes(layers, "population")


def test_hexagons_of_densities_are_noticed_by_their_sum(
    loaded: Callable[..., Layers], tmp_path: Path
) -> None:
    dense = [({"residents": 90_000}, shape) for _, shape in HEXAGONS]
    write_geojson(tmp_path / "hexagons.geojson", dense)
    layers = loaded(JOINED + 'ground = "population"\n' + ON_HEXAGONS)
    assert "people.ground_sum" in notes(layers, "population")
    assert sums_by_county(layers)["411722"] == 2001


def test_hexagons_that_hold_about_as_many_as_the_census_are_not_noticed(
    loaded: Callable[..., Layers], tmp_path: Path
) -> None:
    near = [({"residents": 1500}, shape) for _, shape in HEXAGONS]
    write_geojson(tmp_path / "hexagons.geojson", near)
    layers = loaded(JOINED + 'ground = "population"\n' + ON_HEXAGONS)
    assert "people.ground_sum" not in notes(layers, "population")
    assert sums_by_county(layers)["411722"] == 2001


def test_villages_drawn_as_points_get_no_residents_from_hexagons(
    loaded: Callable[..., Layers], tmp_path: Path
) -> None:
    write_geojson(tmp_path / "hexagons.geojson", HEXAGONS)
    write_geojson(tmp_path / "villages.geojson", [({"unit_id": "v1"}, point(0.01, 0.01))])
    layer = '\n[layers.villages]\npath = "villages.geojson"\ncoordinates = "wgs84"\n'
    layers = loaded(JOINED + 'ground = "population"\n' + ON_HEXAGONS + layer)
    assert "residents" not in layers["villages"].frame
    assert "people.filled" not in notes(layers, "villages")


def test_people_that_are_taken_as_they_stand_are_held_against_the_census(
    loaded: Callable[..., Layers], tmp_path: Path
) -> None:
    write_geojson(tmp_path / "hexagons.geojson", HEXAGONS)
    layers = loaded(JOINED + ON_HEXAGONS)
    assert layers["population"].frame["residents"].sum() == 56
    assert "people.not_spread" in notes(layers, "population")


def test_buildings_share_by_the_column_that_the_study_names(
    loaded: Callable[..., Layers], tmp_path: Path
) -> None:
    homes = [
        ({"floors": floors}, point(east, north))
        for floors, east, north in [
            (1, 0.01, 0.01),
            (3, 0.02, 0.02),
            (5, 0.15, 0.05),
            (2, 0.05, 0.15),
        ]
    ]
    write_geojson(tmp_path / "homes.geojson", homes)
    layers = loaded(
        JOINED
        + """ground = "buildings"
weights = "floors"

[own_layers.buildings]
path = "homes.geojson"
coordinates = "wgs84"
"""
    )
    assert sorted(layers["population"].frame["residents"]) == pytest.approx([250, 750, 2001, 3500])


def test_without_weights_built_up_areas_share_by_area_and_are_an_assumption(
    loaded: Callable[..., Layers], tmp_path: Path
) -> None:
    areas = [({"use": "built"}, square(0, 0, side)) for side in (0.02,)]
    areas += [
        ({"use": "built"}, square(0.05, 0.05, 0.04)),
        ({"use": "built"}, square(0.12, 0, 0.01)),
    ]
    write_geojson(tmp_path / "built.geojson", areas)
    layers = loaded(
        JOINED
        + """ground = "built_up"

[own_layers.built_up]
path = "built.geojson"
coordinates = "wgs84"
"""
    )
    found = sorted(layers["population"].frame["residents"])
    assert found == [pytest.approx(200, abs=2), pytest.approx(800, abs=2), 2001, 3500]
    assert "residents" in layers["population"].origin.assumed_columns
    assert {"people.no_weights", "people.alone"} <= notes(layers, "population")


TOWNSHIPS = [
    ({"unit_id": "411721100", "name": "甲镇", "kind": "town", "county_id": "411721"},
     square(0, 0, 0.1)),
    ({"unit_id": "411722100", "name": "乙镇", "kind": "town", "county_id": "411722"},
     square(0.1, 0, 0.05)),
    ({"unit_id": "411722101", "name": "丙乡", "kind": "township", "county_id": "411722"},
     square(0.15, 0, 0.05)),
]  # fmt: skip
TOWNSHIP_LAYER = """
[layers.townships]
path = "townships.geojson"
coordinates = "wgs84"
year = 2020
"""


@pytest.mark.parametrize("ground", ["population", "townships"])
def test_townships_without_residents_get_those_who_live_in_them_as_an_assumption(
    loaded: Callable[..., Layers], tmp_path: Path, ground: str
) -> None:
    write_geojson(tmp_path / "hexagons.geojson", HEXAGONS)
    write_geojson(tmp_path / "townships.geojson", TOWNSHIPS)
    extra = f'{JOINED}ground = "{ground}"\n' + TOWNSHIP_LAYER
    layers = loaded(extra + (ON_HEXAGONS if ground == "population" else ""))
    found = residents(layers, "townships")
    assert found["411721100"] == pytest.approx(1000, abs=1)
    assert layers["townships"].origin.assumed_columns >= {"residents", "residents_0_4"}
    study = zmd_layout.load_study(tmp_path)
    findings = zmd_layout.check(study).set_index(["rule_id", "unit_id"])
    row = findings.loc[("indicator-primary-per-10000-residents", "411721100")]
    assert row["basis"] == Basis.ASSUMPTION


def test_villages_without_residents_share_alike(
    loaded: Callable[..., Layers], tmp_path: Path
) -> None:
    places = [(0.01, 0.01), (0.02, 0.02), (0.15, 0.05), (0.05, 0.15)]
    villages = [
        ({"unit_id": f"v{n}", "name": f"村{n}"}, point(*place)) for n, place in enumerate(places)
    ]
    write_geojson(tmp_path / "villages.geojson", villages)
    layer = '\n[layers.villages]\npath = "villages.geojson"\ncoordinates = "wgs84"\n'
    layers = loaded(JOINED + 'ground = "villages"\n' + layer)
    assert list(residents(layers, "villages").values()) == [500, 500, 2001, 3500]
    assert layers["villages"].frame["residents_0_4"].tolist() == [50, 50, 200, 350]
    assert "residents" in layers["villages"].origin.assumed_columns


def test_sparse_villages_keep_their_children(loaded: Callable[..., Layers], tmp_path: Path) -> None:
    """Rounded age by age, the same few villages had all children of every age."""
    sparse = [point(0.005 + 0.002 * n, 0.005 + 0.002 * m) for n in range(40) for m in range(40)]
    villages = [({"unit_id": f"v{n}", "name": f"村{n}"}, place) for n, place in enumerate(sparse)]
    write_geojson(tmp_path / "villages.geojson", villages)
    layer = '\n[layers.villages]\npath = "villages.geojson"\ncoordinates = "wgs84"\n'
    layers = loaded(JOINED + 'ground = "villages"\n' + layer)
    counties, frame = layers["counties"].frame, layers["villages"].frame
    ages = ["residents_0_4", "residents_5_19", "residents_20_120"]
    held = counties[counties["unit_id"] == "411721"].iloc[0]
    for age in ages:
        assert frame[age].to_numpy() == pytest.approx(held[age] / len(sparse), rel=1e-4)
        assert frame[age].sum() == pytest.approx(held[age], rel=1e-6)


def test_a_census_by_township_is_joined_to_townships(
    loaded: Callable[..., Layers], tmp_path: Path
) -> None:
    write_geojson(tmp_path / "townships.geojson", TOWNSHIPS)
    table = "unit_id,residents\n411721100,900\n411722100,700\n411722101,600\n"
    extra = '[layers.census]\npath = "census.csv"\nyear = 2020\n[people]\n'
    layers = loaded(extra + 'census_of = "townships"\n' + TOWNSHIP_LAYER, census=table)
    assert list(residents(layers, "townships").values()) == [900, 700, 600]
    assert residents(layers) == {"411702": 900000, "411721": 599999, "411722": 612551}


def test_a_review_does_not_ask_for_the_ground(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "census.csv").write_text(CENSUS, "utf-8")
    write_geojson(tmp_path / "hexagons.geojson", HEXAGONS)
    write_geojson(
        tmp_path / "plot.geojson",
        [
            (
                {"name": "新区", "planned_residents": 12_000, "settlement": "urban"},
                square(0, 0, 0.01),
            )
        ],
    )
    folder = make_study(JOINED + 'ground = "population"\n' + ON_HEXAGONS)
    found = zmd_layout.review(tmp_path / "plot.geojson", study=zmd_layout.load_study(folder))
    assert "primary-per-new-residential-area" in set(found.findings["rule_id"])


def test_a_ground_that_is_not_there_is_named_with_those_that_are(
    loaded: Callable[..., Layers],
) -> None:
    with pytest.raises(LayerError, match="counties"):
        loaded(JOINED + 'ground = "hexagons"\n')


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[people]\ngrund = "population"\n', "ground"),
        ('[people]\nweights = "floors"\n', "ground"),
        ('[forecast]\nbirth = "henan"\n', "births"),
        ("[forecast]\nnet_migration = [{ages = [6, 3], low = 0, middle = 0, high = 0}]\n", "ages"),
        ("[forecast]\nnet_migration = [{ages = [0, 3], low = 1, middle = 0, high = 0}]\n", "order"),
        ("[forecast]\ninto_towns = {ages = [0, 3], share = 1.5}\n", "share"),
        ("[forecast]\nattendance = {tertiary = 0.5}\n", "tertiary"),
    ],
)
def test_keys_and_values_that_are_not_understood_are_refused(
    make_study: Callable[..., Path], table: str, told: str
) -> None:
    with pytest.raises(StudyError, match=told):
        zmd_layout.load_study(make_study(table))
