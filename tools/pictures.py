"""
Take the pictures of the README anew: the map, the page for the leader, the review page.

`python tools/pictures.py` needs the packages of `[all,dev]` and a Chromium on the path. The
built-in city is made up, and each picture says so.
"""

from __future__ import annotations

import json
import shutil
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from PIL import Image
from playwright.sync_api import sync_playwright

import zmd_layout
from zmd_layout.web.app import make_app
from zmd_layout.web.register import Register
from zmd_layout.workflow import open_desk

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "msedge")
COLOURS = 256  # of a palette: a screenshot has few, and stays small
PLOT = {
    "name": "示例春江花园", "planned_residents": 12_000, "settlement": "urban",
    "review_stage": "scheme", "conditions_on": "2024-03-01", "kindergarten_defect": "none",
    "first_phase_on": "2027-06-30",
    "schools": [{"stage": "kindergarten", "classes": 12, "seats": 360, "opens_on": "2027-08-31"}],
}  # fmt: skip


def main() -> None:
    """Take all three."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"none of {', '.join(BROWSERS)} is on the path")
    PICTURES.mkdir(exist_ok=True)
    study = zmd_layout.load_study()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        zmd_layout.run(study, out=folder)
        started = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = started.new_page(viewport={"width": 1366, "height": 768})
        page.goto((Path(folder) / "gap_map.html").as_uri())
        page.wait_for_selector("body[data-ready=true]")
        _take(page, ROOT / "maps" / "preview.png")
        page.set_viewport_size({"width": 820, "height": 1150})
        page.goto((Path(folder) / "leader.html").as_uri())
        _take(page, PICTURES / "leader.png")
        page.set_viewport_size({"width": 1366, "height": 900})
        _review(page, Path(folder))
        _take(page, PICTURES / "review.png")
        started.close()


def _review(page: Page, folder: Path) -> None:
    """Open the review page and upload a plot beside a county seat."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = make_app(open_desk(zmd_layout.load_study()), Register(folder / "reviews.sqlite"))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    x, y, side = 114.262, 33.262, 0.004
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    plot = {"type": "Feature", "properties": PLOT, "geometry": shape}
    path = folder / "plot.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [plot]}), "utf-8")
    page.goto(f"http://127.0.0.1:{port}/")
    page.wait_for_selector("body[data-ready]")
    page.set_input_files("#file", path)
    page.wait_for_selector("#conclusion")
    server.should_exit = True


def _take(page: Page, path: Path) -> None:
    page.wait_for_timeout(800)
    page.screenshot(path=path)
    picture = Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
    print(path.relative_to(ROOT), path.stat().st_size)


if __name__ == "__main__":
    main()
