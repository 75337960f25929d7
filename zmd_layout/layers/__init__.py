"""
Sources → validated layers in the study's plane; see `door`.

The door is loaded when it is first asked for: whoever only reads an extract needs no validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.lazy import loader

if TYPE_CHECKING:
    from zmd_layout.layers.area import study_area
    from zmd_layout.layers.layer import Layer, Layers, Origin
    from zmd_layout.layers.load import RawLayer, load_layer, load_layers, validate_layer
    from zmd_layout.layers.roads import RoadTables

__all__ = [
    "Layer",
    "Layers",
    "Origin",
    "RawLayer",
    "RoadTables",
    "load_layer",
    "load_layers",
    "study_area",
    "validate_layer",
]

__getattr__ = loader(
    __name__,
    dict.fromkeys(__all__, "zmd_layout.layers.load")
    | dict.fromkeys(["Layer", "Layers", "Origin"], "zmd_layout.layers.layer")
    | {"RoadTables": "zmd_layout.layers.roads", "study_area": "zmd_layout.layers.area"},
)
