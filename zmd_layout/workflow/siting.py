"""Siting alone: where to build, and what closing schools would mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zmd_layout.errors import SitingError
from zmd_layout.measures import World
from zmd_layout.messages import Message
from zmd_layout.outputs.folder import write_all
from zmd_layout.outputs.suggestion_table import to_geojson
from zmd_layout.siting.assigned import ASSIGNMENT_COLUMNS
from zmd_layout.siting.closing import Closing, closing_impact
from zmd_layout.siting.fair import CURVE_COLUMNS
from zmd_layout.siting.fixed_count import site_new
from zmd_layout.siting.plan.seats_by_year import COLUMNS as SEAT_COLUMNS
from zmd_layout.siting.stage_state import SitingOptions
from zmd_layout.siting.suggest import Suggestions, suggest
from zmd_layout.vocabulary import Stage
from zmd_layout.workflow.arguments import as_choice, as_ids, as_study
from zmd_layout.workflow.checking import csv_writer
from zmd_layout.workflow.loading import find_all, load, load_rules, refuse_empty
from zmd_layout.workflow.provenance import refuse_changed
from zmd_layout.workflow.record import Stopwatch, record_of, siting_record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd

    from zmd_layout.rulebook import Rule
    from zmd_layout.study import Study


def site(
    study: Study,
    *,
    stage: Stage | str | None = None,
    options: SitingOptions | None = None,
    out: Path | str | None = None,
    progress: Callable[[Message], None] | None = None,
) -> Suggestions:
    """
    Suggest sites alone.

    Parameters
    ----------
    study
        The study.
    stage
        For one stage; None for all.
    options
        What is asked of the sites (by default the cheapest that close the shortfalls; an aim that
        needs a number takes `new_count`), and choices of ours. An aim that does not close
        shortfalls needs a stage.
    out
        The folder for `suggestions.geojson`; None writes nothing.
    progress
        Is told what is being done.

    Raises
    ------
    ZmdLayoutError
        If a layer or a rule is not what it should be.

    Examples
    --------
    >>> sites = zmd_layout.site(study, stage="kindergarten")
    >>> set(sites.table["stage"]) <= {"kindergarten"}
    True
    """
    refuse_empty(as_study(study))
    stage = None if stage is None else as_choice(stage, Stage, name="stage")
    clock = Stopwatch()
    layers = load(study, progress)
    rules = load_rules(study)
    world = World(study, layers, study.as_of)
    findings = find_all(rules, world, progress)
    with clock.measures("siting"):
        sites = _sites(world, findings, rules, stage, options or SitingOptions(), progress)
    if out is not None:
        writers = {
            "suggestions.geojson": lambda p: p.write_text(to_geojson(sites.table), "utf-8"),
            "seats_by_year.csv": csv_writer(sites.seats_by_year, columns=SEAT_COLUMNS),
        }
        if not sites.assignment.empty:
            writers["assignment.csv"] = csv_writer(sites.assignment, columns=ASSIGNMENT_COLUMNS)
        if not sites.trade_off.empty:
            writers["trade_off.csv"] = csv_writer(sites.trade_off, columns=CURVE_COLUMNS)
        record = record_of(study, rules, layers, clock) | siting_record(sites)
        refuse_changed(study, layers)
        write_all(Path(out), writers, record)
    return sites


def _sites(
    world: World,
    findings: gpd.GeoDataFrame,
    rules: list[Rule],
    stage: Stage | str | None,
    options: SitingOptions,
    progress: Callable[[Message], None] | None,
) -> Suggestions:
    if options.aim.closes_shortfalls:
        if options.assigns:
            raise SitingError(Message("sites.only_numbered"))
        stages = tuple(Stage) if stage is None else (Stage(stage),)
        return suggest(world, findings, rules, stages=stages, options=options, progress=progress)
    if stage is None:
        raise SitingError(Message("sites.needs_stage"))
    return site_new(
        world, findings, rules, stage=Stage(stage), options=options, progress=progress
    )  # fmt: skip


def closing(
    study: Study,
    school_ids: Sequence[str] | str,
    *,
    progress: Callable[[Message], None] | None = None,
) -> Closing:
    """
    Work out what closing schools would mean: ways before and after, and rules that break.

    Parameters
    ----------
    study
        The study.
    school_ids
        The schools, by `school_id`: one, or several.
    progress
        Is told what is being done.

    Raises
    ------
    ZmdLayoutError
        If a school is not known, or nothing says where children live.

    Examples
    --------
    >>> impact = zmd_layout.closing(study, schools["school_id"].iloc[0])
    >>> impact.replacements.columns.tolist()
    ['school_id', 'closes_on', 'replacement_id', 'opens_on', 'opens_first']
    """
    refuse_empty(as_study(study))
    ids = as_ids(school_ids, name="school_ids")
    layers = load(study, progress)
    return closing_impact(World(study, layers, study.as_of), ids, load_rules(study))
