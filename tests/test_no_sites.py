"""Where no place is suggested every output says why, in the same words."""

from __future__ import annotations

import html
import zipfile
from typing import TYPE_CHECKING

import pytest

import zmd_layout
from conftest import square, write_geojson

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zmd_layout.workflow.running import Run

pytest.importorskip("docx")

SCHOOLS = """
[layers.schools]
path = "schools.csv"
coordinates = "none"
year = 2025
covers = {stages = ["kindergarten", "primary", "junior", "senior", "vocational", "special"], units = ["411721", "411722", "411702"]}
"""  # noqa: E501 - TOML has inline tables on one line
HEAD = "school_id,name,stages,county_id\n"
AGES = {"residents_0_4": 100, "residents_5_9": 100, "residents_10_14": 100, "residents_15_19": 100}


def run(folder: Path, out: Path, lang: str = "zh") -> Run:
    return zmd_layout.run(zmd_layout.load_study(folder), out=out, lang=lang)


def text_of(path: Path) -> str:
    """Return all text of a Word file or a workbook."""
    with zipfile.ZipFile(path) as parts:
        names = [n for n in parts.namelist() if n.endswith(("document.xml", "sharedStrings.xml"))]
        return html.unescape("".join(parts.read(name).decode("utf-8") for name in names))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_too_little_known_names_the_table_that_would_help_most(
    make_study: Callable[..., Path], tmp_path: Path, lang: str
) -> None:
    done = run(make_study(), tmp_path / "out", lang)
    why = done.summary.no_sites
    assert why is not None
    assert why.key == "no_sites.little_known_but"
    said = why.text(lang)
    assert "schools" in said
    assert said in html.unescape((tmp_path / "out" / "leader.html").read_text("utf-8"))
    assert said in html.unescape((tmp_path / "out" / "gap_map.html").read_text("utf-8"))
    assert said in text_of(tmp_path / "out" / "report.docx")
    assert said in text_of(tmp_path / "out" / "findings.xlsx")


def test_shortfalls_without_anybody_on_the_map_ask_for_people(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_study(SCHOOLS)
    (folder / "schools.csv").write_text(HEAD + "1,甲小学,primary,411721\n", "utf-8")
    why = run(folder, tmp_path / "out").summary.no_sites
    assert why is not None
    assert why.key == "no_sites.no_children"
    assert "villages" in why.text("en")


def test_shortfalls_without_a_place_name_the_layers_that_would_give_one(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    write_geojson(
        tmp_path / "people.geojson",
        [({"residents": 500, **AGES}, square(0.03, 0.03, 0.002))],
    )
    people = '\n[layers.population]\npath = "people.geojson"\ncoordinates = "wgs84"\nyear = 2020\n'
    folder = make_study(SCHOOLS + people)
    (folder / "schools.csv").write_text(HEAD + "1,甲小学,primary,411721\n", "utf-8")
    why = run(folder, tmp_path / "out").summary.no_sites
    assert why is not None
    assert why.key == "no_sites.no_candidates"
    assert "townships" in why.text("en")


def test_an_incomplete_list_asks_for_the_number_of_schools(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    towns = [
        (
            {"unit_id": "411721101", "name": "西镇", "kind": "town", "county_id": "411721",
             "residents": 90_000},
            square(0, 0),
        )
    ]  # fmt: skip
    write_geojson(tmp_path / "towns.geojson", towns)
    extra = '\n[layers.townships]\npath = "towns.geojson"\ncoordinates = "wgs84"\nyear = 2020\n'
    schools = SCHOOLS.split("covers", maxsplit=1)[0] + "is_complete = false\n"
    folder = make_study(schools + extra)
    (folder / "schools.csv").write_text(HEAD + "1,甲小学,primary,411721\n", "utf-8")
    summary = run(folder, tmp_path / "out").summary
    assert summary.no_sites is not None
    assert "school_totals" in summary.no_sites.text("en")
    assert summary.indicated is not None
    assert summary.remarks == (summary.no_sites, summary.indicated)
