"""
The road graph, and distances on it.

From roads to answers::

    roads = tables_from_lines(lines)          # or an extract's tables, as they are
    roads = join(roads, loose_ends(roads, within_m=3))
    graph = build_graph(roads, mode="walk")
    homes = snap(homes_xy, graph, limit_m=…, keys=home_ids)
    schools = snap(schools_xy, graph, limit_m=…, keys=school_ids)
    found = nearest(graph, homes, schools)    # found.distance_m, found.facility, found.unreached

All coordinates are metres in one projected plane; all distances include the straight lines to the
road at both ends. No way is NaN, and never a large number. Results are the same for any order of
rows, and of two schools that are equally far the one with the smaller key is the nearer.
"""

from zmd_layout.network.graph import GraphCounts, RoadGraph, build_graph
from zmd_layout.network.lines import tables_from_lines
from zmd_layout.network.loose_ends import LooseEnds, join, loose_ends
from zmd_layout.network.modes import EXCLUDED_HIGHWAYS, NOT_DRIVABLE, NOT_WALKABLE, Mode
from zmd_layout.network.nearest_facility import (
    NO_FACILITY,
    Method,
    Nearest,
    k_nearest,
    nearest,
    straight_line,
)
from zmd_layout.network.reach import within
from zmd_layout.network.service_areas import (
    Grid,
    areas_from_grid,
    areas_from_points,
    catchments,
    grid_over,
)
from zmd_layout.network.snapping import Snap, snap

__all__ = [
    "EXCLUDED_HIGHWAYS",
    "NOT_DRIVABLE",
    "NOT_WALKABLE",
    "NO_FACILITY",
    "GraphCounts",
    "Grid",
    "LooseEnds",
    "Method",
    "Mode",
    "Nearest",
    "RoadGraph",
    "Snap",
    "areas_from_grid",
    "areas_from_points",
    "build_graph",
    "catchments",
    "grid_over",
    "join",
    "k_nearest",
    "loose_ends",
    "nearest",
    "snap",
    "straight_line",
    "tables_from_lines",
    "within",
]
