"""What the made city stands on: real counties and census, a choice of them, and honest chance."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from volumes import examples

from zmd_layout.errors import StudyError
from zmd_layout.synthetic import cache_key, make_city
from zmd_layout.synthetic.names import numeral
from zmd_layout.synthetic.random_streams import share_out, spread_out
from zmd_layout.synthetic.real_inputs import ground

CITY_RESIDENTS = 7_008_427
SHARED = Path(__file__).parents[1].parent / "shared"


@pytest.mark.parametrize("scale", [0.0, -1.0, 100.0, math.nan])
def test_a_scale_that_makes_no_city_is_refused_with_the_way_out(scale: float) -> None:
    with pytest.raises(StudyError, match="1 为驻马店全市"):
        make_city(scale=scale)


def test_a_part_of_the_city_is_the_fewest_whole_counties_that_hold_the_share() -> None:
    assert [county.name for county in ground(0.05)] == ["确山县"]
    assert [county.name for county in ground(0.06)] == ["确山县", "驿城区"]
    assert len(ground(1)) == len(ground(0.999)) == 10


def test_two_cities_lie_apart_with_codes_and_names_of_their_own() -> None:
    counties = ground(2)
    assert len({county.unit_id for county in counties}) == 20
    codes = pd.concat([county.townships["unit_id"] for county in counties])
    assert codes.is_unique
    first = shapely.union_all([county.polygon for county in counties[:10]])
    second = shapely.union_all([county.polygon for county in counties[10:]])
    assert first.disjoint(second)
    assert all(county.name.startswith("示例") for county in counties[10:])
    assert sum(int(county.ages.sum()) for county in counties) == 2 * CITY_RESIDENTS


def test_every_city_of_a_province_lies_where_eastings_and_northings_can_lie() -> None:
    shapes = [county.polygon for county in ground(30)]
    west, south, east, north = shapely.total_bounds(shapes)
    assert (west > 100_000, east < 1_000_000) == (True, True)  # six digits
    assert (south > 1_000_000, north < 10_000_000) == (True, True)  # seven
    middles = shapely.STRtree([shapely.point_on_surface(shape) for shape in shapes])
    inside, _ = middles.query(shapes, predicate="contains")
    assert len(inside) == len(shapes)  # no city lies on another


def test_a_cache_key_tells_seeds_and_scales_apart() -> None:
    keys = {cache_key(), cache_key(seed=1), cache_key(scale=2.0)}
    assert len(keys) == 3
    assert cache_key() == cache_key()


@examples(20)
@given(st.data())
def test_a_total_is_shared_out_to_the_person_and_nobody_is_off_by_more_than_one(
    data: st.DataObject,
) -> None:
    sizes = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    weights = data.draw(hnp.arrays(np.int64, (len(groups), 2), elements=st.integers(1, 1_000_000)))
    totals = data.draw(hnp.arrays(np.int64, (len(sizes), 2), elements=st.integers(0, 1_000_000)))
    chance = np.random.Generator(np.random.PCG64(data.draw(st.integers(0, 1_000))))
    shares = share_out(totals, weights, groups=groups, chance=chance)
    for group, total in enumerate(totals):
        own, weight = shares[groups == group], weights[groups == group]
        assert (own.sum(axis=0) == total).all()
        assert (np.abs(own - total * weight / weight.sum(axis=0)) < 1 + 1e-6).all()


def test_places_that_are_spread_out_keep_clear_of_those_taken() -> None:
    candidates = np.array([[0.0, 0.0], [10.0, 0.0], [4.0, 0.0]])
    assert spread_out(candidates, 2, taken=np.zeros((1, 2))).tolist() == [[10.0, 0.0], [4.0, 0.0]]


@pytest.mark.parametrize(
    ("number", "text"), [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (31, "三十一")]
)
def test_numerals_are_written_as_in_school_names(number: int, text: str) -> None:
    assert numeral(number) == text


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the folder ../shared")
def test_the_census_that_is_carried_is_the_one_that_was_printed() -> None:
    printed = pd.read_csv(
        SHARED / "data" / "zhumadian" / "census2020_yearbook.csv", dtype={"adcode": "str"}
    ).set_index("adcode")
    carried = census_file().set_index("unit_id")
    assert set(carried.index) == set(printed.index) - {"411700"}
    rows = printed.loc[carried.index]
    assert (carried["residents"] == rows["人口数_合计"]).all()
    assert (carried["residents_5_9"] == rows["男_5到9岁"] + rows["女_5到9岁"]).all()
    assert (carried["residents_85_120"] == rows["男_85岁以上"] + rows["女_85岁以上"]).all()
    assert (carried["households"] == rows["家庭户数"]).all()


def census_file() -> pd.DataFrame:
    path = Path(__file__).parents[1] / "zmd_layout" / "builtin" / "zhumadian-census"
    return pd.read_csv(path / "census2020.csv", dtype={"unit_id": "str"})
