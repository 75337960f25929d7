"""The order of a final evaluation: findings, targets and their documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd

from zmd_layout.measures import World
from zmd_layout.outputs.documents import missing_packages
from zmd_layout.outputs.evaluation import COLUMNS, evaluation_table, figures_to_fill
from zmd_layout.outputs.folder import write_all
from zmd_layout.outputs.results import Results
from zmd_layout.vocabulary import Lang
from zmd_layout.workflow.checking import csv_writer
from zmd_layout.workflow.loading import (
    find_all,
    load,
    load_all_targets,
    load_rules,
    refuse_empty,
)
from zmd_layout.workflow.provenance import refuse_changed, rests_on
from zmd_layout.workflow.record import Stopwatch, record_of
from zmd_layout.workflow.studies import on_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from zmd_layout.messages import Message
    from zmd_layout.study import Study

TABLE, TO_FILL, DOCUMENT = "evaluation.csv", "figures_to_fill.csv", "evaluation.docx"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """
    The final evaluation of a study.

    Attributes
    ----------
    table
        As `outputs.evaluation.evaluation_table` returns it.
    to_fill
        The figures that are asked for, as rows of the layer `statistics`.
    paths
        The files that were written, by name; empty where none were.
    """

    table: pd.DataFrame
    to_fill: pd.DataFrame
    paths: dict[str, Path] = field(default_factory=dict)


def evaluate(
    study: Study,
    *,
    as_of: dt.date | None = None,
    out: Path | None = None,
    lang: Lang | str = Lang.ZH,
    progress: Callable[[Message], None] | None = None,
) -> Evaluation:
    """
    Evaluate a plan at its end: every target and every provision, what was reached and when.

    Parameters
    ----------
    study
        The study.
    as_of
        Another day of assessment than the study's.
    out
        The folder; None writes nothing.
    lang
        The language of the Word file.
    progress
        Is told what is being done.

    Raises
    ------
    ZmdLayoutError
        If the input is wrong or the results cannot be written.
    """
    refuse_empty(study)
    study = on_day(study, as_of)
    clock = Stopwatch()
    with clock.measures("layers"):
        layers = load(study, progress)
    rules = load_rules(study)
    world = World(study, layers, study.as_of)
    with clock.measures("findings"):
        findings = find_all(rules, world, progress)
    nothing = gpd.GeoDataFrame({"id": []}, geometry=[], crs=study.crs)
    results = Results(world, rules, findings, nothing, None, targets=load_all_targets(study))
    table = evaluation_table(results)
    made = Evaluation(table, figures_to_fill(table, results))
    if out is None:
        return made
    record = record_of(study, rules, layers, clock)
    record |= rests_on(study, rules, command="evaluate", lang=str(lang))
    refuse_changed(study, layers)
    writers = evaluation_writers(results, lang=Lang(lang))
    return Evaluation(made.table, made.to_fill, write_all(out, writers, record))


def evaluation_writers(results: Results, *, lang: Lang) -> dict[str, Callable[[Path], None]]:
    """
    Return what writes the files of a final evaluation, by name.

    A study whose rule sets have no targets, as those of a province alone, has none of them.
    """
    if not results.targets:
        return {}
    table = evaluation_table(results)
    asked = figures_to_fill(table, results)
    writers: dict[str, Callable[[Path], None]] = {
        TABLE: csv_writer(table, columns=COLUMNS),
        TO_FILL: csv_writer(asked, columns=tuple(asked.columns)),
    }
    if not missing_packages():
        from zmd_layout.outputs.evaluation.chapter import (  # noqa: PLC0415 - needs python-docx
            write_evaluation,
        )

        writers[DOCUMENT] = partial(write_evaluation, results=results, table=table, lang=lang)
    return writers
