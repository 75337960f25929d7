"""The order of a check: findings, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmd_layout.findings import COLUMNS
from zmd_layout.measures import World
from zmd_layout.measures.lacking import advice
from zmd_layout.measures.road_health import road_note
from zmd_layout.outputs.folder import write_all
from zmd_layout.outputs.table import to_csv
from zmd_layout.workflow.arguments import as_study
from zmd_layout.workflow.loading import find_all, load, load_rules, refuse_empty, try_all
from zmd_layout.workflow.provenance import refuse_changed, rests_on
from zmd_layout.workflow.record import Stopwatch, record_of
from zmd_layout.workflow.studies import on_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from zmd_layout.messages import Message
    from zmd_layout.study import Study

_BOM = "utf-8-sig"


def check(
    study: Study,
    *,
    as_of: dt.date | str | None = None,
    progress: Callable[[Message], None] | None = None,
) -> gpd.GeoDataFrame:
    """
    Hold a study against its rules.

    Parameters
    ----------
    study
        The study.
    as_of
        Another day of assessment than the study's, as a date or as text (`2025-12-31`).
    progress
        Is told what is being done.

    Returns
    -------
    findings
        A row for each rule and unit in force on the day; see `findings.COLUMNS`.

    Raises
    ------
    ZmdLayoutError
        If a layer or a rule is not what it should be.

    Examples
    --------
    >>> findings = zmd_layout.check(study, as_of="2025-12-31")
    >>> sorted(set(findings["status"]))
    ['not_applicable', 'not_assessable', 'pass', 'reported', 'shortfall']
    """
    study = on_day(as_study(study), as_of)
    refuse_empty(study)
    layers = load(study, progress)
    return find_all(load_rules(study), World(study, layers, study.as_of), progress)


def check_to_folder(
    study: Study,
    *,
    out: Path,
    as_of: dt.date | str | None = None,
    stability: bool = False,
    progress: Callable[[Message], None] | None = None,
    advise: Callable[[Message], None] | None = None,
) -> tuple[gpd.GeoDataFrame, dict[str, Path]]:
    """
    Hold a study against its rules and write `findings.csv`.

    Parameters
    ----------
    study
        The study.
    out
        The folder.
    as_of
        Another day of assessment than the study's, as a date or as text (`2025-12-31`).
    stability
        Also try which verdicts hold when the data are as wrong as the study says; takes several
        times as long.
    progress
        Is told what is being done.
    advise
        Takes what would let more rules be judged.

    Returns
    -------
    findings, paths
        As `check`, and the files that were written, by name.
    """
    study = on_day(as_study(study), as_of)
    refuse_empty(study)
    clock = Stopwatch()
    with clock.measures("layers"):
        layers = load(study, progress)
    rules = load_rules(study)
    with clock.measures("findings"):
        world = World(study, layers, study.as_of)
        findings = find_all(rules, world, progress)
    tried: dict[str, Any] = {}
    if stability:
        with clock.measures("stability"):
            findings, tried = try_all(findings, world, rules, progress)
    if advise is not None and (lacking := advice(findings, rules, layers)) is not None:
        advise(lacking)
    writers = {"findings.csv": csv_writer(findings)}
    record = record_of(study, rules, layers, clock) | tried
    roads = road_note(world)
    if roads is not None:
        record["roads"] = {"zh": roads.text("zh"), "en": roads.text("en")}
    record |= rests_on(study, rules, command="check", stability=stability)
    refuse_changed(study, layers)
    return findings, write_all(out, writers, record)


def csv_writer(
    table: gpd.GeoDataFrame | pd.DataFrame, *, columns: Sequence[str] = COLUMNS
) -> Callable[[Path], None]:
    """Return what writes findings, or another table, as CSV: UTF-8 with a BOM, for Excel."""

    def write(path: Path) -> None:
        path.write_text(to_csv(table, columns=columns), _BOM, newline="")

    return write
