"""Open a study and serve the review page until it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import uvicorn

from zmd_layout.messages import Message
from zmd_layout.vocabulary import Lang
from zmd_layout.web.app import make_app
from zmd_layout.web.connections import ImpatientProtocol
from zmd_layout.web.guard import require_token
from zmd_layout.web.register import Register, default_path
from zmd_layout.workflow import load_study, open_desk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Address(NamedTuple):
    """
    Where the page listens.

    Parameters
    ----------
    host, port
        Name or number of this computer's address, and the port.
    token
        What a visitor must bring; needed where `host` is no loopback address.
    """

    host: str
    port: int
    token: str | None = None

    def url(self, lang: Lang) -> str:
        """Return what a browser takes to open the page in a language."""
        query = {"token": self.token} if self.token else {}
        if lang is not Lang.ZH:
            query["lang"] = str(lang)
        return f"http://{self.host}:{self.port}/{'?' if query else ''}{urlencode(query)}"


def serve(
    study: str | None,
    *,
    address: Address,
    register: Path | None,
    lang: Lang,
    tell: Callable[[Message], None],
) -> None:
    """
    Serve the page.

    Parameters
    ----------
    study
        As `load_study` takes it.
    address
        Where to listen.
    register
        The register's file; by default in the user's data folder.
    lang
        The language that the told address opens the page in; a visitor can turn it.
    tell
        Is told what is being done, and the address.

    Raises
    ------
    ZmdLayoutError
        If the study or the register cannot be used, or a public address has no token.
    """
    require_token(address.host, address.token)
    path = register or default_path()
    desk = open_desk(load_study(study), progress=tell)
    app = make_app(desk, Register(path), token=address.token)
    tell(Message("web.listening", url=address.url(lang)))
    uvicorn.run(
        app, host=address.host, port=address.port, log_level="warning", http=ImpatientProtocol,
        ws="none",
    )  # fmt: skip
