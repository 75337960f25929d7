"""Ask servers politely: one request at a time, waits that grow, and the waits they ask for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, TypeVar

import requests
from urllib3.exceptions import HTTPError, InvalidHeader, ReadTimeoutError
from urllib3.util import Retry

from zmd_layout.errors import SourceError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Answer = TypeVar("Answer")

_BLOCK_BYTES = 1 << 16
_MAY_PASS = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class Progress(Protocol):
    """Hear how far a long piece of work has come."""

    def __call__(self, done: float, total: float | None, what: Message) -> None:
        """Take what is done of a total; None: nobody knows the total."""


@dataclass(frozen=True, slots=True)
class Patience:
    """
    How long to bear with a server.

    Parameters
    ----------
    rounds
        How often each address is asked before a source counts as down.
    first_wait_s
        The wait after the first round; it doubles with each further one. A server that sends
        `Retry-After` is given the time that it asks for.
    longest_wait_s
        An address that asks for more than this is not asked again.
    pause_s
        The pause between two requests that succeed.
    timeout_s
        How long a server may be silent.
    limit_s
        How long one file, or one answer of one address, may take in all to come.
    sleep
        Waits for some seconds; a test puts its own here.
    """

    rounds: int = 4
    first_wait_s: float = 5.0
    longest_wait_s: float = 300.0
    pause_s: float = 1.0
    timeout_s: float = 180.0
    limit_s: float = 3600.0
    sleep: Callable[[float], None] = time.sleep


class Deadline:
    """
    The end of the time that one file or answer may take, from now.

    Parameters
    ----------
    limit_s
        Seconds in all.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._end_s = time.monotonic() + limit_s

    def check(self) -> None:
        """
        Refuse what takes longer.

        Raises
        ------
        RefusalError
            Final, if the time is over.
        """
        if time.monotonic() > self._end_s:
            raise RefusalError(Message("fetch.too_slow", seconds=self._limit_s), is_final=True)


class RefusalError(Exception):
    """
    A server did not give what was asked of it.

    Parameters
    ----------
    why
        What it did instead.
    wait_s
        The wait that it asks for, seconds; 0: none.
    is_final
        Whether asking again is of no use.
    """

    def __init__(self, why: Message, *, wait_s: float = 0.0, is_final: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.wait_s = wait_s
        self.is_final = is_final


def ask_in_turn(
    ask: Callable[[str], Answer], addresses: Sequence[str], *, patience: Patience
) -> Answer:
    """
    Ask each address in turn until one answers, and wait after each round.

    Parameters
    ----------
    ask
        Asks one address; raises `RefusalError`.
    addresses
        The server and its mirrors, the best first.
    patience
        How often, how long.

    Returns
    -------
    answer
        Of the first address that gave one.

    Raises
    ------
    SourceError
        If none did: one message with the last refusal of each.
    """
    asked_again = list(addresses)
    last: dict[str, RefusalError] = {}
    for number in range(patience.rounds):
        if number > 0:
            waits = [last[address].wait_s for address in asked_again]
            patience.sleep(max(patience.first_wait_s * 2 ** (number - 1), *waits))
        for address in asked_again:
            try:
                return ask(address)
            except RefusalError as refusal:
                last[address] = refusal
        asked_again = [
            address
            for address in asked_again
            if not last[address].is_final and last[address].wait_s <= patience.longest_wait_s
        ]
        if not asked_again:
            break
    faults = [
        Message("fetch.refusal", address=address, why=refusal.why)
        for address, refusal in last.items()
    ]
    raise SourceError(Message("fetch.down", faults=faults))


def check_status(response: requests.Response) -> None:
    """
    Refuse what is not an answer.

    Raises
    ------
    RefusalError
        If the status is none of success; final, unless the server may come to its senses.
    """
    if response.ok:
        return
    status = response.status_code
    raise RefusalError(
        Message("fetch.status", status=status, reason=response.reason or "–"),
        wait_s=wait_asked_for_s(response),
        is_final=status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _MAY_PASS,
    )


def blocks_of(response: requests.Response, deadline: Deadline) -> Iterator[bytes]:
    """
    Read what an answer holds as it comes, however slowly.

    Parameters
    ----------
    response
        An answer of which nothing was read yet.
    deadline
        When it must be whole.

    Raises
    ------
    RefusalError
        If the connection is cut or goes silent, or the time is over.
    """
    while True:
        try:  # a reader of whole blocks would wait for each as long as anything drips
            block = response.raw.read1(_BLOCK_BYTES, decode_content=True)
        except ReadTimeoutError as error:
            raise RefusalError(Message("fetch.silent")) from error
        except HTTPError as error:
            raise RefusalError(Message("fetch.cut")) from error
        if not block:
            return
        yield block
        deadline.check()


def wait_asked_for_s(response: requests.Response) -> float:
    """Read `Retry-After`, seconds or a date; 0: there is none, or it is not to be read."""
    try:
        return Retry().parse_retry_after(response.headers.get("Retry-After", "0"))
    except InvalidHeader:
        return 0.0


def no_answer(error: requests.RequestException) -> RefusalError:
    """Report a connection that failed, was cut or went silent."""
    if isinstance(error, requests.Timeout):
        return RefusalError(Message("fetch.silent"))
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return RefusalError(Message("fetch.cut"))
    if isinstance(error, requests.ConnectionError):
        return RefusalError(Message("fetch.unreachable"))
    return RefusalError(Message("fetch.bad_request", why=type(error).__name__), is_final=True)
