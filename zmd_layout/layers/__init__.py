"""Sources → validated layers in the study's plane; see `door`."""

from zmd_layout.layers.door import Raw, admit, load_layer, load_layers, study_area
from zmd_layout.layers.layer import Layer, Layers, Origin
from zmd_layout.layers.roads import RoadTables

__all__ = [
    "Layer",
    "Layers",
    "Origin",
    "Raw",
    "RoadTables",
    "admit",
    "load_layer",
    "load_layers",
    "study_area",
]
