"""
A population grid (WorldPop, GHS-POP, LandScan) as the layer `population`.

The grid tells where people live, the census how many: each census unit's people, by age, are spread
over the grid's cells in it, and the sums by unit stay those of the census to the person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.errors import LayerError
from zmd_layout.layers import Layer, Layers, Origin
from zmd_layout.layers.files import sha256_of
from zmd_layout.measures.dasymetric import spread
from zmd_layout.measures.grids import Grid
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from zmd_layout.study import LayerSource, Study

GRID_SUFFIXES = (".tif", ".tiff", ".vrt")
_CENSUS_UNITS = ("townships", "counties")


def is_grid(source: LayerSource) -> bool:
    """Tell whether a source is a raster."""
    return source.path.lower().endswith(GRID_SUFFIXES)


def without_grid(study: Study) -> Study:
    """Give the study without a population grid, for the door that reads tables."""
    layers = {n: s for n, s in study.layers.items() if n != "population" or not is_grid(s)}
    return study.model_copy(update={"layers": layers})


def with_grid_population(layers: Layers, study: Study) -> Layers:
    """
    Spread the census over the study's population grid, if it has one.

    Parameters
    ----------
    layers
        The other layers. The finest census units with residents and polygons are taken: townships,
        else counties.
    study
        The study.

    Returns
    -------
    layers
        With `population`: cell centres with whole people by age, in the study's plane.

    Raises
    ------
    LayerError
        If the grid is not there, or no layer says how many people there are.
    """
    source = study.layers.get("population")
    if source is None or not is_grid(source):
        return layers
    path = study.path_of(source)
    if not path.exists():
        raise LayerError(Message("layers.no_file", layer="population", path=path))
    census = next(
        (layers[n] for n in _CENSUS_UNITS if n in layers and _has_people(layers[n])), None
    )
    if census is None:
        raise LayerError(Message("people.no_census_for_grid", path=source.path))
    units = census.frame[census.frame.geometry.notna() & census.frame["residents"].notna()]
    found = spread(units, Grid(path, source.year), whole=True, year=census.origin.year)
    people = [c for c in found.table.columns if str(c).startswith("residents")]
    frame = found.table[[*people, "geometry"]].reset_index(drop=True)
    frame[people] = frame[people].astype("float64")
    frame["is_made"] = False
    origin = Origin(
        path=source.path,
        sha256=sha256_of(path),
        year=census.origin.year,
        coordinates=source.coordinates,
        made_columns=census.origin.made_columns | frozenset({"*"} if source.synthetic else ()),
        notes=found.notices,
    )
    return {**layers, "population": Layer("population", frame, origin)}


def _has_people(layer: Layer) -> bool:
    frame = layer.frame
    return "residents" in frame and bool(
        (frame["residents"].notna() & frame.geometry.notna()).any()
    )
