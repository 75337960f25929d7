"""Shares within the service radius: of children, of residents and of residential ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

import zmd_layout
from conftest import point, square, write_geojson
from zmd_layout.measures import World
from zmd_layout.measures.outlook import outlook
from zmd_layout.siting.coverage import coverage_table
from zmd_layout.workflow.loading import load, load_rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AGES = {"residents_0_4": 100, "residents_5_9": 100, "residents_10_14": 100, "residents_15_19": 100}


@pytest.fixture
def shares(make_study: Callable[..., Path], tmp_path: Path) -> pd.Series:
    """Give the shares of a town of three villages and two areas, a primary school in the first."""
    townships = [
        ({"unit_id": "411721101", "name": "西镇", "kind": "town"}, square(0, 0)),
        ({"unit_id": "411721201", "name": "西乡", "kind": "township"}, square(0.1, 0)),
    ]
    villages = [
        ({"unit_id": f"v{n}", "residents": residents, **AGES}, point(east, 0.05))
        for n, (east, residents) in enumerate(
            [(0.010, 500), (0.013, 500), (0.050, 1000), (0.15, 700)]
        )
    ]
    areas = [
        ({"unit_id": "a1", "name": "近苑"}, square(0.0098, 0.0498, 0.0004)),
        ({"unit_id": "a2", "name": "远苑"}, square(0.06, 0.05, 0.0008)),
    ]
    schools = [({"school_id": "s1", "name": "一小", "stages": "primary"}, point(0.010, 0.05))]
    layers = {
        "townships": townships, "villages": villages, "residential_areas": areas,
        "schools": schools,
    }  # fmt: skip
    for name, rows in layers.items():
        write_geojson(tmp_path / f"{name}.geojson", rows)
    extra = "".join(
        f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
        for name in layers
    )
    out = tmp_path / "out"
    zmd_layout.run(zmd_layout.load_study(make_study(extra)), out=out)
    table = pd.read_csv(out / "coverage.csv", dtype={"unit_id": str})
    return table[table["stage"] == "primary"].set_index(["unit_id", "counted"])


def test_children_within_500_m_count_and_the_way_of_measuring_is_named(
    shares: pd.DataFrame,
) -> None:
    row = shares.loc[("411721101", "children")]
    assert row["radius_m"] == 500
    assert row["share_percent"] == pytest.approx(200 / 3)  # the second village is 365 m away
    assert row["method"] == "straight_line"


def test_residents_and_residential_ground_give_other_shares(shares: pd.DataFrame) -> None:
    assert shares.loc[("411721101", "residents"), "share_percent"] == pytest.approx(50)
    ground = shares.loc[("411721101", "residential_area_m2"), "share_percent"]
    assert ground == pytest.approx(20, abs=0.1)  # one part of five


def test_the_radius_is_written_for_towns_and_not_for_townships_proper(
    shares: pd.DataFrame,
) -> None:
    assert bool(shares.loc[("411721101", "children"), "radius_is_for_unit"])
    assert not bool(shares.loc[("411721201", "children"), "radius_is_for_unit"])
    assert shares.loc[("411721201", "children"), "share_percent"] == 0


def test_the_county_is_the_sum_of_its_townships(shares: pd.DataFrame) -> None:
    county = shares.loc[("411721", "children")]
    assert county["total"] == shares.loc[("411721101", "children"), "total"]


RADIUS = """
id: primary-within-800
key: M2
title: {zh: 八百米内, en: Within 800 m}
status: reviewed
stage: primary
strength: in_principle
addressee: county
due: {state: standing}
effective: {from: 2020-01-01, until: null}
clauses:
  text: {document: 某文, article: 一, text: 八百米, evidence: V, checked_on: 2026-11-24}
reading: {zh: 读法, en: A reading}
unit: township
parameters:
  service_radius_m:
    unit: m
    values:
      2020-01-01: {value: 800, basis: clause, clause: text}
measures:
  share: {named: primary_children_within_radius_share}
measure_unit: percent
check: {kind: report, measure: share}
needs: [share]
"""


def test_a_radius_of_the_rules_goes_before_the_usual_one_and_counties_stand_without_towns(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    villages = [
        ({"unit_id": f"v{n}", "residents": 500, **AGES}, point(east, 0.05))
        for n, east in enumerate((0.010, 0.016, 0.05))
    ]
    schools = [({"school_id": "s1", "stages": "primary"}, point(0.010, 0.05))]
    extra = ""
    for name, rows in (("villages", villages), ("schools", schools)):
        write_geojson(tmp_path / f"{name}.geojson", rows)
        extra += f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
    (tmp_path / "my-rules").mkdir()
    (tmp_path / "my-rules" / "primary-within-800.yaml").write_text(RADIUS, "utf-8")
    study = zmd_layout.load_study(make_study(extra, head='rulesets = ["my-rules"]'))
    world = World(study, load(study, None), study.as_of)
    table = coverage_table(world, load_rules(study))
    mine = table[table["stage"] == "primary"].set_index(["unit_id", "counted"])
    row = mine.loc[("411721", "children")]
    assert (row["radius_m"], row["basis"]) == (800, "clause")
    assert row["share_percent"] == pytest.approx(200 / 3)  # the second village is 730 m away
    assert set(table["unit_kind"]) == {"city", "county"}
    assert set(table["counted"]) == {"children", "residents"}
    # the kindergarten has no rule of its own and keeps the usual radius
    assert table.loc[table["stage"] == "kindergarten", "radius_m"].unique().tolist() == [300]


def test_children_are_those_of_the_year_of_assessment_and_the_year_is_said(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    ages = AGES | {"residents_0_4": 100, "residents_5_9": 200, "residents_10_14": 300}
    villages = [({"unit_id": "v0", "residents": 900, **ages}, point(0.01, 0.05))]
    schools = [({"school_id": "s1", "stages": "primary"}, point(0.010, 0.05))]
    extra = ""
    for name, rows in (("villages", villages), ("schools", schools)):
        write_geojson(tmp_path / f"{name}.geojson", rows)
        extra += f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2020\n'
    extra += '\n[forecast]\nmovement = "none"\nbirths = "held"\n'
    row = {"unit_id": "411721", "name": "西县", "kind": "county", "residents": 900, **ages}
    study = zmd_layout.load_study(make_study(extra, counties=[(row, square(0, 0))]))
    world = World(study, load(study, None), study.as_of)
    table = coverage_table(world, load_rules(study))
    mine = table[(table["stage"] == "primary") & (table["unit_id"] == "411721")]
    mine = mine.set_index("counted")
    future = outlook(world)
    assert future is not None
    children = future.children
    is_now = (children["year"] == 2025) & (children["stage"] == "primary")
    assert mine.loc["children", "year"] == study.as_of.year == 2025
    assert mine.loc["children", "total"] == pytest.approx(children.loc[is_now, "middle"].sum())
    assert mine.loc["children", "total"] < 200  # in 2020 they were 276
    assert mine.loc["children", "basis"] == "assumption"
    assert mine.loc["residents", "year"] == 2020
