"""
The format of a file by its first bytes, and the one GDAL driver that may open it.

Threat model
------------
The names in `study.toml` and on the command line are the user's own word. The bytes of the files
that they name are not: a file comes from an applicant, a download or a colleague, and may be made
to harm. GDAL chooses a driver by content, whatever the suffix, and several of its drivers follow
what a file says: a virtual file (`<OGRVRTDataSource`, anywhere in the first bytes, even inside a
GeoJSON string) reads any other file or address, a stored pipeline (`gdal_streamed_alg`) likewise,
a WFS description sends requests, GML fetches its schema.

Therefore nothing is handed to GDAL but through `gdal_path` and `open_geotiff`:

- The first bytes must be the signature of a format on the list below; the suffix must be one of
  that format, for some drivers look at it first.
- No mark of a driver that reaches beyond its file may stand where GDAL looks for marks.
- The path is absolute and means to pyogrio what it says: no `/vsi…`, no `!`, no address.
- A zip is never opened in place: it is unpacked under limits (`layers/archives.py`), and its
  members pass the same door.
- A GeoTIFF is opened by rasterio with the driver named, without files that lie beside it.

Nothing global is changed: no driver is switched off, no option of GDAL is left set.
"""

from __future__ import annotations

import bz2
import re
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pyogrio.util

from zmd_layout.errors import LayerError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rasterio import DatasetReader

# GDAL looks for the marks of its drivers in the first 1 KB, some drivers in the first 16
_HEAD_BYTES = 1 << 16
_DECOMPRESSED_BYTES = 4096
# marks by which GDAL knows, wherever they stand, a driver that reaches beyond its file
_REACHING_MARKS = (
    b"<OGRVRT", b"<VRTDataset", b"<OGRWFS", b"<GDAL_", b"<WCS_GDAL", b"<WMT_MS_", b"<MapML",
    b"gdal_streamed_alg", b"gdal_multidim_", b"Product_Observational",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Format:
    """
    A format of files.

    Attributes
    ----------
    key
        Its name here; `formats.<key>` is its name for readers.
    drivers
        The GDAL driver that may open it, of GeoJSON the one for whole files and the one for lines;
        empty: GDAL is not asked.
    suffixes
        Names that GDAL may see it under; empty: any.
    """

    key: str
    drivers: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()

    @property
    def word(self) -> Message:
        """The name of the format for readers."""
        return Message(f"formats.{self.key}")


GEOJSON = Format(
    "geojson", ("GeoJSON", "GeoJSONSeq"), (".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson")
)
TOPOJSON = Format("topojson", ("TopoJSON",), (".topojson", ".json"))
ESRI_JSON = Format("esri_json", ("ESRIJSON",), (".json", ".geojson"))
GEOPACKAGE = Format("geopackage", ("GPKG",), (".gpkg",))
FILE_GEODATABASE = Format("file_geodatabase", ("OpenFileGDB",), (".gdb",))
SHAPEFILE = Format("shapefile", ("ESRI Shapefile",), (".shp",))
FLATGEOBUF = Format("flatgeobuf", ("FlatGeobuf",), (".fgb",))
KML = Format("kml", ("LIBKML",), (".kml",))
GPX = Format("gpx", ("GPX",), (".gpx",))
DXF = Format("dxf", ("DXF",), (".dxf",))
MIF = Format("mif", ("MapInfo File",), (".mif",))
TAB = Format("tab", ("MapInfo File",), (".tab",))
GEOTIFF = Format("geotiff", ("GTiff",))
PARQUET = Format("parquet")
TEXT = Format("text", (), (".csv", ".tsv", ".txt", ".dat", ".xls", ".xlsx"))
XLSX = Format("xlsx")
ZIP = Format("zip")
OSM_PBF = Format("osm_pbf")
OSM_XML = Format("osm_xml")
OSM_BZ2 = Format("osm_bz2")
OSM_GZ = Format("osm_gz")
# what is known, to say so, and read by nobody
VIRTUAL, DOCTYPED, HTML, GML, XML, JSON, SQLITE = map(
    Format, ("virtual", "doctyped", "html", "gml", "xml", "json", "sqlite")
)
XLS, XLSB, XLS_XML, ODS, WORD = map(Format, ("xls", "xlsb", "xls_xml", "ods", "word"))
PDF, DWG, DGN, IMAGE = map(Format, ("pdf", "dwg", "dgn", "image"))
RAR, SEVEN_ZIP, COMPRESSED = map(Format, ("rar", "seven_zip", "compressed"))
BINARY, EMPTY = map(Format, ("binary", "empty"))

VECTORS = frozenset({
    GEOJSON, TOPOJSON, ESRI_JSON, GEOPACKAGE, FILE_GEODATABASE, SHAPEFILE,
    FLATGEOBUF, KML, GPX, DXF, MIF, TAB,
})  # fmt: skip
# as libosmium calls them, which are the endings of their usual names, too
OSM_EXTRACTS = {OSM_PBF: "pbf", OSM_XML: "osm", OSM_BZ2: "osm.bz2", OSM_GZ: "osm.gz"}
OSM_ENDINGS = ("opl", "pbf", "osm", "osm.bz2", "osm.gz")
DRAWINGS = frozenset({PDF, DWG, DGN, IMAGE, WORD, GEOTIFF})

_SIGNATURES = (
    (b"PAR1", PARQUET),
    (b"\x00\x00\x27\x0a", SHAPEFILE),
    (b"fgb\x03", FLATGEOBUF),
    (b"II*\x00", GEOTIFF), (b"MM\x00*", GEOTIFF), (b"II+\x00", GEOTIFF), (b"MM\x00+", GEOTIFF),
    (b"AutoCAD Binary DXF\r\n\x1a\x00", DXF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", XLS), (b"\x09\x08\x10\x00", XLS),
    (b"%PDF", PDF), (b"AC10", DWG), (b"Rar!\x1a\x07", RAR), (b"7z\xbc\xaf\x27\x1c", SEVEN_ZIP),
    (b"\x89PNG", IMAGE), (b"\xff\xd8\xff", IMAGE), (b"GIF8", IMAGE),
    (b"\x08\x09\xfe\x02", DGN), (b"\xc8\x09\xfe\x02", DGN),
)  # fmt: skip
_SQLITE = b"SQLite format 3\x00"
_SQLITE_APPLICATION = slice(68, 72)
_PACKAGES = {b"GPKG", b"GP10", b"GP11"}
_OSM_HEADER = b"OSMHeader"
_OSM_HEADER_ENDS = 32
_ZIP_END = b"PK\x05\x06"
_ZIP_END_BYTES = 22
_ZIP_LIST_SIZE = slice(12, 16)
_LONGEST_COMMENT = 1 << 16
_MOST_LIST_BYTES = 4 * 2**20
_ROOTS = {
    "kml": KML, "gpx": GPX, "osm": OSM_XML, "workbook": XLS_XML, "featurecollection": GML,
    "ogrvrtdatasource": VIRTUAL, "vrtdataset": VIRTUAL, "ogrwfsdatasource": VIRTUAL,
}  # fmt: skip
_HTML_TAGS = {"html", "head", "body", "table", "meta", "style", "div", "tr", "font"}
_MARKS_OF_TEXT = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
_TAG = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_DXF = re.compile(r"(\s*999[ \t]*\r?\n[^\n]*\n)*\s*0[ \t]*\r?\n\s*SECTION\s")
_MIF = re.compile(r"\s*version\s+\d+\s", re.IGNORECASE)
_TAB = "!table"
_TAB_NATIVE = re.compile(r"^\s*type\s+native\b", re.IGNORECASE | re.MULTILINE)
_TAB_REACHES = re.compile(
    r"create\s+view|open\s+table|isseamless|^\s*file\s", re.IGNORECASE | re.MULTILINE
)
_JSON = re.compile(r"\{|\[\s*[\[\]{\"\d-]")
_GEOMETRIES = (
    "FeatureCollection", "Feature", "Point", "MultiPoint", "LineString", "MultiLineString",
    "Polygon", "MultiPolygon", "GeometryCollection",
)  # fmt: skip
_TYPE = re.compile(r'"type"\s*:\s*"(\w+)"')


def format_of(path: Path) -> Format:
    """
    Determine the format of a file by its first bytes, and of a zip by its members.

    Parameters
    ----------
    path
        A file, or the folder of a file geodatabase.

    Returns
    -------
    format
        One of the constants of this module; `BINARY` for what is none of them. A text that is no
        markup is `TEXT`, a table or not.
    """
    if path.is_dir():
        return FILE_GEODATABASE if any(path.glob("*.gdbtable")) else BINARY
    head = _head_of(path)
    if head.startswith(b"PK"):
        return _zip_format(path)
    return _binary_format(head) or _text_format(head)


def osm_format(path: Path) -> str | None:
    """
    Determine which format of OSM a file is in, in libosmium's words; None: it is no extract.

    The first bytes decide; where they say nothing, as in a broken file, the name does.
    """
    found = format_of(path) if path.is_file() else BINARY
    if found in OSM_EXTRACTS:
        return OSM_EXTRACTS[found]
    name = path.name.lower()
    return next((ending for ending in OSM_ENDINGS if name.endswith(f".{ending}")), None)


def is_text_table(path: Path, found: Format) -> bool:
    """Return whether a file is a text under a name that a table of text goes by."""
    return found == TEXT and path.suffix.lower() in TEXT.suffixes


def encoding_mark(path: Path) -> str | None:
    """Return the encoding that the first bytes of a text declare, UTF-16 or UTF-8; else None."""
    with path.open("rb") as file:
        head = file.read(3)
    return next((name for mark, name in _MARKS_OF_TEXT if head.startswith(mark)), None)


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def has_long_list(path: Path) -> bool:
    """Return whether a zip lists more members than may be read, for the list is read whole."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - _ZIP_END_BYTES - _LONGEST_COMMENT, 0))
        end = file.read()
    record = end[end.rfind(_ZIP_END) :]
    return int.from_bytes(record[_ZIP_LIST_SIZE], "little") > _MOST_LIST_BYTES


def _binary_format(head: bytes) -> Format | None:
    if not head.strip():
        return EMPTY
    if head.startswith(_SQLITE):
        return GEOPACKAGE if head[_SQLITE_APPLICATION] in _PACKAGES else SQLITE
    if _OSM_HEADER in head[:_OSM_HEADER_ENDS]:
        return OSM_PBF
    if head.startswith((b"\x1f\x8b", b"BZh")):
        return _compressed_format(head)
    return next((found for mark, found in _SIGNATURES if head.startswith(mark)), None)


def _zip_format(path: Path) -> Format:
    if has_long_list(path):
        return ZIP
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "mimetype" in names and archive.getinfo("mimetype").file_size < _DECOMPRESSED_BYTES:
                kind = archive.read("mimetype")
                return ODS if b"opendocument.spreadsheet" in kind else WORD
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError):
        return ZIP  # torn: who unpacks it says so
    for member, found in (
        ("xl/workbook.xml", XLSX), ("xl/workbook.bin", XLSB), ("word/document.xml", WORD),
    ):  # fmt: skip
        if member in names:
            return found
    return XLSX if "[Content_Types].xml" in names and "xl/" in str(names) else ZIP


def _compressed_format(head: bytes) -> Format:
    is_bz2 = head.startswith(b"BZh")
    try:
        if is_bz2:
            inner = bz2.BZ2Decompressor().decompress(head, _DECOMPRESSED_BYTES)
        else:
            inner = zlib.decompressobj(wbits=31).decompress(head, _DECOMPRESSED_BYTES)
    except (OSError, ValueError, zlib.error, EOFError):
        return COMPRESSED
    if inner and _text_format(inner) == OSM_XML:
        return OSM_BZ2 if is_bz2 else OSM_GZ
    # the first block of bzip2 may be longer than the head
    return OSM_BZ2 if is_bz2 and not inner else COMPRESSED


def _text_format(head: bytes) -> Format:
    encoding = next((name for mark, name in _MARKS_OF_TEXT if head.startswith(mark)), None)
    if encoding is None and b"\x00" in head:
        return BINARY
    text = head.decode(encoding or "latin-1", errors="ignore").lstrip("\ufeff\x1e \t\r\n")
    if text.startswith("<"):
        return _markup_format(text)
    if _JSON.match(text):
        return _json_format(text)
    if text[: len(_TAB)].casefold() == _TAB:
        # one that joins other tables, or is too long to be sure that it does not
        is_alone = len(head) < _HEAD_BYTES and not _TAB_REACHES.search(text)
        return TAB if is_alone and _TAB_NATIVE.search(text) else VIRTUAL
    is_mif = _MIF.match(text) and "columns" in text.casefold()
    return DXF if _DXF.match(text) else MIF if is_mif else TEXT


def _markup_format(text: str) -> Format:
    start = _start_of_root(text)
    has_doctype = "<!doctype" in text[:start].casefold()
    tag = _TAG.match(text, start)
    root = tag[1].casefold() if tag else ""
    if has_doctype and root not in _HTML_TAGS:
        return DOCTYPED
    if root in _ROOTS:
        return _ROOTS[root]
    return HTML if root in _HTML_TAGS or "<html" in text[:1024].casefold() else XML


def _start_of_root(text: str) -> int:
    """Return where the first element of a markup begins; declarations and comments are skipped."""
    at = 0
    while text.startswith(("<?", "<!"), at):
        end = ">"
        if text.startswith("<!--", at):
            end = "-->"
        elif "[" in text[at : text.find(">", at)]:
            end = "]>"
        at = text.find(end, at)
        if at < 0:
            return len(text)
        at += len(end)
        at += len(text[at:]) - len(text[at:].lstrip())
    return at


def _json_format(text: str) -> Format:
    if text.startswith("["):
        return JSON
    if "esriGeometry" in text:
        return ESRI_JSON
    kinds = _TYPE.findall(text)
    if "Topology" in kinds[:1]:
        return TOPOJSON
    if not kinds or not set(kinds) & set(_GEOMETRIES):
        # a collection may begin with long members of its own
        return GEOJSON if '"features"' in text or len(text) >= _HEAD_BYTES - 4 else JSON
    return GEOJSON


def gdal_path(path: Path, *, layer_name: str) -> str:
    """
    Return the path of a file under which GDAL may open it, with the driver of its format only.

    Parameters
    ----------
    path
        The file.
    layer_name
        The layer in errors.

    Raises
    ------
    LayerError
        If the format is not on the list, the name is not one of the format, or the file carries
        the mark of a driver that reaches beyond it.
    """
    found = format_of(path)
    if found not in VECTORS:
        raise refusal(path, found, layer_name=layer_name)
    if path.is_file() and reaches_beyond(_head_of(path)):
        raise refusal(path, VIRTUAL, layer_name=layer_name)
    if path.suffix.lower() not in found.suffixes:
        raise LayerError(
            Message("formats.misnamed", layer=layer_name, name=path.name, format=found.word,
                    suffix=found.suffixes[0])
        )  # fmt: skip
    name = str(path.absolute())
    if name.startswith("/vsi") or pyogrio.util.vsi_path(name) != name:
        raise LayerError(Message("formats.name_with_signs", layer=layer_name, path=path))
    return name


def reaches_beyond(head: bytes) -> bool:
    """Return whether bytes that GDAL would look at carry the mark of a driver that opens others."""
    return any(mark in head for mark in _REACHING_MARKS)


@contextmanager
def open_geotiff(path: Path) -> Iterator[DatasetReader]:
    """
    Open a raster as GeoTIFF; what lies beside it (`.ovr`, `.msk`, `.aux.xml`) is left alone.

    Raises
    ------
    LayerError
        If it is none by its first bytes.
    rasterio.errors.RasterioIOError
        If it is broken.
    """
    import rasterio  # noqa: PLC0415 - slow to load, for grids only

    found = format_of(path)
    if found != GEOTIFF:
        raise refusal(path, found, layer_name="population", other="grid")
    alone = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
    with (
        rasterio.Env(**alone),
        rasterio.open(path.absolute(), driver=GEOTIFF.drivers[0], sharing=False) as dataset,
    ):
        yield dataset


def refusal(
    path: Path, found: Format, *, layer_name: str, other: Literal["other", "grid"] = "other"
) -> LayerError:
    """Make the error that says what a file is by its bytes, and what to do about it."""
    way = Message(f"formats.way_{_WAYS.get(found, other)}")
    return LayerError(
        Message("formats.refused", layer=layer_name, name=path.name, format=found.word, way=way)
    )


_WAYS = {
    VIRTUAL: "virtual", DOCTYPED: "virtual",
    HTML: "book", XLS: "book", XLSB: "book", XLS_XML: "book", ODS: "book",
    RAR: "archive", SEVEN_ZIP: "archive", COMPRESSED: "archive", ZIP: "archive",
    PDF: "drawing", DWG: "drawing", DGN: "drawing", IMAGE: "drawing", WORD: "drawing",
    EMPTY: "empty",
}  # fmt: skip
