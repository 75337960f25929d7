"""The map of an opinion: the plot, the schools around it, the radii, a scale and north."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.path import Path as MplPath
from matplotlib.patheffects import withStroke
from shapely.geometry.polygon import orient

from zmd_layout.development_review.nearby import STAGES, radius_m
from zmd_layout.messages import Message, word
from zmd_layout.outputs.fonts import chinese_font
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes

    from zmd_layout.development_review import Case
    from zmd_layout.layers import Layers
    from zmd_layout.vocabulary import Lang

_LOOK = {
    Stage.KINDERGARTEN: ("o", "#b8860b"), Stage.PRIMARY: ("s", "#1f6fb4"),
    Stage.JUNIOR: ("^", "#7b3294"),
}  # fmt: skip
_WIDTH_IN, _HEIGHT_IN, _DPI = 6.1, 4.6, 170
_MARGIN_M = 250.0
_LABELLED = 8
_CLOSE_X_M, _CLOSE_Y_M = 450.0, 70.0  # names of schools nearer than that would cover each other
_LONGEST_LABEL = 30  # characters


def draw(case: Case, layers: Layers, *, lang: Lang) -> bytes:
    """
    Draw the surroundings of a plot.

    Parameters
    ----------
    case
        The case.
    layers
        Neighbouring plots and education land are drawn where they are there.
    lang
        The language of the legend.

    Returns
    -------
    png
        The picture.
    """
    figure = Figure(figsize=(_WIDTH_IN, _HEIGHT_IN), dpi=_DPI)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.005, 0.005, 0.99, 0.99))  # no ticks: the map is the whole picture
    axes.set_aspect("equal")
    _frame(axes, case)
    _grounds(axes, case, layers)
    _schools(axes, case, lang)
    _scale_and_north(axes)
    legend = axes.legend(loc="lower right", prop=chinese_font(7), framealpha=0.9)
    legend.set_zorder(9)
    out = BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None}, pil_kwargs={"compress_level": 4})
    return out.getvalue()


def _shape(case: Case) -> shapely.Geometry:
    assert case.shape is not None  # noqa: S101 - a plot without a shape has no picture
    return case.shape


def _frame(axes: Axes, case: Case) -> None:
    west, south, east, north = _shape(case).bounds
    reach = radius_m(Stage.JUNIOR) + _MARGIN_M
    wide, high = east - west + 2 * reach, north - south + 2 * reach
    wide, high = max(wide, high * _WIDTH_IN / _HEIGHT_IN), max(high, wide * _HEIGHT_IN / _WIDTH_IN)
    x, y = (west + east) / 2, (south + north) / 2
    axes.set_xlim(x - wide / 2, x + wide / 2)
    axes.set_ylim(y - high / 2, y + high / 2)
    axes.set_xticks([])
    axes.set_yticks([])


def _grounds(axes: Axes, case: Case, layers: Layers) -> None:
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    view = shapely.box(west, south, east, north)
    for name, colour in (("education_land", "#cfe8cf"), ("residential_areas", "#e8e2d4")):
        if name in layers:
            shapes = layers[name].frame.geometry
            _fill(axes, shapes[shapes.intersects(view)], colour, "#999999", 0.5)
    _roads(axes, layers)
    for stage in STAGES:
        ring = _shape(case).buffer(radius_m(stage), quad_segs=24)
        for part in _parts(ring):
            x, y = part.exterior.xy
            axes.plot(x, y, ls=(0, (4, 3)), lw=0.8, color=_LOOK[stage][1])
    _fill(axes, [_shape(case)], "#f4b6b0", "#b2182b", 1.6)


def _roads(axes: Axes, layers: Layers) -> None:
    """Draw roads that came as lines; an extract came as a graph, and is left out."""
    if "roads" not in layers or layers["roads"].frame.empty:
        return
    lines = shapely.get_parts(layers["roads"].frame.geometry.to_numpy())
    paths = [shapely.get_coordinates(line) for line in lines]
    axes.add_collection(
        LineCollection(paths, colors="#c4c8cc", linewidths=0.7, zorder=0.8), autolim=False
    )


def _parts(shape: shapely.Geometry) -> list[Any]:
    return list(getattr(shape, "geoms", [shape]))


def _fill(
    axes: Axes, shapes: Iterable[shapely.Geometry], face: str, edge: str, width: float
) -> None:
    """Draw polygons with their holes, all of one look as one artist."""
    paths = [_path(part) for shape in shapes for part in _parts(shape)]
    axes.add_collection(
        PathCollection(paths, facecolors=face, edgecolors=edge, linewidths=width), autolim=False
    )


def _path(polygon: shapely.Polygon) -> MplPath:
    """Turn a polygon into a path; its holes run the other way round, which leaves them open."""
    turned = orient(polygon)
    rings = [turned.exterior, *turned.interiors]
    return MplPath.make_compound_path(
        *(MplPath(shapely.get_coordinates(ring), closed=True) for ring in rings)
    )


def _schools(axes: Axes, case: Case, lang: Lang) -> None:
    for stage in STAGES:
        marker, colour = _LOOK[stage]
        points = np.array([s.xy_m for s in case.near if s.stage is stage]).reshape(-1, 2)
        label = Message("opinion.legend", stage=word(stage, lang), radius=f"{radius_m(stage):g}")
        axes.scatter(
            points[:, 0], points[:, 1], marker=marker, s=26, color=colour, zorder=5,
            edgecolor="white", linewidth=0.6, label=label.text(lang),
        )  # fmt: skip
    named: dict[str, tuple[float, float]] = {}
    for school in sorted(case.near, key=lambda s: (s.distance_m, s.school_id)):
        named.setdefault(school.name, school.xy_m)
    centre = _shape(case).representative_point()
    placed: list[tuple[float, float]] = []
    for name, (x, y) in list(named.items())[:_LABELLED]:
        is_left = x < centre.x  # away from the plot
        is_below = any(abs(x - a) < _CLOSE_X_M and 0 <= b - y < _CLOSE_Y_M for a, b in placed)
        placed.append((x, y))
        axes.annotate(
            _short(name), (x, y), xytext=(-4 if is_left else 4, -3 if is_below else 3),
            textcoords="offset points", ha="right" if is_left else "left",
            va="top" if is_below else "bottom", fontproperties=chinese_font(6),
            annotation_clip=True, zorder=6, parse_math=False,
            path_effects=[withStroke(linewidth=1.5, foreground="white")],
        )  # fmt: skip
    axes.text(
        centre.x, centre.y, _short(case.name), ha="center", va="center", zorder=7,
        fontproperties=chinese_font(8), parse_math=False,
    )  # fmt: skip


def _scale_and_north(axes: Axes) -> None:
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    length = 500.0
    x, y = west + (east - west) * 0.04, south + (north - south) * 0.05
    for number in range(2):
        axes.fill_between(
            [x + number * length / 2, x + (number + 1) * length / 2], y,
            y + (north - south) * 0.012,
            facecolor="black" if number == 0 else "white", edgecolor="black", lw=0.6, zorder=8,
        )  # fmt: skip
    small = chinese_font(7)
    for at, text in ((0.0, "0"), (length / 2, "250"), (length, "500 m")):
        axes.text(
            x + at, y + (north - south) * 0.02, text, ha="center", fontproperties=small, zorder=8
        )
    axes.annotate(
        "N", xy=(0.95, 0.97), xytext=(0.95, 0.87), xycoords="axes fraction", ha="center",
        arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 1.5},
        fontproperties=chinese_font(10), va="center", zorder=8,
    )  # fmt: skip


def _short(name: str) -> str:
    """Cut a name that would leave no room for the map."""
    return name if len(name) <= _LONGEST_LABEL else f"{name[:_LONGEST_LABEL]}…"
