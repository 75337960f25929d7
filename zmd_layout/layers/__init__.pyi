from .area import study_area
from .layer import Layer, Layers, Origin
from .load import RawLayer, load_layer, load_layers, validate_layer
from .roads import RoadTables

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
