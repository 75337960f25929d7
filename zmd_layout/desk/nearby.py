"""Schools around a plot, with the seats that they have to spare."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.forecast import standards
from zmd_layout.measures.access import schools_of
from zmd_layout.measures.conditions import is_missing
from zmd_layout.measures.outlook import GRADES
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely

    from zmd_layout.measures import World

STAGES = (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR)


@dataclass(frozen=True, slots=True)
class NearSchool:
    """
    A stage of a school near a plot.

    Attributes
    ----------
    school_id, name, stage, ownership
        Which; an empty ownership is unknown.
    distance_m
        Straight from the plot's boundary; 0 inside.
    is_within
        Whether it lies within the radius of its stage.
    classes, enrolment, seats
        Its own figures; a school of several stages is divided by its grades. `seats` are classes
        at the standard size, or the stated ones where classes are unknown. NaN is unknown.
    large_classes
        Classes of 56 and more of the whole school; NaN is unknown.
    year, is_made
        Of the layer; whether it was made up.
    xy_m
        Its position in the study's plane, metres.
    """

    school_id: str
    name: str
    stage: Stage
    ownership: str
    distance_m: float
    is_within: bool
    classes: float
    enrolment: float
    seats: float
    large_classes: float
    year: int | None
    is_made: bool
    xy_m: tuple[float, float]

    @property
    def spare(self) -> float:
        """Seats less pupils; negative where too many sit there, NaN where unknown."""
        return self.seats - self.enrolment


def radius_m(stage: Stage) -> float:
    """Give the service radius of a stage in metres."""
    return float(figures()["radius"][str(stage)]["metres"])


@cache
def figures() -> dict[str, Any]:
    """Read the figures of the desk."""
    return tomllib.loads((files("zmd_layout.desk") / "standards.toml").read_text("utf-8"))


def schools_near(world: World, shape: shapely.Geometry) -> tuple[NearSchool, ...]:
    """
    List the schools around a plot, by stage and distance.

    Parameters
    ----------
    world
        The study; without a schools layer the list is empty.
    shape
        The plot in the study's plane.
    """
    most = int(figures()["shown_most"])
    found: list[NearSchool] = []
    for stage in STAGES:
        schools = schools_of(world, stage)
        if schools is None:
            return ()
        distance_m = schools.distance(shape)
        near = schools.assign(distance_m=distance_m)[distance_m <= figures()["shown_within_m"]]
        near = near.sort_values(["distance_m", "school_id"], kind="stable").head(most)
        layer = world.layers["schools"]
        found += [
            _near(row, stage, layer.origin.year, is_made=layer.is_made) for row in _rows(near)
        ]
    return tuple(found)


def _rows(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.to_dict("records")
    return rows


def _near(row: dict[str, Any], stage: Stage, year: int | None, *, is_made: bool) -> NearSchool:
    share = _share(str(row["stages"]).split(";"), stage)
    own = _number(row.get(f"enrolment_{stage}"))
    enrolment = own if not np.isnan(own) else _number(row.get("enrolment")) * share
    classes = _number(row.get("classes")) * share
    size = standards().class_sizes[stage].value
    seats = classes * size if not np.isnan(classes) else _number(row.get("seats")) * share
    owner = row.get("ownership")
    point = row["geometry"].representative_point()
    return NearSchool(
        str(row["school_id"]), str(row.get("name") or row["school_id"]), stage,
        "" if is_missing(owner) else str(owner), float(row["distance_m"]),
        bool(row["distance_m"] <= radius_m(stage)), classes, enrolment, seats,
        _number(row.get("classes_of_56_and_more")), year, is_made, (point.x, point.y),
    )  # fmt: skip


def _share(stages: list[str], stage: Stage) -> float:
    """Give the part of a school's grades that a stage has; kindergartens are not divided."""
    grades = {Stage(s): GRADES[Stage(s)] for s in stages if s in GRADES}
    return grades[stage] / sum(grades.values()) if stage in grades else 1.0


def _number(cell: Any) -> float:  # noqa: ANN401 - a cell of a table
    return float("nan") if is_missing(cell) else float(cell)
