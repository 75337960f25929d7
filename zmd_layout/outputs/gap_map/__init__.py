"""
The gap map: one page that opens anywhere and asks nothing of any network.

Python encodes the findings once, small and without markup (`payload`, `units`, `verdicts`,
`context`); the page (`static`, `templates`) draws them, a rule at a time, with Leaflet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.outputs.gap_map.heading import Caption, describe
from zmd_layout.outputs.gap_map.page import GapMap
from zmd_layout.outputs.gap_map.payload import build_payload, check_findings
from zmd_layout.outputs.gap_map.tables import pack
from zmd_layout.vocabulary import Lang

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import folium
    import geopandas as gpd
    import pandas as pd

    from zmd_layout.messages import Message
    from zmd_layout.study import Study

__all__ = ["Caption", "gap_map", "save"]


def gap_map(  # noqa: PLR0913 - the public door: all but the first by name
    findings: gpd.GeoDataFrame,
    *,
    layers: Mapping[str, pd.DataFrame] | None = None,
    suggestions: gpd.GeoDataFrame | None = None,
    study: Study | None = None,
    caption: Caption | None = None,
    notes: Sequence[Message] = (),
    lang: Lang | str = Lang.ZH,
) -> folium.Map:
    """
    Draw findings as a map that opens with no network, in Chinese and English.

    Parameters
    ----------
    findings
        A row for each rule and unit, with the columns of `findings.csv` and the unit's geometry in
        any CRS. A unit without geometry is listed, not drawn, and the page says so.
    layers
        What stands around them, by name; each may be missing, others are not drawn: `counties`,
        `townships`, `schools`, `education_land`, `population` (summed in squares of about a
        kilometre), `children` (`unit_id, stage, year, children, seats`, and of a forecast `low,
        high, is_born`; NaN is unknown), `completeness` (how many schools that must exist are known,
        see `measures.school_completeness`) and `catchments` (lines or areas with a
        `suggestion_id`).
    suggestions
        Suggested sites, as in `suggestions.geojson`. With them the page can show what they close.
    study
        Gives the title, the day, the years of the data, and where own rules stand.
    caption
        A title in place of the study's, and a remark that stands above the map.
    notes
        What is said below the map.
    lang
        The language in which the page opens; both are in it.

    Returns
    -------
    folium.Map
        Shows in a notebook; `save` writes it. The same input makes the same page, byte for byte,
        whatever the order of its rows.

    Raises
    ------
    OutputError
        When there are no findings, or columns are missing.
    CrsError
        When findings or a layer do not say which CRS they are in.

    Examples
    --------
    >>> findings = zmd_layout.check(study)
    >>> chart = zmd_layout.gap_map(findings, study=study, lang="en")
    >>> chart.save("gap_map.html")
    """
    check_findings(findings)
    heading = describe(findings, suggestions=suggestions, study=study, caption=caption, notes=notes)
    payload = build_payload(
        findings, layers=layers or {}, suggestions=suggestions, study=study, heading=heading
    )
    shell = {
        "title": payload["title"],
        "subtitle": payload["subtitle"],
        "warnings": payload["warnings"],
        "notes": payload["notes"],
        "words": payload["words"],
    }
    return GapMap(data=pack({**payload, "lang": str(lang)}), shell=shell, lang=str(lang))


def save(chart: folium.Map, path: Path | str) -> None:
    """
    Write a map as one HTML file.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    chart.save(str(path))
