"""Schools around a plot, with the seats that they have to spare."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from zmd_layout.checks.conditions import is_missing
from zmd_layout.forecast import standards
from zmd_layout.measures.access import schools_of
from zmd_layout.measures.supply.seats import GRADES, ListedClasses, grade_share, listed_classes
from zmd_layout.measures.travel import road_graph, tied
from zmd_layout.network import Mode, nearest
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from zmd_layout.measures import World

_STEP_M = 50.0  # gates are not known: any point of the boundary may be one, at this step
_SHOWN = {
    "school_id", "name", "stages", "ownership", "classes", "seats", "classes_of_56_and_more",
    "distance_m",
}  # fmt: skip
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
    road_m
        On foot over the roads, from that point of the boundary from which it is nearest, the
        straight lines to the road included; 0 inside, NaN where there are no roads or no way.
    is_within
        Whether it lies within the radius of its stage, in a straight line, as a radius is meant.
    classes, enrolment, seats
        Its own figures; a school of several stages is divided by its listed classes, else by
        grades. `seats` are classes at the standard size, or the stated ones where classes are
        unknown. NaN is unknown.
    large_classes
        Classes of 56 and more of the whole school; NaN is unknown.
    year, is_synthetic
        Of the layer; whether it, or the roads to it, were made up.
    xy_m
        Its position in the study's plane, metres.
    """

    school_id: str
    name: str
    stage: Stage
    ownership: str
    distance_m: float
    road_m: float
    is_within: bool
    classes: float
    enrolment: float
    seats: float
    large_classes: float
    year: int | None
    is_synthetic: bool
    xy_m: tuple[float, float]

    @property
    def spare(self) -> float:
        """Seats less pupils; negative where too many sit there, NaN where unknown."""
        return self.seats - self.enrolment


def radius_m(stage: Stage) -> float:
    """Return the service radius of a stage in metres."""
    return float(figures()["radius"][str(stage)]["metres"])


@cache
def figures() -> dict[str, Any]:
    """Read the figures of the desk."""
    return tomllib.loads(
        (files("zmd_layout.development_review") / "standards.toml").read_text("utf-8")
    )


def schools_near(world: World, shape: shapely.Geometry | None) -> tuple[NearSchool, ...]:
    """
    List the schools around a plot, by stage and distance.

    Parameters
    ----------
    world
        The study; without a schools layer the list is empty.
    shape
        The plot in the study's plane; nothing is near a plot without an outline.
    """
    if shape is None:
        return ()
    found: list[tuple[Stage, gpd.GeoDataFrame]] = []
    for stage in STAGES:
        schools = schools_of(world, stage)
        if schools is None:
            return ()
        found.append((stage, _nearest_of(schools, shape)))
    ways = _Ways(world, shape)
    road_m = np.split(ways.to([near for _, near in found]), np.cumsum([len(f) for _, f in found]))
    layer, listed = world.layers["schools"], listed_classes(world)
    is_synthetic = layer.is_synthetic or ways.is_synthetic
    return tuple(
        _near(row, stage, layer.origin.year, float(by_list), is_synthetic=is_synthetic)
        for (stage, near), way_m in zip(found, road_m, strict=False)
        for row, by_list in zip(_rows(near, way_m), _listed(listed, near, stage), strict=True)
    )


def _listed(listed: ListedClasses, near: gpd.GeoDataFrame, stage: Stage) -> NDArray[np.float64]:
    """Return the stage's part of each school's listed classes; NaN: not in the list, or no part."""
    if stage not in GRADES:
        return np.full(len(near), np.nan)
    return listed.shares(near["school_id"], stage)["classes"]


def _nearest_of(schools: gpd.GeoDataFrame, shape: shapely.Geometry) -> gpd.GeoDataFrame:
    distance_m = schools.distance(shape)
    near = schools.assign(distance_m=distance_m)[distance_m <= figures()["shown_within_m"]]
    near = near.sort_values(["distance_m", "school_id"], kind="stable")
    return near.head(int(figures()["shown_most"]))


class _Ways:
    """Ways over the roads from the boundary of a plot."""

    def __init__(self, world: World, shape: shapely.Geometry) -> None:
        self._world = world
        self._graph = road_graph(world, Mode.WALK)
        self.is_synthetic = self._graph is not None and world.layers["roads"].is_synthetic
        edge = shapely.get_coordinates(shapely.segmentize(shape.boundary, _STEP_M))
        self._gates = tied(world, edge, mode=Mode.WALK)

    def to(self, schools: Sequence[gpd.GeoDataFrame]) -> NDArray[np.float64]:
        """Return the metres to each school, frame after frame; NaN: no way, 0: inside the plot."""
        straight_m = np.concatenate([frame["distance_m"].to_numpy(float) for frame in schools])
        inside = straight_m == 0
        if self._graph is None or self._gates is None:
            return np.where(inside, 0.0, np.nan)
        shapes = np.concatenate([frame.geometry.to_numpy() for frame in schools])
        points = shapely.get_coordinates(shapely.point_on_surface(shapes))
        places = tied(self._world, points, keys=np.arange(len(points)), mode=Mode.WALK)
        assert places is not None  # noqa: S101 - there is a graph
        # on foot a way is as long there as back
        way_m = nearest(self._graph, places, self._gates).distance_m
        return np.where(inside, 0.0, np.maximum(way_m, straight_m))


def _rows(frame: gpd.GeoDataFrame, road_m: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Return the schools as rows with the columns that are shown, and no others."""
    plain = pd.DataFrame(frame)
    shown = [c for c in plain.columns if c in _SHOWN or str(c).startswith("enrolment")]
    table = plain[shown].assign(road_m=road_m)
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    rows = [{str(key): cell for key, cell in row.items()} for row in table.to_dict("records")]
    return [row | {"xy_m": (p.x, p.y)} for row, p in zip(rows, points, strict=True)]


def _near(
    row: dict[str, Any], stage: Stage, year: int | None, by_list: float, *, is_synthetic: bool
) -> NearSchool:
    stages = [Stage(word) for word in str(row["stages"]).split(";")]
    share = by_list if len(stages) > 1 and not np.isnan(by_list) else grade_share(stages, stage)
    own = _number(row.get(f"enrolment_{stage}"))
    enrolment = own if not np.isnan(own) else _number(row.get("enrolment")) * share
    classes = _number(row.get("classes")) * share
    size = standards().class_sizes[stage].value
    seats = classes * size if not np.isnan(classes) else _number(row.get("seats")) * share
    owner = row.get("ownership")
    return NearSchool(
        str(row["school_id"]), str(row.get("name") or row["school_id"]), stage,
        "" if is_missing(owner) else str(owner), float(row["distance_m"]),
        float(row["road_m"]), bool(row["distance_m"] <= radius_m(stage)), classes, enrolment, seats,
        _number(row.get("classes_of_56_and_more")), year, is_synthetic, row["xy_m"],
    )  # fmt: skip


def _number(cell: Any) -> float:  # noqa: ANN401 - a cell of a table
    return float("nan") if is_missing(cell) else float(cell)
