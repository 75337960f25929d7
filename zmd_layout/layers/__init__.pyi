from .area import study_area
from .layer import Layer, Layers, Origin
from .load import load_layer, load_layers, validate_layer
from .roads import RoadTables
from .sources.read import RawLayer

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
