"""Three counties in a row and small tables of schools in them, to count, sum and divide."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import geopandas as gpd
import shapely

from zmd_layout.checks.value import Value
from zmd_layout.layers import Layer, Layers, Origin
from zmd_layout.measures import World, evaluate
from zmd_layout.rulebook import DatedValue
from zmd_layout.rulebook.measure_forms import Condition
from zmd_layout.study import Covers, Name, Study
from zmd_layout.vocabulary import Basis, Stage, UnitKind

PERIOD = (dt.date(2021, 1, 1), dt.date(2025, 12, 31))
STUDY = Study(id="s", name=Name(zh="小", en="small"), as_of=PERIOD[1], plan_period=PERIOD)
LIMITS = {"most": DatedValue(value=300, basis=Basis.CLAUSE, clause="c")}
EVERYTHING = Covers(stages=tuple(Stage), units=("a", "b", "c"))
OPERATING = Condition(field="status", equals="operating")


def layer(name: str, rows: list[dict[str, Any]], **origin: Any) -> Layer:
    shapes = [row.get("geometry") for row in rows]
    told = [{k: v for k, v in row.items() if k != "geometry"} for row in rows]
    frame = gpd.GeoDataFrame(told, geometry=shapes, crs=STUDY.crs)
    if name == "schools" and origin.get("is_complete", True):  # declared to be whole
        origin = {"covers": EVERYTHING, **origin}
    frame["is_synthetic"] = [str(row.get("name", "")).startswith("示例") for row in rows]
    return Layer(name, frame, Origin(**origin))


def counties(**origin: Any) -> Layer:
    rows = [
        {"unit_id": uid, "name": uid, "residents": people, "geometry": shapely.box(x, 0, x + 10, 9)}
        for uid, people, x in (("a", 1000.0, 0), ("b", math.nan, 10), ("c", 3000.0, 20))
    ]
    return layer("counties", rows, **{"year": 2020, **origin})


def school(county: str | None, status: str | None = "operating", **more: Any) -> dict[str, Any]:
    return {"school_id": f"s{len(more)}", "county_id": county, "status": status, **more}


def values(definition: Any, *layers: Layer, kind: UnitKind = UnitKind.COUNTY) -> dict[str, Value]:
    known: Layers = {"counties": counties(), **{one.name: one for one in layers}}
    world = World(STUDY, known, STUDY.as_of)
    units = world.units(kind, LIMITS)
    assert units is not None
    return evaluate(definition, world=world, units=units, limits=LIMITS)


def keys(value: Value) -> list[str]:
    return [note.key for note in value.notes]
