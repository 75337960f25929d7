"""Small worlds: squares near the middle of the city, written as files a study can name."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LON, LAT = 114.0, 33.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a page in a browser, so that it can be run alone."""
    for item in items:
        if "browser_path" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Find a browser; without one its tests are skipped, or fail with `ZMD_REQUIRE_BROWSER=1`."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        missing = f"no browser: none of {', '.join(BROWSERS)} is on the path"
        (pytest.fail if os.environ.get("ZMD_REQUIRE_BROWSER") == "1" else pytest.skip)(missing)
    return path


def square(east: float, north: float, side: float = 0.1) -> dict[str, Any]:
    """Give a square in degrees, its corner `east` and `north` of the middle of the city."""
    x, y = LON + east, LAT + north
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def point(east: float, north: float) -> dict[str, Any]:
    """Give a point in degrees."""
    return {"type": "Point", "coordinates": [LON + east, LAT + north]}


def write_geojson(
    path: Path, features: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]]
) -> Path:
    """Write properties and geometries as GeoJSON."""
    rows = [
        {"type": "Feature", "properties": properties, "geometry": geometry}
        for properties, geometry in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}), "utf-8")
    return path


# declared to be whole: a list speaks of no stage and no county of which it has no row
COVERS = """\
covers.stages = ["kindergarten", "primary", "junior", "senior", "vocational", "special"]
covers.units = ["411702", "411721", "411722"]
"""
COUNTIES = [
    ({"unit_id": "411721", "name": "西县", "kind": "county", "residents": 599999}, square(0, 0)),
    ({"unit_id": "411722", "name": "东县", "kind": "county", "residents": 612551}, square(0.1, 0)),
    (
        {"unit_id": "411702", "name": "中区", "kind": "district", "residents": 900000},
        square(0, 0.1),
    ),
]


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask servers on this computer directly."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes a study with two counties, a district, and what it is handed."""

    def make(extra: str = "", *, head: str = "", counties: Any = None) -> Path:
        write_geojson(tmp_path / "counties.geojson", counties or COUNTIES)
        (tmp_path / "study.toml").write_text(
            f"""
[study]
id = "small"
name = {{zh = "小世界", en = "Small world"}}
as_of = 2025-12-31
plan_period = [2021-01-01, 2025-12-31]
{head}

[layers.counties]
path = "counties.geojson"
coordinates = "wgs84"
year = 2020
{extra}
""",
            "utf-8",
        )
        return tmp_path

    return make


@pytest.fixture(params=["none", "stale"])
def no_system_fonts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take all fonts from matplotlib, or leave it a cache whose files are gone."""
    font_manager = pytest.importorskip("matplotlib.font_manager")
    names = ["Noto Sans SC", "Noto Sans CJK SC", "SimSun", "DejaVu Sans"]
    gone = [font_manager.FontEntry(fname=f"/gone/{name}.ttf", name=name) for name in names]
    monkeypatch.setattr(
        font_manager.fontManager, "ttflist", gone if request.param == "stale" else []
    )
    font_manager.fontManager._findfont_cached.cache_clear()


def signs_without_a_glyph(figure: Any) -> set[str]:
    """Return the signs on a figure that the font they are written in does not have."""
    from matplotlib.font_manager import findfont
    from matplotlib.ft2font import FT2Font
    from matplotlib.text import Text

    lacking: set[str] = set()
    for text in figure.findobj(Text):
        signs = set(text.get_text()) - {"\n"}
        if signs:
            known = FT2Font(findfont(text.get_fontproperties())).get_charmap()
            lacking |= {sign for sign in signs if ord(sign) not in known}
    return lacking


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give the made city of one county, small enough for a question a second."""
    from zmd_layout import load_study
    from zmd_layout.synthetic import build

    folder = tmp_path_factory.mktemp("small") / "city"
    build(folder, seed=1, scale=0.02)
    return load_study(folder)
