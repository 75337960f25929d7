"""Open a study: a folder of the user, or one that is built in."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from zmd_layout.errors import OutputError
from zmd_layout.messages import Message
from zmd_layout.study import BUILTIN, FILE_NAME, Study, read_study
from zmd_layout.synthetic import DEFAULT_SEED, build, cache_key
from zmd_layout.workflow.arguments import as_day

if TYPE_CHECKING:
    import datetime as dt

CITY, CENSUS = "zhumadian", "zhumadian-census"


def load_study(path: Path | str | None = None) -> Study:
    """
    Open a study.

    Parameters
    ----------
    path
        A `study.toml`, the folder that holds one, the name of a built-in study (`zhumadian`,
        `zhumadian-census`), or None for `zhumadian`: the real counties and census with a made
        city on them, which is made once and kept in the user's cache (or in `ZMD_CACHE`).

    Raises
    ------
    StudyError
        If it cannot be read as a study: all faults in one error.

    Examples
    --------
    >>> census = zmd_layout.load_study("zhumadian-census")
    >>> str(census.as_of), sorted(census.layers)
    ('2025-12-31', ['counties', 'townships'])
    """
    if path is None or (str(path) == CITY and not Path(CITY).exists()):
        return read_study(_made_city())
    if str(path) == CENSUS and not Path(CENSUS).exists():
        return read_study(BUILTIN / CENSUS)
    return read_study(path)


def studies_in(folder: Path | str) -> list[Path]:
    """Return the study files in a folder of studies, in order; none where it is a study itself."""
    place = Path(folder)
    if (place / FILE_NAME).exists() or not place.is_dir():
        return []
    return sorted(place.glob(f"*/{FILE_NAME}"))


def cache_folder() -> Path:
    """Return the folder for what can be made again: `ZMD_CACHE`, or the user's cache."""
    return Path(os.environ.get("ZMD_CACHE") or user_cache_path("zmd-layout", appauthor=False))


def _made_city() -> Path:
    """
    Return the folder of the built-in city, made where it is not there yet.

    It is made aside and moved, so that a run that was broken off leaves no half city.
    """
    cache = cache_folder()
    folder = cache / cache_key(seed=DEFAULT_SEED, scale=1.0)
    if (folder / FILE_NAME).exists():
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".city-", dir=cache) as aside:
            build(Path(aside) / "city", seed=DEFAULT_SEED, scale=1.0)
            (Path(aside) / "city").replace(folder)
    except OSError as error:
        if (folder / FILE_NAME).exists():  # another process was faster
            return folder
        raise OutputError(
            Message("workflow.no_cache", path=cache, why=error.strerror or error)
        ) from error
    return folder


def builtin_name(folder: Path) -> str | None:
    """Return the name under which a built-in study is opened, or None for a folder of the user."""
    if folder.resolve() == (BUILTIN / CENSUS).resolve():
        return CENSUS
    return CITY if folder.name == cache_key(seed=DEFAULT_SEED, scale=1.0) else None


def on_day(study: Study, as_of: dt.date | str | None) -> Study:
    """Return the study as assessed on another day, or as it is."""
    day = as_day(as_of)
    return study if day is None else study.model_copy(update={"as_of": day})
