"""Connections that keep the page waiting are closed, so that they take nothing from others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

HEAD_SECONDS = 15.0  # for the head of a request, however slowly it drips in
SILENT_SECONDS = 30.0  # without a byte of a body
MOST_CONNECTIONS = 500


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 that gives a visitor so long to say what is asked."""

    def __init__(self, *args: Any, **more: Any) -> None:  # noqa: ANN401 - uvicorn's own signature
        super().__init__(*args, **more)
        self._begun_s = self._heard_s = self.loop.time()
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse a connection beyond the most, and watch every other."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note that something came."""
        self._heard_s = self.loop.time()
        super().data_received(data)

    def on_response_complete(self) -> None:
        """Wait for the next head from now on; an idle visitor is let go sooner by uvicorn."""
        self._begun_s = self.loop.time()
        super().on_response_complete()

    def _look(self) -> None:
        """Close the connection if it waits for its visitor and has done so for too long."""
        now = self.loop.time()
        if self.cycle is None or self.cycle.response_complete:
            is_late = now - self._begun_s > HEAD_SECONDS
        else:
            is_late = self.cycle.more_body and now - self._heard_s > SILENT_SECONDS
        if is_late:
            self.transport.abort()
        else:
            self._watch = self.loop.call_later(1.0, self._look)
