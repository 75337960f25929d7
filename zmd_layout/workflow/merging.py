"""Many studies' results as one: a table, GeoParquet, suggestions, and a map that stays small."""

from __future__ import annotations

import csv
import json
from collections import Counter
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
from pyproj import CRS

from zmd_layout.outputs.folder import write_all
from zmd_layout.outputs.gap_map import gap_map, save
from zmd_layout.outputs.package import GEOGRAPHIC
from zmd_layout.vocabulary import Status, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from zmd_layout.workflow.jobs import Done

MAP_BYTES = 10_000_000
_MAP_KINDS = ((UnitKind.COUNTY, UnitKind.TOWNSHIP), (UnitKind.COUNTY,))
_BOM = "utf-8-sig"


def merge(done: Sequence[Done], out: Path) -> dict[str, Path]:
    """
    Merge the results of studies into the folder that holds theirs.

    Parameters
    ----------
    done
        What came of the studies; those that failed are listed, and have no rows.
    out
        The folder.

    Returns
    -------
    paths
        `studies.csv` (each study, its counts, why it failed), `findings.csv`,
        `suggestions.geojson`, `findings.parquet` (GeoParquet, EPSG:4490, a row group a study; with
        pyarrow), `gap_map.html` (counties and townships, under 10 MB: else counties alone; the
        studies' own maps have the rest) and `run.json`. Findings on a city as a whole that several
        studies have, each for its part, are left out; `run.json` names the cities.
    """
    good = [one for one in done if not one.fault]
    shared = _shared_cities(good)
    writers: dict[str, Callable[[Path], None]] = {
        "studies.csv": lambda path: _write_studies(path, done),
    }
    if good:
        writers |= {
            "findings.csv": lambda path: _write_csv(path, good, shared),
            "suggestions.geojson": lambda path: _write_suggestions(path, good),
            "gap_map.html": lambda path: _write_map(path, good),
        }
    if good and find_spec("pyarrow") is not None:
        writers["findings.parquet"] = lambda path: _write_parquet(path, good, shared)
    record: dict[str, Any] = {
        "studies": {
            one.study_id: {"name": one.name, "fault": one.fault} if one.fault else
            {"name": one.name, "counts": one.counts}
            for one in done
        },
        "cities_in_parts": sorted(shared),
    }  # fmt: skip
    return write_all(out, writers, record)


def _shared_cities(good: Sequence[Done]) -> set[str]:
    """Name the cities of which several studies hold a part each."""
    counts: Counter[str] = Counter()
    for one in good:
        cities = {r["unit_id"] for r in _rows(one) if r["unit_kind"] == UnitKind.CITY}
        counts.update(cities)
    return {city for city, count in counts.items() if count > 1}


def _rows(one: Done) -> Iterator[dict[str, str]]:
    with (one.out / "findings.csv").open(encoding=_BOM, newline="") as file:
        yield from csv.DictReader(file)


def _write_studies(path: Path, done: Sequence[Done]) -> None:
    with path.open("w", encoding=_BOM, newline="") as file:
        table = csv.writer(file)
        table.writerow(["study_id", "name", *(str(s) for s in Status), "folder", "fault"])
        for one in done:
            counts = [one.counts.get(str(s), "" if one.fault else 0) for s in Status]
            table.writerow([one.study_id, one.name, *counts, one.out.name, one.fault])


def _write_csv(path: Path, good: Sequence[Done], shared: set[str]) -> None:
    with path.open("w", encoding=_BOM, newline="") as file:
        table = None
        for one in good:
            for row in _rows(one):
                if table is None:
                    table = csv.DictWriter(file, ["study_id", *row], lineterminator="\r\n")
                    table.writeheader()
                if row["unit_kind"] != UnitKind.CITY or row["unit_id"] not in shared:
                    table.writerow({"study_id": one.study_id, **row})


def _write_suggestions(path: Path, good: Sequence[Done]) -> None:
    features = []
    for one in good:
        found = json.loads((one.out / "suggestions.geojson").read_text("utf-8"))["features"]
        for feature in found:
            feature["properties"]["study_id"] = one.study_id
        features += found
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text, "utf-8")


def _findings(one: Done) -> gpd.GeoDataFrame:
    frame = pyogrio.read_dataframe(one.out / "layers.gpkg", layer="findings")
    frame.insert(0, "study_id", one.study_id)
    return frame


def _write_parquet(path: Path, good: Sequence[Done], shared: set[str]) -> None:
    """Write a row group a study, so that no more than one is in memory."""
    import pyarrow as pa  # noqa: PLC0415 - an optional extra
    import pyarrow.parquet as pq  # noqa: PLC0415 - likewise

    column = {"encoding": "WKB", "geometry_types": [], "crs": CRS(GEOGRAPHIC).to_json_dict()}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    writer = None
    for one in good:
        frame = _findings(one)
        is_part = (frame["unit_kind"] == UnitKind.CITY) & frame["unit_id"].isin(shared)
        table = pa.table(frame[~is_part].to_arrow(index=False, geometry_encoding="WKB"))
        if writer is None:
            plain = pa.schema([pa.field(f.name, f.type) for f in table.schema])
            writer = pq.ParquetWriter(path, plain.with_metadata({"geo": json.dumps(geo)}))
        writer.write_table(table.replace_schema_metadata(None).cast(writer.schema))
    if writer is not None:
        writer.close()


def _write_map(path: Path, good: Sequence[Done]) -> None:
    for kinds in _MAP_KINDS:
        findings = gpd.GeoDataFrame(
            pd.concat([_of_kinds(_findings(one), kinds) for one in good], ignore_index=True),
            crs=GEOGRAPHIC,
        )
        units = findings.drop_duplicates(["unit_kind", "unit_id"])
        layers = {
            name: units[units["unit_kind"] == kind][["unit_id", "unit_name", "geometry"]].rename(
                columns={"unit_name": "name"}
            )
            for name, kind in (("counties", UnitKind.COUNTY), ("townships", UnitKind.TOWNSHIP))
        }
        save(gap_map(findings, layers=layers), path)
        if path.stat().st_size < MAP_BYTES:
            return


def _of_kinds(frame: gpd.GeoDataFrame, kinds: Sequence[UnitKind]) -> gpd.GeoDataFrame:
    return frame[frame["unit_kind"].isin([str(kind) for kind in kinds])]
