"""
Ask an Overpass server for the schools or roads of a tile.

OSMnx writes the query and sends it. Its own way of bearing with a server does not serve here: it
waits 55 seconds after a 429 or 504 for ever, whatever `Retry-After` says, gives up on a cut
connection, knows no mirrors, and half a cached answer stops the next run. So one request is all
that it is let do: a hook, which `osmnx.settings.requests_kwargs` hands to `requests`, judges the
answer, takes it, and stops OSMnx there; `retry` decides what follows a refusal. OSMnx keeps its
settings in a module and puts its own `getaddrinfo` into `socket`; both are put back each time.
"""

from __future__ import annotations

import json
import math
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import osmnx
import requests

from zmd_layout.layers.sources.fetch.answers import fault_of
from zmd_layout.layers.sources.fetch.retry import (
    Deadline,
    Patience,
    RefusalError,
    ask_in_turn,
    blocks_of,
    check_status,
    no_answer,
)
from zmd_layout.layers.sources.osm.schools import KINDS
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    import shapely

_NO_LIMIT_M2 = 1e18  # the tiles are ours; OSMnx shall not divide them further


class Topic(StrEnum):
    """What can be asked for."""

    SCHOOLS = "schools"
    ROADS = "roads"


@dataclass(frozen=True, slots=True)
class OverpassSettings:
    """
    Whom to ask, and how.

    Parameters
    ----------
    endpoints
        The server and its mirrors, without `/interpreter`; the first that answers is used.
    patience
        Time-out, waits and rounds.
    memory_bytes
        What the server may use for a query; None: its own default.
    tile_degrees
        Side of the squares that an area is asked for in.
    topics
        What to fetch.
    user_agent
        How the requests say who asks, as the servers' rules want.
    """

    endpoints: tuple[str, ...] = (
        "https://overpass-api.de/api",
        "https://overpass.private.coffee/api",
    )
    patience: Patience = field(default_factory=Patience)
    memory_bytes: int | None = None
    tile_degrees: float = 0.5
    topics: tuple[Topic, ...] = tuple(Topic)
    user_agent: str = "zmd_layout (school layout checks; asks through OSMnx)"


@dataclass(frozen=True, slots=True)
class OverpassAnswer:
    """Elements of OSM as Overpass JSON has them, and the address that gave them."""

    endpoint: str
    data: dict[str, Any]


def ask_overpass(
    tile: shapely.Polygon, topic: Topic, *, settings: OverpassSettings
) -> OverpassAnswer:
    """
    Ask for all schools, or all roads, that touch a tile, with the nodes they are made of.

    Parameters
    ----------
    tile
        Where, EPSG:4326. Roads are asked for 500 m beyond it, which is OSMnx's habit.
    topic
        What.
    settings
        Whom, and how patiently.

    Raises
    ------
    SourceError
        If no endpoint answered.
    """
    return ask_in_turn(
        lambda endpoint: OverpassAnswer(endpoint, _ask_once(endpoint, tile, topic, settings)),
        settings.endpoints,
        patience=settings.patience,
    )


class _TakenError(Exception):
    """The answer is here, and OSMnx has nothing more to do; no fault, but the only way out."""

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__()
        self.data = data


def _ask_once(
    endpoint: str, tile: shapely.Polygon, topic: Topic, settings: OverpassSettings
) -> dict[str, Any]:
    deadline = Deadline(settings.patience.limit_s)

    def take(response: requests.Response, *_: object, **__: object) -> None:
        if not response.is_redirect:
            with response:  # what is refused unread would keep its connection open
                raise _TakenError(_elements(response, deadline))

    with _osmnx_set(
        doh_url_template=None,  # ask no other server, not even for a name
        http_user_agent=settings.user_agent,
        max_query_area_size=_NO_LIMIT_M2,
        overpass_memory=settings.memory_bytes,
        overpass_rate_limit=False,  # leave the status page alone: it may be missing or elsewhere
        overpass_url=endpoint,
        requests_kwargs={"hooks": {"response": take}},
        requests_timeout=math.ceil(settings.patience.timeout_s),  # the query takes whole seconds
        use_cache=False,
    ):
        try:
            if topic is Topic.ROADS:
                osmnx.graph_from_polygon(tile, network_type="all")
            else:
                osmnx.features_from_polygon(tile, {"amenity": list(KINDS)})
        except _TakenError as taken:
            return taken.data
        except requests.RequestException as error:
            raise no_answer(error) from error
    raise RefusalError(Message("fetch.too_many_redirects"), is_final=True)


def _elements(response: requests.Response, deadline: Deadline) -> dict[str, Any]:
    """Read an answer; what is not whole, or says that the query broke off, is none."""
    check_status(response)
    body = b"".join(blocks_of(response, deadline))
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RefusalError(Message("fetch.rubbish", start=_start_of(body))) from error
    if not isinstance(data, dict) or not isinstance(data.get("elements"), list):
        raise RefusalError(Message("fetch.rubbish", start=_start_of(body)))
    if "remark" in data:  # so Overpass tells of a time-out or of too little memory, with a 200
        raise RefusalError(Message("fetch.remark", remark=str(data["remark"])[:200]))
    fault = fault_of(data["elements"])
    if fault is not None:
        raise RefusalError(fault)
    return data


def _start_of(body: bytes) -> str:
    return " ".join(body[:80].decode("utf-8", "replace").split()) or "–"


@contextmanager
def _osmnx_set(**chosen: object) -> Iterator[None]:
    """Set what OSMnx keeps in a module, and put it back whatever happens."""
    before = {name: getattr(osmnx.settings, name) for name in chosen}
    resolve = socket.getaddrinfo
    try:
        for name, value in chosen.items():
            setattr(osmnx.settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)
        socket.getaddrinfo = resolve
