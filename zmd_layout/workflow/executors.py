"""Where jobs are done: processes of this computer, or the workers of a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from zmd_layout.errors import StudyError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor, Future

TRIES = 3
PATIENCE_S = 20.0
In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Where:
    """
    Where jobs are done.

    Parameters
    ----------
    workers
        Processes on this computer; None: as many as it has cores.
    scheduler
        The address of a Dask scheduler, such as `tcp://10.0.0.5:8786`. All its workers must see the
        same folders under the same names. None: this computer.
    """

    workers: int | None = None
    scheduler: str | None = None

    @contextmanager
    def executor(self, attempt: int = 0) -> Iterator[Executor]:
        """
        Open an executor.

        After an attempt in which processes died, half as many share the memory of this computer.
        """
        if self.scheduler is not None:
            with _cluster(self.scheduler) as executor:
                yield executor
            return
        workers = max((self.workers or os.cpu_count() or 1) >> attempt, 1)
        # spawned: forked processes would share locks of threads, and Windows has no fork
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as executor:
            try:
                yield executor
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                raise


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise StudyError(Message("many.no_dask")) from error
    try:
        client = Client(address, timeout=PATIENCE_S, set_as_default=False)
    except OSError as error:
        raise StudyError(Message("many.no_scheduler", address=address)) from error
    with client:
        yield client.get_executor(pure=False)


def do_all(
    where: Where,
    work: Callable[[In], Out],
    jobs: Sequence[In],
    *,
    check: Callable[[Out], str],
    tell: Callable[[int, Out | None, str], None] | None = None,
) -> list[tuple[Out | None, str]]:
    """
    Do jobs, and those that failed again, up to `TRIES` times.

    Parameters
    ----------
    where
        Where they are done.
    work
        Does one; a function of a module, so that other processes find it.
    jobs
        What it is given.
    check
        Gives why a result is none, or an empty text.
    tell
        Is told each job's number, its result and fault, as they come in.

    Returns
    -------
    results
        In the order of `jobs`: what came of each, None where its process died each time, and the
        fault, empty where it is good.
    """
    found: list[tuple[Out | None, str]] = [(None, "")] * len(jobs)
    left = list(range(len(jobs)))
    for attempt in range(TRIES):
        with where.executor(attempt) as executor:
            futures = {executor.submit(work, jobs[number]): number for number in left}
            for future in as_completed(futures):
                number = futures[future]
                one, fault = _result(future, check)
                found[number] = one, fault
                if tell is not None:
                    tell(number, one, fault)
        left = [number for number in left if found[number][1]]
        if not left:
            break
    return found


def _result(future: Future[Any], check: Callable[[Any], str]) -> tuple[Any, str]:
    try:
        result = future.result()
    except Exception as error:  # noqa: BLE001 - a process that died, or a cluster that gave up
        return None, f"{type(error).__name__}: {error}"
    return result, check(result)
