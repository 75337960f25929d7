"""Figures: drawn from small worlds, without a trace on the reader's own settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import matplotlib as mpl
import pandas as pd
import pytest
import shapely

from conftest import signs_without_a_glyph
from zmd_layout.errors import OutputError
from zmd_layout.measures.outlook import Outlook
from zmd_layout.messages import Message
from zmd_layout.outputs.figures import save_figure, wrapped
from zmd_layout.outputs.figures.charts import age_pyramid, demand_curves
from zmd_layout.outputs.figures.map import count_classes, overview_map, rule_map
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLANE = "EPSG:4547"
SQUARES = [shapely.box(500_000 + x, 3_600_000, 510_000 + x, 3_610_000) for x in (0, 10_000, 20_000)]


def _texts(figure: Figure) -> str:
    axes = [text.get_text() for ax in figure.axes for text in ax.texts]
    legends = [t.get_text() for ax in figure.axes if ax.get_legend() for t in ax.get_legend().texts]
    return "\n".join([*axes, *legends, *(text.get_text() for text in figure.texts)])


def _findings(**columns: object) -> gpd.GeoDataFrame:
    table = {
        "rule_id": "r",
        "ruleset": "a-set-of-their-own",
        "unit_kind": "township",
        "unit_name": ["甲", "乙", "丙"],
        "status": ["shortfall", "not_assessable", "not_applicable"],
        "strength": "duty",
        "as_of": "2025-12-31",
        "clause": "文件 第一条：示例",
        "is_synthetic": False,
    }
    return gpd.GeoDataFrame(table | columns, geometry=SQUARES, crs=PLANE)


def _outlook(*, is_synthetic: bool = False, seats: float = 900.0) -> Outlook:
    rows = [
        ("a", year, stage, 900.0, 1000.0, 1100.0, float(year < 2027), year < 2027)
        for stage in (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR)
        for year in range(2020, 2036)
    ]
    columns = ["unit_id", "year", "stage", "low", "middle", "high", "born_share", "is_born"]
    balance = pd.DataFrame(
        {
            "unit_id": "a",
            "stage": Stage.PRIMARY,
            "year": range(2020, 2036),
            "capacity": "classes",
            "seats": seats,
        }
    )
    note = Message("figures.band")
    return Outlook(pd.DataFrame(rows, columns=columns), balance, (note,), is_synthetic)


def test_drawing_leaves_the_settings_of_the_reader_alone(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    save_figure(rule_map(_findings(), "r"), tmp_path / "map.png")
    assert dict(mpl.rcParams) == before


def test_a_map_is_called_after_its_rule_and_shows_the_units_that_are_judged() -> None:
    findings = _findings(
        rule_id="senior-new-per-county", ruleset="zhumadian-2022-49",
        unit_kind=["county", "county", "township"], status=["shortfall", "pass", "reported"],
    )  # fmt: skip
    figure = rule_map(findings, "senior-new-per-county")
    assert figure.axes[0].get_title() == "县新建标准化普通高中"
    assert "提示" not in _texts(figure)
    assert rule_map(_findings(), "r").axes[0].get_title() == "r"


def test_a_county_that_could_not_be_judged_has_no_nought_on_the_overview() -> None:
    counties = gpd.GeoDataFrame({"name": ["甲", "乙", "丙"]}, geometry=SQUARES, crs=PLANE)
    counties.index = pd.Index(["a", "b", "c"])
    figure = overview_map(counties, {"a": 2}, unknown={"a": 1, "b": 3})
    texts = _texts(figure)
    assert {"甲\n2", "乙\n?", "丙\n0"} <= {t.get_text() for t in figure.axes[0].texts}
    assert "资料不足" in texts


def test_every_verdict_is_told_by_symbol_or_hatching_beside_its_colour() -> None:
    figure = rule_map(_findings(), "r", lang="en")
    hatches = [c.get_hatch() for c in figure.axes[0].collections]
    assert "////" in hatches
    assert {"shortfall (1)", "not assessable (1)", "not applicable (1)"} <= set(
        _texts(figure).split("\n")
    )


def test_a_rule_without_shapes_names_those_that_can_be_drawn() -> None:
    with pytest.raises(OutputError, match="请从 r 中选择"):
        rule_map(_findings(), "no-such-rule")


def test_made_up_data_are_told_on_every_figure() -> None:
    banner = Message("figures.made_up").text("zh")
    counties = gpd.GeoDataFrame({"name": ["甲", "乙", "丙"]}, geometry=SQUARES, crs=PLANE)
    made = [
        rule_map(_findings(is_synthetic=True), "r"),
        overview_map(counties, {}, is_made_up=True),
        demand_curves(_outlook(is_synthetic=True)),
    ]
    assert all(banner in _texts(figure) for figure in made)
    real = [rule_map(_findings(), "r"), overview_map(counties, {}), demand_curves(_outlook())]
    assert not any(banner in _texts(figure) for figure in real)


def test_the_overview_prints_each_countys_number_and_its_scale() -> None:
    counties = gpd.GeoDataFrame(
        {"name": ["甲", "乙", "丙"]}, geometry=SQUARES, crs=PLANE, index=["1", "2", "3"]
    )
    text = _texts(overview_map(counties, {"1": 7, "2": 1}))
    assert "甲\n7" in text
    assert "丙\n0" in text
    assert "5 km" in text
    assert "北" in text


def test_children_are_drawn_solid_while_born_and_dashed_after() -> None:
    panel = demand_curves(_outlook(), lang="en").axes[1]
    born, unborn = panel.lines[0], panel.lines[1]
    assert born.get_linestyle() == "-"
    assert unborn.get_linestyle() == "--"
    assert max(born.get_xdata()) == min(unborn.get_xdata()) == 2026


def test_unknown_seats_are_said_to_be_unknown_and_never_drawn_as_zero() -> None:
    figure = demand_curves(_outlook(seats=float("nan")), lang="en")
    assert _texts(figure).count("seats unknown") == 4
    assert _texts(demand_curves(_outlook(), lang="en")).count("seats unknown") == 3


def test_a_unit_within_another_is_not_counted_twice() -> None:
    bands = [(0, 4), (5, 9), (10, 14), (15, 19), (20, 24)]
    ages = {f"residents_{a}_{b}": [500.0, 500.0] for a, b in bands}
    table = pd.DataFrame({"unit_id": ["1", "2"], "within": [None, "1"], **ages})
    both = age_pyramid(gpd.GeoDataFrame(table), base_year=2020)
    one = age_pyramid(gpd.GeoDataFrame(table.head(1)), base_year=2020)
    bare = age_pyramid(table.head(1).set_index("unit_id").drop(columns="within"), base_year=2020)
    lengths = [[bar.get_width() for bar in f.axes[0].patches] for f in (both, one, bare)]
    assert lengths[0] == lengths[1] == lengths[2]
    assert sum(lengths[1][:5]) == pytest.approx(500)


def test_a_map_reaches_to_its_borders_and_names_no_unit_where_there_are_too_many() -> None:
    few = rule_map(_findings(), "r").axes[0]
    assert {"甲", "乙", "丙"} <= {text.get_text() for text in few.texts}
    many = pd.concat([_findings()] * 14, ignore_index=True)
    borders = gpd.GeoDataFrame(geometry=[shapely.box(400_000, 3_500_000, 600_000, 3_700_000)])
    axes = rule_map(many, "r", borders=borders.set_crs(PLANE)).axes[0]
    assert not {"甲", "乙", "丙"} & {text.get_text() for text in axes.texts}
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    assert (west, east) == (392_000, 608_000)
    assert (south, north) == (3_492_000, 3_708_000)
    assert few.get_xlim()[0] > 490_000


def test_a_school_that_could_not_be_judged_is_a_cross_and_alone_has_ground_around_it() -> None:
    school = _findings(unit_kind="school").iloc[[1]].set_geometry([shapely.Point(5e5, 3.6e6)])
    axes = rule_map(school, "r").axes[0]
    places = [c.get_offsets().tolist() for c in axes.collections]
    assert [[5e5, 3.6e6]] in places
    assert [tuple(map(round, side)) for side in (axes.get_xlim(), axes.get_ylim())] == [
        (499_900, 500_100), (3_599_900, 3_600_100),
    ]  # fmt: skip


def test_one_unit_is_drawn_by_itself_and_without_a_balance_no_seat_is_known() -> None:
    both = _outlook()
    other = both.children.assign(unit_id="b", low=90.0, middle=100.0, high=110.0)
    table = pd.concat([both.children, other], ignore_index=True)
    seats = pd.concat([both.balance, both.balance.assign(unit_id="b", seats=100.0)])
    future = Outlook(table, seats, both.suppositions, is_synthetic=False)
    heights = {
        unit: [max(line.get_ydata()) for line in demand_curves(future, unit_id=unit).axes[1].lines]
        for unit in (None, "a", "b")
    }
    assert heights[None] == [1100.0, 1100.0, 1000.0]
    assert heights["a"] == [1000.0, 1000.0, 900.0]
    assert heights["b"] == [100.0, 100.0, 100.0]
    open_ = Outlook(table, pd.DataFrame(), both.suppositions, is_synthetic=False)
    assert _texts(demand_curves(open_, lang="en")).count("seats unknown") == 4


def test_the_same_figure_is_the_same_file(tmp_path: Path) -> None:
    for kind in ("png", "svg"):
        for name in ("a", "b"):
            save_figure(rule_map(_findings(), "r"), tmp_path / f"{name}.{kind}")
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


@pytest.mark.usefixtures("no_system_fonts")
def test_chinese_is_written_whatever_fonts_the_machine_has(tmp_path: Path) -> None:
    figure = rule_map(_findings(), "r")
    save_figure(figure, tmp_path / "a.png")  # a sign without a glyph warns, which is an error here
    assert any(sign > "\u2e80" for sign in _texts(figure))
    assert signs_without_a_glyph(figure) == set()


def test_lines_break_at_their_width_and_never_before_punctuation() -> None:
    text = wrapped("学校布局规划，核查。" * 4, width=12)
    assert text.replace("\n", "") == "学校布局规划，核查。" * 4
    assert not any(line.startswith(("，", "。")) for line in text.split("\n"))


def test_counts_are_cut_into_the_classes_that_the_page_has_too() -> None:
    cases = json.loads((Path(__file__).parent / "data" / "count_classes.json").read_text("utf-8"))
    for case in cases:
        found = count_classes(case["values"], case["steps"])
        assert [list(pair) for pair in found] == case["classes"]
