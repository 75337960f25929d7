"""Files that try to make a reader open other files or addresses: refused, and nothing reached."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import http.server
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import geopandas as gpd
import httpx
import numpy as np
import osmium
import pyogrio
import pytest
import rasterio
import shapely
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import zmd_layout
from conftest import square, write_geojson
from zmd_layout.cli import main
from zmd_layout.errors import ZmdLayoutError
from zmd_layout.layers import formats
from zmd_layout.layers.files import UNREADABLE, read_raw
from zmd_layout.layers.sources.osm.layers import is_extract, schools_of_extract
from zmd_layout.population.grids import Grid, zonal_sum
from zmd_layout.study import LayerSource
from zmd_layout.web.app import make_app
from zmd_layout.web.register import Register
from zmd_layout.workflow import open_desk

SECRET = "opensesame"  # noqa: S105 - the word that must appear nowhere
SUFFIXES = (".geojson", ".json", ".gpkg", ".shp", ".dxf", ".kml", ".fgb", ".csv", ".txt", ".xlsx",
            ".vrt", ".gdb", ".zip", ".mif", ".tab")  # fmt: skip


@dataclass(slots=True)
class Trap:
    """A secret file, and an address that must not be asked."""

    folder: Path
    port: int
    asked: list[str] = field(default_factory=list)

    @property
    def secret(self) -> str:
        """The path of the secret file."""
        return (self.folder / "secret.csv").as_posix()

    @property
    def url(self) -> str:
        """The address that must not be asked."""
        return f"http://127.0.0.1:{self.port}/secret.csv"


@pytest.fixture
def trap(tmp_path: Path, no_proxy: None) -> Iterator[Trap]:
    del no_proxy
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "secret.csv").write_text(f"name,WKT\n{SECRET},{shapely.box(114, 33, 114.1, 33.1)}\n")
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        do_HEAD = do_POST = do_GET  # noqa: N815 - the names that the library calls

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Trap(folder, server.server_port, asked)
    server.shutdown()
    thread.join()
    server.server_close()


def vrt(source: str, layer: str = "secret") -> str:
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="{layer}"><SrcDataSource>{source}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )


def payloads(trap: Trap) -> dict[str, bytes]:
    """Return contents, each of which GDAL, left alone, would follow to somewhere else."""
    file, web = vrt(trap.secret), vrt(f"/vsicurl/{trap.url}")
    pipeline = {"type": "gdal_streamed_alg",
                "command_line": f"gdal vector pipeline ! read {trap.secret}"}  # fmt: skip
    quoted = file.replace('"', "'")
    texts = {
        "virtual file": file,
        "virtual file of an address": web,
        "behind blanks": " " * 900 + file,
        "behind a byte order mark": "\ufeff" + file,
        "behind a comment": f"<!-- plots --><?xml version='1.0'?>{file}",
        "behind KML": f'<kml xmlns="http://www.opengis.net/kml/2.2"/>{file}',
        "in a name of a GeoJSON": f'{{"type":"FeatureCollection","name":"{quoted}","features":[]}}',
        "behind a GeoJSON": f'{{"type":"FeatureCollection","features":[]}}{file}',
        "behind a drawing": f"  0\nSECTION\n{file}",
        "in a comment of a drawing": f"999\n{file}\n  0\nSECTION\n",
        "behind MIF": f"Version 300\nColumns 1\n name Char(9)\n{file}",
        "pipeline": json.dumps(pipeline),
        "pipeline with features": json.dumps({"features": [], **pipeline}),
        "service of features": f"<OGRWFSDataSource><URL>{trap.url}</URL></OGRWFSDataSource>",
        "joined tables of MapInfo": f'!table\n!version 100\nopen table "{trap.secret}"',
        "GML with a schema": '<?xml version="1.0"?><FeatureCollection xmlns:gml="http://www.opengis'
        f'.net/gml" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="x '
        f'{trap.url}"><gml:featureMember/></FeatureCollection>',
        "KML with an entity": f'<!DOCTYPE kml [<!ENTITY x SYSTEM "file://{trap.secret}">]><kml '
        'xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>&x;</name></Placemark></kml>',
        "KML with an entity from an address": f'<!DOCTYPE kml SYSTEM "{trap.url}"><kml xmlns="http:'
        '//www.opengis.net/kml/2.2"><Placemark/></kml>',
    }  # fmt: skip
    return {name: text.encode() for name, text in texts.items()} | {
        "binary head, then a virtual file": b"fgb\x03fgb\x01" + b"\xff" * 40 + file.encode(),
        "shapefile head, then a virtual file": b"\x00\x00\x27\x0a" + file.encode(),
    }


def review(path: Path, tmp_path: Path, trap: Trap) -> str:
    result = CliRunner().invoke(main, ["review", str(path), "--out", str(tmp_path / "out")])
    return _end_of(result, path, trap)


def roster(path: Path, tmp_path: Path, trap: Trap) -> str:
    del tmp_path
    return _end_of(CliRunner().invoke(main, ["roster", str(path)]), path, trap)


def run(path: Path, tmp_path: Path, trap: Trap) -> str:
    study = tmp_path / "study"
    study.mkdir(exist_ok=True)
    (study / "study.toml").write_text(
        f'[study]\nid = "s"\nname = {{zh = "s", en = "s"}}\ncrs = "EPSG:4547"\nas_of = 2025-12-31\n'
        'plan_period = [2021-01-01, 2025-12-31]\nrulesets = ["zhumadian-2022-49"]\n'
        f'[layers.villages]\npath = "{path.as_posix()}"\ncoordinates = "wgs84"\n', "utf-8"
    )  # fmt: skip
    return _end_of(CliRunner().invoke(main, ["run", str(study)]), path, trap)


def _end_of(result: Any, path: Path, trap: Trap) -> str:
    text = result.output.replace("\n", "")
    assert result.exit_code == 1, (path.name, result.output)
    assert not isinstance(result.exception, ZmdLayoutError), "an error that nobody caught"
    assert SECRET not in text
    assert not trap.asked
    return text


@pytest.mark.parametrize("door", [review, roster, run])
def test_no_file_in_any_guise_leads_a_command_elsewhere(
    tmp_path: Path, trap: Trap, door: Callable[[Path, Path, Trap], str]
) -> None:
    for number, content in enumerate(payloads(trap).values()):
        for suffix in SUFFIXES:
            path = tmp_path / f"f{number}{suffix}"
            path.write_bytes(content)
            assert path.name in door(path, tmp_path, trap)


@pytest.mark.parametrize("door", [review, run])
def test_no_zip_leads_a_command_elsewhere(
    tmp_path: Path, trap: Trap, door: Callable[[Path, Path, Trap], str]
) -> None:
    for number, content in enumerate(payloads(trap).values()):
        for suffix in SUFFIXES:
            path = tmp_path / f"z{number}.zip"
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(f"inner/plots{suffix}", content)
                archive.writestr("readme.txt", "harmless")
            door(path, tmp_path, trap)


def test_no_upload_leads_the_page_elsewhere(
    tmp_path: Path, trap: Trap, make_study: Callable[..., Path]
) -> None:
    desk = open_desk(zmd_layout.load_study(make_study()))
    app = make_app(desk, Register(tmp_path / "r.sqlite"))
    answers = asyncio.run(_upload(app, payloads(trap).values()))
    for told in answers:
        assert told.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, told.text
        assert SECRET not in told.text
    assert not trap.asked


async def _upload(app: Any, contents: Iterable[bytes]) -> list[httpx.Response]:
    base = "http://127.0.0.1"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=base, headers={"Origin": base}
    ) as page:
        return [
            await page.post("/api/plots", files={"file": (f"plots{suffix}", content)})
            for content in contents
            for suffix in SUFFIXES
        ]


def test_gdal_left_alone_follows_what_is_refused_here(tmp_path: Path, trap: Trap) -> None:
    """The tests above could not fail if GDAL followed nothing."""
    program = "import pyogrio, sys; print(pyogrio.read_dataframe(sys.argv[1]).to_csv())"
    followed = set()
    for name in ("virtual file", "in a name of a GeoJSON", "behind a drawing"):
        path = tmp_path / "plots.geojson"
        path.write_bytes(payloads(trap)[name])
        # a process of its own: pyogrio 0.12.1 holds the lock that the trap's thread would need
        read = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program, str(path)],
            capture_output=True, text=True, encoding="utf-8", check=False, timeout=120,
        )  # fmt: skip
        if SECRET in read.stdout:
            followed.add(name)
    assert followed == {"virtual file", "in a name of a GeoJSON", "behind a drawing"}


def _good(folder: Path) -> list[Path]:
    frame = gpd.GeoDataFrame(
        {"name": ["a", "b"]}, geometry=2 * [shapely.box(114, 33, 114.1, 33.1)], crs=4326
    )
    drivers = {".geojson": "GeoJSON", ".gpkg": "GPKG", ".shp": "ESRI Shapefile",
               ".fgb": "FlatGeobuf", ".kml": "KML", ".mif": "MapInfo File", ".gdb": "OpenFileGDB",
               ".geojsonl": "GeoJSONSeq"}  # fmt: skip
    paths = []
    for suffix, driver in drivers.items():
        paths.append(folder / f"good{suffix}")
        pyogrio.write_dataframe(frame, paths[-1], driver=driver)
    pyogrio.write_dataframe(frame[["geometry"]].boundary.to_frame("geometry"),
                            folder / "good.dxf", driver="DXF")  # fmt: skip
    return [*paths, folder / "good.dxf"]


def test_a_good_file_is_opened_by_the_driver_of_its_format(tmp_path: Path) -> None:
    paths = _good(tmp_path)
    for path in paths:
        found = formats.format_of(path)
        name = formats.gdal_path(path, layer_name="villages")
        assert pyogrio.read_info(name, layer=0)["driver"] in found.drivers, path.name
    assert len(paths) == 9


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_virtual_file_spliced_into_a_good_one_is_never_followed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Wherever the mark stands, the file is refused or opened by its own driver."""
    folder = tmp_path_factory.mktemp("spliced")
    (folder / "secret.csv").write_text(f"name\n{SECRET}\n")
    good = data.draw(st.sampled_from([p for p in _good(folder) if p.is_file()]))
    content = good.read_bytes()
    at = data.draw(st.integers(0, min(len(content), 4000)))
    gap = data.draw(st.sampled_from([b"", b" " * 100, b"\n" * 2000, b" " * 70_000]))
    evil = vrt((folder / "secret.csv").as_posix()).encode()
    rest = data.draw(st.sampled_from([content[at:], b""]))
    good.write_bytes(content[:at] + gap + evil + rest)
    try:
        name = formats.gdal_path(good, layer_name="villages")
    except ZmdLayoutError:
        return
    try:
        frame = pyogrio.read_dataframe(name)
        driver = pyogrio.read_info(name, layer=0)["driver"]
    except UNREADABLE:
        return
    assert driver in formats.format_of(good).drivers
    assert SECRET not in frame.to_csv()


def test_a_link_in_a_zip_is_written_as_the_text_that_it_is(tmp_path: Path, trap: Trap) -> None:
    path = tmp_path / "plots.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("plots.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, trap.secret)
    with pytest.raises(ZmdLayoutError) as caught:
        zmd_layout.review(path)
    assert SECRET not in caught.value.text("en")


@pytest.mark.parametrize("name", ["plots!a.geojson", "plots;a.geojson", "plots?a.geojson"])
def test_a_name_that_means_another_file_to_the_reader_is_refused(tmp_path: Path, name: str) -> None:
    write_geojson(tmp_path / name, [({"name": "a"}, square(0, 0, 0.01))])
    try:
        read = formats.gdal_path(tmp_path / name, layer_name="villages")
    except ZmdLayoutError as error:
        assert name in error.text("en")  # noqa: PT017 - either will do
    else:
        assert read == str(tmp_path / name)


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    path = tmp_path / "people.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=8, height=8, count=1, dtype="float32", crs="EPSG:4326",
        transform=rasterio.Affine(0.01, 0, 114, 0, -0.01, 33.08), nodata=-1,
    ) as file:  # fmt: skip
        file.write(np.ones((1, 8, 8), "float32"))
    return path


def virtual_raster(source: str) -> str:
    return (
        '<VRTDataset rasterXSize="8" rasterYSize="8"><VRTRasterBand band="1" dataType="Float32">'
        f"<SimpleSource><SourceFilename>{source}</SourceFilename></SimpleSource></VRTRasterBand>"
        "</VRTDataset>"
    )


def test_what_lies_beside_a_raster_is_left_alone(grid: Path, trap: Trap) -> None:
    web = virtual_raster(f"/vsicurl/{trap.url}")
    for suffix in (".ovr", ".msk"):
        Path(f"{grid}{suffix}").write_text(web)
    Path(f"{grid}.aux.xml").write_text(
        '<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">/vsicurl/'
        f"{trap.url}</MDI></Metadata><SRS>EPSG:4547</SRS></PAMDataset>"
    )
    zone = gpd.GeoSeries([shapely.box(114, 33, 114.08, 33.08)], crs=4326)
    assert zonal_sum(Grid(grid), zone).tolist() == pytest.approx([64])
    assert not trap.asked


@pytest.mark.parametrize("suffix", [".tif", ".vrt", ".geojson"])
def test_a_virtual_raster_is_refused_whatever_its_name(
    tmp_path: Path, grid: Path, suffix: str
) -> None:
    path = tmp_path / f"virtual{suffix}"
    path.write_text(virtual_raster(str(grid)))
    zone = gpd.GeoSeries([shapely.box(114, 33, 114.08, 33.08)], crs=4326)
    with pytest.raises(ZmdLayoutError, match="virtual"):
        zonal_sum(Grid(path), zone)


def test_reading_leaves_the_settings_of_gdal_as_they_were(grid: Path, tmp_path: Path) -> None:
    options = ("GDAL_DISABLE_READDIR_ON_OPEN", "GDAL_PAM_ENABLED", "OGR_SKIP", "GDAL_SKIP")
    before = [pyogrio.get_gdal_config_option(name) for name in options]
    drivers = pyogrio.list_drivers()
    zone = gpd.GeoSeries([shapely.box(114, 33, 114.08, 33.08)], crs=4326)
    zonal_sum(Grid(grid), zone)
    for path in _good(tmp_path):
        formats.gdal_path(path, layer_name="villages")
    assert [pyogrio.get_gdal_config_option(name) for name in options] == before
    assert pyogrio.list_drivers() == drivers
    with rasterio.Env() as env:
        assert not set(options) & set(env.options)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("学校.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ("97–2003", ".xlsx")),
        ("学校.xls", b"<html><table><tr><td>x</td></tr></table></html>", ("HTML", ".xlsx")),
        ("学校.xlsx", b"<html><table><tr><td>x</td></tr></table></html>", ("HTML", ".xlsx")),
        ("学校.xls", b'<?xml version="1.0"?><Workbook xmlns="urn:x"/>', ("2003 XML", ".xlsx")),
        ("学校.csv", b"Rar!\x1a\x07\x00", ("RAR", "zip")),
        ("学校.csv", b"", ("空", "导出")),
        ("学校.csv", b"%PDF-1.7", ("PDF", "GeoPackage")),
        ("学校.dat", bytes(range(256)), ("二进制", "CSV")),
    ],
)
def test_a_refusal_says_what_a_file_is_and_what_to_hand_in(
    tmp_path: Path, name: str, content: bytes, words: tuple[str, str]
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ZmdLayoutError) as caught:
        read_raw(tmp_path / name, LayerSource(path=name), layer_name="schools")
    (message,) = caught.value.messages
    assert message.key == "formats.refused"
    assert all(word in message.text("zh") for word in (name, *words))
    assert name in message.text("en")


@pytest.mark.parametrize("suffix", [".xls", ".csv", ".txt", ".dat"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_table_of_text_is_read_under_any_of_its_names(
    tmp_path: Path, suffix: str, encoding: str
) -> None:
    path = tmp_path / f"schools{suffix}"
    path.write_text("school_id\tname\ns1\t示例县第一小学\n", encoding)
    frame = read_raw(path, LayerSource(path=path.name), layer_name="schools")
    assert frame[["school_id", "name"]].to_numpy().tolist() == [["s1", "示例县第一小学"]]


@pytest.mark.parametrize("name", ["spo_osm.pbf", "x.osm.xml", "x.osm", "x.xml.gz", "x.bz2"])
def test_an_extract_of_osm_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    xml = (b'<?xml version="1.0"?>\n<osm version="0.6"><node id="1" version="1" lat="33.0" '
           b'lon="114.0"><tag k="amenity" v="school"/><tag k="name" v="\xe4\xb8\x80\xe5\xb0\x8f"/>'
           b"</node></osm>")  # fmt: skip
    path = tmp_path / name
    if name.endswith("pbf"):
        (tmp_path / "plain.osm").write_bytes(xml)
        with osmium.SimpleWriter(osmium.io.File(str(path), "pbf")) as writer:
            for node in osmium.FileProcessor(str(tmp_path / "plain.osm")):
                writer.add(node)
    else:
        pack = {"gz": gzip.compress, "bz2": bz2.compress}.get(name.rpartition(".")[2], bytes)
        path.write_bytes(pack(xml))
    assert is_extract(path)
    assert schools_of_extract(path)[0]["name"].tolist() == ["一小"]


def test_a_zip_of_two_layers_is_asked_about_and_a_folder_in_it_is_read(tmp_path: Path) -> None:
    _good(tmp_path)
    shape = sorted(tmp_path.glob("good.???"))
    parts = [p for p in shape if p.suffix in {".shp", ".shx", ".dbf", ".prj", ".cpg"}]
    for names in (["north"], ["north", "south"]):
        with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
            for stem in names:
                for part in parts:
                    archive.write(part, f"data/{stem}{part.suffix}")
        source = LayerSource(path="both.zip")
        if names == ["north"]:
            assert len(read_raw(tmp_path / "both.zip", source, layer_name="villages"))
    with pytest.raises(ZmdLayoutError, match=r"north.*south"):
        read_raw(tmp_path / "both.zip", source, layer_name="villages")
    named = LayerSource(path="both.zip", layer="south")
    assert len(read_raw(tmp_path / "both.zip", named, layer_name="villages"))
