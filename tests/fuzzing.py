"""
Break good files in many ways and see that the reader says so: `ZmdLayoutError`, and nothing else.

`SEEDS` are small good files of every format that a user hands in; `broken` changes one at random;
`read` opens it through the public door for its kind. `tools/fuzz.py` runs this for long.
"""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random

import geopandas as gpd
import openpyxl
import shapely
from plot_files import KML, SURVEY

from conftest import COUNTIES, point, square
from zmd_layout.errors import ZmdLayoutError
from zmd_layout.layers import load_layers
from zmd_layout.layers.schools.matching import read_decisions
from zmd_layout.layers.sources.review_files import load_plots
from zmd_layout.rulebook import load_cases, load_rule, rules_folder
from zmd_layout.study import LayerSource, Name, Study, read_study
from zmd_layout.workflow import repeat

RULE = rules_folder() / "zhumadian-2022-49" / "senior-new-per-county.yaml"
STUDY = """[study]
id = "small"
name = {zh = "小世界", en = "Small world"}
crs = "EPSG:4547"
as_of = 2025-12-31
plan_period = [2021-01-01, 2025-12-31]
rulesets = ["zhumadian-2022-49"]
[layers.counties]
path = "counties.geojson"
coordinates = "wgs84"
year = 2020
columns = {residents = "pop"}
blank_means = "unknown"
[people]
within = {"411771" = "411702"}
[sensitivity]
people_percent = 2
"""
ROSTER = """学校标识码,学校名称,办学类型码,举办者,城乡类型,在校生数,班数,经度,纬度
2141000001,示例一小,211,公办,镇区,600,12,114.05,33.05
2141000002,示例初中,311,公办,城区,"1,200",24,114.06,33.06
2141000003,示例九年制,312,民办,乡村,900,20,114.15,33.05
合计,,,,,2700,56,,
"""
SCHOOLS = """school_id,name,stages,status,ownership,enrolment,seats,opens_on,经度,纬度
s1,一小,primary,operating,public,600,800,2023-09-01,114.05,33.05
s2,二中,junior;senior,planned,private,1200,,2026-09-01,114.15,33.06
s3,三小,primary,closed,public,—,300,,114.06,33.15
"""
DECISIONS = "left_id,right_id,verdict,reason\ns1,o1,same,同址\ns2,o2,different,无\n"
_TOKENS = [
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"NaN", b"inf", b"-inf", b"1e309", b"-1",
    b"0" * 400, b"9" * 400, "\u202e".encode(), "\U0001f600".encode(), b"\xed\xa0\x80", b"null",
    b"{}", b"[]", b"[[[[", b"'", b'"', b"\\", b"\n\n\n", b"\r", b",,,,,,,,", b"=1+1", b"<script>",
    b"&x;", b"]]>", b"!!python/object:os.system", b"2024-13-45", b"0000-00-00", b"10000-01-01",
    b"true", b"&a *a", b"<<: *a", b"%s%n", b"../../etc/passwd", b"/vsicurl/http://x",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seed:
    """A good file: its name, its bytes, and what opens it from its path."""

    name: str
    data: bytes
    read: Callable[[Path], object]


def _study(folder: Path, **layers: LayerSource) -> Study:
    name = Name(zh="小", en="small")
    return Study(id="s", name=name, as_of="2025-12-31", layers=layers, folder=folder)


def _layer(name: str, **declared: object) -> Callable[[Path], object]:
    """Load one layer beside good counties, through the door."""

    def read(path: Path) -> object:
        sources = {name: LayerSource(path=path.name, **{"coordinates": "wgs84", **declared})}
        if name != "counties":
            (path.parent / "good.geojson").write_bytes(_geojson(COUNTIES))
            good = LayerSource(path="good.geojson", coordinates="wgs84")
            sources = {"counties": good, **sources}
        return load_layers(_study(path.parent, **sources))

    return read


def _plots(coordinates: str | None = None) -> Callable[[Path], object]:
    return lambda path: load_plots(path, study=_study(path.parent), coordinates=coordinates)


def _geojson(features: list[tuple[dict[str, object], dict[str, object] | None]]) -> bytes:
    rows = [{"type": "Feature", "properties": p, "geometry": g} for p, g in features]
    text = json.dumps({"type": "FeatureCollection", "features": rows}, ensure_ascii=False)
    return text.encode()


def _book(text: str) -> bytes:
    book = openpyxl.Workbook()
    for row in csv.reader(text.splitlines()):
        book.active.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _packed(folder: Path, suffix: str) -> bytes:
    """Write one plot in a binary format and give its bytes; a shapefile in a zip."""
    plot = gpd.GeoDataFrame(
        [{"name": "甲", "residents": 9000}],
        geometry=[shapely.box(502000, 3653850, 502200, 3654000)], crs="EPSG:4547",
    )  # fmt: skip
    if suffix == ".gpkg":
        plot.to_file(folder / "p.gpkg", engine="pyogrio")
        return (folder / "p.gpkg").read_bytes()
    plot.to_file(folder / "p.shp", engine="pyogrio", encoding="GBK")
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for part in sorted(folder.glob("p.*")):
            if part.suffix != ".gpkg":
                archive.write(part, part.name)
    return out.getvalue()


def seeds(folder: Path) -> list[Seed]:
    """Give a good file of every format and kind; `folder` is for making the binary ones."""
    offer = json.dumps([{"stage": "primary", "seats": 900, "opens_on": "2026-09-01"}])
    plot = {"name": "春江花园", "planned_residents": 10000, "settlement": "urban", "schools": offer}
    record = {"command": "check", "options": {}, "outputs": {}, "versions": {},
              "opened": {"folder": str(folder), "builtin": None, "definition": {
                  "id": "s", "name": {"zh": "小", "en": "s"}, "as_of": "2025-12-31"}}}  # fmt: skip
    cases = RULE.with_name(RULE.stem + ".test.yaml").read_bytes()
    land = [({"parcel_id": "p", "name": "地", "current_use": "vacant"}, square(0.02, 0.02, 0.01))]
    classes = "school_id,stage,grade,pupils\ns1,primary,1,45\ns1,primary,2,57\n"
    figures = "unit_id,year,name,value\n411721,2024,kindergarten_enrolment,900\n"
    wkt = 'name,planned_residents,wkt\n甲,9000,"POLYGON((114 33,114.01 33,114.01 33.01,114 33))"\n'
    return [
        Seed("study.toml", STUDY.encode(), read_study),
        Seed("senior-new-per-county.yaml", RULE.read_bytes(), load_rule),
        Seed("senior-new-per-county.test.yaml", cases, load_cases),
        Seed("counties.geojson", _geojson(COUNTIES), _layer("counties")),
        Seed("schools.csv", SCHOOLS.encode(), _layer("schools")),
        Seed("schools.geojson", _geojson([({"school_id": "a", "name": "校", "stages": "primary"},
             point(0.05, 0.05))]), _layer("schools", coordinates="gcj02")),
        Seed("roster.csv", ROSTER.encode("gb18030"), _layer("schools")),
        Seed("roster.xlsx", _book(ROSTER), _layer("schools")),
        Seed("land.geojson", _geojson(land), _layer("education_land")),
        Seed("classes.csv", classes.encode(), _layer("classes", coordinates="none")),
        Seed("statistics.csv", figures.encode(), _layer("statistics", coordinates="none")),
        Seed("plot.geojson", _geojson([(plot, square(0, 0, 0.005))]), _plots()),
        Seed("plot.kml", KML.format(prolog="", name="春江花园").encode(), _plots()),
        Seed("plot.txt", SURVEY.encode("gbk"), _plots()),
        Seed("plot.csv", wkt.encode(), _plots("wgs84")),
        Seed("plot.zip", _packed(folder, ".zip"), _plots()),
        Seed("plot.gpkg", _packed(folder, ".gpkg"), _plots()),
        Seed("plot.parquet", b"PAR1\x15\x04\x15PAR1", _plots()),
        Seed("decisions.csv", DECISIONS.encode(), read_decisions),
        Seed("run.json", json.dumps(record).encode(), _record),
    ]  # fmt: skip


def _record(path: Path) -> object:
    """Read the record of a run, to be refused at the latest because its results have no place."""
    return repeat(path, out=path / "no-folder")


def broken(data: bytes, chance: Random) -> bytes:
    """Change a file in one to six places."""
    for _ in range(chance.choice([1, 1, 1, 2, 3, 6])):
        data = chance.choice(_CHANGES)(data, chance)
    return data[:2_000_000]


def _flip(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _drop(data: bytes, chance: Random) -> bytes:
    at, length = chance.randrange(len(data) + 1), chance.randint(1, 40)
    return data[:at] + data[at + length :]


def _insert(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(_TOKENS) + data[at:]


def _repeat(data: bytes, chance: Random) -> bytes:
    at, length = chance.randrange(len(data) + 1), chance.randint(1, 200)
    return data[:at] + data[at : at + length] * chance.choice([2, 3, 50, 2000]) + data[at:]


def _cut(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _number(data: bytes, chance: Random) -> bytes:
    """Put something else in the place of a number."""
    starts = [
        n for n, byte in enumerate(data) if 48 <= byte <= 57 and not data[n - 1 : n].isdigit()
    ]
    if not starts:
        return data
    at = chance.choice(starts)
    end = at
    while end < len(data) and data[end : end + 1].isdigit():
        end += 1
    return data[:at] + chance.choice(_TOKENS) + data[end:]


def _lines(data: bytes, chance: Random) -> bytes:
    """Take a line, a cell or an element elsewhere."""
    mark = chance.choice([b"\n", b",", b"}", b"<", b":"])
    parts = data.split(mark)
    one, two = chance.randrange(len(parts)), chance.randrange(len(parts))
    parts[one], parts[two] = parts[two], parts[one]
    return mark.join(parts)


# what keeps the form of a file comes through its first door more often, so it is tried more often
_CHANGES = (_flip, _drop, _insert, _insert, _repeat, _cut, *[_number] * 4, *[_lines] * 3)


def complaint(seed: Seed, data: bytes, folder: Path) -> str | None:
    """
    Read a broken file; give the message if it was refused, None if it was taken.

    Raises
    ------
    Exception
        Whatever else came out: the bug.
    """
    path = folder / seed.name
    path.write_bytes(data)
    try:
        seed.read(path)
    except ZmdLayoutError as error:
        refused = error
    else:
        return None
    assert refused.text("zh").strip(), seed.name
    assert all(len(m.text("en")) < 20_000 for m in refused.messages), "a message can be read"
    return refused.text("en")


def inputs(seed: Seed, *, count: int, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Give numbered broken files; the number makes each again."""
    for number in range(start, start + count):
        yield number, broken(seed.data, Random(f"{seed.name} {number}"))  # noqa: S311 - no secret
