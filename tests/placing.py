"""Points around Zhumadian, written as someone declared them and placed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from zmd_layout.crs import StudyArea, as_declared, check_placed, parse_coordinates, to_plane
from zmd_layout.errors import CrsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from zmd_layout.crs import DatumCheck
    from zmd_layout.crs.plane import Points
    from zmd_layout.messages import Message

PLANE = "EPSG:4547"
CENTRE_M = (502_018, 3_653_946)

AREA = StudyArea(shapely.box(440_000, 3_600_000, 580_000, 3_700_000), PLANE, "驻马店市")


def points_in_area(count: int, *, seed: int = 0) -> np.ndarray:
    west, south, east, north = AREA.geometry.bounds
    return np.random.default_rng(seed).uniform((west, south), (east, north), (count, 2))


def written_as(points_m: np.ndarray, declared: str) -> tuple[np.ndarray, np.ndarray]:
    return as_declared(*points_m.T, coordinates=parse_coordinates(declared), working_crs=PLANE)


def placed_as(x: ArrayLike, y: ArrayLike, declared: str) -> Points:
    return to_plane(x, y, coordinates=parse_coordinates(declared), working_crs=PLANE)


def check(x: ArrayLike, y: ArrayLike, declared: str, **options: object) -> DatumCheck:
    coordinates = parse_coordinates(declared)
    return check_placed(x, y, coordinates=coordinates, area=AREA, layer_name="schools", **options)


def refusal(call: Callable[..., object], *args: object, **options: object) -> tuple[list[str], str]:
    """Give the keys of the messages and their text in both languages."""
    with pytest.raises(CrsError) as caught:
        call(*args, **options)
    keys = [message.key for message in caught.value.messages]
    return keys, caught.value.text("zh") + "\n" + caught.value.text("en")


def told(call: Callable[..., object], *args: object, **options: object) -> tuple[Message, ...]:
    """Give the messages of a refusal, to be compared whole."""
    with pytest.raises(CrsError) as caught:
        call(*args, **options)
    return caught.value.messages
