"""
Measure how much of a disturbed roster comes back: matching with OSM, stages, and the datum.

Run: python benchmarks/roster_recovery.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from disturbed import PLANE, disturbed, write_roster

from zmd_layout.crs import geometry_to_plane, parse_coordinates
from zmd_layout.errors import CrsError
from zmd_layout.layers.schools.reference import compare
from zmd_layout.layers.sources.roster import read_roster
from zmd_layout.study import LayerSource
from zmd_layout.synthetic import make_city

if TYPE_CHECKING:
    import geopandas as gpd


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
    began = time.perf_counter()
    compared = compare(placed(frame, "gcj02"), made.osm, coordinates="gcj02")
    match_s = time.perf_counter() - began
    found = compared.matching
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
    print(f"declared as it is (gcj02): verified by OSM: {compared.is_datum_verified}")
    for declared in ("wgs84", "bd09"):
        try:
            compare(placed(frame, declared), made.osm, coordinates=declared)
        except CrsError as error:
            print(f"declared {declared}: refused: {error.text('en')}")
        else:
            print(f"declared {declared}: NOT caught")


def placed(frame: gpd.GeoDataFrame, declared: str) -> gpd.GeoDataFrame:
    """Put a roster where its coordinates are declared to be."""
    shapes = geometry_to_plane(
        frame.geometry, coordinates=parse_coordinates(declared), working_crs=PLANE, name="schools"
    )
    return frame.set_geometry(shapes)


if __name__ == "__main__":
    main()
