"""Open a study and serve the review page until it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn
from platformdirs import user_data_path

from zmd_layout.messages import Message
from zmd_layout.web.app import make_app
from zmd_layout.web.guard import require_token
from zmd_layout.web.register import Register
from zmd_layout.workflow import load_study, open_desk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def serve(
    study: str | None,
    *,
    host: str,
    port: int,
    register: Path | None,
    token: str | None,
    tell: Callable[[Message], None],
) -> None:
    """
    Serve the page.

    Parameters
    ----------
    study
        As `load_study` takes it.
    host, port
        Where to listen.
    register
        The register's file; by default in the user's data folder.
    token
        Needed where `host` is no loopback address.
    tell
        Is told what is being done, and the address.

    Raises
    ------
    ZmdLayoutError
        If the study or the register cannot be used, or a public address has no token.
    """
    require_token(host, token)
    path = register or user_data_path("zmd-layout", appauthor=False) / "reviews.sqlite"
    app = make_app(open_desk(load_study(study), progress=tell), Register(path), token=token)
    query = f"?token={token}" if token else ""
    tell(Message("web.listening", url=f"http://{host}:{port}/{query}"))
    uvicorn.run(app, host=host, port=port, log_level="warning")
