"""The order of a run: check every rule, suggest sites, draw the map, write everything."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from zmd_layout.errors import OutputError, in_language_asked
from zmd_layout.forecast import Capacity
from zmd_layout.measures import World
from zmd_layout.measures.outlook import Outlook, outlook
from zmd_layout.measures.places import children_by_place
from zmd_layout.measures.road_health import road_health
from zmd_layout.measures.school_lists.completeness import completeness_of
from zmd_layout.messages import Message
from zmd_layout.outputs.documents import PDF, document_writers, libreoffice, missing_packages
from zmd_layout.outputs.folder import standing, write_all
from zmd_layout.outputs.gap_map import gap_map, save
from zmd_layout.outputs.no_sites import why_no_sites
from zmd_layout.outputs.notebook import findings_html
from zmd_layout.outputs.package import units_table, write_package
from zmd_layout.outputs.results import Results
from zmd_layout.outputs.suggestion_table import to_geojson
from zmd_layout.outputs.summary import Summary, summarise
from zmd_layout.outputs.workbook import write_workbook
from zmd_layout.siting.columns import suggestions_html
from zmd_layout.siting.coverage import COLUMNS as COVERAGE
from zmd_layout.siting.coverage import coverage_table
from zmd_layout.siting.needs import needs_of
from zmd_layout.siting.plan.seats_by_year import COLUMNS as SEAT_COLUMNS
from zmd_layout.siting.suggest import suggest
from zmd_layout.vocabulary import Lang, Stage, UnitKind
from zmd_layout.workflow.arguments import as_study
from zmd_layout.workflow.cache import Steps, memory_of
from zmd_layout.workflow.checking import csv_writer
from zmd_layout.workflow.evaluating import evaluation_writers
from zmd_layout.workflow.halo import Halo, with_halo
from zmd_layout.workflow.loading import (
    dated,
    find_all,
    frames,
    layer_frame,
    load,
    load_all_targets,
    load_rules,
    refuse_empty,
    tell,
    try_all,
    unit_frames,
)
from zmd_layout.workflow.provenance import refuse_changed, rests_on
from zmd_layout.workflow.record import Stopwatch, record_of, siting_record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import folium
    import geopandas as gpd

    from zmd_layout.layers import Layers
    from zmd_layout.rulebook import Rule
    from zmd_layout.siting.plan.plan_story import PlanStory
    from zmd_layout.study import Study


_STEP = 5  # years between those of the demand points in the package


@dataclass(frozen=True, slots=True)
class Run:
    """
    The results of a run.

    Attributes
    ----------
    study
        What was assessed.
    findings
        A row for each rule and unit, with the unit's geometry in the study's plane.
    layers
        The validated layers, by name.
    suggestions
        Suggested sites, as in `suggestions.geojson`, in the study's plane.
    map
        The gap map.
    summary
        What it comes to in a minute: the tension, the longest shortages, the duties not met.
    story
        The plan over years in numbers; None where none could be made.
    paths
        The files that were written, by name; empty where none were.
    steps
        Layers, rules and siting: what was done, and what was taken from an earlier run.
    """

    study: Study
    findings: gpd.GeoDataFrame
    layers: Layers
    suggestions: gpd.GeoDataFrame
    map: folium.Map
    summary: Summary = field(default_factory=Summary)
    story: PlanStory | None = None
    paths: dict[str, Path] = field(default_factory=dict)
    steps: Steps = field(default_factory=Steps)

    @in_language_asked
    def explore(self, rule_id: str, *, lang: Lang | str = Lang.ZH) -> folium.Map:
        """
        Draw one rule's verdicts on a map of their own.

        Parameters
        ----------
        rule_id
            As in the column of `findings`.
        lang
            The language in which the page opens.

        Raises
        ------
        OutputError
            When the findings have no such rule.
        """
        rows = self.findings[self.findings["rule_id"] == rule_id]
        if rows.empty:
            known = sorted(self.findings["rule_id"].unique())
            raise OutputError(Message("showing.no_such_rule", rule=rule_id, known=known))
        layers = {k: f for k, f in frames(self.layers).items() if k in {"counties", "schools"}}
        return gap_map(rows, layers=layers, study=self.study, lang=lang)

    def _repr_html_(self) -> str:
        return findings_html(self.study, self.findings) + suggestions_html(self.suggestions)


@in_language_asked
def run(  # noqa: PLR0913 - the public door: all but the first by name
    study: Study,
    *,
    out: Path | str | None = None,
    pdf: bool = False,
    stability: bool = False,
    lang: Lang | str = Lang.ZH,
    reuse: bool = False,
    halo: Halo | None = None,
    progress: Callable[[Message], None] | None = None,
) -> Run:
    """
    Do the main job: check every rule, draw the gap map, write everything.

    Parameters
    ----------
    study
        The study.
    out
        The folder for the results; None writes nothing.
    pdf
        Also write the report as a PDF, which takes LibreOffice; where it is not there, that is
        said at once, and all else is written.
    stability
        Also try which verdicts hold when the data are as wrong as the study says; takes several
        times as long as the findings.
    lang
        The language of workbook, report, page and figures, and in which the map opens.
    reuse
        Take layers, findings and suggestions from the last run of this study, as far as nothing
        that they rest on has changed since, and keep them for the next; see `workflow.memory`.
    halo
        The studies around, of which schools and roads near the border are seen.
    progress
        Is told what is being done.

    Raises
    ------
    ZmdLayoutError
        If the input is wrong or the results cannot be written; files of the last run stay whole.

    Examples
    --------
    >>> result = zmd_layout.run(study, out="maps", lang="en")
    >>> (result.paths["findings.csv"]).exists()
    True
    """
    refuse_empty(as_study(study))
    pdf = pdf and _can_make_pdf(progress)
    clock = Stopwatch()
    memory = memory_of(study, is_kept=reuse)
    with clock.measures("layers"):
        layers = with_halo(load(study, progress, memory), study, halo or Halo())
    rules = load_rules(study)
    world = World(study, memory.know(layers), study.as_of)
    with clock.measures("findings"):
        findings = find_all(rules, world, progress, memory)
    tried: dict[str, Any] = {}
    if stability:
        with clock.measures("stability"):
            findings, tried = try_all(findings, world, rules, progress)
    with clock.measures("siting"):
        owed = _owed(findings, rules)
        sites = memory.siting(
            world.layers, rules, owed, lambda: suggest(world, owed, rules, progress=progress)
        )
    with clock.measures("map"):
        tell(progress, Message("workflow.drawing"))
        future = memory.derived("outlook", world.layers, (), lambda: outlook(world))
        around = {**frames(layers), "catchments": sites.catchments, **_children(future)}
        around["completeness"] = completeness_of(world)
        if "roads" in layers:
            around["road_health"] = memory.derived(
                "road health", world.layers, (), lambda: road_health(world)
            )
        no_sites = why_no_sites(world, findings, owed, rules, len(sites.table))
        summary = summarise(
            findings, rules, story=sites.story, seats_by_year=sites.seats_by_year,
            no_sites=no_sites,
        )  # fmt: skip
        chart = gap_map(
            findings, layers=around, suggestions=sites.table, study=study, notes=summary.remarks,
            lang=lang,
        )  # fmt: skip
    result = Run(
        study, findings, layers, sites.table, chart, summary, sites.story, steps=memory.steps
    )  # fmt: skip
    if out is None:
        return result
    places = memory.derived("places", world.layers, (), lambda: _places(world))
    covered = memory.derived("coverage", world.layers, rules, lambda: coverage_table(world, rules))
    options: dict[str, bool | str] = {"pdf": pdf, "stability": stability, "lang": str(lang)}
    targets = load_all_targets(study)
    promised = [one.model_dump_json() for one in targets]
    kept = memory.record(rules, missing=missing_packages(), targets=promised, **options)
    if kept and not memory.steps.done:
        paths = standing(Path(out), outputs_rest_on=kept["outputs_rest_on"])
        if paths is not None and (not pdf or PDF in paths):
            return replace(result, paths=paths)
    tell(progress, Message("workflow.writing", folder=out))
    results = Results(
        world, rules, findings, sites.table, future, summary, sites.story, targets
    )  # fmt: skip
    tables = {
        "units": units_table(unit_frames(world, rules), study.crs),
        "findings": dated(findings),
        "schools": layer_frame(layers, "schools", study),
        "suggestions": sites.table,
        "uncovered": sites.uncovered,
        **{name: table for name, table in around.items() if name == "road_health"},
        **places,
    }
    writers = {
        "gap_map.html": lambda path: save(chart, path),
        "findings.csv": csv_writer(findings),
        "findings.xlsx": lambda path: write_workbook(path, results, lang=lang),
        "layers.gpkg": lambda path: write_package(path, tables, day=study.as_of),
        "suggestions.geojson": lambda path: path.write_text(to_geojson(sites.table), "utf-8"),
        "seats_by_year.csv": csv_writer(sites.seats_by_year, columns=SEAT_COLUMNS),
        "coverage.csv": csv_writer(covered, columns=COVERAGE),
        **evaluation_writers(results, lang=Lang(lang)),
        **_documents(results, progress, pdf=pdf, lang=Lang(lang)),
    }
    record = record_of(study, rules, layers, clock) | siting_record(sites) | kept | tried
    record |= rests_on(study, rules, command="run", **options)
    refuse_changed(study, layers)
    paths = write_all(Path(out), writers, record)
    return replace(result, paths=paths)


def _can_make_pdf(progress: Callable[[Message], None] | None) -> bool:
    """Return whether LibreOffice is installed; where it is not, report that before all work."""
    if libreoffice() is not None:
        return True
    tell(progress, Message("report.no_libreoffice", name=PDF))
    return False


def _owed(findings: gpd.GeoDataFrame, rules: Sequence[Rule]) -> gpd.GeoDataFrame:
    """Return the findings of rules that require schools: all that siting looks at."""
    asking = {
        need.rule_id
        for stage in Stage
        for need in needs_of(findings, rules, stage, include_indicators=True)
    }
    return findings[findings["rule_id"].isin(asking)]


def _documents(
    results: Results, progress: Callable[[Message], None] | None, *, pdf: bool, lang: Lang
) -> dict[str, Callable[[Path], None]]:
    """Return the writers of figures, report and page, or say why there will be none."""
    missing = missing_packages()
    if missing:
        tell(progress, Message("report.not_installed", packages=missing))
        return {}
    writers = document_writers(results, with_pdf=pdf, lang=lang)
    if pdf:
        writers[PDF] = partial(_write_or_say, writers[PDF], progress)
    return writers


def _write_or_say(
    write: Callable[[Path], None], progress: Callable[[Message], None] | None, path: Path
) -> None:
    """Write a file that the others can do without, or say why it was left out."""
    try:
        write(path)
    except OutputError as error:
        for message in error.messages:
            tell(progress, message)


def _places(world: World) -> dict[str, gpd.GeoDataFrame]:
    """Return the demand points with children on the day, every five years, and at the end."""
    last = world.study.forecast.until
    years = {world.as_of.year, last, *range(world.as_of.year, last)[_STEP::_STEP]}
    found = children_by_place(world, years=sorted(years))
    return {} if found is None else {"demand": found}


def _children(future: Outlook | None) -> dict[str, pd.DataFrame]:
    """Return children and seats by unit, stage and year, as the map's year switch takes them."""
    if future is None:
        return {}
    levels = (
        (UnitKind.COUNTY, future.children, future.balance),
        (UnitKind.TOWNSHIP, future.township_children, future.township_balance),
    )
    tables = [_level(kind, *level) for kind, *level in levels if not level[0].empty]
    return {"children": pd.concat(tables, ignore_index=True)}


def _level(kind: UnitKind, children: pd.DataFrame, balance: pd.DataFrame) -> pd.DataFrame:
    keys = ["unit_id", "stage", "year"]
    told = ["low", "middle", "high", "is_born"]
    table = children[[*keys, *told]].rename(columns={"middle": "children"})
    table.insert(0, "unit_kind", str(kind))
    if balance.empty:
        return table.assign(seats=float("nan"))
    seats = balance[balance["capacity"] == Capacity.CLASSES]
    return table.merge(seats[[*keys, "seats"]], on=keys, how="left")
