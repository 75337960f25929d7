"""Which roads may be used on foot and by car, by their OSM class."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """How children travel."""

    WALK = "walk"
    CYCLE = "cycle"
    DRIVE = "drive"


# The two sets follow the way filters `walk` and `drive_service` of OSMnx 2.1 and, for motorway and
# trunk, the worldwide defaults of the OSM wiki ("OSM tags for routing/Access restrictions"): nobody
# walks on a motorway, but a trunk road is open to walkers. In China highway=trunk is often a 国道
# that is the main street of the villages along it; without it their children would have no way.
# Sets of what is excluded, not of what is allowed: a class that is missing or unheard of is a road.
# fmt: off
_NO_ROAD = frozenset({
    "abandoned", "bus_guideway", "construction", "no", "planned", "platform", "proposed",
    "raceway", "razed", "rest_area", "services",
})
NOT_WALKABLE = _NO_ROAD | {"cycleway", "motorway", "motorway_link"}
NOT_CYCLABLE = _NO_ROAD | {
    "bridleway", "corridor", "elevator", "escalator", "footway", "motorway", "motorway_link",
    "pedestrian", "steps",
}
NOT_DRIVABLE = _NO_ROAD | {
    "bridleway", "corridor", "cycleway", "elevator", "escalator", "footway", "path", "pedestrian",
    "steps", "track",
}
# fmt: on

EXCLUDED_HIGHWAYS = {
    Mode.WALK: NOT_WALKABLE,
    Mode.CYCLE: NOT_CYCLABLE,
    Mode.DRIVE: NOT_DRIVABLE,
}
