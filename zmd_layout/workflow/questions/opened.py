"""A study with its layers, read once for the questions that are asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.measures import World
from zmd_layout.workflow.arguments import as_study
from zmd_layout.workflow.loading import load, refuse_empty

if TYPE_CHECKING:
    from zmd_layout.study import Study


def world_of(study: Study) -> World:
    """
    Return a study with its layers; they are read again where the study or a file has changed.

    Raises
    ------
    ZmdLayoutError
        If it is no study, or a layer is not what it should be.
    """
    refuse_empty(as_study(study))
    sources = (*study.layers.values(), *study.own_layers.values())
    files = [
        path
        for source in sources
        if study.table_of(source) is None
        for path in study.paths_of(source)
    ]
    stats = [path.stat() for path in files if path.exists()]
    stamp = tuple((state.st_mtime_ns, state.st_size) for state in stats)
    key = (stamp, study.model_dump_json())
    return study.keep(key, lambda: World(study, load(study, None), study.as_of))
