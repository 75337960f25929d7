"""The same input gives the same bytes: in any order of rows, on one core, under any hash seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from conftest import COUNTIES, point, square, write_geojson
from zmd_layout import workflow
from zmd_layout.messages import Message

LAYERS = """
[layers.townships]
path = "townships.geojson"
coordinates = "wgs84"
[layers.villages]
path = "villages.geojson"
coordinates = "wgs84"
[layers.schools]
path = "schools.geojson"
coordinates = "wgs84"
year = 2025
[layers.residential_areas]
path = "areas.geojson"
coordinates = "wgs84"
[layers.roads]
path = "roads.geojson"
coordinates = "wgs84"
[layers.classes]
path = "classes.csv"
coordinates = "none"
[layers.education_land]
path = "land.geojson"
coordinates = "wgs84"
"""
STAGES = ["kindergarten", "primary", "junior", "senior", "primary;junior", "vocational"]
Rows = list[tuple[dict[str, Any], dict[str, Any] | None]]


def _unit(unit_id: str, name: str, residents: int) -> dict[str, Any]:
    return {"unit_id": unit_id, "name": name, "residents": residents}


def _school(n: int) -> dict[str, Any]:
    return {
        "school_id": f"s{n:02}", "name": f"校{n % 7}", "stages": STAGES[n % 6],
        "status": "operating", "ownership": ("public", "private")[n % 2], "enrolment": 300 + n,
        "seats": 400, "is_township_central": n % 3 == 0,
    }  # fmt: skip


def world() -> dict[str, Rows]:
    """Give rows of every kind, two of them at one place and of one name."""
    townships = [
        (_unit(f"41172{c}00{n}", f"镇{c}{n}", 30_000 + n)
         | {"kind": "town", "county_id": f"41172{c}"},
         square(0.1 * (c - 1) + 0.05 * n, 0, 0.05))
        for c in (1, 2) for n in (0, 1)
    ]  # fmt: skip
    villages = [
        (_unit(f"v{n}", f"村{n}", 1000 + n) | {"residents_5_9": 90 + n},
         point(0.01 + 0.009 * n, 0.03)) for n in range(12)
    ]  # fmt: skip
    schools = [
        (_school(n), point(0.01 + 0.012 * (n // 2), 0.02 + 0.02 * (n % 2))) for n in range(16)
    ]
    new = {"settlement": "urban", "is_new": True, "conditions_on": "2024-01-01"}
    areas = [
        ({"unit_id": f"a{n}", "name": f"小区{n}", "planned_residents": 6_000 + n} | new,
         square(0.03 + 0.003 * n, 0.06, 0.002)) for n in range(4)
    ]  # fmt: skip
    roads = [
        ({"highway": "residential", "oneway": "no"}, {"type": "LineString", "coordinates": [
            [114.0, 33.0 + 0.01 * n], [114.1, 33.0 + 0.01 * n], [114.2, 33.0 + 0.01 * n]]})
        for n in range(8)
    ] + [
        ({"highway": "tertiary", "oneway": "yes"}, {"type": "LineString", "coordinates": [
            [114.0 + 0.1 * n, 33.0 + 0.01 * m] for m in range(8)]}) for n in range(3)
    ]  # fmt: skip
    land = [
        ({"parcel_id": f"p{n}", "name": f"地{n}", "stage": "primary", "current_use": "vacant"},
         square(0.07 + 0.002 * n, 0.07, 0.001)) for n in range(3)
    ]  # fmt: skip
    return {"counties": list(COUNTIES), "townships": townships, "villages": villages,
            "schools": schools, "areas": areas, "roads": roads, "land": land}  # fmt: skip


@pytest.fixture
def make(make_study: Callable[..., Path], tmp_path: Path) -> Callable[[int], Path]:
    """Give a function that writes the world with its rows in another order."""

    def write(order: int) -> Path:
        chance = Random(order)  # noqa: S311 - no secret
        rows = world()
        classes = [
            f"s{n:02},primary,{g},{40 + 9 * (n % 3)}" for n in range(1, 16, 6) for g in (1, 2)
        ]
        if order:
            for table in (*rows.values(), classes):
                chance.shuffle(table)
        make_study(LAYERS)
        for name, features in rows.items():
            write_geojson(tmp_path / f"{name}.geojson", features)
        head = "school_id,stage,grade,pupils"
        (tmp_path / "classes.csv").write_text("\n".join([head, *classes]), "utf-8")
        return tmp_path

    return write


def found(study: Path, **options: Any) -> bytes:
    _, paths = workflow.check_to_folder(workflow.load_study(study), out=study / "out", **options)
    return paths["findings.csv"].read_bytes()


def test_the_world_has_verdicts_of_many_kinds(make: Callable[[int], Path]) -> None:
    text = found(make(0)).decode("utf-8-sig")
    kinds = {line.split(",")[2] for line in text.splitlines()[1:]}
    assert {"county", "township", "village", "school", "residential_area", "parcel"} <= kinds
    assert {"pass", "shortfall", "reported"} <= {row.split(",")[5] for row in text.splitlines()}


@pytest.mark.parametrize("order", [1, 2, 3])
def test_findings_are_the_same_bytes_in_any_order_of_rows(
    make: Callable[[int], Path], order: int
) -> None:
    first = found(make(0), stability=order == 1)
    assert found(make(order), stability=order == 1) == first


def test_suggestions_are_the_same_in_another_order_of_rows(make: Callable[[int], Path]) -> None:
    def suggested(order: int) -> bytes:
        study = make(order)
        workflow.site(workflow.load_study(study), out=study / "sites")
        return (study / "sites" / "suggestions.geojson").read_bytes()

    assert suggested(4) == suggested(0)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="takes Linux")
def test_findings_are_the_same_bytes_on_one_core_and_under_another_hash_seed(
    make: Callable[[int], Path],
) -> None:
    study = make(0)
    here = found(study)
    core = min(os.sched_getaffinity(0))
    program = (
        f"import os; os.sched_setaffinity(0, {{{core}}}); from pathlib import Path; "
        "from zmd_layout import workflow as w; "
        f"w.check_to_folder(w.load_study({str(study)!r}), out=Path({str(study / 'one')!r}))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "42", "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], env=environment, check=True
    )
    assert (study / "one" / "findings.csv").read_bytes() == here
    record = json.loads((study / "one" / "run.json").read_text("utf-8"))
    assert record["versions"]["python"] == sys.version.split()[0]


def test_a_message_with_a_thousand_names_tells_the_first_and_how_many_more() -> None:
    text = Message("compare.rules_added", rules=[f"r{n}" for n in range(1000)]).text("en")
    assert "r59" in text
    assert "r60" not in text
    assert "940" in text
