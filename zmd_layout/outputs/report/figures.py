"""The figures of a run, drawn once for the folder, the report and the leader's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.outputs.figures.charts import age_pyramid, demand_curves
from zmd_layout.outputs.figures.map import overview_map
from zmd_layout.outputs.report.facts import unknown_by_county, unmet_by_county
from zmd_layout.vocabulary import Lang, UnitKind

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from zmd_layout.outputs.results import Results

_YEARS_LATER = 10
OVERVIEW, AGES, DEMAND = "overview", "children_by_age", "children_and_seats"


def draw_figures(results: Results, *, lang: Lang = Lang.ZH) -> dict[str, Figure]:
    """
    Draw what the data allow.

    Returns
    -------
    figures
        By name: `OVERVIEW` where counties have shapes, `AGES` and `DEMAND` where they have ages.
    """
    figures: dict[str, Figure] = {}
    study = results.world.study
    counties = results.world.units(UnitKind.COUNTY, {})
    if counties is not None and not counties.frame.geometry.isna().all():
        figures[OVERVIEW] = overview_map(
            counties.frame,
            unmet_by_county(results),
            unknown=unknown_by_county(results),
            suggestions=results.suggestions,
            is_made_up=results.is_made_up,
            lang=lang,
        )
    layer = results.world.layers.get("counties")
    if results.outlook is not None and layer is not None and layer.origin.year is not None:
        ages = [c for c in layer.frame.columns if AGE_COLUMN.fullmatch(str(c))]
        figures[AGES] = age_pyramid(
            layer.frame,
            base_year=layer.origin.year,
            later_year=min(layer.origin.year + _YEARS_LATER, study.forecast.until),
            scenario=results.outlook.scenario,
            is_made_up=layer.is_synthetic or bool(layer.origin.synthetic_columns & set(ages)),
            lang=lang,
        )
        figures[DEMAND] = demand_curves(
            results.outlook,
            name=study.name.model_dump()[str(lang)],
            as_of_year=study.as_of.year,
            lang=lang,
        )
    return figures
