"""What stands just beyond a study's border: its neighbours' schools and roads (the halo)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import Transformer

from zmd_layout.errors import ZmdLayoutError
from zmd_layout.layers import load_layers, study_area
from zmd_layout.layers.layer import Layer, Origin
from zmd_layout.layers.roads import joined_tables, roads_near
from zmd_layout.measures.access import BEYOND
from zmd_layout.messages import Message
from zmd_layout.study import Study, read_study
from zmd_layout.workflow.cache import memory_of

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from zmd_layout.layers import Layers

REACH_M = 10_000.0  # ours: no child is asked to go farther for the nearest school
READ = (
    "counties", "townships", "planning_units", "villages", "schools", "reference_schools", "roads",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Halo:
    """
    The studies around one, and how far they are looked into.

    Parameters
    ----------
    neighbours
        Their study files.
    reach_m
        So far beyond the border schools and roads are taken, in metres.
    is_kept
        Whether their layers may be taken from an earlier run of theirs.
    """

    neighbours: tuple[Path, ...] = ()
    reach_m: float = REACH_M
    is_kept: bool = True


def with_halo(layers: Layers, study: Study, halo: Halo) -> Layers:
    """
    Add what stands in the halo: roads to the roads, schools as a layer of their own.

    Only ways see the schools beyond: they are nobody's units here, and nothing counts them.

    Parameters
    ----------
    layers, study
        The study and its layers.
    halo
        Its neighbours.

    Returns
    -------
    layers
        As they were where the study has no area, or no neighbour has anything in reach.
    """
    area = study_area(layers, study)
    if area is None or not halo.neighbours:
        return layers
    zone = area.geometry.buffer(halo.reach_m)
    shapely.prepare(zone)
    out, around = dict(layers), []
    for path in sorted(halo.neighbours):
        try:
            around.append(_layers_of(path, is_kept=halo.is_kept))
        except ZmdLayoutError:  # its own run tells why; the studies around it go on without it
            _note_left_out(out, path)
    schools = [_schools_in(found, zone, study.crs) for found in around if "schools" in found]
    schools = [frame for frame in schools if len(frame)]
    if schools and "schools" in layers:
        out[BEYOND] = _beyond(layers["schools"], schools, study.crs)
    if "roads" in layers:
        parts = [_in_plane(found["roads"], study.crs) for found in around if "roads" in found]
        out["roads"] = joined_roads(layers["roads"], parts, zone)
    return out


def _note_left_out(layers: Layers, path: Path) -> None:
    if "schools" in layers:
        schools = layers["schools"]
        note = Message("many.left_out", name=path.parent.name)
        origin = replace(schools.origin, notes=(*schools.origin.notes, note))
        layers["schools"] = replace(schools, origin=origin)


def _layers_of(path: Path, *, is_kept: bool) -> Layers:
    """Read what a halo takes of a neighbour, from its own last run where nothing changed."""
    study = read_study(path)
    few = study.model_copy(
        update={"layers": {n: s for n, s in study.layers.items() if n in READ}, "own_layers": {}}
    )
    return load_layers(few, recall=memory_of(study, is_kept=is_kept).layer)


def _schools_in(found: Layers, zone: BaseGeometry, crs: str) -> gpd.GeoDataFrame:
    frame = found["schools"].frame
    frame = frame[frame.geometry.notna()].to_crs(crs)
    return frame[frame.geometry.intersects(zone).to_numpy()]


def _beyond(own: Layer, frames: list[gpd.GeoDataFrame], crs: str) -> Layer:
    """Gather neighbours' schools in a stable order, without those that the study has itself."""
    table = pd.concat(frames, ignore_index=True)
    table = table[~table["school_id"].isin(own.frame["school_id"])]
    table = table.drop_duplicates("school_id").sort_values("school_id", ignore_index=True)
    frame = gpd.GeoDataFrame(table, geometry="geometry", crs=crs)
    origin = Origin(
        path="halo", year=own.origin.year, synthetic_columns=own.origin.synthetic_columns
    )
    return Layer(BEYOND, frame, origin)


def _in_plane(layer: Layer, crs: str) -> Layer:
    """Bring a neighbour's roads into the study's plane; lengths stay as they were measured."""
    if layer.frame.crs is None or layer.frame.crs == crs:
        return layer
    if layer.roads is None:
        return replace(layer, frame=layer.frame.to_crs(crs))
    turn = Transformer.from_crs(layer.frame.crs, crs, always_xy=True)
    turned = {}
    for name in ("nodes", "vertices"):
        table = getattr(layer.roads, name)
        x, y = turn.transform(table["x"].to_numpy(), table["y"].to_numpy())
        turned[name] = table.assign(x=x, y=y)
    return replace(layer, roads=replace(layer.roads, **turned))


def joined_roads(own: Layer, parts: list[Layer], zone: BaseGeometry) -> Layer:
    """Join roads of one kind; a neighbour whose roads come in the other form is left out."""
    if own.roads is None:
        lines = [p.frame for p in parts if p.roads is None]
        near = [frame[frame.geometry.intersects(zone).to_numpy()] for frame in lines]
        frame = pd.concat([own.frame, *(f for f in near if len(f))], ignore_index=True)
        return replace(own, frame=gpd.GeoDataFrame(frame, geometry="geometry", crs=own.frame.crs))
    tables = [own.roads, *(roads_near(p.roads, zone) for p in parts if p.roads is not None)]
    return replace(own, roads=joined_tables(tables))
