"""The search of built docs finds a page by a Chinese word and by an English one."""

from __future__ import annotations

import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
CONF = """
import sys
sys.path.insert(0, {docs!r})
extensions = ["search_pairs"]
language = "zh_CN"
html_search_language = "zh"
"""
PAGES = {
    "index": "目录\n====\n\n.. toctree::\n\n   radius\n   births\n",
    "radius": "路程\n====\n\n小学服务半径以五百米为宜。\n",
    "births": "births\n======\n\nfewer children are born\n",
}


@pytest.fixture
def built(tmp_path: Path) -> Iterator[str]:
    """Build three pages with the settings of the docs, and serve them on this computer."""
    pytest.importorskip("sphinx")
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text(CONF.format(docs=str(DOCS)), "utf-8")
    for name, text in PAGES.items():
        (source / f"{name}.rst").write_text(text, "utf-8")
    out = tmp_path / "html"
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(source), str(out)]
    subprocess.run(command, check=True)  # noqa: S603 - our own command

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Handler, directory=str(out))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_docs_use_this_search() -> None:
    assert '"search_pairs"' in (DOCS / "conf.py").read_text("utf-8")


@pytest.mark.parametrize(
    ("query", "page"), [("服务半径", "radius"), ("半径", "radius"), ("children", "births")]
)
def test_a_word_finds_its_page(built: str, browser_path: str, query: str, page: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        tab = browser.new_page()
        faults: list[str] = []
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.goto(f"{built}/search.html?q={query}")
        tab.wait_for_selector("#search-results li a", timeout=20_000)
        hits = [
            link.get_attribute("href") or ""
            for link in tab.query_selector_all("#search-results li a")
        ]
        browser.close()
    assert any(hit.startswith(f"{page}.html") for hit in hits)
    assert not faults
