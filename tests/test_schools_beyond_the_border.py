"""Schools of neighbours that a layer holds, taken in for distance, are judged by no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zmd_layout
from conftest import point, write_geojson

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NEW = {"status": "operating", "construction": "new", "opens_on": "2023-09-01", "seats": 900}
SCHOOLS = [
    ({"school_id": "here", "name": "本地小学", "stages": "primary", **NEW}, point(0.05, 0.05)),
    ({"school_id": "there", "name": "邻县小学", "stages": "primary", **NEW}, point(0.05, -0.03)),
    (
        {
            "school_id": "ours",
            "name": "飞地小学",
            "stages": "primary",
            "county_id": "411721",
            **NEW,
        },
        point(0.05, -0.04),
    ),
    *(
        (
            {"school_id": f"here{n}", "name": f"本地{n}小", "stages": "primary", **NEW},
            point(x, 0.02),
        )
        for n, x in enumerate((0.01, 0.03, 0.06, 0.08, 0.12))
    ),
    ({"school_id": "nowhere", "name": "无位置小学", "stages": "primary", **NEW}, None),
]
VILLAGES = [
    ({"unit_id": "v1", "name": "本村", "residents": 500}, point(0.02, 0.02)),
]


def test_a_rule_has_no_units_beyond_the_border_but_those_that_name_a_county_of_the_study(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    extra = ""
    for name, rows in (("schools", SCHOOLS), ("villages", VILLAGES)):
        write_geojson(tmp_path / f"{name}.geojson", rows)
        extra += f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
        extra += 'accept = [{what = "far_places", reason = "邻县"}]\n'
    findings = zmd_layout.check(zmd_layout.load_study(make_study(extra)))
    judged = findings.groupby("unit_kind")["unit_id"].agg(set)
    assert {"here", "ours", "nowhere"} <= judged["school"]
    assert "there" not in judged["school"]


def test_they_serve_as_the_nearest_school_all_the_same(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    few = [SCHOOLS[1], *((row | {"status": "closed"}, shape) for row, shape in SCHOOLS[3:])]
    write_geojson(tmp_path / "schools.geojson", few)
    write_geojson(tmp_path / "villages.geojson", VILLAGES[:1])
    extra = "".join(
        f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
        for name in ("schools", "villages")
    )
    findings = zmd_layout.check(zmd_layout.load_study(make_study(extra)))
    way = findings[findings["rule_id"] == "primary-access-remote-village"].iloc[0]
    assert 5_000 < way["measured"] < 12_000
