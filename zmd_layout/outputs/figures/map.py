"""Static maps: one rule with its verdicts, and the counties at a glance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from zmd_layout.errors import OutputError, RuleError
from zmd_layout.messages import Message, word
from zmd_layout.outputs.figures import INK, QUIET, look, put_notes, wrapped
from zmd_layout.outputs.gap_map.palette import STEPS, STYLES, Mark, mark
from zmd_layout.rulebook import load_ruleset
from zmd_layout.vocabulary import Lang, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from pyproj import CRS

_MARKERS = {
    Mark.SHORTFALL: "^",
    Mark.REASON: "D",
    Mark.REPORTED: "o",
    Mark.PASS: "o",
}
_MOST_LABELS = 40
_MANY = 250  # symbols, from which on they are drawn small
_LARGE, _SMALL = 20, 6
_NOTE_COLUMNS = 140
_AREAS = {"Polygon", "MultiPolygon"}
_HALO = 2.2
_ABOVE, _BELOW = 0.62, 0.5  # inches for banner and title, and for the notes
_LEAST_MARGIN_M = 100.0  # a rule may have one point
_LEAST_HIGH, _MOST_HIGH = 2.5, 8.5  # inches of the map itself


def rule_map(
    findings: gpd.GeoDataFrame,
    rule_id: str,
    *,
    title: str = "",
    borders: gpd.GeoDataFrame | None = None,
    lang: Lang | str = Lang.ZH,
) -> Figure:
    """
    Draw the verdicts of one rule, told apart by colour, hatching and symbol.

    Parameters
    ----------
    findings
        As a run gives them, in a projected CRS.
    rule_id
        Which rule.
    title
        Stands above; by default the rule's own title, or its id where its set is not at hand.
    borders
        Drawn as lines for orientation, in the same CRS, such as the counties.
    lang
        The language.

    Raises
    ------
    OutputError
        When no unit of the rule has a shape; the error names rules that can be drawn.
    """
    speech = Lang(lang)
    rows = findings[(findings["rule_id"] == rule_id) & ~findings.geometry.isna()]
    if rows.empty:
        known = sorted(findings.loc[~findings.geometry.isna(), "rule_id"].unique())
        raise OutputError(Message("figures.nothing_to_draw", rule=rule_id, known=known))
    rows = _judged_kinds(rows)
    pairs = zip(rows["status"], rows["strength"], strict=True)
    rows = rows.assign(mark=[mark(status, strength) for status, strength in pairs])
    with look():
        figure, axes = blank_map(title or _title_of(rows, speech))
        set_extent(figure, axes, rows if borders is None else borders)
        for kind in reversed(Mark):  # the gravest come last and on top
            _draw_mark(axes, rows[rows["mark"] == kind], kind)
        if borders is not None:
            borders.boundary.plot(ax=axes, color=QUIET, linewidth=0.7, zorder=3)
        if len(rows) <= _MOST_LABELS:
            _label(axes, rows, rows["unit_name"].tolist())
        _legend(axes, rows["mark"].value_counts().to_dict(), speech)
        add_scale_and_north(axes, speech)
        first = rows.iloc[0]
        notes = [
            Message("figures.map_subtitle", day=first["as_of"], clause=first["clause"]),
            Message("figures.map_note", crs=_crs_name(rows.crs)),
        ]
        put_notes(
            figure,
            [wrapped(note.text(speech), width=_NOTE_COLUMNS) for note in notes],
            is_made_up=bool(rows["is_synthetic"].any()),
            lang=speech,
        )
    return figure


def _judged_kinds(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leave out kinds of units that are only reported on where others are judged."""
    judged = rows.loc[rows["status"] != Status.REPORTED, "unit_kind"].unique()
    return rows[rows["unit_kind"].isin(judged)] if len(judged) else rows


def _title_of(rows: gpd.GeoDataFrame, lang: Lang) -> str:
    ruleset, rule_id = str(rows["ruleset"].iloc[0]), str(rows["rule_id"].iloc[0])
    try:
        titles = {rule.id: rule.title.text(lang) for rule in load_ruleset(ruleset)}
    except RuleError:
        return rule_id
    return titles.get(rule_id, rule_id)


def overview_map(
    counties: gpd.GeoDataFrame,
    unmet: Mapping[str, int],
    *,
    unknown: Mapping[str, int] | None = None,
    suggestions: gpd.GeoDataFrame | None = None,
    is_made_up: bool = False,
    lang: Lang | str = Lang.ZH,
) -> Figure:
    """
    Draw the counties by how many duties are unmet in each, with the suggested places.

    Parameters
    ----------
    counties
        Index `unit_id`, column `name`, areas in a projected CRS.
    unmet
        County → number of duties that are short; a county that is not named has none.
    unknown
        County → number of duties that cannot be judged: where none is known to be short, and some
        are unknown, the county is hatched and has no number.
    suggestions
        Points in the same CRS.
    is_made_up
        Whether anything in it was made up.
    lang
        The language.
    """
    speech = Lang(lang)
    frame = counties[~counties.geometry.isna()]
    counts = np.array([unmet.get(str(unit), 0) for unit in frame.index])
    classes = count_classes(counts.tolist(), len(STEPS) - 1)
    colours = [_fill_of(classes, count) for count in counts.tolist()]
    with look():
        figure, axes = blank_map(Message("figures.overview_title").text(speech))
        set_extent(figure, axes, frame)
        frame.plot(ax=axes, color=colours, edgecolor="white", linewidth=1.0)
        is_open = _is_open(frame, counts, unknown or {})
        _draw_mark(axes, frame[is_open], Mark.NOT_ASSESSABLE)
        frame.boundary.plot(ax=axes, color=QUIET, linewidth=0.6)
        handles = [] if is_open.all() else _class_patches(classes, speech)
        if is_open.any():
            handles.append(_patch(Mark.NOT_ASSESSABLE, word(Status.NOT_ASSESSABLE, speech)))
        if suggestions is not None and len(suggestions):
            handles.append(
                axes.scatter(
                    suggestions.geometry.x, suggestions.geometry.y, marker="*", s=26,
                    color="#0072b2", edgecolor="white", linewidth=0.4, zorder=4,
                    label=Message("figures.overview_sites").text(speech),
                )
            )  # fmt: skip
        texts = [
            f"{name}\n{'?' if open_ else count}"
            for name, count, open_ in zip(frame["name"], counts, is_open, strict=True)
        ]
        _label(axes, frame, texts)
        axes.legend(handles=handles, loc="lower left", fontsize=7.5, framealpha=0.9)
        add_scale_and_north(axes, speech)
        note = Message("figures.overview_note").text(speech)
        put_notes(figure, [wrapped(note, width=_NOTE_COLUMNS)], is_made_up=is_made_up, lang=speech)
    return figure


def _is_open(
    counties: gpd.GeoDataFrame, counts: NDArray[np.int64], unknown: Mapping[str, int]
) -> NDArray[np.bool_]:
    """Return which counties have no duty that is known to be short, and some that are unknown."""
    open_ = [unknown.get(str(unit), 0) > 0 for unit in counties.index]
    is_open: NDArray[np.bool_] = np.array(open_, dtype=bool) & (counts == 0)
    return is_open


def blank_map(title: str) -> tuple[Figure, Axes]:
    """Return a figure with a title and one frame for a map, without axes."""
    figure = Figure(figsize=(7.2, 6.6))
    axes = figure.add_axes((0.01, 0.09, 0.98, 0.81))
    axes.set_title(title, fontsize=12, pad=8)
    axes.set_axis_off()
    axes.set_aspect("equal")
    return figure, axes


def set_extent(figure: Figure, axes: Axes, frame: gpd.GeoDataFrame) -> None:
    """Show the ground of `frame`, in metres, with a margin, whatever is drawn later."""
    west, south, east, north = frame.total_bounds
    margin = max(0.04 * max(east - west, north - south), _LEAST_MARGIN_M)
    axes.set_xlim(west - margin, east + margin)
    axes.set_ylim(south - margin, north + margin)
    axes.set_autoscale_on(False)
    _fit_height(figure, axes)


def _fit_height(figure: Figure, axes: Axes) -> None:
    """Make the figure as high as its ground asks for, so that no empty paper is printed with it."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    left, _, width, _ = axes.get_position(original=True).bounds
    map_height = figure.get_figwidth() * width * (north - south) / (east - west)
    map_height = min(max(map_height, _LEAST_HIGH), _MOST_HIGH)
    height = map_height + _ABOVE + _BELOW
    figure.set_figheight(height)
    axes.set_position((left, _BELOW / height, width, map_height / height))


def _draw_mark(axes: Axes, rows: gpd.GeoDataFrame, kind: Mark) -> None:
    style = STYLES[kind]
    is_area = rows.geom_type.isin(_AREAS)
    areas = rows[is_area]
    if len(areas):
        areas.plot(
            ax=axes, facecolor=style["fill"], edgecolor=style.get("hatch", "white"),
            hatch="////" if "hatch" in style else None, linewidth=0.4,
        )  # fmt: skip
    if kind in _MARKERS and len(rows):
        # on the ground of an area; where many small ones stand together the symbol is what is seen
        points = rows.representative_point()
        axes.scatter(
            points.x, points.y, marker=_MARKERS[kind], color=style["symbol"],
            s=_LARGE if len(rows) <= _MANY or kind is Mark.SHORTFALL else _SMALL, linewidth=0.3,
            edgecolor="white", zorder=4,
        )  # fmt: skip
    elif kind is Mark.NOT_ASSESSABLE and not is_area.all():
        # where a clause does not apply to a point, there is nothing to look at
        points = rows[~is_area]
        axes.scatter(points.geometry.x, points.geometry.y, marker="x", color=style["symbol"], s=8)


def _label(axes: Axes, rows: gpd.GeoDataFrame, texts: list[str]) -> None:
    from matplotlib.patheffects import withStroke  # noqa: PLC0415 - only where something is named

    points = rows.representative_point()
    for x, y, text in zip(points.x, points.y, texts, strict=True):
        axes.annotate(
            text, (x, y), xytext=(0, -5), textcoords="offset points", ha="center", va="top",
            fontsize=7.5, zorder=5, linespacing=1.2,
            path_effects=[withStroke(linewidth=_HALO, foreground="white")],
        )  # fmt: skip


def _legend(axes: Axes, counts: Mapping[Mark, int], lang: Lang) -> None:
    handles: list[Artist] = []
    for kind in Mark:
        if kind not in counts:
            continue
        style = STYLES[kind]
        text = (
            Message("figures.reason").text(lang)
            if kind is Mark.REASON
            else word(Status(kind), lang)
        )
        label = f"{text} ({counts[kind]})"
        if kind in _MARKERS:
            handles.append(
                axes.scatter(
                    [], [], marker=_MARKERS[kind], color=style["symbol"], s=26, label=label
                )
            )
        else:
            handles.append(_patch(kind, label))
    axes.legend(handles=handles, loc="lower left", fontsize=8, framealpha=0.9)


def _patch(kind: Mark, label: str) -> Patch:
    style = STYLES[kind]
    return Patch(
        facecolor=style["fill"], edgecolor=style.get("hatch", QUIET), label=label,
        hatch="////" if "hatch" in style else None, linewidth=0.4,
    )  # fmt: skip


def add_scale_and_north(axes: Axes, lang: Lang) -> None:
    """Draw a bar of a round length, about a fifth of the width, and where north is."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    wanted = (east - west) / 5
    power = 10 ** np.floor(np.log10(wanted))
    length = float(max(step * power for step in (1, 2, 5) if step * power <= wanted))
    right, low = east - 0.03 * (east - west), south + 0.03 * (north - south)
    axes.plot([right - length, right], [low, low], color=INK, lw=2.5, solid_capstyle="butt")
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"  # noqa: PLR2004 - metres in a kilometre
    axes.annotate(
        text, (right - length / 2, low), xytext=(0, 4), textcoords="offset points", ha="center",
        fontsize=8,
    )  # fmt: skip
    axes.annotate(
        Message("figures.north").text(lang), (0.955, 0.98), (0.955, 0.92),
        xycoords="axes fraction", ha="center", va="center", fontsize=9,
        arrowprops={"arrowstyle": "-|>", "color": INK, "shrinkA": 6, "shrinkB": 0},
    )  # fmt: skip


def count_classes(counts: Sequence[int], most: int) -> list[tuple[int, int]]:
    """
    Cut the positive counts into at most `most` classes, first and last count of each.

    As the map's page does (`zmd.classes`), so that a place has one colour in both: each count its
    own class where they are few, else classes of about equal size with rounded ends.
    """
    some = sorted(count for count in counts if count > 0)
    distinct = sorted(set(some))
    if len(distinct) <= most:
        return [(count, count) for count in distinct]
    shares = (math.ceil(len(some) * step / most) for step in range(1, most + 1))
    ends = list(dict.fromkeys(_rounded_up(some[share - 1]) for share in shares))
    return list(zip([1, *(end + 1 for end in ends[:-1])], ends, strict=True))


def _rounded_up(count: int) -> int:
    """Round up to two digits, the rest noughts."""
    unit = int(10 ** max(0, math.floor(math.log10(count)) - 1))
    return math.ceil(count / unit) * unit


def _colour_of(classes: list[tuple[int, int]], place: int) -> str:
    """Spread the colours over the classes; a single one is of middling strength."""
    colours = STEPS[1:]
    if len(classes) == 1:
        return colours[math.ceil(len(colours) / 2)]
    return colours[math.floor(place * (len(colours) - 1) / (len(classes) - 1) + 0.5)]


def _fill_of(classes: list[tuple[int, int]], count: int) -> str:
    places = [place for place, (_, last) in enumerate(classes) if count <= last]
    return _colour_of(classes, places[0]) if count else STEPS[0]


def _class_patches(classes: list[tuple[int, int]], lang: Lang) -> list[Artist]:
    out: list[Artist] = [
        Patch(
            facecolor=STEPS[0], edgecolor=QUIET, label=Message("figures.overview_none").text(lang)
        )
    ]
    for place, (low, high) in enumerate(classes):
        key = "figures.overview_one" if low == high else "figures.overview_step"
        text = Message(key, low=low, high=high).text(lang)
        colour = _colour_of(classes, place)
        out.append(Patch(facecolor=colour, edgecolor=QUIET, label=text, linewidth=0.4))
    return out


def _crs_name(crs: CRS | None) -> str:
    return "" if crs is None else str(crs.name)
