"""One plot of 3 ha in every format that comes across an official's desk."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import pyogrio
import shapely

SURVEY = """[属性描述]
坐标系=2000国家大地坐标系
几度分带=3
投影类型=高斯克吕格
计量单位=米
带号=38
[地块坐标]
5,3.0000,2026-01,示例地块一,面,,城镇住宅用地,0701,@
J1,1,3654000.000,38502000.000
J2,1,3654000.000,38502200.000
J3,1,3653850.000,38502200.000
J4,1,3653850.000,38502000.000
J1,1,3654000.000,38502000.000
"""
KML = """<?xml version="1.0" encoding="UTF-8"?>{prolog}
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>{name}</name>
<ExtendedData><Data name="规划人口"><value>10000</value></Data>
<Data name="settlement"><value>urban</value></Data></ExtendedData>
<Polygon><outerBoundaryIs><LinearRing><coordinates>
114.0,33.0,5 114.005,33.0,5 114.005,33.005,5 114.0,33.005,5 114.0,33.0,5
</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Document></kml>"""
PLOT = {"name": "春江花园", "规划人口": 10000, "settlement": "urban"}


def table() -> gpd.GeoDataFrame:
    shape = shapely.box(502000, 3653850, 502200, 3654000)
    return gpd.GeoDataFrame([PLOT], geometry=[shape], crs="EPSG:4547")


def shapefile_in_zip(folder: Path, *, encoding: str, with_cpg: bool) -> Path:
    inside = folder / "地块"
    inside.mkdir()
    plots = table().rename(columns={"规划人口": "户数"}).assign(户数=4000)  # a head of ten bytes
    pyogrio.write_dataframe(plots, inside / "plot.shp", encoding=encoding)
    path = folder / "plot.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in inside.iterdir():
            if with_cpg or file.suffix != ".cpg":
                archive.write(file, f"报审/{file.name}")
    return path


def write_kml(path: Path, *, prolog: str = "", name: str = "春江花园") -> Path:
    path.write_text(KML.format(prolog=prolog, name=name), "utf-8")
    return path


def write_package(path: Path) -> Path:
    table().to_file(path)
    return path


def write_dxf(path: Path) -> Path:
    gpd.GeoSeries([table().geometry[0].exterior], crs="EPSG:4547").to_file(path, driver="DXF")
    return path


def write_survey(path: Path) -> Path:
    path.write_bytes(SURVEY.encode("gbk"))
    return path
