"""What workbook, report and page are made of, and which county each unit lies in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zmd_layout.checks.conditions import is_missing
from zmd_layout.outputs.summary import Summary
from zmd_layout.vocabulary import UnitKind

if TYPE_CHECKING:
    import geopandas as gpd

    from zmd_layout.measures.outlook import Outlook
    from zmd_layout.measures.world import World
    from zmd_layout.rulebook import Rule
    from zmd_layout.rulebook.targets import Targets
    from zmd_layout.siting.plan.plan_story import PlanStory

_LAYER_OF = {
    UnitKind.TOWNSHIP: "townships",
    UnitKind.SCHOOL: "schools",
    UnitKind.VILLAGE: "villages",
    UnitKind.RESIDENTIAL_AREA: "residential_areas",
    UnitKind.PARCEL: "education_land",
}


@dataclass(frozen=True, slots=True)
class Results:
    """
    The results of a run as its documents take them.

    Attributes
    ----------
    world
        Study, layers and day.
    rules
        The rules that were checked.
    findings, suggestions
        As in `workflow.Run`.
    outlook
        Children and seats to come; None without ages.
    summary
        What it comes to in a minute.
    story
        The plan over years in numbers; None where none could be made.
    targets
        The targets of the plans whose rules were checked.
    """

    world: World
    rules: list[Rule]
    findings: gpd.GeoDataFrame
    suggestions: gpd.GeoDataFrame
    outlook: Outlook | None
    summary: Summary = field(default_factory=Summary)
    story: PlanStory | None = None
    targets: tuple[Targets, ...] = ()

    @property
    def is_made_up(self) -> bool:
        """Whether anything in it was made up."""
        return bool(self.findings["is_synthetic"].any())


def county_names(results: Results) -> dict[str, str]:
    """Return the counties' names by id; empty without a counties layer."""
    units = results.world.units(UnitKind.COUNTY, {})
    if units is None:
        return {}
    frame = units.frame
    return {str(i): str(name) for i, name in zip(frame.index, frame["name"], strict=True)}


def county_of(results: Results) -> dict[tuple[str, str], str]:
    """
    Return the county of every unit that lies in one, by kind and id.

    A county lies in itself. A unit that lies in none has the empty text.
    """
    counties = results.world.units(UnitKind.COUNTY, {})
    if counties is None:
        return {}
    found = {(str(UnitKind.COUNTY), str(i)): str(i) for i in counties.frame.index}
    for kind, layer_name in _LAYER_OF.items():
        layer = results.world.layers.get(layer_name)
        units = results.world.units(kind, {}) if layer is not None else None
        if layer is None or units is None:
            continue
        place = results.world.members(layer, counties)
        for unit, county in zip(units.frame.index, place.to_numpy(), strict=False):
            found[str(kind), str(unit)] = "" if is_missing(county) else str(county)
    return found
