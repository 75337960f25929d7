"""`zmd-layout fetch` from the command line, against a server on this computer."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from local_server import Overpass, overpass_serving, serving
from test_residents import write_grid

from conftest import COUNTIES
from zmd_layout.cli import main
from zmd_layout.layers import load_layers
from zmd_layout.messages import Message
from zmd_layout.study import read_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.testing import Result

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("no_proxy")]


class Files(SimpleHTTPRequestHandler):
    """Serves the files of a folder without a word."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "served"
    folder.mkdir()
    write_grid(folder / "chn_2020.tif")
    with serving(partial(Files, directory=folder)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def overpass() -> Iterator[Overpass]:
    with overpass_serving() as running:
        yield running


def fetch_osm(folder: Path, server: Overpass, *more: str) -> Result:
    hurry = ("--tries", "1", "--wait", "0", "--pause", "0", "--timeout", "9")
    return CliRunner().invoke(main, ["fetch", str(folder), "--endpoint", server.url, *hurry, *more])


def test_schools_and_roads_are_fetched_and_load_as_the_study_file_is_told(
    make_study: Callable[..., Path], overpass: Overpass
) -> None:
    folder = make_study()
    result = fetch_osm(folder, overpass)
    assert result.exit_code == 0, result.output
    snippet = result.output[result.output.index("[layers.schools]") :]
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(snippet)
    layers = load_layers(read_study(folder))
    assert len(layers["schools"].frame) > 0
    assert len(layers["roads"].roads.edges) > 0


def test_an_empty_answer_is_told_and_nothing_is_to_be_put_into_the_study_file(
    make_study: Callable[..., Path], overpass: Overpass
) -> None:
    overpass.is_empty = True
    result = fetch_osm(make_study(), overpass)
    assert result.exit_code == 0, result.output
    for topic in ("schools", "roads"):
        told = Message("fetch.nothing", topic=Message(f"fetch.{topic}")).text("zh")
        assert told in result.output
    assert "[layers" not in result.output


def test_a_study_without_polygons_says_not_for_which_ground(
    make_study: Callable[..., Path], overpass: Overpass
) -> None:
    folder = make_study(counties=[(about, None) for about, _ in COUNTIES])
    result = fetch_osm(folder, overpass)
    assert result.exit_code == 1
    assert Message("fetch.no_area", study="small").text("zh") in result.output
    assert overpass.queries == []


def test_a_server_that_breaks_down_midway_gives_one_message_and_the_next_run_goes_on(
    make_study: Callable[..., Path], overpass: Overpass
) -> None:
    folder = make_study()
    good = overpass.answer

    def break_down(query: str) -> tuple[int, dict[str, str], bytes]:
        if len(overpass.queries) == 1:
            overpass.misdeeds = [(504, {}, b"")]
        return good(query)

    overpass.answer = break_down  # type: ignore[method-assign]
    stopped = fetch_osm(folder, overpass)
    assert stopped.exit_code == 1
    assert "504" in stopped.output
    assert "Traceback" not in stopped.output
    answered = set(overpass.queries[:1])
    overpass.answer = good  # type: ignore[method-assign]
    overpass.queries.clear()
    assert fetch_osm(folder, overpass).exit_code == 0
    assert not answered & set(overpass.queries)


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


def test_a_tile_of_ghs_pop_needs_its_row_and_column(make_study: Callable[..., Path]) -> None:
    arguments = ["--lang", "en", "fetch", str(make_study()), "--what", "population"]
    result = CliRunner().invoke(main, [*arguments, "--grid", "ghs-pop", "--row", "6"])
    assert result.exit_code == 1
    assert "column" in result.output
    assert "Traceback" not in result.output


def test_a_grid_that_is_not_there_gives_one_clear_message(
    make_study: Callable[..., Path], server: str
) -> None:
    folder = make_study()
    arguments = ["fetch", str(folder), "--what", "population", "--url", f"{server}/no.tif"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert "no.tif" in result.output
    assert "Traceback" not in result.output
