"""The rooms of the package: what loads what, and that lists below agree with what stands above."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import zmd_layout.measures
from zmd_layout.measures.registry import NAMED_MEASURES
from zmd_layout.rulebook import named_measures

GIS = {"geopandas", "shapely", "pyproj", "pyogrio", "rasterio", "osmium", "folium"}
MOST_FILES = 26


def test_testing_the_rules_loads_no_gis_package() -> None:
    program = (
        "import sys\n"
        "from zmd_layout.cli import main\n"
        "main(['rules', 'test'], standalone_mode=False)\n"
        "print('loaded', *sorted({name.split('.')[0] for name in sys.modules}))\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)  # noqa: S603
    loaded = set(done.stdout.rpartition("loaded ")[2].split())
    assert "zmd_layout" in loaded
    assert not loaded & GIS


def test_the_list_of_named_measures_is_what_the_measures_compute() -> None:
    text = (files("zmd_layout.rulebook") / "named_measures.toml").read_text("utf-8")
    listed = {
        (name, unit): tuple(entry.get("numbers", ()))
        for name, entry in tomllib.loads(text).items()
        for unit in entry["units"]
    }
    packaged = {
        (name, str(kind)): named_measures.NUMBERS[name, kind]
        for (name, kind), compute in NAMED_MEASURES.items()
        if _module(compute).startswith("zmd_layout.")
    }
    assert listed == packaged


def _module(compute: object) -> str:
    return str(getattr(getattr(compute, "func", compute), "__module__", ""))


def test_no_room_has_more_files_than_a_stranger_can_overlook() -> None:
    package = Path(zmd_layout.__file__).parent
    rooms = {path.parent for path in package.rglob("*.py")}
    counts = {
        str(room.relative_to(package)): sum(
            path.name != "__init__.py" for path in room.glob("*.py")
        )
        for room in rooms
    }
    assert {name: count for name, count in counts.items() if count > MOST_FILES} == {}
