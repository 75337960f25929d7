"""`zmd-layout fetch` from the command line, against a server on this computer."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from test_residents import write_grid

from zmd_layout.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.network


class Quiet(SimpleHTTPRequestHandler):
    """Serve files without a word."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "served"
    folder.mkdir()
    write_grid(folder / "chn_2020.tif")
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


def test_a_grid_is_fetched_and_the_study_file_is_told_how_to_name_it(
    make_study: Callable[..., Path], server: str
) -> None:
    folder = make_study()
    url = f"{server}/{{country}}_{{year}}.tif"
    arguments = ["fetch", str(folder), "--what", "population", "--url", url]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "[layers.population]" in result.output
    assert list((folder / "population").glob("*.tif"))
    assert (folder / "fetch.json").exists()


def test_a_grid_that_is_not_there_gives_one_clear_message(
    make_study: Callable[..., Path], server: str
) -> None:
    folder = make_study()
    arguments = ["fetch", str(folder), "--what", "population", "--url", f"{server}/no.tif"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert "no.tif" in result.output
    assert "Traceback" not in result.output
