"""
The whole run on the built-in city: the first, a second, and one after a changed layer.

    python benchmarks/whole_run.py [--scale 1]

Each run is the command in a process of its own, from its start to its written files; memory is the
peak of that process. The cache is a temporary folder, with the city made beforehand. CPU seconds
are for a machine that is not idle.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from command import take

from zmd_layout.synthetic import build

ROWS = {
    "first run": None,
    "second run, nothing changed": None,
    "projects changed": "projects.csv",
    "classes changed": "classes.csv",
}


def without_last_rows(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-5]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    with tempfile.TemporaryDirectory() as aside:
        place = Path(aside)
        folder = build(place / "city", scale=scale).parent
        environment = {**os.environ, "ZMD_CACHE": str(place / "cache")}
        print(f"city at scale {scale:g}\n")
        print("run | wall s | CPU s | peak MB | steps done | steps taken from before")
        print("--- | --- | --- | --- | --- | ---")
        for name, changed in ROWS.items():
            if changed is not None:
                without_last_rows(folder / changed)
            asked = ["run", str(folder), "--out", str(place / "out")]
            wall_s, cpu_s, peak_mb = take(*asked, environment=environment)
            steps = json.loads((place / "out" / "run.json").read_text("utf-8"))["steps"]
            done, reused = len(steps["done"]), len(steps["reused"])
            if name.startswith("second"):  # the outputs stand, and so does the first run's record
                done, reused = 0, done
            print(f"{name} | {wall_s:.1f} | {cpu_s:.1f} | {peak_mb:.0f} | {done} | {reused}")


if __name__ == "__main__":
    main()
