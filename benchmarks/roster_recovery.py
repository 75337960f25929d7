"""
Measure how much of a disturbed roster comes back: matching with OSM, and stages.

Run: python benchmarks/roster_recovery.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from disturbed import PLANE, disturbed, write_roster

from zmd_layout.crs import geometry_to_plane, parse_coordinates
from zmd_layout.layers.matching import match_schools
from zmd_layout.layers.sources.roster import read_roster
from zmd_layout.standin import make_city
from zmd_layout.study import LayerSource


def main() -> None:
    """Print rows, precision and recall."""
    schools = make_city()["schools"]
    made = disturbed(schools)
    with tempfile.TemporaryDirectory() as folder:
        path = write_roster(made, Path(folder) / "roster.csv")
        began = time.perf_counter()
        roster = read_roster(path, LayerSource(path="roster.csv", coordinates="gcj02"))
        read_s = time.perf_counter() - began
    frame = roster.frame
    shapes = geometry_to_plane(
        frame.geometry, coordinates=parse_coordinates("gcj02"), working_crs=PLANE, name="schools"
    )
    frame = frame.set_geometry(shapes)
    began = time.perf_counter()
    found = match_schools(frame, made.osm)
    match_s = time.perf_counter() - began
    truth = dict(zip(made.osm["school_id"], made.osm["truth"], strict=True))
    partners = found.partners()
    right = sum(truth[osm] == roster_id for roster_id, osm in partners.items())
    print(roster.report.summary().text("en"))
    print(f"rows in the file {len(made.roster)}, OSM schools {len(made.osm)}")
    print(f"read {read_s:.2f} s, matched {match_s:.2f} s, {found.counts()}")
    print(f"matching: precision {right / len(partners):.4f}, recall {right / len(made.osm):.4f}")
    stages = schools.set_index("school_id")["stages"]
    sure = frame[frame["stages"].notna()]
    is_right = sure["stages"].to_numpy() == stages.reindex(sure["school_id"]).to_numpy()
    ambiguous = frame[frame["is_stage_ambiguous"].astype(bool)]
    holds = [
        set(stages[i].split(";")) <= set(possible.split(";"))
        for i, possible in zip(ambiguous["school_id"], ambiguous["possible_stages"], strict=True)
    ]
    decidable = len(set(made.roster["truth"])) - len(ambiguous)
    print(f"stages: precision {is_right.mean():.4f}, recall {is_right.sum() / decidable:.4f}")
    print(f"ambiguous kept apart: {len(ambiguous)}, of which hold the truth: {sum(holds)}")


if __name__ == "__main__":
    main()
