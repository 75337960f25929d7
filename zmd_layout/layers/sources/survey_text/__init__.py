"""
Survey text (勘测定界界址点坐标交换格式, `.txt`) → plots.

The format has a standard and many local habits; what is read, and how doubt is resolved:

- GBK, GB18030, UTF-8 or UTF-16, CRLF, full-width brackets, commas or tabs;
- a plot is a line that ends with `@`; its first four fields stand by position;
- X is north and Y is east, or the reverse: decided by magnitude, and said;
- the zone stands in front of the eastings, or in 带号; where both are given they must agree;
- a ring is hole or part by containment, whatever its number;
- only CGCS2000 is read: other systems need local parameters, and are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from zmd_layout.crs import geometry_to_plane, working_plane
from zmd_layout.errors import LayerError
from zmd_layout.layers.sources.survey_text.areas import StatedArea, compare_area
from zmd_layout.layers.sources.survey_text.grammar import MOST_FAULTS, Plot, decode, parse
from zmd_layout.layers.sources.survey_text.placing import place_points
from zmd_layout.layers.sources.survey_text.rings import PlotShape, assemble
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SurveyText", "read_survey_text"]

# the first four fields of a plot are certain, the next four only in the usual layout
_CERTAIN_FIELDS = 4
_USUAL_COLUMNS = ("graphic_kind", "map_sheet", "land_use", "land_use_code")


@dataclass(frozen=True, slots=True)
class SurveyText:
    """
    The plots of a survey text.

    Parameters
    ----------
    plots
        One row for each plot, in the order of the file, in the working CRS: `plot_no`, `name`,
        `stated_area_ha` (NaN: not stated), `area_m2` (of the geometry), `land_use`,
        `land_use_code`, `graphic_kind`, `map_sheet` (None: not stated, or not at its usual place)
        and `other_fields`, what else the line of the plot holds, as text.
    warnings
        What was odd in the file and how it was read.
    """

    plots: gpd.GeoDataFrame
    warnings: tuple[Message, ...]


def read_survey_text(data: bytes, *, working_crs: str, name: str) -> SurveyText:
    """
    Read a survey text.

    Parameters
    ----------
    data
        The bytes of the file.
    working_crs
        `EPSG:n`, projected, in metres.
    name
        What the file is called in messages.

    Returns
    -------
    SurveyText

    Raises
    ------
    LayerError
        It is no survey text or too large, lines cannot be read, a ring crosses itself, rings of a
        plot overlap. All faults of one step are told at once.
    CrsError
        The coordinate system is not stated or not CGCS2000, the zone is unknown or contradicts
        itself, or the columns cannot be told apart.
    """
    working_plane(working_crs)
    sheet = parse(decode(data, name=name), name=name)
    points = place_points(sheet, name=name)
    points_m = np.column_stack((points.x, points.y))
    shapes = [
        assemble(
            plot,
            points_m[plot.rows],
            sheet.point_labels[plot.rows],
            sheet.ring_labels[plot.rows],
        )
        for plot in sheet.plots
    ]
    _refuse(shapes, name)
    surveyed = gpd.GeoSeries([shape.geometry for shape in shapes])
    areas = [
        compare_area(plot, area_m2)
        for plot, area_m2 in zip(sheet.plots, surveyed.area, strict=True)
    ]
    geometry = geometry_to_plane(
        surveyed, coordinates=points.coordinates, working_crs=working_crs, name=name
    )
    warnings = [*points.warnings]
    for shape, area in zip(shapes, areas, strict=True):
        warnings += [*shape.warnings, *area.warnings]
    return SurveyText(_table(sheet.plots, areas, geometry), tuple(warnings))


def _refuse(shapes: list[PlotShape], name: str) -> None:
    faults = [fault for shape in shapes for fault in shape.faults]
    if not faults:
        return
    told = faults[:MOST_FAULTS]
    if len(faults) > MOST_FAULTS:
        count = len(faults) - MOST_FAULTS
        told.append(Message("survey.more_faults", name=name, count=count))
    raise LayerError(*told)


def _table(plots: list[Plot], areas: list[StatedArea], geometry: gpd.GeoSeries) -> gpd.GeoDataFrame:
    columns: dict[str, object] = {
        "plot_no": _texts(plot.text(2) for plot in plots),
        "name": _texts(plot.text(3) for plot in plots),
        "stated_area_ha": [area.stated_ha for area in areas],
        "area_m2": geometry.area.to_numpy(),
    }
    for position, column in enumerate(_USUAL_COLUMNS, start=_CERTAIN_FIELDS):
        columns[column] = _texts(
            plot.text(position) if plot.has_usual_layout else None for plot in plots
        )
    columns["other_fields"] = _texts(_other_fields(plot) for plot in plots)
    return gpd.GeoDataFrame(columns, geometry=geometry.to_numpy(), crs=geometry.crs)


def _texts(values: Iterable[str | None]) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def _other_fields(plot: Plot) -> str | None:
    known = _CERTAIN_FIELDS + (len(_USUAL_COLUMNS) if plot.has_usual_layout else 0)
    return ",".join(plot.fields[known:]).strip(",") or None
