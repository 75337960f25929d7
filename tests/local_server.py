"""Servers on this computer, one of which answers as Overpass does, or as badly as it is told."""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STATE = "2026-01-01T00:00:00Z"


class QuietHandler(BaseHTTPRequestHandler):
    """Answers without a word on the terminal."""

    def answer(
        self,
        status: int,
        headers: dict[str, str],
        body: bytes,
        *,
        told: int = -1,
        drip_s: float = 0.0,
    ) -> None:
        """
        Send an answer.

        `told` is the length that is announced, by default that of the body; with `drip_s` each
        byte is waited for.
        """
        self.send_response(status)
        length = str(len(body) if told < 0 else told)
        for name, value in ({"Content-Length": length} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if not drip_s:
            self.wfile.write(body)
            return
        with suppress(OSError):  # whoever asked has gone
            for number in range(len(body)):
                self.wfile.write(body[number : number + 1])
                time.sleep(drip_s)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[int]:
    """Serve on a free port of 127.0.0.1, and give the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Overpass:
    """A server that answers as Overpass does, unless it is told to do something else first."""

    url: str = ""
    port: int = 0
    queries: list[str] = field(default_factory=list)
    other_requests: list[str] = field(default_factory=list)
    misdeeds: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    drip_s: float = 0.0  # the pause between two bytes of an answer
    is_empty: bool = False

    def misbehave(
        self, status: int = 200, body: bytes = b"", *, times: int = 1, **headers: str
    ) -> None:
        """Answer so the next times."""
        plain = {name.replace("_", "-"): value for name, value in headers.items()}
        self.misdeeds += [(status, plain, body)] * times

    def answer(self, query: str) -> tuple[int, dict[str, str], bytes]:
        """Give status, headers and body."""
        self.queries.append(query)
        if self.misdeeds:
            return self.misdeeds.pop(0)
        elements = [] if self.is_empty else elements_for(query)
        data = {"osm3s": {"timestamp_osm_base": STATE}, "elements": elements}
        return 200, {}, json.dumps(data).encode()


@contextmanager
def overpass_serving() -> Iterator[Overpass]:
    """Run such a server."""
    state = Overpass()

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            query = parse_qs(self.rfile.read(length).decode())["data"][0]
            if self.path != "/api/interpreter":
                state.other_requests.append(self.path)
            self.answer(*state.answer(query), drip_s=state.drip_s)

        def do_GET(self) -> None:
            state.other_requests.append(self.path)
            self.send_error(404)

    with serving(Handler) as port:
        state.port, state.url = port, f"http://127.0.0.1:{port}/api"
        yield state


def elements_for(query: str) -> list[dict[str, Any]]:
    """Make a school or a road in the south-west of the tile, and a road that all tiles share."""
    found = re.search(r"poly:'([^']*)'", query)
    assert found is not None
    places = [float(number) for number in found[1].split()]
    lat, lon = min(places[0::2]), min(places[1::2])
    number = round(lat * 100) * 100_000 + round(lon * 100)
    if "amenity" in query:
        tags = {"amenity": "school", "name": f"示例小学{number}"}
        return [{"type": "node", "id": number, "lat": lat, "lon": lon, "tags": tags}]
    ends = [
        {"type": "node", "id": number, "lat": lat, "lon": lon},
        {"type": "node", "id": number + 1, "lat": lat + 0.01, "lon": lon},
        {"type": "node", "id": 1, "lat": 32.7, "lon": 114.5},
        {"type": "node", "id": 2, "lat": 32.7, "lon": 114.51},
    ]
    ways = [
        {"type": "way", "id": number, "nodes": [number, number + 1]},
        {"type": "way", "id": 1, "nodes": [1, 2]},
    ]
    return [*ends, *({**way, "tags": {"highway": "residential"}} for way in ways)]
