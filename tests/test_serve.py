"""`zmd-layout serve`: what is served, where, and with which register."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from zmd_layout.cli import main

pytest.importorskip("fastapi")
import httpx
import uvicorn

from zmd_layout.web import register

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Server = tuple[Any, dict[str, Any]]


def ask(app: Any, method: str, path: str, **more: Any) -> httpx.Response:
    """Ask a page that no server serves."""

    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as visitor:
            return await visitor.request(method, path, **more)

    return asyncio.run(answer())


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> list[Server]:
    """Give the pages that were handed to the server, which ends at once, and their options."""
    started: list[Server] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: started.append((app, options)))
    return started


@pytest.fixture
def serve(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., Result]:
    """Give a function that serves a small study."""
    study = str(make_study())

    def run(*arguments: str) -> Result:
        here = ["--study", study, "--register", str(tmp_path / "mine" / "reviews.sqlite")]
        return CliRunner().invoke(main, ["--lang", "en", "serve", *here, *arguments])

    return run


def test_the_study_that_was_named_is_served_where_it_was_asked_and_the_address_is_told(
    serve: Callable[..., Result], servers: list[Server]
) -> None:
    done = serve("--port", "8799")
    assert done.exit_code == 0, done.output
    ((app, options),) = servers
    assert (options["host"], options["port"]) == ("127.0.0.1", 8799)
    assert "http://127.0.0.1:8799/?lang=en " in done.stderr
    assert ask(app, "GET", "/api/start").json()["study"] == "小世界"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "::1"])
def test_a_page_for_this_computer_alone_needs_no_token(
    serve: Callable[..., Result], servers: list[Server], host: str
) -> None:
    done = serve("--host", host)
    assert done.exit_code == 0, done.output
    assert servers[0][1]["host"] == host
    assert ask(servers[0][0], "GET", "/api/start").is_success


def test_a_public_page_tells_its_address_with_the_token_and_asks_for_it(
    serve: Callable[..., Result], servers: list[Server]
) -> None:
    token = "x" * 16
    done = serve("--host", "0.0.0.0", "--token", token)  # noqa: S104 - what takes a token
    assert done.exit_code == 0, done.output
    ((app, options),) = servers
    assert options["host"] == "0.0.0.0"  # noqa: S104 - likewise
    assert f"http://0.0.0.0:8765/?token={token}&lang=en" in done.stderr
    assert ask(app, "GET", "/api/start").status_code == 401
    assert ask(app, "GET", "/", params={"token": token}).status_code == 200


def test_reviews_are_kept_in_the_register_that_was_named(
    serve: Callable[..., Result], servers: list[Server], tmp_path: Path
) -> None:
    serve()
    kept = {"content": {"plots": [], "name": "春江"}, "version": 0}
    origin = {"origin": "http://testserver"}
    assert ask(servers[0][0], "POST", "/api/reviews", json=kept, headers=origin).is_success
    assert (tmp_path / "mine" / "reviews.sqlite").is_file()
    serve()  # the page of the next day
    assert len(ask(servers[1][0], "GET", "/api/reviews").json()) == 1


def test_without_a_name_the_register_is_in_the_users_data_folder(
    make_study: Callable[..., Path],
    servers: list[Server],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(register, "user_data_path", lambda name, **_: tmp_path / "data" / name)
    done = CliRunner().invoke(main, ["serve", "--study", str(make_study())])
    assert done.exit_code == 0, done.output
    assert len(servers) == 1
    assert (tmp_path / "data" / "zmd-layout" / "reviews.sqlite").is_file()


def test_where_the_parts_of_the_page_are_not_installed_the_command_says_how_to_get_them(
    serve: Callable[..., Result], servers: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "zmd_layout.web.serve")
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = serve()
    assert done.exit_code == 1
    assert "zmd-layout[all]" in done.stderr
    assert "Traceback" not in done.output
    assert servers == []
