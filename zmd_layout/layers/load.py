"""
The door: sources → validated layers in the study's plane.

Behind it measures trust what they get: our columns and types, one CRS, valid geometry, unique ids,
a stable order of rows, and a record of where each layer comes from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from zmd_layout.crs import (
    StudyArea,
    check_placed,
    geometry_to_plane,
    parse_coordinates,
)
from zmd_layout.errors import LayerError, ZmdLayoutError
from zmd_layout.layers.account import Account, Item, Outcome
from zmd_layout.layers.area import plane_faults, study_area
from zmd_layout.layers.columns import columns_of
from zmd_layout.layers.files import sha256_of
from zmd_layout.layers.geometry import overlap_faults, repair, shape_faults, with_places
from zmd_layout.layers.joined_files import in_stable_order, joined
from zmd_layout.layers.layer import WHOLE, Layer, Layers, Origin
from zmd_layout.layers.plausibility import without_implausible
from zmd_layout.layers.reading.frames import digest_of
from zmd_layout.layers.schema import SCHEMAS, Schema, Shape, schema_of
from zmd_layout.layers.schools.fill import complete, read_missing_stages
from zmd_layout.layers.schools.naming import decided_by_list
from zmd_layout.layers.schools.other_words import with_stage_words
from zmd_layout.layers.schools.reference import (
    beside_roads,
    with_reference,
    without_doubles,
)
from zmd_layout.layers.schools.unit_names import with_unit_ids
from zmd_layout.layers.schools.what_if import as_supposed
from zmd_layout.layers.sources.osm import layers as osm_layers
from zmd_layout.layers.sources.read import (
    BORDER_M,
    SCHOOLS,
    WIDE,
    RawLayer,
    extracts_of,
    in_wgs84,
    read_file,
    read_frame,
)
from zmd_layout.layers.unit_kinds import with_kinds
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmd_layout.study import LayerSource, Study
    from zmd_layout.study.frames import Table

MADE_PREFIX = "示例"


def load_layers(
    study: Study,
    *,
    progress: Callable[[str], None] | None = None,
    recall: Callable[..., Layer] | None = None,
) -> Layers:
    """
    Load every layer of a study.

    Parameters
    ----------
    study
        The study.
    progress
        Is told the name of each layer before it is read.
    recall
        Gives a layer from an earlier run, or calls `load_layer` with what it is given.

    Returns
    -------
    layers
        By name; a layer that the study does not name is not there.

    Raises
    ------
    ZmdLayoutError
        If any layer is not what the study says: all faults of all layers in one error.
    """
    layers: Layers = {}
    faults: list[Message] = []
    area: StudyArea | None = None
    extracts = extracts_of(study)
    for name, source in _in_order(study):
        if progress is not None:
            progress(name)
        try:
            layers[name] = (recall or load_layer)(
                name, source, study=study, area=area, extracts=extracts
            )
        except ZmdLayoutError as error:
            faults += error.messages
            continue
        if area is None:
            area = study_area(layers, study)
            faults += plane_faults(layers, name, area)
    if "schools" in layers:
        faults += _as_supposed(layers, study, area) or _with_other_layers(layers, study)
    if faults:
        raise LayerError(*faults)
    return layers


def _as_supposed(layers: Layers, study: Study, area: StudyArea | None) -> list[Message]:
    """Close and open the schools of a scenario."""
    if not (study.what_if.closed or study.what_if.opened):
        return []
    try:
        opened = [
            _load_table("schools", source, table, study=study, area=area)
            for source, table in study.opened_tables()
        ]
        layers["schools"] = as_supposed(
            layers["schools"], closed=study.what_if.closed, opened=opened
        )
    except ZmdLayoutError as error:
        return list(error.messages)
    return []


def _with_other_layers(layers: Layers, study: Study) -> list[Message]:
    """Hold the schools against what else tells of them, and give them the ids of their units."""
    faults: list[Message] = []
    for name in SCHOOLS & layers.keys():
        layers[name] = with_stage_words(layers[name], study)
    for hold in (with_reference, beside_roads):
        if not faults:
            layers["schools"], faults = hold(layers, study)
    for name in SCHOOLS & layers.keys():
        layers[name] = decided_by_list(with_unit_ids(layers[name], layers), layers)
    return faults


def _in_order(study: Study) -> list[tuple[str, LayerSource]]:
    """Put the layers that tell where the study is first."""
    first = [
        n for n in ("counties", "townships", "planning_units", "villages") if n in study.layers
    ]
    rest = [n for n in study.layers if n not in first]
    return [*((n, study.layers[n]) for n in first + rest), *study.own_layers.items()]


def _without_positions(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    bare = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    return gpd.GeoDataFrame(bare, geometry=gpd.GeoSeries([None] * len(bare), index=bare.index))


def load_layer(
    name: str,
    source: LayerSource,
    *,
    study: Study,
    area: StudyArea | None = None,
    extracts: osm_layers.Extracts | None = None,
) -> Layer:
    """
    Load and validate one layer.

    Parameters
    ----------
    name
        A layer of the design, or one of the study's own.
    source
        Where it comes from.
    study
        The study, for its plane and folder.
    area
        Where the study is, or None while that is not known.
    extracts
        OSM extracts, some of which may have been read for another layer.

    Raises
    ------
    ZmdLayoutError
        All faults of the layer in one error.
    """
    table = study.table_of(source)
    if table is not None:
        layer = _load_table(name, source, table, study=study, area=area)
    elif source.also:
        read_part = partial(_load_file, name, study=study, area=area, extracts=extracts)
        layer = joined([read_part(part) for part in source.parts], source)
    else:
        layer = _load_file(name, source, study=study, area=area, extracts=extracts)
    return without_doubles(layer) if name in SCHOOLS else layer


def _load_file(
    name: str,
    source: LayerSource,
    *,
    study: Study,
    area: StudyArea | None,
    extracts: osm_layers.Extracts | None,
) -> Layer:
    """Load and validate a file, one of several or the only one."""
    path = study.path_of(source)
    is_extract = osm_layers.is_extract(path)
    if is_extract:
        source = in_wgs84(source, name)
    read = read_file(path, source, name, extracts=extracts or extracts_of(study), area=area)
    origin = origin_of(path, source)
    if read.is_ours:
        source = source.model_copy(update={"columns": {}, "values": {}, "blank_means": "unknown"})
    layer = validate_layer(name, read, source, study=study, area=area, origin=origin)
    if name in SCHOOLS and is_extract:  # OSM is in WGS 84 by definition
        layer = replace(layer, origin=replace(layer.origin, is_datum_verified=True))
    return layer


def _load_table(
    name: str, source: LayerSource, table: Table, *, study: Study, area: StudyArea | None
) -> Layer:
    """Validate a table that was handed in, as `load_layer` does a file."""
    read = read_frame(table, source, name, area=area)
    origin = Origin(
        path=source.path,
        sha256=digest_of(table.frame),
        year=source.year,
        coordinates=source.coordinates,
        synthetic_columns=WHOLE if source.synthetic is True else frozenset(source.synthetic or ()),
        covers=source.covers,
    )
    layer = validate_layer(name, read, source, study=study, area=area, origin=origin)
    if table.is_labelled and layer.origin.is_datum_verified is not True:
        note = Message("arguments.frame_label", crs=source.coordinates, layer=name)
        notes = (*layer.origin.notes, note)
        layer = replace(layer, origin=replace(layer.origin, is_datum_verified=False, notes=notes))
    return layer


def validate_layer(
    name: str,
    read: RawLayer,
    source: LayerSource,
    *,
    study: Study,
    area: StudyArea | None = None,
    origin: Origin,
) -> Layer:
    """
    Validate what was read and bring it into the study's plane.

    Parameters
    ----------
    name
        A layer of the design, or one of the study's own.
    read
        Their columns, their coordinates.
    source
        How it is declared.
    study, area
        The study, and where it is (None while that is not known).
    origin
        Where it comes from.

    Raises
    ------
    ZmdLayoutError
        All faults of the layer in one error.
    """
    schema = schema_of(name)
    raw = _without_positions(read.frame) if source.coordinates == "none" else read.frame
    account = Account([*read.account])
    frame, faults = columns_of(
        raw,
        schema,
        source,
        is_own=name not in SCHEMAS,
        account=Account() if read.is_ours else account,
    )
    faults += shape_faults(frame, schema) if schema.shape is not Shape.NONE else []
    if frame.empty and read.roads is None:
        # a reader of ours gives no columns where there are no rows: their lack says nothing
        faults = [] if read.is_ours else faults
        faults.append(Message("layers.empty", layer=name, path=Path(source.path).name))
    if faults:
        raise LayerError(*faults)
    if not any(e.item is Item.ROW and e.outcome is Outcome.READ for e in account.entries):
        account.add(Item.ROW, Outcome.READ, count=len(read.frame))
    frame = frame.reset_index(drop=True)
    frame, repaired, check = _place(frame, source, schema, study, area)
    frame, placed = with_places(frame, schema)
    overlap, slivers = overlap_faults(frame, schema)
    if overlap:
        raise LayerError(*overlap)
    frame = in_stable_order(frame, schema)
    assumed: tuple[Message, ...] = ()
    if name in SCHOOLS:
        frame, stages = (frame, ()) if read.is_ours else read_missing_stages(frame)
        frame, assumed = complete(frame)
        assumed = (*stages, *assumed)
    frame["is_synthetic"] = _has_made_name(frame)
    frame, kinds = with_kinds(frame, layer_name=name)
    frame, doubts = without_implausible(frame, layer_name=name, accept=source.accept)
    for what, count in {**repaired, **slivers}.items():
        why = Message(f"cli.repaired_{what}", count=count)
        account.add(Item.SHAPE, Outcome.REPAIRED, count=count, why=why)
    origin = replace(
        origin, repaired={**repaired, **slivers}, is_datum_verified=check.verified,
        notes=(*origin.notes, *read.notes, *check.notes, *placed, *assumed, *kinds, *doubts),
        account=tuple(account.entries),
    )  # fmt: skip
    return Layer(name, frame, origin, read.roads)


@dataclass(frozen=True, slots=True)
class _Placed:
    verified: bool | None = None
    notes: tuple[Message, ...] = ()


def _place(
    frame: gpd.GeoDataFrame,
    source: LayerSource,
    schema: Schema,
    study: Study,
    area: StudyArea | None,
) -> tuple[gpd.GeoDataFrame, dict[str, int], _Placed]:
    """Bring the geometry into the plane, under the declared coordinates only."""
    if schema.shape is Shape.NONE or not frame.geometry.notna().any():
        return _without_positions(frame).set_crs(study.crs), {}, _Placed()
    if source.coordinates is None:
        raise LayerError(Message("layers.undeclared", layer=schema.name, path=source.path))
    coordinates = parse_coordinates(source.coordinates)
    placed = _Placed()
    if area is not None:
        inner = frame.geometry[frame.geometry.notna()].representative_point()
        wide = schema.name in WIDE
        zone = replace(area, geometry=area.geometry.buffer(BORDER_M)) if wide else area
        check = check_placed(
            inner.x.to_numpy(), inner.y.to_numpy(), coordinates=coordinates, area=zone,
            layer_name=schema.name,
        )  # fmt: skip
        placed = _Placed(check.is_verified, check.notes)
    shapes = geometry_to_plane(
        frame.geometry, coordinates=coordinates, working_crs=study.crs, name=schema.name
    )
    frame, repaired = repair(frame.set_geometry(shapes), schema)
    return frame, repaired, placed


def _has_made_name(frame: gpd.GeoDataFrame) -> pd.Series[bool]:
    """Find rows whose name says that they were made up."""
    if "name" not in frame:
        return pd.Series(data=False, index=frame.index)
    is_synthetic: pd.Series[bool] = (
        frame["name"].map(lambda n: str(n).startswith(MADE_PREFIX)).astype(bool)
    )
    return is_synthetic


def origin_of(path: Path, source: LayerSource) -> Origin:
    """Return what is known of a layer before it is read: where it is, its digest, its year."""
    made = source.synthetic
    return Origin(
        path=source.path,
        sha256=sha256_of(path),
        year=source.year,
        coordinates=source.coordinates,
        synthetic_columns=WHOLE if made is True else frozenset(made or ()),
        is_complete=_is_complete(path, source),
        covers=source.covers,
        notes=_old_word(source),
    )


def _is_complete(path: Path, source: LayerSource) -> bool:
    if source.covers is not None:
        return True
    return not osm_layers.is_extract(path) if source.is_complete is None else source.is_complete


def _old_word(source: LayerSource) -> tuple[Message, ...]:
    """Report what `is_complete` now means, and what has come in its place."""
    if source.is_complete is None:
        return ()
    key = "layers.covers_over" if source.covers else f"layers.is_complete_{source.is_complete}"
    return (Message(key.lower(), path=source.path),)
