"""
Plots as they come across an official's desk: the formats, what each declares, what is refused.

GeoJSON, GeoPackage, Shapefile (alone or zipped, GBK), KML and KMZ, DXF, survey text, and tables
with a WKT column. A drawing (DWG, PDF) is refused with a word on what to ask for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from zmd_layout.crs import distortion_note
from zmd_layout.errors import LayerError, ZmdLayoutError
from zmd_layout.layers import archives, formats
from zmd_layout.layers.account import Account, Item, Outcome
from zmd_layout.layers.files import UNREADABLE, listening, read_raw, sha256_of
from zmd_layout.layers.layer import Layer, Origin
from zmd_layout.layers.load import validate_layer
from zmd_layout.layers.reading.alone import alone, without_study_file
from zmd_layout.layers.reading.heads import find_head
from zmd_layout.layers.reading.known import recogniser
from zmd_layout.layers.reading.sheets import squared
from zmd_layout.layers.schema import SCHEMAS
from zmd_layout.layers.sources.drawing import as_area, read_drawing
from zmd_layout.layers.sources.read import RawLayer
from zmd_layout.layers.sources.survey_text import read_survey_text
from zmd_layout.layers.tables import all_rows_of, open_text
from zmd_layout.messages import Message
from zmd_layout.study import LayerSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zmd_layout.crs import StudyArea
    from zmd_layout.layers.account import Entry
    from zmd_layout.study import Study

LAYER = "residential_areas"
FORMATS = (
    ".geojson", ".json", ".gpkg", ".shp", ".zip", ".kml", ".kmz", ".dxf", ".txt", ".csv", ".xlsx",
    ".parquet",
)  # fmt: skip
_DRAWINGS = {".dwg", ".pdf", ".dgn", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".doc", ".docx"}
_ARCHIVES = {".zip", ".kmz"}
_INSIDE = tuple(suffix for suffix in FORMATS if suffix not in _ARCHIVES)
_SURVEYS = {".txt", ".dat"}
_HEAD_ROWS = 20
_SAME_AREA = 1e-6
_LEAST_HEADS = 2


@dataclass(frozen=True, slots=True)
class Plots:
    """
    Plots as a file has them.

    Attributes
    ----------
    frame
        Their columns, their coordinates.
    coordinates
        What the format itself declares; None: it has to be declared.
    notes
        What was odd and how it was read.
    account
        What of the file was read, joined, repaired or left out.
    """

    frame: gpd.GeoDataFrame
    coordinates: str | None
    notes: tuple[Message, ...] = ()
    account: tuple[Entry, ...] = ()


def load_plots(
    areas: Path | str | gpd.GeoDataFrame,
    *,
    study: Study,
    coordinates: str | None = None,
    area: StudyArea | None = None,
    layer: str | None = None,
    read: Callable[..., Plots] | None = None,
) -> Layer:
    """
    Bring the plots of a review through the door.

    Parameters
    ----------
    areas
        A file, or a table with a CRS.
    study
        The study, for its plane.
    coordinates
        As declared by the user; it goes before what the format declares.
    area
        Where the study is, or None.
    layer
        The layer of a package or drawing, the sheet of a workbook; None: the only one that can be.
    read
        What reads a file, with the signature of `read_plots`, which it is by default.

    Returns
    -------
    layer
        `residential_areas`; in a review an area is new unless the file says otherwise.

    Raises
    ------
    ZmdLayoutError
        If the file is refused or the plots are not what they should be.
    """
    if isinstance(areas, gpd.GeoDataFrame):
        plots, path, digest = Plots(areas, _code_of(areas.crs)), "<GeoDataFrame>", ""
        return _validated(plots, path, digest, study, coordinates, area)
    file = Path(areas)
    with without_study_file(file.name):
        plots = (read or read_plots)(file, working_crs=study.crs, layer=layer)
        path, digest = str(file.resolve()), sha256_of(file)
        read_in = _validated(plots, path, digest, study, coordinates, area)
    notes = tuple(alone(note, file.name) for note in read_in.origin.notes)
    return replace(read_in, origin=replace(read_in.origin, notes=notes))


def _validated(
    plots: Plots, path: str, digest: str, study: Study, coordinates: str | None,
    area: StudyArea | None,
) -> Layer:  # fmt: skip
    declared = coordinates if coordinates and plots.coordinates != study.crs else plots.coordinates
    _refuse_crossing(plots.frame)
    of_study = study.layers.get(LAYER)
    accept = () if of_study is None else of_study.accept
    source = LayerSource(path=path, coordinates=declared, accept=accept)
    origin = Origin(path=path, sha256=digest, coordinates=declared)
    raw = RawLayer(plots.frame, notes=plots.notes, account=plots.account)
    layer = validate_layer(LAYER, raw, source, study=study, area=area, origin=origin)
    if area is None:
        layer = _with_distortion(layer, study)
    frame = layer.frame.copy()
    given = frame.get("is_new")
    frame["is_new"] = True if given is None else given.map(lambda flag: flag is not False)
    return replace(layer, frame=frame)


def _with_distortion(layer: Layer, study: Study) -> Layer:
    """Note it where the plane of a review without a study area distorts the plots."""
    bounds = layer.frame.total_bounds
    if not np.isfinite(bounds).all():
        return layer
    note = distortion_note(tuple(bounds), working_crs=study.crs)
    notes = layer.origin.notes if note is None else (*layer.origin.notes, note)
    return replace(layer, origin=replace(layer.origin, notes=notes))


def read_plots(path: Path, *, working_crs: str, layer: str | None = None) -> Plots:
    """
    Read a file of plots.

    Parameters
    ----------
    path
        The file.
    working_crs
        The plane into which survey text is read.
    layer
        The layer or sheet, where the file has several.

    Raises
    ------
    LayerError
        If it is not there, too large, a drawing, a hostile archive, or cannot be read.
    """
    if not path.exists():
        raise LayerError(Message("layers.no_file", layer=LAYER, path=path))
    found = formats.format_of(path)
    if found in formats.DRAWINGS or path.suffix.lower() in _DRAWINGS:
        raise LayerError(Message("review.drawing", name=path.name))
    archives.refuse_too_large(path)
    account = Account()
    with listening(LAYER) as notes:
        if found == formats.ZIP or path.suffix.lower() in _ARCHIVES:
            with archives.unpacked(path) as members:
                member = _only_one(members, path.name)
                account.add(Item.FILE, Outcome.READ, [member.name])
                others = [other.name for other in members if other != member]
                account.add(Item.FILE, Outcome.LEFT_OUT, others)
                plots = _read_one(member, working_crs, layer, account)
        else:
            plots = _read_one(path, working_crs, layer, account)
    return replace(plots, notes=(*plots.notes, *notes), account=tuple(account.entries))


def _only_one(files: Sequence[Path], name: str) -> Path:
    found = [file for file in files if file.suffix.lower() in _INSIDE]
    if any(file.suffix.lower() == ".shp" for file in found):
        found = [file for file in found if file.suffix.lower() == ".shp"]
    if len(found) == 1:
        return found[0]
    names = [file.name for file in found[:5]]
    if found:
        raise LayerError(Message("review.zip_many", name=name, count=len(found), found=names))
    if any(file.suffix.lower() in _DRAWINGS for file in files):
        raise LayerError(Message("review.drawing", name=name))
    raise LayerError(Message("review.zip_none", name=name, known=list(_INSIDE)))


def _read_one(path: Path, working_crs: str, layer: str | None, account: Account) -> Plots:
    try:
        found = formats.format_of(path)
        _refuse_format(found, path)
        if found == formats.TEXT and path.suffix.lower() in _SURVEYS and not _is_table(path):
            return _read_survey(path, working_crs)
        if found == formats.DXF:
            return Plots(read_drawing(path, layer=layer, layer_name=LAYER, account=account), None)
        is_book = found == formats.XLSX
        source = LayerSource(
            path=str(path), layer=None if is_book else layer, sheet=layer if is_book else None
        )
        frame = read_raw(path, source, layer_name=LAYER, account=account)
        if found == formats.KML:
            frame = _areas_of(frame, path.name, account)
        declared = "wgs84" if found in {formats.GEOJSON, formats.KML} else _code_of(frame.crs)
        return Plots(frame, declared)
    except UNREADABLE as error:
        if isinstance(error, ZmdLayoutError):
            raise
        why = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise LayerError(
            Message("layers.unreadable_file", layer=LAYER, path=path.name, why=why)
        ) from error


def _refuse_format(found: formats.Format, path: Path) -> None:
    if found in formats.DRAWINGS:
        raise LayerError(Message("review.drawing", name=path.name))
    if found == formats.ZIP:  # one inside another
        raise formats.refusal(path, found, layer_name=LAYER)
    if found == formats.DOCTYPED:
        raise LayerError(Message("review.kml_entities", name=path.name))


def _is_table(path: Path) -> bool:
    """Report a table of text from a survey text, both of which go by .txt: by its heads."""
    top = list(islice(all_rows_of(open_text(path, None, LAYER)), _HEAD_ROWS))
    head = find_head(squared(top, path.name), recogniser(SCHEMAS[LAYER], {}))
    return len(head.fields) >= _LEAST_HEADS


def _read_survey(path: Path, working_crs: str) -> Plots:
    survey = read_survey_text(path.read_bytes(), working_crs=working_crs, name=path.name)
    frame = survey.plots[["name", "geometry"]].copy()
    numbers = survey.plots["plot_no"]
    if numbers.notna().all() and numbers.is_unique:
        frame["unit_id"] = numbers.astype(object)
    return Plots(frame, working_crs, survey.warnings)


def _areas_of(frame: gpd.GeoDataFrame, name: str, account: Account) -> gpd.GeoDataFrame:
    """Keep areas and closed lines, flat; say what was left out."""
    shapes = [as_area(shape) for shape in shapely.force_2d(frame.geometry.to_numpy())]
    is_area = pd.Series([shape is not None for shape in shapes], index=frame.index)
    if not is_area.any():
        raise LayerError(Message("review.no_polygon", name=name))
    kept = frame[is_area].set_geometry([s for s in shapes if s is not None], crs=frame.crs)
    names = frame["name"] if "name" in frame else frame.index.to_series()
    account.add(Item.SHAPE, Outcome.LEFT_OUT, names[~is_area], why=Message("account.no_polygon"))
    return kept.reset_index(drop=True)


def _refuse_crossing(frame: gpd.GeoDataFrame) -> None:
    """
    Refuse a boundary that crosses itself: which ground is meant only the applicant can say.

    A layer of a study is mended, for there a sliver of thousands does not matter; here the plot is
    the subject.
    """
    names = frame["name"] if "name" in frame else frame.index.to_series() + 1
    faults = [
        Message("review.crossing", name=names.iloc[row], why=shapely.is_valid_reason(shape))
        for row, shape in enumerate(frame.geometry)
        if shape is not None and not shape.is_valid and not _only_touches_itself(shape)
    ]
    if faults:
        raise LayerError(*faults)


def _only_touches_itself(shape: shapely.Geometry) -> bool:
    """Recognise a boundary that meets itself in a point without crossing: its area is certain."""
    if not shapely.is_valid_reason(shape).startswith("Ring Self-intersection"):
        return False
    # where lobes are run through the other way round their areas would cancel
    mended = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    return bool(abs(mended.area - shape.area) <= _SAME_AREA * mended.area)


def _code_of(crs: object) -> str | None:
    if crs is None:
        return None
    code = CRS.from_user_input(crs).to_epsg(min_confidence=25)  # ESRI's .prj writes other names
    return None if code is None else f"EPSG:{code}"
