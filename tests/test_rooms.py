"""The rooms of the package: what loads what, and that lists below agree with what stands above."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import zmd_layout.measures
from zmd_layout.layers.schema import SCHEMAS, STATISTIC_NAMES
from zmd_layout.measures.registry import NAMED_MEASURES
from zmd_layout.measures.units import LAYER_OF
from zmd_layout.rulebook import layer_columns, named_measures
from zmd_layout.vocabulary import UnitKind

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


# of units, beside the columns of their layer
FIELDS = {
    UnitKind.CITY: {
        "unit_id": "id", "name": "text", "kind": ["city"], "residents": "number",
        layer_columns.AGES: "number",
    },
    UnitKind.RESIDENTIAL_GROUP: {"unit_id": "id", "name": "text"},
    UnitKind.SCHOOL: {"is_listed_for_closure": "bool"},
}  # fmt: skip
COLUMNS = Path(layer_columns.__file__).with_suffix(".toml")


def told_columns() -> str:
    """Write what the schemas of the layers are, as the rulebook has it."""
    lines = [
        "# The columns of layers and units, for rules; written by `python tests/test_rooms.py`.",
        "# A list is the closed list of the words of a column.",
        "",
        f"statistic_names = {json.dumps(sorted(STATISTIC_NAMES))}",
    ]
    for name, schema in SCHEMAS.items():
        lines += ["", f"[layers.{name}]"]
        lines += [
            f"{column.name} = {json.dumps(list(column.words) or str(column.kind))}"
            for column in schema.columns
        ]
        lines += [f'"{layer_columns.AGES}" = "number"'] if schema.has_ages else []
    for kind in UnitKind:
        layer, _ = LAYER_OF.get(kind, ("", ""))
        lines += ["", f"[units.{kind}]", *([f'layer = "{layer}"'] if layer else [])]
        lines += [f"[units.{kind}.fields]"]
        lines += [f'"{n}" = {json.dumps(told)}' for n, told in FIELDS.get(kind, {}).items()]
    return "\n".join(lines) + "\n"


def test_the_columns_that_rules_may_name_are_those_of_the_layers() -> None:
    wrong = "write it anew: python tests/test_rooms.py"
    assert COLUMNS.read_text("utf-8") == told_columns(), wrong


if __name__ == "__main__":
    COLUMNS.write_text(told_columns(), "utf-8")
