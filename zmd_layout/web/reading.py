"""
Read uploaded plots in a process of its own, so that no upload can take down the page.

The file comes from a stranger. The process has only drivers of GDAL that stay within their file,
besides the checks of `layers/formats.py`; it is ended when it takes too long, and on Linux it is
given no more memory than a plot can need. It stays for the next upload unless it has grown.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import sys
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from zmd_layout.errors import LayerError, ZmdLayoutError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from zmd_layout.layers.sources.review_files import Plots

MOST_SECONDS = 60.0
MOST_MEMORY_BYTES = 2 * 2**30  # beside what the process takes to start
_MOST_SECONDS_TO_START = 120.0
_GROWN_BYTES = 2**30
# drivers of GDAL that follow what a file says; for this process alone they do not exist
_REACHING_DRIVERS = (
    "OGR_VRT", "GDALG", "WFS", "OAPIF", "OGCAPI", "CSW", "HTTP", "EEDA", "PLSCENES", "Carto",
    "AmigoCloud", "Elasticsearch", "NGW", "GPSBabel", "GML", "GMLAS", "NAS", "MapML", "MVT", "ADBC",
    "SQLite", "PDS4", "OGR_PDS", "EDIGEO", "PostgreSQL", "MySQL", "ODBC", "MSSQLSpatial",
)  # fmt: skip


class PlotReader:
    """
    Reads files of plots in another process, one at a time.

    Parameters
    ----------
    seconds
        How long one file may take.
    """

    def __init__(self, *, seconds: float = MOST_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def read(self, path: Path, *, working_crs: str, layer: str | None = None) -> Plots:
        """
        Read a file as `review_files.read_plots` does.

        Raises
        ------
        LayerError
            If it is refused, takes too long or too much memory.
        """
        with self._lock:
            try:
                pipe = self._started()
                pipe.send((path, working_crs, layer))
                if not pipe.poll(self._seconds):
                    self.close()
                    raise LayerError(
                        Message("web.reading_long", name=path.name, seconds=round(self._seconds))
                    )
                found, stays = pipe.recv()
                if not stays:
                    self.close()
            except (EOFError, OSError) as error:  # the process is gone
                self.close()
                raise LayerError(Message("web.reading_broke", name=path.name)) from error
        if isinstance(found, ZmdLayoutError):
            raise found
        plots: Plots = found
        return plots

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    def _started(self) -> Connection:
        if self._process is None or self._pipe is None or not self._process.is_alive():
            self.close()
            spawning = multiprocessing.get_context("spawn")
            self._pipe, theirs = spawning.Pipe()
            self._process = spawning.Process(target=_work, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
            if not self._pipe.poll(_MOST_SECONDS_TO_START):
                raise EOFError
            self._pipe.recv()
        return self._pipe


@cache
def plot_reader() -> PlotReader:
    """Return the reader of this process; it is started with the first file."""
    return PlotReader()


def _work(pipe: Connection) -> None:
    """Read what is asked for until the page ends."""
    os.environ["OGR_SKIP"] = ",".join(_REACHING_DRIVERS)
    os.environ["CPL_LOG"] = os.devnull  # it complains of drivers that are not there anyway
    # only now, for GDAL reads the variables when it is loaded
    from zmd_layout.layers.sources.review_files import read_plots  # noqa: PLC0415

    _limit_memory()
    pipe.send("ready")
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            path, working_crs, layer = pipe.recv()
            try:
                answer: object = read_plots(path, working_crs=working_crs, layer=layer)
            except ZmdLayoutError as error:
                answer = error
            except MemoryError:
                answer = LayerError(Message("web.reading_broke", name=path.name))
            stays = not _has_grown()
            pipe.send_bytes(_pickled(answer, path, stays=stays))
            if not stays:
                return


def _pickled(answer: object, path: Path, *, stays: bool) -> bytes:
    try:
        return pickle.dumps((answer, stays))
    except (pickle.PicklingError, TypeError, AttributeError):  # an error that carries a handle
        why = str(answer).splitlines()[0][:200]
        fault = Message(
            "layers.unreadable_file", layer="residential_areas", path=path.name, why=why
        )
        return pickle.dumps((LayerError(fault), stays))


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - there is none on Windows

        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        most = pages * resource.getpagesize() + MOST_MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _has_grown() -> bool:
    if sys.platform != "linux":
        return False
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") > _GROWN_BYTES
