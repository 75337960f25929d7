"""One study of many, as a job that any process on any machine can do."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

from zmd_layout.errors import ZmdLayoutError, is_disk_full
from zmd_layout.layers import load_layers, study_area
from zmd_layout.layers.files import sha256_of
from zmd_layout.outputs.documents import missing_packages
from zmd_layout.outputs.folder import ASIDE, RECORD, disk_full, is_whole
from zmd_layout.study import Study, read_study
from zmd_layout.workflow.cache import memory_of
from zmd_layout.workflow.digests import of_files, of_own_measures, of_program, of_texts
from zmd_layout.workflow.halo import READ, Halo
from zmd_layout.workflow.loading import load_rules

if TYPE_CHECKING:
    from pathlib import Path

MARK = "done.json"
_UNITS = ("counties", "townships", "planning_units", "villages")
_SIMPLER_DEGREES = 0.001  # about 100 m: neighbours are looked for, nothing is measured


@dataclass(frozen=True, slots=True)
class Area:
    """
    Where a study is.

    Attributes
    ----------
    file
        The study file.
    study_id, name
        Of the study; the name in Chinese.
    shape
        Its area in degrees (WGS 84), simplified, as WKB; None where it has none.
    fault
        Why the study cannot be read; empty where it can.
    """

    file: Path
    study_id: str = ""
    name: str = ""
    shape: bytes | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """
    A study to be run.

    Attributes
    ----------
    area
        The study.
    out
        The folder for its results.
    halo
        What of its neighbours it sees.
    plan
        Keys of `[plan]` that replace those of the study.
    is_fresh
        Whether everything is done, also what stands from an earlier run.
    """

    area: Area
    out: Path
    halo: Halo
    plan: dict[str, Any] = field(default_factory=dict)
    is_fresh: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """
    What came of a study.

    Attributes
    ----------
    study_id, name, out
        Which, and where its results are.
    counts
        Findings by status.
    seconds
        How long it took.
    has_stood
        Whether its files stood from an earlier run and nothing under them had changed.
    fault
        Why there are no results; empty where there are.
    """

    study_id: str
    name: str
    out: Path
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    has_stood: bool = False
    fault: str = ""


def area_of(file: Path) -> Area:
    """Read where a study is: its first layer of units, and no other."""
    try:
        study = read_study(file)
        first = next((name for name in _UNITS if name in study.layers), None)
        few = {} if first is None else {first: study.layers[first]}
        only = study.model_copy(update={"layers": few, "own_layers": {}})
        found = study_area(load_layers(only, recall=memory_of(study).layer), study)
    except ZmdLayoutError as error:
        return Area(file, study_id=file.parent.name, name=file.parent.name, fault=error.text())
    area = Area(file, study.id, study.name.zh)
    if found is None:
        return area
    shape = gpd.GeoSeries([found.geometry], crs=study.crs).to_crs("EPSG:4326").iloc[0]
    return replace(area, shape=shapely.to_wkb(shapely.simplify(shape, _SIMPLER_DEGREES)))


def do(job: Job) -> Done:
    """
    Run a study, unless its results stand; a fault is told, not raised.

    A process that dies tells nothing: who waits for it sees that.
    """
    start = time.perf_counter()
    known = Done(job.area.study_id, job.area.name, job.out)
    try:
        study = read_study(job.area.file).with_plan(**job.plan)
        basis = basis_of(study, job)
        counts = None if job.is_fresh else _standing(job.out, basis)
        if counts is not None:
            return replace(known, counts=counts, has_stood=True)
        counts = _run(study, job)
        mark = {"basis": basis, "counts": counts, "record": sha256_of(job.out / RECORD)}
        (job.out / MARK).write_text(json.dumps(mark, indent=2) + "\n", "utf-8")
    except ZmdLayoutError as error:
        return replace(known, fault=error.text())
    except Exception as error:  # noqa: BLE001 - one study must not end the others
        named = f"{type(error).__name__}: {error}"
        return replace(known, fault=disk_full().text() if is_disk_full(error) else named)
    return replace(known, counts=counts, seconds=round(time.perf_counter() - start, 2))


def _run(study: Study, job: Job) -> dict[str, int]:
    from zmd_layout.workflow.running import run  # noqa: PLC0415 - what stands needs no maps

    for aside in job.out.glob(f"{ASIDE}*"):  # of a process that was killed while it wrote
        shutil.rmtree(aside, ignore_errors=True)
    result = run(study, out=job.out, halo=job.halo, reuse=not job.is_fresh)
    counts = result.findings["status"].value_counts().sort_index()
    return {str(status): int(count) for status, count in counts.items()}


def basis_of(study: Study, job: Job) -> str | None:
    """Return the digest of all that the results rest on; None where it cannot be told."""
    around = [read_study(path) for path in sorted(job.halo.neighbours)]
    sources = [*chain(*map(study.paths_of, (*study.layers.values(), *study.own_layers.values())))]
    for other in around:
        sources += chain(*(other.paths_of(s) for name, s in other.layers.items() if name in READ))
    files = [of_files(path) for path in sources]
    if None in files:
        return None
    rules = load_rules(study)
    return of_texts(
        of_program(), *(s.model_dump_json() for s in (study, *around)), *map(str, files),
        *(rule.model_dump_json() for rule in rules), of_own_measures(rules),
        f"{job.halo.reach_m:g}", *missing_packages(),
    )  # fmt: skip


def _standing(folder: Path, basis: str | None) -> dict[str, int] | None:
    """Return the counts of complete results that rest on the same inputs, else None."""
    try:
        mark = json.loads((folder / MARK).read_text("utf-8"))
        is_same = basis is not None and mark["basis"] == basis
        if not is_same or mark["record"] != sha256_of(folder / RECORD) or not is_whole(folder):
            return None
        return {str(status): int(count) for status, count in mark["counts"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
