"""What units leave unsaid: their kind, from code and name; and rows of several datums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import shapely
import shapely.geometry

from conftest import write_geojson
from zmd_layout import check
from zmd_layout.crs.china_offsets import wgs84_to_bd09, wgs84_to_gcj02
from zmd_layout.errors import ZmdLayoutError
from zmd_layout.layers import load_layers
from zmd_layout.layers.unit_kinds import _tables, kind_of
from zmd_layout.study import read_study
from zmd_layout.workflow import check_to_folder

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """[study]
id = "trial"
name = {zh = "试验县", en = "Trial"}
as_of = 2025-12-31
plan_period = [2021-01-01, 2025-12-31]
rulesets = ["zhumadian-2022-49"]

[layers.counties]
path = "c.geojson"
coordinates = "wgs84"
year = 2020
"""


def box(west: float) -> dict[str, Any]:
    return dict(shapely.geometry.mapping(shapely.box(west, 33.0, west + 0.2, 33.2)))


def study_of(tmp_path: Path, units: list[dict[str, Any]], more: str = "") -> Path:
    write_geojson(
        tmp_path / "c.geojson", [(unit, box(114.0 + 0.2 * n)) for n, unit in enumerate(units)]
    )
    (tmp_path / "study.toml").write_text(HEAD + more, "utf-8")
    return tmp_path


def county(unit_id: str, name: str, **more: Any) -> dict[str, Any]:
    return {"unit_id": unit_id, "name": name, "residents": 480_000} | more


@pytest.mark.parametrize(
    ("layer", "unit_id", "name", "kind"),
    [
        ("counties", "411721", "西平县", "county"),
        ("counties", "411702", "驿城区", "district"),
        ("counties", "411771", "驻马店经济开发区", "zone"),
        ("counties", "310115", "浦东新区", "district"),
        ("counties", "410181", "巩义市", "county"),
        ("counties", "419001", "济源市", "county"),
        ("counties", "433101", "吉首市", "county"),
        ("counties", "150626", "乌审旗", "county"),
        ("counties", "a", "西平县", "county"),
        ("counties", "a", "西平", None),
        ("counties", "411702", "西平县", None),
        ("townships", "411721001", "柏城街道", "subdistrict"),
        ("townships", "411721001", "柏城街道办事处", "subdistrict"),
        ("townships", "411721100", "五沟营镇", "town"),
        ("townships", "411721200", "重渠乡", "township"),
        ("townships", "411721301", "蔡寨回族乡", "township"),
        ("townships", "411721100", "五沟营", "town"),
        ("townships", "411721400", "产业集聚区", None),
        ("townships", "411721500", "老王坡农场", None),
        ("townships", "411721200", "重渠镇", None),
        ("townships", "411771500", "金山街道", "subdistrict"),
    ],
)
def test_the_kind_of_a_unit_follows_from_code_and_name_and_never_from_a_contradiction(
    layer: str, unit_id: str, name: str, kind: str | None
) -> None:
    assert kind_of(unit_id, name, _tables()[layer]) == kind


def test_kinds_are_derived_and_said_and_given_ones_stay(tmp_path: Path) -> None:
    units = [county("411721", "西县"), county("411702", "东区", kind="county"),
             county("411702x", "乡下")]  # fmt: skip
    layer = load_layers(read_study(study_of(tmp_path, units)))["counties"]
    assert layer.frame.set_index("name")["kind"].to_dict() == {
        "西县": "county", "东区": "county", "乡下": None,
    }  # fmt: skip
    keys = {note.key: dict(note.args) for note in layer.origin.notes}
    assert keys["layers.kinds_derived"]["count"] == 1
    assert keys["layers.kinds_open"]["found"] == ["乡下"]


def test_a_county_without_a_kind_is_judged_as_one_that_has_it(tmp_path: Path) -> None:
    found = []
    for number, more in enumerate(({}, {"kind": "county"})):
        folder = tmp_path / str(number)
        folder.mkdir()
        schools = '\n[layers.schools]\npath = "s.csv"\ncoordinates = "none"\nyear = 2025\n'
        study_of(folder, [county("411721", "西县", **more)], schools)
        (folder / "s.csv").write_text(
            "school_id,name,stages,county_id,construction,opens_on\n"
            "1,西县一高,senior,411721,new,2023-09-01\n", "utf-8",
        )  # fmt: skip
        findings = check(read_study(folder))
        found.append(findings.set_index(["rule_id", "unit_id"])["status"].to_dict())
    assert found[0] == found[1]
    assert found[0]["senior-new-per-county", "411721"] == "pass"


def test_rows_that_name_their_datum_are_brought_to_the_declared_one(tmp_path: Path) -> None:
    place = (114.05123, 33.05678)
    gcj = tuple(float(v) for v in wgs84_to_gcj02(*place))
    bd = tuple(float(v) for v in wgs84_to_bd09(*place))
    rows = [(place, ""), (gcj, "高德"), (gcj, "GCJ-02"), (bd, "百度坐标"), (place, "WGS84")]
    more = '\n[layers.villages]\npath = "v.csv"\ncoordinates = "wgs84"\nyear = 2025\n'
    folder = study_of(tmp_path, [county("411721", "西县")], more)
    text = "".join(f"{n},村,{x},{y},{datum}\n" for n, ((x, y), datum) in enumerate(rows))
    (folder / "v.csv").write_text(f"unit_id,name,x,y,坐标系\n{text}", "utf-8")
    layer = load_layers(read_study(folder))["villages"]
    points = layer.frame.geometry.to_numpy()
    assert max(point.distance(points[0]) for point in points) < 0.5
    note = next(n for n in layer.origin.notes if n.key == "layers.rows_converted")
    assert dict(note.args)["found"] == ["bd09 (1)", "gcj02 (2)"]


@pytest.mark.parametrize(("datum", "declared"), [("地方坐标", "wgs84"), ("gcj02", "EPSG:4547")])
def test_a_row_of_an_unknown_datum_or_in_a_plane_is_refused(
    tmp_path: Path, datum: str, declared: str
) -> None:
    more = f'\n[layers.villages]\npath = "v.csv"\ncoordinates = "{declared}"\nyear = 2025\n'
    folder = study_of(tmp_path, [county("411721", "西县")], more)
    (folder / "v.csv").write_text(
        f"unit_id,name,x,y,coordinates\n1,村,114.05,33.05,{datum}\n", "utf-8"
    )
    with pytest.raises(ZmdLayoutError, match=datum):
        load_layers(read_study(folder))


def test_the_advice_names_the_columns_that_rules_lack_and_how_many_rules_use_each(
    tmp_path: Path,
) -> None:
    schools = '\n[layers.schools]\npath = "s.csv"\ncoordinates = "none"\nyear = 2025\n'
    folder = study_of(tmp_path, [county("411721", "西县")], schools)
    (folder / "s.csv").write_text("school_id,name,stages\n1,西县一高,senior\n", "utf-8")
    said: list[str] = []
    check_to_folder(read_study(folder), out=tmp_path / "out",
                    advise=lambda message: said.append(message.text("zh")))  # fmt: skip
    (advice,) = said
    assert "[layers.schools]" in advice
    assert "列 opens_on，1条规则" in advice
    assert "kind" not in advice  # derived from the code and the name


def test_a_column_that_is_there_is_not_asked_for(tmp_path: Path) -> None:
    units = [county("a", "西", kind=None), county("b", "东", kind=None)]
    said: list[str] = []
    for more in ({}, {"kind": "county"}):
        write = [unit | more for unit in units]
        check_to_folder(read_study(study_of(tmp_path, write)), out=tmp_path / "out",
                        advise=lambda message: said.append(message.text("zh")))  # fmt: skip
    assert "列 kind" in said[0]
    assert len(said) == 1 or "列 kind" not in said[1]
