"""Small worlds: squares of a kilometre on the plane of EPSG:4547, and grids of a few cells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from pandas.testing import assert_series_equal
from rasterio import Affine
from shapely.geometry import Point, Polygon, box
from volumes import examples

from zmd_layout.errors import CrsError, LayerError
from zmd_layout.population.dasymetric import spread
from zmd_layout.population.grids import Grid, zonal_sum
from zmd_layout.population.people import join_census, people_by_unit

if TYPE_CHECKING:
    from zmd_layout.population.with_notes import WithNotes

CRS = "EPSG:4547"
EAST, NORTH = 500_000.0, 3_650_000.0
SHARED = Path(__file__).parents[1].parent / "shared" / "data" / "zhumadian"


def square(
    east_km: float, north_km: float, *, width_km: float = 1.0, height_km: float = 1.0
) -> Polygon:
    left, bottom = EAST + 1000 * east_km, NORTH + 1000 * north_km
    return box(left, bottom, left + 1000 * width_km, bottom + 1000 * height_km)


def layer(geometry: list, **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=CRS)


def points(*places_km: tuple[float, float], **columns: object) -> gpd.GeoDataFrame:
    return layer([Point(EAST + 1000 * x, NORTH + 1000 * y) for x, y in places_km], **columns)


@pytest.fixture
def two_units() -> gpd.GeoDataFrame:
    """Give two squares beside each other with 100 and 11 residents."""
    return layer(
        [square(0, 0), square(1, 0)], unit_id=["A", "B"], residents=[100, 11],
        residents_0_4=[10, 3],
    )  # fmt: skip


def write_grid(
    path: Path,
    cells: np.ndarray,
    *,
    cell_m: float = 500.0,
    crs: str | None = CRS,
    nodata: float | None = None,
) -> Grid:
    """Write cells whose upper left corner stands at 0 east, `rows` north."""
    north = NORTH + cell_m * cells.shape[0]
    with rasterio.open(
        path, "w", driver="GTiff", height=cells.shape[0], width=cells.shape[1], count=1,
        dtype="float64", crs=crs, nodata=nodata,
        transform=Affine(cell_m, 0.0, EAST, 0.0, -cell_m, north),
    ) as file:  # fmt: skip
        file.write(cells.astype("float64"), 1)
    return Grid(path)


def keys(noted: WithNotes) -> set[str]:
    return {notice.key for notice in noted.notices}


def sums(table: pd.DataFrame, column: str = "residents") -> dict[str, float]:
    return table.groupby("unit_id")[column].sum().to_dict()


# --- spreading over points and polygons


def test_points_share_by_their_weights(two_units: gpd.GeoDataFrame) -> None:
    homes = points((0.2, 0.2), (0.8, 0.8), (1.5, 0.5), dwellings=[3, 1, 5])
    table = spread(two_units, homes, weights="dwellings").table
    assert table["residents"].tolist() == [75.0, 25.0, 11.0]
    assert not table["is_assumption"].any()


def test_without_weights_the_result_is_an_assumption(two_units: gpd.GeoDataFrame) -> None:
    noted = spread(two_units, points((0.2, 0.2), (0.8, 0.8), (1.5, 0.5)))
    assert noted.table["residents"].tolist() == [50.0, 50.0, 11.0]
    assert noted.table["is_assumption"].all()
    assert "people.no_weights" in keys(noted)


# sparse and dense cells of the real case: 4 people and fewer lost every child, 8 to 16 gained them
CELL_CLASSES = {"up to 4": (0, 4), "4 to 16": (4, 16), "over 16": (16, 10_000)}


def test_1600_equal_points_of_15_people_have_their_fraction_of_every_age() -> None:
    units = layer(
        [square(0, 0)], unit_id=["A"], residents=[24_000], residents_0_4=[1_440],
        residents_5_9=[1_728], residents_10_120=[20_832],
    )  # fmt: skip
    homes = points(
        *[(0.0125 + 0.025 * n, 0.0125 + 0.025 * m) for n in range(40) for m in range(40)]
    )
    table = spread(units, homes).table
    assert len(table) == 1_600
    assert table["residents"].to_numpy() == pytest.approx(15.0)
    assert table["residents_5_9"].to_numpy() == pytest.approx(1.08)


@examples(60)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_cell_has_each_age_in_proportion_whatever_its_size(seed: int) -> None:
    chance = np.random.default_rng(seed)
    size = int(chance.integers(5, 400))
    weights = chance.gamma(0.4, 12.0, size) + 1e-3
    ages = chance.integers(0, 4_000, 4)
    columns = ["residents_0_0", "residents_1_4", "residents_5_9", "residents_10_14"]
    counts = dict(zip(columns, ages[:, None].tolist(), strict=True))
    residents = int(ages.sum() + chance.integers(0, 9_000))
    units = layer([square(0, 0)], unit_id=["A"], residents=[residents], **counts)
    places = chance.uniform(0.01, 0.99, (size, 2)).tolist()
    table = spread(units, points(*places, weight=weights), weights="weight").table
    for column, count in zip(["residents", *columns], [residents, *ages], strict=True):
        assert table[column].sum() == pytest.approx(count, rel=1e-12)
        wanted = count * weights / weights.sum()
        assert table[column].to_numpy() == pytest.approx(wanted, rel=1e-9)
        for least, most in CELL_CLASSES.values():  # no bias by size of the cell
            is_of_class = (least < table["residents"]) & (table["residents"] <= most)
            found = table.loc[is_of_class, column].sum()
            assert found == pytest.approx(wanted[is_of_class.to_numpy()].sum(), rel=1e-9)


def test_a_polygon_across_a_border_is_cut_and_its_weight_with_it(
    two_units: gpd.GeoDataFrame,
) -> None:
    village = layer([square(0.5, 0, width_km=1.0), square(0, 0, width_km=0.5)], floor=[4.0, 2.0])
    table = spread(two_units, village, weights="floor").table
    assert table.set_index(["unit_id", "target"])["share"].to_dict() == pytest.approx(
        {("A", 0): 0.5, ("A", 1): 0.5, ("B", 0): 1.0}
    )
    assert table.geometry.iloc[0].within(two_units.geometry.iloc[0].buffer(1e-6))


def test_a_unit_whose_weights_are_all_zero_is_spread_by_area_and_says_so(
    two_units: gpd.GeoDataFrame,
) -> None:
    villages = layer([square(0, 0), square(1, 0, width_km=0.25), square(1.5, 0, width_km=0.5)],
                     floor=[1.0, 0.0, 0.0])  # fmt: skip
    noted = spread(two_units, villages, weights="floor")
    of_b = noted.table[noted.table["unit_id"] == "B"]
    assert of_b["share"].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert of_b["is_assumption"].all()
    assert not noted.table.loc[noted.table["unit_id"] == "A", "is_assumption"].any()
    notice = next(notice for notice in noted.notices if notice.key == "people.by_area")
    assert "B" in notice.text("zh")
    assert "A" not in notice.text("zh")


def test_a_unit_with_nothing_in_it_keeps_its_people_at_one_place(
    two_units: gpd.GeoDataFrame,
) -> None:
    noted = spread(two_units, points((0.5, 0.5), dwellings=[1]), weights="dwellings")
    alone = noted.table[noted.table["unit_id"] == "B"]
    assert alone["residents"].tolist() == [11.0]
    assert alone["target"].isna().all()
    assert alone.geometry.iloc[0].within(two_units.geometry.iloc[1])
    assert "people.alone" in keys(noted)


def test_targets_outside_all_units_are_counted_in_a_notice(two_units: gpd.GeoDataFrame) -> None:
    homes = points((0.5, 0.5), (1.5, 0.5), (7.0, 7.0), dwellings=[1, 1, 1])
    noted = spread(two_units, homes, weights="dwellings")
    notice = next(notice for notice in noted.notices if notice.key == "people.outside")
    assert dict(notice.args) == {"count": 1, "all": 3}


def test_unknown_residents_stay_unknown(two_units: gpd.GeoDataFrame) -> None:
    two_units["residents"] = [np.nan, 11]
    two_units["residents_0_4"] = [np.nan, 3]
    homes = points((0.5, 0.5), (1.5, 0.5), dwellings=[1, 1])
    noted = spread(two_units, homes, weights="dwellings")
    assert noted.table["residents"].isna().tolist() == [True, False]
    assert "people.unknown" in keys(noted)


def test_where_only_ages_are_unknown_residents_are_still_allocated(
    two_units: gpd.GeoDataFrame,
) -> None:
    two_units["residents_0_4"] = [np.nan, 3]
    homes = points((0.2, 0.5), (0.7, 0.5), (1.5, 0.5), dwellings=[1, 2, 1])
    table = spread(two_units, homes, weights="dwellings").table
    assert table["residents"].to_numpy() == pytest.approx([100 / 3, 200 / 3, 11])
    assert table["residents_0_4"].isna().tolist() == [True, True, False]


def test_the_order_of_rows_plays_no_part(two_units: gpd.GeoDataFrame) -> None:
    homes = points((0.2, 0.2), (0.8, 0.8), (1.5, 0.5), dwellings=[3, 1, 5])
    straight = spread(two_units, homes, weights="dwellings").table
    turned = spread(two_units[::-1], homes[::-1], weights="dwellings").table
    turned = turned.sort_values(["unit_id", "target"], ignore_index=True)
    pd.testing.assert_frame_equal(turned, straight)


def test_all_faults_of_the_units_are_told_at_once(two_units: gpd.GeoDataFrame) -> None:
    two_units["unit_id"] = "A"
    two_units["residents"] = [-1.0, 2.5]
    with pytest.raises(LayerError) as caught:
        spread(two_units, points((0.5, 0.5)))
    assert {message.key for message in caught.value.messages} == {
        "people.unit_twice", "people.negative", "people.ages_exceed",
    }  # fmt: skip


def test_unknown_weights_are_refused_for_they_are_not_zero(two_units: gpd.GeoDataFrame) -> None:
    homes = points((0.5, 0.5), (1.5, 0.5), dwellings=[1.0, np.nan])
    with pytest.raises(LayerError, match="1 个空值"):
        spread(two_units, homes, weights="dwellings")


def test_degrees_are_refused(two_units: gpd.GeoDataFrame) -> None:
    with pytest.raises(CrsError, match="onto"):
        spread(two_units, points((0.5, 0.5)).to_crs("EPSG:4490"))


# --- grids


def test_a_cell_that_lies_partly_inside_counts_in_part(tmp_path: Path) -> None:
    grid = write_grid(tmp_path / "grid.tif", np.full((2, 2), 8.0))
    zones = layer([square(0.25, 0, width_km=0.5, height_km=0.5)], name=["across"])
    assert zonal_sum(grid, zones).tolist() == pytest.approx([8.0])


def test_a_zone_beyond_the_grid_is_unknown_and_cells_without_data_count_nobody(
    tmp_path: Path,
) -> None:
    grid = write_grid(tmp_path / "grid.tif", np.array([[-9.0, 3.0], [2.0, 1.0]]), nodata=-9.0)
    zones = gpd.GeoSeries([square(5, 5), square(0, 0)], index=["far", "here"], crs=CRS)
    found = zonal_sum(grid, zones)
    assert np.isnan(found["far"])
    assert found["here"] == pytest.approx(6.0)


def test_a_no_data_that_is_not_declared_is_refused(tmp_path: Path) -> None:
    grid = write_grid(tmp_path / "grid.tif", np.array([[-99999.0, 3.0], [2.0, 1.0]]))
    with pytest.raises(LayerError, match="-99999"):
        zonal_sum(grid, gpd.GeoSeries([square(0, 0)], crs=CRS))


def test_a_grid_in_degrees_is_read_with_reprojected_zones(
    tmp_path: Path, two_units: gpd.GeoDataFrame
) -> None:
    corner = gpd.GeoSeries([Point(EAST, NORTH)], crs=CRS).to_crs("EPSG:4326").iloc[0]
    cell = 0.0005
    path = tmp_path / "degrees.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=60, width=60, count=1, dtype="float64",
        crs="EPSG:4326", transform=Affine(cell, 0, corner.x - cell, 0, -cell, corner.y + 55 * cell),
    ) as file:  # fmt: skip
        file.write(np.full((60, 60), 2.0), 1)
    noted = spread(two_units, Grid(path))
    assert "people.grid_crs" in keys(noted)
    assert sums(noted.table) == pytest.approx({"A": 100.0, "B": 11.0}, rel=1e-9)
    # a square kilometre holds 1e6 m² / (cell² on the ground) cells of 2 people
    ground_m2 = (cell * 110_915) * (cell * 93_450)
    assert zonal_sum(path, two_units).iloc[0] == pytest.approx(2e6 / ground_m2, rel=2e-3)


def test_cells_on_a_border_are_shared_by_both_units(
    tmp_path: Path, two_units: gpd.GeoDataFrame
) -> None:
    grid = write_grid(tmp_path / "grid.tif", np.full((1, 2), 5.0), cell_m=1500.0)
    table = spread(two_units, grid).table
    on_border = table[table["target"] == 0]
    assert on_border["unit_id"].tolist() == ["A", "B"]
    assert sums(table) == pytest.approx({"A": 100.0, "B": 11.0}, rel=1e-9)


def test_a_unit_without_people_on_the_grid_is_spread_by_area(
    tmp_path: Path, two_units: gpd.GeoDataFrame
) -> None:
    cells = np.array([[1.0, 3.0, np.nan, 0.0], [0.0, 0.0, 0.0, np.nan]])
    noted = spread(two_units, write_grid(tmp_path / "grid.tif", cells, nodata=np.nan))
    of_b = noted.table[noted.table["unit_id"] == "B"]
    assert of_b["share"].tolist() == pytest.approx([0.25] * 4)
    assert "people.by_area" in keys(noted)
    of_a = noted.table[noted.table["unit_id"] == "A"]
    assert of_a["residents"].tolist() == pytest.approx([25.0, 75.0])


def test_a_unit_beyond_the_grid_keeps_its_people(tmp_path: Path) -> None:
    units = layer([square(0, 0), square(50, 0)], unit_id=["A", "far"], residents=[4, 6])
    noted = spread(units, write_grid(tmp_path / "grid.tif", np.ones((2, 2))))
    assert sums(noted.table) == {"A": 4, "far": 6}
    assert "people.alone" in keys(noted)


@pytest.mark.parametrize(
    ("factor", "told"),
    [(1.0, set()), (2.9, set()), (3.1, {"people.grid_sum"}), (0.3, {"people.grid_sum"})],
)
def test_a_grid_of_densities_is_noticed_by_its_sum(
    tmp_path: Path, two_units: gpd.GeoDataFrame, factor: float, told: set[str]
) -> None:
    cells = np.full((2, 4), 111.0 / 8 * factor)
    noted = spread(two_units, write_grid(tmp_path / "grid.tif", cells))
    assert keys(noted) == told
    assert sums(noted.table) == pytest.approx({"A": 100.0, "B": 11.0})


def test_a_grid_of_another_year_is_told(tmp_path: Path, two_units: gpd.GeoDataFrame) -> None:
    path = write_grid(tmp_path / "grid.tif", np.full((2, 4), 14.0)).path
    assert "people.grid_year" in keys(spread(two_units, Grid(path, year=2015), year=2020))
    assert "people.grid_year" not in keys(spread(two_units, Grid(path, year=2020), year=2020))


def test_a_grid_without_crs_or_that_is_no_grid_is_refused(
    tmp_path: Path, two_units: gpd.GeoDataFrame
) -> None:
    path = tmp_path / "no_crs.tif"
    write_grid(path, np.ones((2, 2)), crs=None)
    with pytest.raises(CrsError, match=r"no_crs\.tif"):
        zonal_sum(path, two_units)
    text = tmp_path / "text.tif"
    text.write_text("人口", encoding="utf-8")
    with pytest.raises(LayerError, match=r"text\.tif"):
        zonal_sum(text, two_units)


@examples(10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(st.lists(st.integers(0, 50), min_size=4, max_size=4), min_size=2, max_size=2),
    split_km=st.floats(0.05, 0.95),
    factor=st.sampled_from([2, 5]),
)
def test_halves_sum_to_the_whole_and_a_finer_grid_changes_nothing(
    tmp_path: Path, cells: list[list[int]], split_km: float, factor: int
) -> None:
    coarse = np.array(cells, dtype=float)
    fine = np.repeat(np.repeat(coarse, factor, axis=0), factor, axis=1) / factor**2
    grid = write_grid(tmp_path / "coarse.tif", coarse)
    finer = write_grid(tmp_path / "fine.tif", fine, cell_m=500.0 / factor)
    zones = gpd.GeoSeries(
        [square(0, 0), square(0, 0, width_km=split_km),
         square(split_km, 0, width_km=1 - split_km)], crs=CRS,
    )  # fmt: skip
    whole, west, east = zonal_sum(grid, zones)
    # exactextract holds the covered part of a border cell in 32 bits
    last_digit = 1e-7 * coarse.sum()
    assert west + east == pytest.approx(whole, rel=1e-9, abs=last_digit)
    assert_series_equal(zonal_sum(finer, zones), zonal_sum(grid, zones), rtol=0, atol=last_digit)


@examples(10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(st.lists(st.integers(0, 50), min_size=5, max_size=5), min_size=3, max_size=3),
    cell_m=st.sampled_from([170.0, 400.0, 900.0]),
    residents=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
)
def test_totals_are_kept_under_any_grid(
    tmp_path: Path, cells: list[list[int]], cell_m: float, residents: tuple[int, int]
) -> None:
    units = layer([square(0, 0), square(1, 0)], unit_id=["A", "B"], residents=list(residents))
    grid = write_grid(tmp_path / "grid.tif", np.array(cells, dtype=float), cell_m=cell_m)
    wanted = dict(zip("AB", residents, strict=True))
    exact = spread(units, grid).table
    assert sums(exact) == pytest.approx(wanted, rel=1e-9)
    assert (exact["residents"] >= 0).all()


# --- the census joined to polygons


def census(**residents: float) -> pd.DataFrame:
    return pd.DataFrame({"unit_id": list(residents), "residents": list(residents.values())})


def test_a_zone_without_polygon_is_counted_in_the_unit_that_holds_it(
    two_units: gpd.GeoDataFrame,
) -> None:
    noted = join_census(two_units, census(A=5, B=6, Z=7), within={"Z": "A"})
    assert noted.table["residents"].tolist() == [12.0, 6.0]
    assert keys(noted) == {"people.within"}


def test_a_row_of_the_census_without_polygon_is_never_lost_in_silence(
    two_units: gpd.GeoDataFrame,
) -> None:
    with pytest.raises(LayerError, match="Z"):
        join_census(two_units, census(A=5, B=6, Z=7), within={})
    with pytest.raises(LayerError) as caught:
        join_census(two_units, census(A=5, B=6, Z=7), within={"Z": "nowhere"})
    assert [message.key for message in caught.value.messages] == ["people.holder_missing"]


def test_a_polygon_without_a_row_of_the_census_is_unknown(two_units: gpd.GeoDataFrame) -> None:
    noted = join_census(two_units, census(A=5), within={})
    assert noted.table["residents"].tolist()[0] == 5.0
    assert np.isnan(noted.table["residents"].tolist()[1])
    assert keys(noted) == {"people.without_row"}


def test_a_holder_with_an_unknown_part_is_unknown(two_units: gpd.GeoDataFrame) -> None:
    noted = join_census(two_units, census(A=5, B=6, Z=np.nan), within={"Z": "A"})
    assert noted.table["residents"].isna().tolist() == [True, False]


# --- people summed in zones


def test_people_count_in_every_zone_that_holds_them() -> None:
    homes = points((0.5, 0.5), (1.5, 0.5), residents=[3, 4])
    zones = gpd.GeoDataFrame(
        geometry=[square(0, 0), square(0, 0, width_km=2), square(9, 9)], index=["w", "both", "far"],
        crs=CRS,
    )  # fmt: skip
    assert people_by_unit(homes, zones)["residents"].to_dict() == {"w": 3, "both": 7, "far": 0}


def test_a_point_on_a_border_counts_once() -> None:
    homes = points((1.0, 0.5), (0.0, 0.5), (2.0, 0.5), residents=[1, 10, 100])
    zones = gpd.GeoSeries([square(0, 0), square(1, 0)], crs=CRS)
    assert people_by_unit(homes, zones)["residents"].tolist() == [10, 101]


def test_people_of_a_polygon_live_evenly_in_it_and_an_unknown_part_makes_a_zone_unknown() -> None:
    population = layer([square(0, 0, width_km=2), square(2, 0)], residents=[10.0, np.nan])
    zones = gpd.GeoSeries([square(0.5, 0), square(1.5, 0)], crs=CRS)
    found = people_by_unit(population, zones)["residents"]
    assert found.iloc[0] == pytest.approx(5.0)
    assert np.isnan(found.iloc[1])


def test_people_of_a_grid_are_its_zonal_sums(tmp_path: Path, two_units: gpd.GeoDataFrame) -> None:
    grid = write_grid(tmp_path / "grid.tif", np.arange(8.0).reshape(2, 4))
    assert people_by_unit(grid, two_units)["residents"].tolist() == pytest.approx([10.0, 18.0])


# --- the real census


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the shared folder is not beside the repo")
def test_the_real_census_spread_over_a_grid_sums_to_the_census_in_every_county(
    tmp_path: Path,
) -> None:
    counties = gpd.read_file(SHARED / "counties_tianditu.geojson").to_crs(CRS)
    table = pd.read_csv(SHARED / "census2020_yearbook.csv", dtype={"adcode": str})
    people = table[table["adcode"] != "411700"].rename(
        columns={"adcode": "unit_id", "人口数_合计": "residents"}
    )
    people = people.copy()  # the yearbook's 153 columns came one by one
    for first, last, word in (
        (0, 0, "0岁"),
        (1, 4, "1到4岁"),
        (5, 9, "5到9岁"),
        (10, 14, "10到14岁"),
    ):
        people[f"residents_{first}_{last}"] = people[f"男_{word}"] + people[f"女_{word}"]
    code = next(name for name in counties if name in {"adcode", "code", "gb", "unit_id"})
    counties = counties.rename(columns={code: "unit_id"})
    counties["unit_id"] = counties["unit_id"].astype(str).str[-6:]
    joined = join_census(counties, people, within={"411771": "411702"}).table
    assert joined["residents"].sum() == 7_008_427
    left, bottom, right, top = counties.total_bounds
    cells = np.random.default_rng(2020).gamma(0.3, 100.0, (90, 90))
    path = tmp_path / "city.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=90, width=90, count=1, dtype="float64", crs=CRS,
        transform=Affine((right - left) / 90, 0, left, 0, (bottom - top) / 90, top),
    ) as file:  # fmt: skip
        file.write(cells, 1)
    places = spread(joined, Grid(path)).table
    for column in ["residents", *joined.filter(regex=r"residents_\d").columns]:
        census_sums = joined.set_index("unit_id")[column].to_dict()
        assert sums(places, column) == pytest.approx(census_sums, rel=1e-12)
