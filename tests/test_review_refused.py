"""Files that hold no plot, several, or a torn one: what the desk is told of each."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely
from plot_files import table, write_kml

import zmd_layout
from zmd_layout.errors import ZmdLayoutError

if TYPE_CHECKING:
    from pathlib import Path


def refused(path: Path) -> tuple[str, str]:
    """Give the key and the text of the one reason why a file is refused."""
    with pytest.raises(ZmdLayoutError) as caught:
        zmd_layout.review(path)
    (message,) = caught.value.messages
    return message.key, message.text("en")


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return path


@pytest.mark.parametrize(
    ("members", "key"),
    [
        ({"总图__dwg": b"AC1032"}, "review.drawing"),
        ({"说明__xml": b"x"}, "review.zip_none"),
        ({"__plot__geojson": b"{}"}, "review.zip_none"),  # hidden, as macOS adds them
        ({}, "review.zip_none"),
    ],
)
def test_an_archive_without_a_plot_is_told_from_one_with_a_drawing(
    tmp_path: Path, members: dict[str, bytes], key: str
) -> None:
    assert refused(zipped(tmp_path / "plot.zip", **members))[0] == key


def test_an_archive_with_a_password_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "plot.zip", plot__geojson=b"{}")
    content = bytearray(path.read_bytes())
    content[6] |= 1  # in the head of the file and in the list at the end
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert refused(path)[0] == "review.zip_encrypted"


@pytest.mark.parametrize(
    ("name", "key"),
    [("nowhere.geojson", "layers.no_file_alone"), ("plot.xyz", "formats.refused_alone")],
)
def test_a_file_that_is_not_there_or_of_no_known_kind_is_named(
    tmp_path: Path, name: str, key: str
) -> None:
    if key != "layers.no_file_alone":
        (tmp_path / name).write_bytes(b"x")
    found, text = refused(tmp_path / name)
    assert found == key
    assert name in text


def test_a_torn_kml_is_unreadable_and_says_where(tmp_path: Path) -> None:
    path = write_kml(tmp_path / "plot.kml")
    path.write_text(path.read_text("utf-8")[:200], "utf-8")
    found, text = refused(path)
    assert found == "layers.unreadable_file"
    assert "line" in text


def test_a_package_of_two_layers_of_areas_is_asked_about_by_name(tmp_path: Path) -> None:
    path = tmp_path / "plot.gpkg"
    for name in ("north", "south"):
        table().to_file(path, layer=name)
    found, text = refused(path)
    assert found == "layers.several_layers_alone"
    assert "north" in text
    assert "south" in text


def test_a_package_of_points_has_no_plot(tmp_path: Path) -> None:
    path = tmp_path / "plot.gpkg"
    points = gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.Point(5e5, 3.65e6)], crs=4547)
    points.to_file(path, layer="gates")
    found, text = refused(path)
    assert found == "layers.wrong_shape"
    assert "plot.gpkg" in text
