"""A static map of what changed between two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.messages import Message
from zmd_layout.outputs.figures import QUIET, look, put_notes
from zmd_layout.outputs.figures.map import add_scale_and_north, blank_map, set_extent
from zmd_layout.vocabulary import Lang

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.figure import Figure

# gravest first; symbol and colour, so that grey paper tells them apart
_STYLES = {
    "opened": ("^", "#b84300"),
    "worse": ("v", "#d55e00"),
    "lost": ("X", "#565656"),
    "better": ("s", "#56a0d3"),
    "closed": ("o", "#006b50"),
    "learnt": ("P", "#00609c"),
    "added": ("+", "#7a4fa0"),
    "removed": ("x", "#7a4fa0"),
    "other": (".", "#8a8a8a"),
}
_PLANE = "EPSG:4547"
_LARGE, _SMALL, _MANY = 30, 9, 60


def change_map(
    changes: gpd.GeoDataFrame,
    *,
    borders: gpd.GeoDataFrame,
    lang: Lang | str = Lang.ZH,
) -> Figure:
    """
    Draw a symbol for each unit that changed, by its gravest change.

    Parameters
    ----------
    changes
        As `compare.Comparison.changes`; rows without geometry are not drawn.
    borders
        Areas drawn as lines for orientation, in any CRS; may be none.
    lang
        The language.
    """
    speech = Lang(lang)
    order = {name: place for place, name in enumerate(_STYLES)}
    rows = changes[~changes.geometry.isna()].to_crs(_PLANE)
    rows = rows.assign(order=rows["change"].map(order)).sort_values("order", kind="stable")
    rows = rows.drop_duplicates(["unit_kind", "unit_id"])
    lines = borders[~borders.geometry.isna()].to_crs(_PLANE)
    with look():
        figure, axes = blank_map(Message("compare.title").text(speech))
        set_extent(figure, axes, rows if lines.empty else lines)
        if len(lines):
            lines.boundary.plot(ax=axes, color=QUIET, linewidth=0.6)
        points = rows.representative_point()
        for kind, (marker, colour) in _STYLES.items():
            mine = rows["change"] == kind
            if mine.any():
                label = Message(f"compare.{kind}").text(speech)
                axes.scatter(
                    points[mine].x, points[mine].y, marker=marker, color=colour, linewidth=0.8,
                    s=_LARGE if len(rows) <= _MANY else _SMALL, label=f"{label} ({mine.sum()})",
                )  # fmt: skip
        axes.legend(
            loc="upper center", bbox_to_anchor=(0.5, 0.02), fontsize=7.5, ncols=4, frameon=False
        )
        add_scale_and_north(axes, speech)
        put_notes(
            figure,
            [Message("compare.map_note").text(speech)],
            is_made_up=bool(rows["is_synthetic"].any()),
            lang=speech,
        )
    return figure
