"""What stands around a plot on the desk: roads, neighbours, its county; and own rules alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from test_review_desk import KINDERGARTEN, KNOWN, OWN_RULE, cases, issue

import zmd_layout
from conftest import COUNTIES, LAT, LON, point, square, write_geojson
from zmd_layout.development_review import Choices, Conclusions
from zmd_layout.errors import StudyError
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Stage
from zmd_layout.workflow.reviewing import open_desk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OWN = "own-primary-of-the-conditions"
ENTRY = '\n[layers.{0}]\npath = "{0}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
PLOT = {"planned_residents": 9999, "review_stage": "scheme", "schools": [KINDERGARTEN]}
ROAD = [
    *((0.001 * n, 0.01) for n in range(18)), *((0.018, 0.01 + 0.001 * n) for n in range(11)),
]  # fmt: skip


@pytest.fixture
def study(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., Any]:
    """Give a function that opens a study with some layers, its own rules alone where given."""

    def make(*rules: tuple[str, str], extra: str = "", counties: Any = None, **layers: Any) -> Any:
        for name, rows in layers.items():
            write_geojson(tmp_path / f"{name}.geojson", rows)
            extra += ENTRY.format(name)
        (tmp_path / "ours").mkdir(exist_ok=True)
        for name, text in rules:
            (tmp_path / "ours" / f"{name}.yaml").write_text(text, "utf-8")
        head = 'rulesets = ["ours"]' if rules else ""
        return zmd_layout.load_study(make_study(extra, head=head, counties=counties))

    return make


def test_rules_that_neither_multiply_dwellings_nor_add_plots_up_judge_a_plot_all_the_same(
    study: Callable[..., Any], tmp_path: Path
) -> None:
    (case,) = cases(tmp_path, PLOT, study=study((OWN, OWN_RULE)))
    assert case.merging is None
    assert not case.residents.is_bounded
    assert case.conclusion.kind is Conclusions.REFUSE
    assert [i.rule.id for i in case.issues] == [OWN]


def test_what_a_rule_without_a_stage_lacks_is_to_be_met(
    study: Callable[..., Any], tmp_path: Path
) -> None:
    text = OWN_RULE.replace("stage: primary\n", "")
    (case,) = cases(tmp_path, PLOT, study=study((OWN, text)))
    assert issue(case, OWN).remedy == Message("review.do_meet", gap=1)


GROUP_RULE = OWN_RULE.replace(OWN, "own-group").replace("key: O1", "key: O2").replace(
    "unit: residential_area\njudged_on: conditions_on", "unit: residential_group"
).replace(
    "parameters:\n",
    "parameters:\n"
    "  merge_distance_m: {unit: m, values: {2020-01-01: {value: 900, basis: clause, "
    "clause: conditions}}}\n"
    "  merge_years: {unit: year, values: {2020-01-01: {value: 5, basis: clause, "
    "clause: conditions}}}\n",
)  # fmt: skip


def test_plots_that_a_clause_adds_up_are_added_up_without_a_word_on_an_assumption(
    study: Callable[..., Any], tmp_path: Path
) -> None:
    ours = study(("own-group", GROUP_RULE))
    first, second = cases(tmp_path, PLOT, PLOT, study=ours)
    assert list(first.members) == ["2"]
    assert list(second.members) == ["1"]
    # the numbers are those of a clause: no assumption of ours has to be told
    assert first.merging is None


@pytest.mark.parametrize("wrong", [{"merge_distance_m": True}, {"merge_years": "3"}])
def test_a_choice_that_is_no_number_is_refused_with_what_was_found(wrong: dict[str, Any]) -> None:
    ((name, value),) = wrong.items()
    with pytest.raises(StudyError) as refused:
        Choices(**wrong)
    (told,) = refused.value.messages
    assert told.key == f"review.bad_{name}"
    assert dict(told.args)["found"] == value


def test_a_plot_of_which_the_middle_lies_in_no_county_names_none(
    study: Callable[..., Any], tmp_path: Path
) -> None:
    narrow = [(COUNTIES[0][0], square(-0.088, 0, 0.1)), COUNTIES[1]]
    (case,) = cases(tmp_path, PLOT, study=study(counties=narrow))
    assert case.county is None


def test_children_of_a_county_of_unknown_residents_are_not_forecast_for_a_plot(
    study: Callable[..., Any], tmp_path: Path
) -> None:
    ages = {"residents_0_4": 500, "residents_5_9": 500, "residents_10_14": 500}
    known = [({**row, **ages}, shape) for row, shape in COUNTIES]
    (case,) = cases(tmp_path, PLOT, study=study(counties=known))
    assert {need.year for need in case.needs if need.stage is Stage.PRIMARY} == {2027}
    bare = [({k: v for k, v in row.items() if k != "residents"}, shape) for row, shape in known]
    (case,) = cases(tmp_path, PLOT, study=study(counties=bare))
    assert {need.year for need in case.needs} == {None}


def test_a_neighbour_far_away_is_none(study: Callable[..., Any], tmp_path: Path) -> None:
    far = {"name": "远地块", "unit_id": "f", "planned_residents": 6000, **KNOWN, "is_new": True}
    ours = study(residential_areas=[(far, square(0.15, 0.05, 0.005))])
    (case,) = cases(tmp_path, {"planned_residents": 6000}, study=ours)
    assert case.members == {}


def test_a_school_that_names_the_plot_counts_in_it_wherever_its_point_lies(
    study: Callable[..., Any], tmp_path: Path
) -> None:
    school = {"school_id": "9", "name": "配建小学", "stages": "primary", "status": "operating"}
    plot = {**PLOT, "planned_residents": 10000}
    ours = study(schools=[({**school, "residential_area_id": "1"}, point(0.15, 0.05))])
    (case,) = cases(tmp_path, plot, study=ours)
    rule = "primary-per-new-residential-area"
    assert issue(case, rule).finding["measured"] == 1
    ours = study(schools=[({**school, "residential_area_id": "other"}, point(0.15, 0.05))])
    (case,) = cases(tmp_path, plot, study=ours)
    assert issue(case, rule).finding["measured"] == 0


SCHOOL = ({"school_id": "9", "name": "东小学", "stages": "primary"}, point(0.018, 0.02))


def test_the_roads_of_an_osm_extract_are_read_whole_and_lead_to_the_school(
    study: Callable[..., Any], tmp_path: Path
) -> None:
    nodes = "".join(
        f'<node id="{n}" lon="{LON + east}" lat="{LAT + north}"/>'
        for n, (east, north) in enumerate(ROAD, start=1)
    )
    tag = '<tag k="highway" v="residential"/>'
    ways = "".join(
        f'<way id="{n}"><nd ref="{n}"/><nd ref="{n + 1}"/>{tag}</way>' for n in range(1, len(ROAD))
    )
    (tmp_path / "roads.osm").write_text(f'<osm version="0.6">{nodes}{ways}</osm>', "utf-8")
    extract = '\n[layers.roads]\npath = "roads.osm"\nyear = 2025\n'
    (case,) = cases(tmp_path, PLOT, study=study(extra=extract, schools=[SCHOOL]))
    line = {"type": "LineString", "coordinates": [point(*end)["coordinates"] for end in ROAD]}
    drawn = [({"highway": "residential", "oneway": "no"}, line)]
    (same,) = cases(tmp_path, PLOT, study=study(roads=drawn, schools=[SCHOOL]))
    assert case.near[0].road_m == pytest.approx(same.near[0].road_m, rel=0.05)
    assert case.near[0].road_m > case.near[0].distance_m + 100


def test_plots_judged_again_at_the_same_place_find_the_roads_that_were_read(
    study: Callable[..., Any], tmp_path: Path
) -> None:
    line = {"type": "LineString", "coordinates": [point(*end)["coordinates"] for end in ROAD]}
    drawn = [({"highway": "residential", "oneway": "no"}, line)]
    desk = open_desk(study(roads=drawn, schools=[SCHOOL]))
    file = write_geojson(tmp_path / "a.geojson", [({**KNOWN, **PLOT}, square(0.01, 0.01, 0.005))])
    first = desk.judge(file).cases[0].near[0].road_m
    assert first > 700
    (tmp_path / "roads.geojson").unlink()
    assert desk.judge(file).cases[0].near[0].road_m == first
