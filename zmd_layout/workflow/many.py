"""
Many studies at once: a folder of study folders, on this computer or on a cluster.

Each study is run on its own, with the schools and roads of its neighbours around it (the halo), in
a pool of processes on this computer or on a Dask cluster: both are executors, and the code is the
same. A study that fails is tried again and then reported; the others go on. A run that was broken
off goes on where it was: a study whose files stand whole and rest on the same is not done again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from zmd_layout.errors import StudyError
from zmd_layout.messages import Message
from zmd_layout.workflow.executors import Where, do_all
from zmd_layout.workflow.halo import REACH_M, Halo
from zmd_layout.workflow.jobs import Area, Done, Job, area_of, do
from zmd_layout.workflow.merging import merge
from zmd_layout.workflow.studies import studies_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_METRES_PER_DEGREE = 60_000.0  # fewer than anywhere in China: none of the neighbours is missed


@dataclass(frozen=True, slots=True)
class Many:
    """
    The results of many studies.

    Attributes
    ----------
    done
        What came of each study, in the order of their folders.
    paths
        The merged files, by name.
    """

    done: tuple[Done, ...]
    paths: dict[str, Path] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[Done, ...]:
        """The studies for which there are no results."""
        return tuple(one for one in self.done if one.fault)


def run_many(  # noqa: PLR0913 - all but the first by name
    folder: Path | str,
    *,
    out: Path | str,
    where: Where | None = None,
    plan: Mapping[str, Any] | None = None,
    reach_m: float = REACH_M,
    fresh: bool = False,
    progress: Callable[[Message], None] | None = None,
) -> Many:
    """
    Run every study of a folder, each with its halo, and merge the results.

    Parameters
    ----------
    folder
        Holds a sub-folder a study, each with a `study.toml`.
    out
        Gets a sub-folder a study, named by its id, and the merged files.
    where
        Where they are run; by default in as many processes as this computer has cores.
    plan
        Keys of `[plan]` that replace those of every study.
    reach_m
        How far beyond its border a study sees its neighbours' schools and roads, in metres.
    fresh
        Do everything, also what stands from an earlier run.
    progress
        Is told what is being done.

    Raises
    ------
    StudyError
        If there are no studies, or two have one id, or there is no such cluster.
    OutputError
        If the merged files cannot be written.
    """
    files = studies_in(folder)
    if not files:
        raise StudyError(Message("many.none", path=folder))
    place, root = where or Where(), Path(out).resolve()
    areas = _areas(files, place)
    readable = [area for area in areas if not area.fault]
    jobs = jobs_of(readable, root, reach_m=reach_m, fresh=fresh, plan=plan)
    results = do_all(place, do, jobs, check=lambda one: one.fault, tell=_teller(jobs, progress))
    run = {
        job.area.file: one or Done(job.area.study_id, job.area.name, job.out, fault=fault)
        for job, (one, fault) in zip(jobs, results, strict=True)
    }
    unread = {
        area.file: Done(area.study_id, area.name, root / area.study_id, fault=area.fault)
        for area in areas
        if area.fault
    }
    done = [(run | unread)[area.file] for area in areas]
    if progress is not None:
        progress(Message("many.merging", folder=out))
    return Many(tuple(done), merge(done, root))


def _areas(files: Sequence[Path], where: Where) -> list[Area]:
    """Read where the studies are; the results are named by their ids, so no two may have one."""
    paths = [file.resolve() for file in files]
    found = do_all(where, area_of, paths, check=lambda area: area.fault)
    areas = [
        area or Area(path, path.parent.name, path.parent.name, fault=fault)
        for path, (area, fault) in zip(paths, found, strict=True)
    ]
    counts = Counter(area.study_id for area in areas)
    doubled = sorted(study_id for study_id, count in counts.items() if count > 1)
    if doubled:
        raise StudyError(Message("many.doubled", ids=doubled))
    return areas


def jobs_of(
    areas: Sequence[Area],
    root: Path,
    *,
    reach_m: float,
    fresh: bool,
    plan: Mapping[str, Any] | None = None,
) -> list[Job]:
    """Return each study the studies around it."""
    shapes = [shapely.from_wkb(area.shape) if area.shape else None for area in areas]
    tree = shapely.STRtree([shape or shapely.Point() for shape in shapes])
    jobs = []
    for area, shape in zip(areas, shapes, strict=True):
        near: list[int] = []
        if shape is not None and reach_m > 0:
            distance = reach_m / _METRES_PER_DEGREE
            near = sorted(tree.query(shape, predicate="dwithin", distance=distance).tolist())
        around = tuple(areas[n].file for n in near if areas[n] is not area)
        halo = Halo(around, reach_m, is_kept=not fresh)
        jobs.append(Job(area, root / area.study_id, halo, dict(plan or {}), is_fresh=fresh))
    return jobs


def _teller(
    jobs: Sequence[Job], progress: Callable[[Message], None] | None
) -> Callable[[int, Done | None, str], None]:
    ready: set[int] = set()

    def tell(number: int, one: Done | None, fault: str) -> None:
        if progress is None:
            return
        if not fault:
            ready.add(number)
        key = "failed" if fault else "stood" if one is not None and one.has_stood else "done"
        name = jobs[number].area.name
        progress(Message(f"many.{key}", name=name, number=len(ready), of=len(jobs)))

    return tell
