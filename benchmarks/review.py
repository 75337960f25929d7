"""
A review against the built-in city: the command from its start, and an answer of the page.

    python benchmarks/review.py

The command runs in a process of its own with its layers kept from an earlier review, from its start
to its written files (findings, map, opinion); the best of three. The page is asked over HTTP after
one number of the plot was changed; the median of nine. CPU seconds are for a machine that is not
idle.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import uvicorn
from command import take

from zmd_layout.web.app import make_app
from zmd_layout.web.register import Register
from zmd_layout.workflow import load_study, open_desk

PORT = 8779


def plots(count: int) -> list[dict[str, Any]]:
    """Give plots of some 16 ha in a row in the middle of the city."""
    fields = {
        "planned_residents": 10000, "settlement": "urban", "review_stage": "scheme",
        "conditions_on": "2024-03-01", "first_phase_on": "2027-06-30",
        "kindergarten_defect": "none",
        "schools": [
            {"stage": "kindergarten", "classes": 9, "opens_on": "2027-06-30"},
            {"stage": "nine_year", "classes": 54, "seats": 2520, "opens_on": "2027-09-01"},
        ],
    }  # fmt: skip
    features = []
    for n in range(count):
        x, y, side = 114.02 + 0.0045 * n, 33.0, 0.004
        ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        properties = {"name": f"Plot {n + 1}", "unit_id": str(n + 1), **fields}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return features


def ask(body: dict[str, Any]) -> float:
    """Give the seconds from a question to the whole answer."""
    address = f"http://127.0.0.1:{PORT}"
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{address}/api/judge", json.dumps(body).encode(),
        {"Content-Type": "application/json", "Origin": address},
    )  # fmt: skip
    start = time.perf_counter()
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - likewise
        assert json.load(answer)["cases"]
    return time.perf_counter() - start


def changes(count: int) -> tuple[float, float]:
    """Give the median wall and the mean CPU seconds of an answer to a changed number."""
    features = plots(count)
    body = {"plots": features, "only": "1", "choices": {"also": ["henan-2021", "national"]}}
    ask(body)
    walls, cpu = [], time.process_time()
    for n in range(9):
        features[0]["properties"]["planned_residents"] = 9996 + n
        walls.append(ask(body))
    return statistics.median(walls), (time.process_time() - cpu) / len(walls)


def main() -> None:
    study = load_study(None)
    print("what | wall s | CPU s")
    print("--- | --- | ---")
    with tempfile.TemporaryDirectory() as aside:
        place = Path(aside)
        for count in (1, 5):
            file = place / f"{count}.geojson"
            collection = {"type": "FeatureCollection", "features": plots(count)}
            file.write_text(json.dumps(collection), "utf-8")
            asked = ["review", str(file), "--study", "zhumadian", "--out", str(place / "out")]
            take(*asked)  # keeps the layers
            wall_s, cpu_s, _ = min(take(*asked) for _ in range(3))
            print(f"command, {count} plot(s), cold start | {wall_s:.2f} | {cpu_s:.2f}")
        app = make_app(open_desk(study), Register(place / "reviews.sqlite"))
        server = uvicorn.Server(uvicorn.Config(app, port=PORT, log_level="error", ws="none"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        for count in (1, 5):
            wall_s, cpu_s = changes(count)
            print(f"page, {count} plot(s), a number changed | {wall_s:.2f} | {cpu_s:.2f}")
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()
