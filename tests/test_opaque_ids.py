"""Ids are opaque: a township belongs to the county it names or lies in, whatever its digits."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from counting_world import STUDY, layer, school

from zmd_layout.measures import World
from zmd_layout.siting.needs import Need
from zmd_layout.siting.stage_sites import county_of_need
from zmd_layout.vocabulary import Stage, UnitKind

IDS = ["甲镇", "411722101"]
HOLDERS = [
    {"county_id": "411721", "geometry": None},
    {"geometry": shapely.box(1, 1, 2, 2)},
]


def world(township: dict[str, Any], *schools: dict[str, Any]) -> World:
    """Return two counties side by side, a township and schools."""
    counties = [
        {"unit_id": unit_id, "name": unit_id, "geometry": shapely.box(west, 0, west + 10, 9)}
        for unit_id, west in (("411721", 0), ("411722", 10))
    ]
    known = {"counties": layer("counties", counties), "townships": layer("townships", [township])}
    if schools:
        known["schools"] = layer("schools", [*schools])
    return World(STUDY, known, STUDY.as_of)


def need(unit_id: str) -> Need:
    return Need("r", UnitKind.TOWNSHIP, unit_id, 1.0, Stage.PRIMARY, is_synthetic=False)


@pytest.mark.parametrize("unit_id", IDS)
@pytest.mark.parametrize("holder", HOLDERS)
def test_the_need_of_a_township_is_that_of_the_county_it_names_or_lies_in(
    unit_id: str, holder: dict[str, Any]
) -> None:
    assert county_of_need(need(unit_id), world({"unit_id": unit_id, **holder})) == "411721"


@pytest.mark.parametrize("unit_id", IDS)
@pytest.mark.parametrize("holder", HOLDERS)
def test_a_school_that_names_its_township_lies_in_the_county_of_the_township(
    unit_id: str, holder: dict[str, Any]
) -> None:
    row = school(None, township_id=unit_id, geometry=None)
    del row["county_id"]
    study = world({"unit_id": unit_id, **holder}, row)
    counties = study.units(UnitKind.COUNTY, {})
    assert counties is not None
    assert [*study.members(study.layers["schools"], counties)] == ["411721"]


def test_a_place_goes_before_the_digits_of_a_township_that_is_not_listed() -> None:
    row = school(None, township_id="411722101", geometry=shapely.Point(1, 1))
    del row["county_id"]
    study = world({"unit_id": "甲镇", "geometry": None}, row)
    counties = study.units(UnitKind.COUNTY, {})
    assert counties is not None
    assert [*study.members(study.layers["schools"], counties)] == ["411721"]
