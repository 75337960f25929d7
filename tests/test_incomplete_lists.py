"""What a list that lacks schools may say: ranges, verdicts that hold over them, indications."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from volumes import examples

from zmd_layout.errors import StudyError
from zmd_layout.findings import find
from zmd_layout.layers import Layer, Layers, Origin
from zmd_layout.measures import World
from zmd_layout.rulebook import load_ruleset
from zmd_layout.study import Covers, Name, Study
from zmd_layout.study.schools import Completeness
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PERIOD = (dt.date(2021, 1, 1), dt.date(2025, 12, 31))
PRIMARY, JUNIOR = "indicator-primary-per-10000-residents", "indicator-junior-per-20000-residents"
CENTRAL = "kindergarten-public-central-per-township"
RULES = [
    rule
    for rule in load_ruleset("zhumadian-2022-49")
    if rule.id in {PRIMARY, JUNIOR, CENTRAL, "special-school-per-county"}
]
VERDICTS = {"pass", "shortfall"}
KINDS = ("primary", "junior", "primary;junior", "kindergarten", "special", "vocational")


@dataclass(frozen=True)
class Place:
    """Two counties with their townships, and all schools there are."""

    residents: dict[str, float]
    schools: pd.DataFrame

    @property
    def counties(self) -> list[str]:
        """Their ids."""
        return sorted({township[:6] for township in self.residents})


def place(
    residents: Sequence[Sequence[float]], schools: Sequence[tuple[str, int, int]] = ()
) -> Place:
    """Make a place: residents by county and township; schools as stages, county, township."""
    people = {
        f"41172{c}1{t:02d}": float(n) for c, row in enumerate(residents) for t, n in enumerate(row)
    }
    rows = [
        {
            "school_id": f"s{number}", "name": f"学校{number}", "stages": stages,
            "status": "operating", "is_teaching_point": False, "ownership": "public",
            "is_township_central": number % 2 == 0, "administered_by": "county",
            "county_id": f"41172{c}", "township_id": f"41172{c}1{t:02d}",
        }
        for number, (stages, c, t) in enumerate(schools)
    ]  # fmt: skip
    columns = [
        "school_id", "name", "stages", "status", "is_teaching_point", "ownership",
        "is_township_central", "administered_by", "county_id", "township_id",
    ]  # fmt: skip
    return Place(people, pd.DataFrame(rows, columns=columns))


def totals(truth: Place) -> dict[str, dict[Stage, int]]:
    """Count the schools of each stage as a yearbook does that is exact."""
    return {
        county: {
            stage: int(
                sum(
                    stage in stages.split(";")
                    for stages in truth.schools.loc[truth.schools["county_id"] == county, "stages"]
                )
            )
            for stage in Stage
        }
        for county in truth.counties
    }


def judged(
    truth: Place,
    *,
    kept: Sequence[bool] | None = None,
    more: Layers | None = None,
    kinds: Mapping[str, str] = MappingProxyType({}),
    **asked: Any,
) -> pd.DataFrame:
    """Judge the place by its whole list, or by the rows of it that are kept."""
    study = Study(
        id="s", name=Name(zh="小", en="small"), as_of=PERIOD[1], plan_period=PERIOD,
        completeness=Completeness(**asked),
    )  # fmt: skip
    counties = [
        {
            "unit_id": county, "name": county, "kind": "county",
            "residents": sum(n for t, n in truth.residents.items() if t[:6] == county),
        }
        for county in truth.counties
    ]  # fmt: skip
    townships = [
        {"unit_id": t, "name": t, "kind": kinds.get(t, "town"), "county_id": t[:6], "residents": n}
        for t, n in truth.residents.items()
    ]
    whole = Covers(stages=tuple(Stage), units=tuple(truth.counties))
    listed = truth.schools if kept is None else truth.schools[np.array(kept, dtype=bool)]
    layers = {
        "counties": _layer("counties", pd.DataFrame(counties), Origin(year=2025)),
        "townships": _layer("townships", pd.DataFrame(townships), Origin(year=2025)),
        "schools": _layer(
            "schools", listed.reset_index(drop=True),
            Origin(year=2025, covers=whole) if kept is None
            else Origin(year=2025, is_complete=False),
        ),
        **(more or {}),
    }  # fmt: skip
    return pd.DataFrame(find(RULES, World(study, layers, study.as_of)))


def _layer(name: str, table: pd.DataFrame, origin: Origin) -> Layer:
    frame = gpd.GeoDataFrame(
        table.assign(is_synthetic=False), geometry=[None] * len(table), crs="EPSG:4547"
    )
    return Layer(name, frame, origin)


def one(findings: pd.DataFrame, rule: str, unit: str) -> dict[str, Any]:
    rows = findings[(findings["rule_id"] == rule) & (findings["unit_id"] == unit)]
    return dict(rows.iloc[0])


@st.composite
def thinned(draw: st.DrawFn, most: int) -> tuple[Place, list[bool]]:
    residents = draw(
        st.lists(st.lists(st.integers(0, 60_000), min_size=1, max_size=4), min_size=1, max_size=2)
    )
    where = [(c, t) for c, row in enumerate(residents) for t in range(len(row))]
    kind_and_place = st.tuples(st.sampled_from(KINDS), st.sampled_from(where))
    schools = draw(st.lists(kind_and_place, max_size=most))
    kept = draw(st.lists(st.booleans(), min_size=len(schools), max_size=len(schools)))
    return place(residents, [(stages, *at) for stages, at in schools]), kept


@pytest.mark.parametrize("most", [6, 12, 24, 48])  # schools; each takes minutes at full volume
@examples(32)
@given(data=st.data())
def test_a_verdict_of_an_incomplete_list_is_that_of_the_whole_and_all_that_it_implies_are_given(
    data: st.DataObject, most: int
) -> None:
    truth, kept = data.draw(thinned(most))
    full = judged(truth)
    assert full["status"].isin([*VERDICTS, "not_applicable"]).all()
    has_gap = full["gap"].notna() & full["status"].isin(VERDICTS)
    assert (full["gap_low"] == full["gap_high"])[has_gap].all()
    kinds = {t: ("subdistrict", "town", "township")[n % 3] for n, t in enumerate(truth.residents)}
    of_kinds = judged(truth, kinds=kinds)
    for rows in (kept, [not row for row in kept]):
        by_county = judged(truth, kept=rows, expected=totals(truth), tolerance=0)
        assert_all_implied(truth, rows, by_county)
        assert_same_verdicts(by_county, full)
        by_kind = judged(
            truth, kept=rows, kinds=kinds, more=totals_by_kind(truth, kinds),
            counts="stage_providers", tolerance=0,
        )  # fmt: skip
        assert_same_verdicts(by_kind, of_kinds)


def assert_same_verdicts(part: pd.DataFrame, whole: pd.DataFrame) -> None:
    """Compare the verdicts given with those of the whole list, and the ranges with its numbers."""
    said = part["status"].isin(VERDICTS)
    assert part[said]["status"].tolist() == whole[said]["status"].tolist()
    ends = part["measured_low"].fillna(-math.inf), part["measured_high"].fillna(math.inf)
    assert whole["measured"].between(*ends)[whole["measured"].notna()].all()
    gaps = part["gap_low"].fillna(0), part["gap_high"].fillna(math.inf)
    is_judged = whole["gap"].notna() & whole["status"].isin(VERDICTS)
    assert whole["gap"].between(*gaps)[is_judged].all()


def totals_by_kind(truth: Place, kinds: Mapping[str, str]) -> Layers:
    """Count the schools of each stage by county and kind of township."""
    kind = truth.schools["township_id"].map(dict(kinds))
    rows = []
    for county in truth.counties:
        for word in ("subdistrict", "town", "township"):
            here = truth.schools[(truth.schools["county_id"] == county) & (kind == word)]
            counts = {
                str(stage): sum(stage in stages.split(";") for stages in here["stages"])
                for stage in Stage
            }
            rows.append({"unit_id": county, "township_kind": word, **counts})
    return _totals(rows)


def assert_all_implied(truth: Place, kept: Sequence[bool], part: pd.DataFrame) -> None:
    """Compare the verdicts with k known, q required and M unlisted, counted by hand."""
    counted = totals(truth)
    listed = truth.schools[np.array(kept, dtype=bool)]
    for rule, stage, per in ((PRIMARY, "primary", 10_000), (JUNIOR, "junior", 20_000)):
        has_stage = listed["stages"].map(lambda s, stage=stage: stage in s.split(";")).astype(bool)
        found = part[part["rule_id"] == rule].set_index("unit_id")
        for township, people in truth.residents.items():
            county = township[:6]
            known = int((has_stage & (listed["township_id"] == township)).sum())
            of_county = int((has_stage & (listed["county_id"] == county)).sum())
            lacking = counted[county][Stage(stage)] - of_county
            required = people // per
            expected = (
                "not_applicable" if required == 0
                else "pass" if known >= required
                else "shortfall" if known + lacking < required
                else "not_assessable"
            )  # fmt: skip
            row = found.loc[township]
            assert row["status"] == expected
            if expected == "not_assessable":
                assert row["gap_high"] == required - known
                assert row["gap_low"] == max(0, required - known - lacking)
        for county in truth.counties:  # of which the total is known
            assert found.loc[county, "status"] != "not_assessable"


# --- ranges of single units

TWO = place([[30_000, 30_000]], [("primary", 0, 0)] * 3 + [("primary", 0, 1)] * 2)
FIRST, SECOND = sorted(TWO.residents)


def test_a_list_without_a_total_has_no_upper_end_and_its_schools_are_surely_there() -> None:
    found = judged(TWO, kept=[True] * 3 + [True, False])
    assert one(found, PRIMARY, FIRST)["status"] == "pass"
    row = one(found, PRIMARY, SECOND)
    assert row["status"] == "not_assessable"
    assert (row["measured_low"], row["gap_low"], row["gap_high"]) == (1, 0, 2)
    assert math.isnan(row["measured_high"])
    assert (row["screening"], row["screening_basis"]) == ("open", "no_total")


def test_schools_that_are_not_on_the_list_do_not_save_a_township_that_lacks_more() -> None:
    found = judged(
        TWO, kept=[True] * 3 + [False, False], expected={"411720": {"primary": 4}}, tolerance=0
    )
    row = one(found, PRIMARY, SECOND)
    assert (row["status"], row["gap"]) == ("shortfall", 2)
    assert (row["gap_low"], row["gap_high"]) == (2, 3)
    assert (row["screening"], row["screening_basis"]) == ("surely_short", "total")
    whole = one(found, PRIMARY, "411720")
    assert (whole["status"], whole["measured"], whole["required"]) == ("shortfall", 4, 6)


def test_a_tolerance_on_the_total_leaves_open_what_it_may_turn() -> None:
    kept = [True] * 3 + [False, False]
    exact = judged(TWO, kept=kept, expected={"411720": {"primary": 5}}, tolerance=0)
    loose = judged(TWO, kept=kept, expected={"411720": {"primary": 5}}, tolerance=0.2)
    assert one(exact, PRIMARY, SECOND)["status"] == "shortfall"
    row = one(loose, PRIMARY, SECOND)
    assert (row["status"], row["gap_low"], row["gap_high"]) == ("not_assessable", 0, 3)


def test_a_list_with_more_schools_than_the_total_does_not_count_the_same() -> None:
    found = judged(
        TWO, kept=[True] * 3 + [True, False], expected={"411720": {"primary": 2}}, tolerance=0
    )
    row = one(found, PRIMARY, SECOND)
    assert row["status"] == "not_assessable"
    assert "不同" in row["note_zh"]
    assert "do not count the same" in row["note_en"]
    assert row["screening_basis"] == "contradiction"


def test_schools_that_may_be_of_the_kind_asked_for_leave_the_unit_open() -> None:
    world = place([[20_000]], [("kindergarten", 0, 0)] * 3)
    found = judged(
        world, kept=[False, True, False], expected={"411720": {"kindergarten": 3}}, tolerance=0
    )
    row = one(found, CENTRAL, "411720100")  # the kept one is no central kindergarten
    assert (row["status"], row["measured_low"], row["measured_high"]) == ("not_assessable", 0, 2)
    assert (row["screening"], row["screening_basis"]) == ("open", "yes_no")


# --- a yearbook's table


def _totals(rows: list[dict[str, Any]]) -> Layers:
    table = pd.DataFrame(rows)
    return {"school_totals": _layer("school_totals", table, Origin(year=2024))}


def test_a_yearbook_counts_a_nine_year_school_once_and_a_rule_counts_it_twice() -> None:
    world = place([[40_000]], [("primary", 0, 0)] * 2 + [("primary;junior", 0, 0)] * 2)
    kinds = {
        "unit_id": "411720", "primary": 2, "junior": 0, "nine_year": 2, "twelve_year": 0,
        "complete_secondary": 0,
    }  # fmt: skip
    found = judged(
        world, kept=[True, False, True, False], more=_totals([kinds]), counts="institutions",
        tolerance=0,
    )  # fmt: skip
    county = one(found, PRIMARY, "411720")
    assert (county["status"], county["measured"]) == ("pass", 4)
    assert one(found, JUNIOR, "411720")["measured"] == 2
    assert "school_totals 2024" in county["sources"]


def test_counts_of_town_and_country_are_added_up() -> None:
    rows = [
        {"unit_id": "411720", "settlement": word, "primary": n}
        for word, n in (("urban", 1), ("town", 2), ("rural", 2))
    ]
    found = judged(TWO, kept=[False] * 5, more=_totals(rows), counts="stage_providers", tolerance=0)
    assert one(found, PRIMARY, "411720")["measured"] == 5


def test_counts_with_teaching_points_are_no_more_than_an_upper_end() -> None:
    found = judged(
        TWO, kept=[True] * 3 + [False] * 2, more=_totals([{"unit_id": "411720", "primary": 6}]),
        counts="stage_providers", includes_teaching_points=True, tolerance=0,
    )  # fmt: skip
    row = one(found, PRIMARY, "411720")
    assert (row["status"], row["measured_low"], row["measured_high"]) == ("not_assessable", 3, 6)


def test_a_table_that_does_not_say_what_it_counts_is_asked() -> None:
    with pytest.raises(StudyError, match="stage_providers"):
        judged(TWO, kept=[True] * 5, more=_totals([{"unit_id": "411720", "primary": 5}]))


# --- indications


def many(counts: Sequence[int], residents: float = 30_000) -> Place:
    """Make one county with so many primary schools in each township."""
    schools = [("primary", 0, t) for t, n in enumerate(counts) for _ in range(n)]
    return place([[residents] * len(counts)], schools)


SHORT = [1] * 5 + [3] * 7  # three are asked for; three of 29 are not on the list


def short_of_three(expected: dict[str, Any]) -> pd.DataFrame:
    found = judged(many(SHORT), kept=[True] * sum(SHORT), expected=expected, tolerance=0)
    return found[(found["rule_id"] == PRIMARY) & (found["unit_kind"] == "township")]


def test_a_word_is_given_where_all_three_formulas_agree() -> None:
    rows = short_of_three({"411720": {"primary": sum(SHORT) + 3}})
    open_ = rows[rows["status"] == "not_assessable"]
    assert open_["screening"].tolist() == ["likely_short"] * 5
    assert open_["screening_basis"].tolist() == ["three_formulas"] * 5
    assert (open_["short_chance_low"] >= 0.8).all()
    assert (open_["short_chance_low"] < open_["short_chance_high"]).all()
    assert rows[rows["status"] == "pass"]["screening"].tolist() == ["surely_met"] * 7


def test_a_word_is_not_given_where_they_differ() -> None:
    rows = short_of_three({"411720": {"primary": sum(SHORT) + 9}})
    open_ = rows[rows["status"] == "not_assessable"]
    assert open_["screening"].tolist() == ["open"] * 5
    assert open_["screening_basis"].tolist() == ["formulas_differ"] * 5


def test_a_township_of_which_the_list_has_no_school_at_all_gets_no_word() -> None:
    world = many([3, 3, 3, 3, 3, 3, 3, 0])
    kept = [True, True, True] * 6 + [True, False, True]
    found = judged(world, kept=kept, expected={"411720": {"primary": 22}}, tolerance=0)
    row = one(found, PRIMARY, "411720107")
    assert row["status"] == "shortfall"  # one is missing, three are required
    loose = judged(world, kept=kept, expected={"411720": {"primary": 24}}, tolerance=0)
    row = one(loose, PRIMARY, "411720107")
    assert (row["screening"], row["screening_basis"]) == ("open", "not_in_list")


def test_a_total_of_the_city_gives_no_word_on_a_township() -> None:
    rows = short_of_three({"411700": {"primary": sum(SHORT) + 3}})
    open_ = rows[rows["status"] == "not_assessable"]
    assert open_["measured_high"].tolist() == [4] * 5, "but it bounds what may be there"
    assert open_["screening"].tolist() == ["open"] * 5
    assert open_["screening_basis"].tolist() == ["no_total"] * 5


URBAN = {f"41172010{t}": "subdistrict" for t in range(5)}


def by_kind(*, subdistricts: int, towns: int) -> Layers:
    rows = [
        {"unit_id": "411720", "township_kind": kind, "primary": n}
        for kind, n in (("subdistrict", subdistricts), ("town_or_township", towns))
    ]
    return _totals(rows)


def test_totals_of_subdistricts_and_of_towns_bound_each_by_themselves() -> None:
    # five subdistricts with one of three each, and seven towns with three of three
    world, kept = many(SHORT), [True] * sum(SHORT)
    found = judged(
        world, kept=kept, kinds=URBAN, more=by_kind(subdistricts=6, towns=30),
        counts="stage_providers", tolerance=0,
    )  # fmt: skip
    rows = found[(found["rule_id"] == PRIMARY) & (found["unit_kind"] == "township")]
    assert rows["measured_high"].tolist() == [2] * 5 + [12] * 7
    assert rows["status"].tolist() == ["shortfall"] * 5 + ["pass"] * 7
    assert one(found, PRIMARY, "411720")["measured"] == 36, "and the county has both"


def test_where_kinds_are_not_told_apart_no_subdistrict_likely_has_enough() -> None:
    kept = [number % 7 not in {1, 4} for number in range(42)] + [True] * 36
    world = many([7] * 6 + [6] * 6, residents=60_000)
    asked = {"411720": {"primary": 90}}
    words = [
        one(judged(world, kept=kept, expected=asked, tolerance=0, kinds=k), PRIMARY, "411720100")
        for k in ({}, URBAN)
    ]
    assert [row["screening"] for row in words] == ["likely_met", "open"]
    assert words[1]["screening_basis"] == "total_of_kinds"


def test_a_whole_list_is_not_screened() -> None:
    found = judged(TWO)
    assert set(found["screening"]) == {""}
    assert found["short_chance_low"].isna().all()


# --- two lists


def test_two_lists_give_an_estimate_and_no_verdict_rests_on_it() -> None:
    world = many([5] * 12, residents=60_000)
    rng = np.random.default_rng(5)
    in_first, in_second = rng.random(60) < 0.7, rng.random(60) < 0.7
    seen = in_first | in_second
    listed = np.where(in_first & in_second, "both", np.where(in_first, "schools", ""))
    frame = world.schools.assign(listed_in=np.where(listed == "", "reference_schools", listed))
    frame.loc[~in_first, "status"] = None
    found = judged(Place(world.residents, frame), kept=list(seen), two_lists=True)
    county = one(found, PRIMARY, "411720")
    assert county["status"] == "not_assessable"
    assert math.isnan(county["measured_high"])
    assert "shortfall" not in set(found[found["rule_id"] == PRIMARY]["status"])
