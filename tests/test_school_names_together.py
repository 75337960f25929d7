"""Real names of schools: none is lost, only what stands together is one, what is open says why."""

from __future__ import annotations

import csv
from itertools import chain, combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from volumes import examples

from zmd_layout.layers import load_layers
from zmd_layout.layers.schools.doubles import TOGETHER_M, merge_doubles
from zmd_layout.layers.schools.same_name import contradict, is_one_name
from zmd_layout.layers.schools.stages import campus_name, stages_of_name, status_of_name
from zmd_layout.measures import World
from zmd_layout.measures.evaluation import evaluate
from zmd_layout.rulebook.measure_forms import Condition, CountMeasure
from zmd_layout.study import read_study
from zmd_layout.vocabulary import Basis, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zmd_layout.layers import Layer

REAL = Path(__file__).parent / "data" / "real_school_names.csv"
# the names of schools of four counties on a public map of 2020; where they stand is made up
NAMES = [row["name"] for row in csv.DictReader(REAL.read_text("utf-8").splitlines())]
PLANE = "EPSG:4547"


def loaded(
    make_study: Callable[..., Path], rows: Sequence[tuple[str, float, float]], more: str = ""
) -> Layer:
    folder = make_study(
        f'\n[layers.schools]\npath = "s.csv"\ncoordinates = "{PLANE}"\nyear = 2025\n{more}'
    )
    text = "学校名称,在校生数,教学班数,x,y\n" + "".join(
        f"{name},,,{x},{y}\n" for name, x, y in rows
    )
    (folder / "s.csv").write_text(text, "utf-8")
    return load_layers(read_study(folder))["schools"]


def spread(names: list[str], step: float = 400.0) -> list[tuple[str, float, float]]:
    """Put schools farther apart than any that could be one, within the first county."""
    return [
        (name, 501_000 + step * (n % 20), 3_655_000 + step * (n // 20))
        for n, name in enumerate(names)
    ]


def test_of_real_names_far_apart_none_is_lost_and_few_are_undecided_each_with_its_reason(
    make_study: Callable[..., Path],
) -> None:
    schools = loaded(make_study, spread(NAMES))
    assert sorted(schools.frame["name"]) == sorted(NAMES)
    undecided = schools.frame.loc[schools.frame["stages"].isna(), "name"]
    assert len(undecided) < 0.1 * len(NAMES)
    reasons = [note for note in schools.origin.notes if note.key == "layers.schools_undecided"]
    named = [name for note in reasons for name in dict(note.args)["names"]]
    assert sorted(named) == sorted(undecided)


def test_what_a_convention_decided_is_named_to_be_checked(make_study: Callable[..., Path]) -> None:
    names = ["甲县第一高级中学", "甲县二高", "甲县第五中学", "甲县博文中学", "甲县育才学校"]
    schools = loaded(make_study, spread(names))
    rows = schools.frame.set_index("name")
    assert rows["stages"]["甲县第五中学"] == "junior"
    assert rows["stages"][["甲县博文中学", "甲县育才学校"]].isna().all()
    note = next(n for n in schools.origin.notes if n.key == "layers.schools_by_convention")
    assert dict(note.args)["names"] == ["甲县第五中学"]


def test_without_senior_schools_that_say_so_a_numbered_school_stays_undecided(
    make_study: Callable[..., Path],
) -> None:
    schools = loaded(make_study, spread(["甲县第一高级中学", "甲县第五中学"]))
    assert schools.frame.set_index("name")["possible_stages"]["甲县第五中学"] == "junior;senior"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("第一小学", "西平县第一小学"),
        ("柳镇一小", "西县柳镇第一小学"),
        ("上蔡县第十小学", "上蔡十小"),
        ("驻马店市第二高级中学", "驻马店第二高级中学校园"),
        ("驻马店市第十四小学", "驻马店市第十四小学工会委员会"),
        ("确山县盘龙中学", "确山县第二初级中学盘龙校区"),
        ("驻马店第二实验小学", "驻马店第二实验小学(南区)"),
        ("回族小学", "回族小学校"),
    ],
)
def test_names_of_one_school_are_known_as_such(first: str, second: str) -> None:
    assert is_one_name(first, second)
    assert is_one_name(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("实验小学", "第二实验小学"),
        ("第一小学", "第十一小学"),
        ("第二小学", "第一小学"),
        ("小学", "柳镇第一小学"),
        ("第一小学", "第一中学"),
        ("正阳县第一小学", "正阳县第一初级中学"),
        ("上蔡四小", "关四小"),
        ("", "第一小学"),
        ("上蔡县第三小学", "上蔡县第十三小学"),
    ],
)
def test_names_of_two_schools_are_told_apart(first: str, second: str) -> None:
    assert not is_one_name(first, second)
    assert not is_one_name(second, first)


def test_a_name_in_latin_letters_contradicts_none_in_chinese() -> None:
    assert not contradict("Liu Town Primary School", "柳镇小学")
    assert contradict("柳镇第二小学", "柳镇第一小学")


def test_the_point_in_the_ground_of_a_school_counts_once(make_study: Callable[..., Path]) -> None:
    folder = make_study(
        f'\n[layers.schools]\npath = "s.gpkg"\ncoordinates = "{PLANE}"\nyear = 2025\n'
    )
    ground = shapely.box(502_000, 3_655_000, 502_200, 3_655_200)
    gpd.GeoDataFrame(
        {"school_id": ["a", "b", "c"], "name": ["西平县第一小学", "第一小学", "第一小学"]},
        geometry=[ground, ground.centroid, shapely.Point(504_000, 3_655_000)],
        crs=PLANE,
    ).to_file(folder / "s.gpkg")
    assert load_layers(read_study(folder))["schools"].frame["school_id"].tolist() == ["a", "c"]


def test_two_schools_of_one_name_in_a_roster_are_two_where_they_stand_apart(
    make_study: Callable[..., Path],
) -> None:
    rows = [("甲县第一小学", 502_000, 3_655_000), ("甲县第一小学(育德校区)", 502_000, 3_657_600),
            ("甲县第一小学", 502_000, 3_655_050), ("甲县第一小学", 502_000, 3_669_000)]  # fmt: skip
    assert len(loaded(make_study, rows).frame) == 3


def test_ids_of_the_statistics_keep_two_schools_apart() -> None:
    rows = {"school_id": ["2141000001", "2141000002"], "name": ["柳镇小学", "柳镇小学"]}
    frame = gpd.GeoDataFrame(rows, geometry=[shapely.Point(0, 0), shapely.Point(20, 0)], crs=PLANE)
    assert merge_doubles(frame)[1] == {}
    frame["school_id"] = ["a", "b"]
    assert merge_doubles(frame)[1] == {"b": "a"}


@examples(60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*NAMES[:6], "第一小学", "正阳县第一小学"]),
            st.integers(0, 1200), st.integers(0, 1200),
        ),
        min_size=1, max_size=12,
    ),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_no_two_points_farther_apart_are_merged_and_the_order_changes_nothing(
    rows: list[tuple[str, int, int]], chance: Any
) -> None:
    frame = gpd.GeoDataFrame(
        {"school_id": [f"s{n:02}" for n in range(len(rows))], "name": [name for name, *_ in rows]},
        geometry=[shapely.Point(x, y) for _, x, y in rows],
        crs=PLANE,
    )
    kept, merged = merge_doubles(frame)
    places = dict(zip(frame["school_id"], frame.geometry, strict=True))
    groups: dict[str, list[str]] = {identity: [identity] for identity in kept["school_id"]}
    for gone, owner in merged.items():
        groups[owner].append(gone)
    assert sorted(chain.from_iterable(groups.values())) == sorted(places)
    for members in groups.values():
        for a, b in combinations(members, 2):
            assert places[a].distance(places[b]) <= TOGETHER_M
    order = list(range(len(frame)))
    chance.shuffle(order)
    assert merge_doubles(frame.iloc[order])[1] == merged


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("教师进修学校附属小学", "primary"),
        ("县委党校附属幼儿园", "kindergarten"),
        ("体育馆路小学", "primary"),
        ("图书馆小学", "primary"),
        ("上蔡一高师范校区", "senior"),
        ("驻马店实验小学清河校区", "primary"),
        ("第一小学高中路校区", "primary"),
        ("第二高级中学东区", "senior"),
        ("Lincoln Junior-Senior High School", "junior;senior"),
        ("Grant Elementary & Middle School", "primary;junior"),
        ("Roosevelt Elementary", "primary"),
        ("Kennedy Junior High", "junior"),
    ],
)
def test_the_stages_of_names_that_used_to_mislead(name: str, stages: str) -> None:
    assert ";".join(stages_of_name(name).stages) == stages


@pytest.mark.parametrize("name", ["蓝天中学", "航天中学", "驻马店天中中学", "县回中", "西平县实中"])
def test_a_middle_school_stays_one_whatever_stands_before(name: str) -> None:
    assert stages_of_name(name).candidates == ("junior", "senior")


@pytest.mark.parametrize("name", ["小学生培训中心", "第六中学家属院", "托管班小学部", "小学书店"])
def test_what_is_near_a_school_or_teaches_its_pupils_is_none(name: str) -> None:
    assert not stages_of_name(name).is_school


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("柳镇第七小学(已撤销)", "closed"),
        ("柳镇小学【停办】", "closed"),
        ("柳镇小学已停办", "closed"),
        ("Liu School (historical)", "closed"),
        ("确山县第七小学（建设中）", "under_construction"),
        ("柳镇小学(规划中)", "planned"),
        ("柳镇小学(原关闭的铁路小学)", None),
        ("关闭山小学", None),
        ("规划路小学", None),
    ],
)
def test_a_remark_in_the_name_says_whether_a_school_operates(name: str, status: str | None) -> None:
    assert status_of_name(name) == status


def test_a_list_without_status_does_not_count_what_its_names_call_closed(
    make_study: Callable[..., Path],
) -> None:
    names = ["柳镇第一小学", "柳镇第七小学(已撤销)", "柳镇第八小学(在建)"]
    rows = loaded(make_study, spread(names)).frame.set_index("name")["status"]
    assert rows[names].tolist() == ["operating", "closed", "under_construction"]


def test_the_name_of_a_campus_is_read_with_and_without_brackets() -> None:
    names = ["第二初级中学盘龙校区", "第一小学(育德校区)", "实验小学-清河校区", "第一小学"]
    assert [campus_name(name) for name in names] == ["盘龙", "育德", "清河", ""]


def test_a_count_that_rests_on_the_convention_has_the_basis_assumption(
    make_study: Callable[..., Path],
) -> None:
    folder = make_study(
        f'\n[layers.schools]\npath = "s.csv"\ncoordinates = "{PLANE}"\nyear = 2025\n'
    )
    found = []
    for names in (["甲县第一高级中学", "甲县二高", "甲县第五中学"],
                  ["甲县第一高级中学", "甲县二高", "甲县第五初级中学"]):  # fmt: skip
        text = "".join(f"{name},,,{x},{y}\n" for name, x, y in spread(names))
        (folder / "s.csv").write_text(f"学校名称,在校生数,教学班数,x,y\n{text}", "utf-8")
        study = read_study(folder)
        world = World(study, load_layers(study), study.as_of)
        units = world.units(UnitKind.COUNTY, {})
        assert units is not None
        juniors = CountMeasure(
            count="schools", where=(Condition(field="stages", contains="junior"),)
        )
        values = evaluate(juniors, world=world, units=units, limits={})
        found.append({value.basis for value in values.values() if value.low == 1})
    assert found == [{Basis.ASSUMPTION}, {None}]
