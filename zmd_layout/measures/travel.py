"""
Roads as a study travels on them: the graph of a mode, and places tied to it.

A place that lies farther from every road than a short limit is without road: it has no distance
along the roads, and what rests on it says so.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zmd_layout.network import (
    LooseEnds,
    Mode,
    RoadGraph,
    Snap,
    build_graph,
    join,
    loose_ends,
    snap,
    tables_from_lines,
)
from zmd_layout.vocabulary import Basis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.layers.roads import RoadTables
    from zmd_layout.measures.world import World


class Figure(NamedTuple):
    """A number that travel takes, and what it rests on."""

    value: float
    basis: Basis
    source: dict[str, str]


@cache
def packaged_figures() -> dict[str, Figure]:
    """Read the numbers of the package."""
    text = (files("zmd_layout.measures") / "travel.toml").read_text("utf-8")
    return {
        name: Figure(float(entry["value"]), Basis(entry["basis"]), entry["source"])
        for name, entry in tomllib.loads(text).items()
    }


def figure(world: World, name: str) -> float:
    """Return a number of the study's `[travel]`, or that of the package."""
    stated = getattr(world.study.travel, name)
    return packaged_figures()[name].value if stated is None else float(stated)


def speed_m_per_min(world: World, mode: Mode) -> float:
    """Return the metres a minute of a mode, as the study states them or the package assumes."""
    stated = world.study.travel.speeds_m_per_min.get(str(mode))  # type: ignore[call-overload]
    return packaged_figures()[f"speed_{mode}"].value if stated is None else float(stated)


def mode_of(world: World) -> Mode:
    """Return how people of the study travel where a rule does not say."""
    return Mode(world.study.travel.mode)


def road_graph(world: World, mode: Mode | None = None) -> RoadGraph | None:
    """Return the graph of a mode, by default the study's, or None where there are no roads."""
    mode = mode or mode_of(world)
    tables = road_tables(world)
    if tables is None:
        return None
    made: RoadGraph = world.keep(("road graph", mode), lambda: build_graph(tables, mode=mode))
    return made


def road_tables(world: World) -> RoadTables | None:
    """Return the roads of the study with small gaps joined, or None where there are none."""
    made: RoadTables | None = _joined(world)[0]
    return made


def road_ends(world: World) -> LooseEnds | None:
    """Return the ends of roads that lay near another road, those that were joined among them."""
    made: LooseEnds | None = _joined(world)[1]
    return made


def _joined(world: World) -> tuple[RoadTables | None, LooseEnds | None]:
    def make() -> tuple[RoadTables | None, LooseEnds | None]:
        layer = world.layers.get("roads")
        if layer is None:
            return None, None
        roads = layer.roads
        if roads is None:
            roads = tables_from_lines(layer.frame, crossings=world.study.travel.crossings)
        most_m = figure(world, "join_ends_within_m")
        listed_m = packaged_figures()["ends_listed_within_m"].value
        ends = loose_ends(roads, within_m=max(most_m, listed_m))
        return join(roads, ends.only(ends.place.distance_m <= most_m)), ends

    made: tuple[RoadTables | None, LooseEnds | None] = world.keep("road tables", make)
    return made


def tied(
    world: World,
    points_xy: NDArray[np.float64],
    *,
    keys: NDArray[Any] | None = None,
    mode: Mode | None = None,
) -> Snap | None:
    """
    Tie places to the roads, each within the limit of where it lies.

    Parameters
    ----------
    world
        The study.
    points_xy
        (n, 2) metres in the study's plane.
    keys
        (n,) ids that order equally near places.
    mode
        By default the study's.

    Returns
    -------
    Snap
        None where there are no roads.
    """
    graph = road_graph(world, mode)
    if graph is None:
        return None
    return snap(points_xy, graph, limit_m=tie_limits_m(world, graph, points_xy), keys=keys)


def tie_limits_m(
    world: World, graph: RoadGraph, points_xy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far from a road each place may lie: less in towns, where roads are dense."""
    town_m, country_m = (figure(world, f"longest_tie_{place}_m") for place in ("town", "country"))
    limit_m = np.full(len(points_xy), country_m)
    has_place = np.isfinite(points_xy).all(axis=1)
    if has_place.any():
        density = graph.pieces.density(points_xy[has_place])
        is_town = density >= packaged_figures()["town_road_km_per_km2"].value
        limit_m[has_place] = np.where(is_town, town_m, country_m)
    return limit_m
