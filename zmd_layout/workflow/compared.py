"""What can be compared: the folder of a run, a run, a study, or findings in memory."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from zmd_layout.errors import ArgumentError, OutputError
from zmd_layout.findings import COLUMNS
from zmd_layout.layers.formats import gdal_path
from zmd_layout.messages import Message
from zmd_layout.outputs.folder import RECORD, is_whole
from zmd_layout.outputs.table import to_csv
from zmd_layout.study import Study
from zmd_layout.vocabulary import UnitKind
from zmd_layout.workflow.checking import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.workflow.running import Run

NUMBERS = ["measured", "required", "gap"]
_FINDINGS, _PACKAGE, _SITES = "findings.csv", "layers.gpkg", "suggestions.geojson"
_IDS = ["unit_kind", "unit_id"]
_OF_SITES = ["stage", "name", "action", "seats"]
_CRS = "EPSG:4490"


@dataclass(frozen=True, slots=True)
class Side:
    """
    One of two results that are compared.

    Attributes
    ----------
    findings
        As `findings.csv` has them, numbers as such.
    geometry
        By unit kind and id (EPSG:4490).
    sites
        `stage, name, action, seats` of suggestions.
    record
        What they rest on, as `run.json` has it.
    borders
        The counties.
    """

    findings: pd.DataFrame
    geometry: pd.Series[Any]
    sites: pd.DataFrame
    record: dict[str, Any]
    borders: gpd.GeoDataFrame


def sides_of(given: Sequence[Path | str | Run | Study | gpd.GeoDataFrame]) -> list[Side]:
    """
    Read what is to be compared.

    Raises
    ------
    ArgumentError, OutputError
        When something cannot be compared, or a folder is not that of a run or was torn: the faults
        of all folders in one error.
    """
    folders = [Path(one) for one in given if isinstance(one, str | Path)]
    faults = [fault for folder in folders for fault in _faults(folder)]
    if faults:
        raise OutputError(*faults)
    return [_side(one) for one in given]


def _side(given: Path | str | Run | Study | gpd.GeoDataFrame) -> Side:
    if isinstance(given, str | Path):
        return _of_folder(Path(given))
    if isinstance(given, Study):
        return _of_findings(check(given), given)
    if isinstance(given, gpd.GeoDataFrame) and set(COLUMNS) <= set(given):
        return _of_findings(given, None)
    if hasattr(given, "findings") and hasattr(given, "suggestions"):
        sites = pd.DataFrame(given.suggestions).reindex(columns=_OF_SITES)
        return _of_findings(given.findings, given.study, sites)
    raise ArgumentError(Message("compare.not_comparable", found=type(given).__name__))


def _of_findings(
    table: gpd.GeoDataFrame, study: Study | None, sites: pd.DataFrame | None = None
) -> Side:
    """Read findings in memory as those of a file are read, so that both compare alike."""
    shapes = gpd.GeoDataFrame(table[[*_IDS, "unit_name", "geometry"]]).to_crs(_CRS)
    record: dict[str, Any] = {"rules": sorted(set(table["rule_id"]))}
    if study is not None:
        record |= {"as_of": study.as_of.isoformat(), "rulesets": list(study.rulesets)}
        record["study"] = study.id
    shapes = shapes.rename(columns={"unit_name": "name"}).drop_duplicates(_IDS)
    counties = shapes[(shapes["unit_kind"] == UnitKind.COUNTY) & shapes.geometry.notna()]
    return Side(
        _read_findings(io.StringIO(to_csv(table))),
        shapes.set_index(_IDS).geometry,
        pd.DataFrame(columns=_OF_SITES) if sites is None else sites,
        record,
        counties,
    )


def _faults(folder: Path) -> list[Message]:
    missing = [n for n in (_FINDINGS, _PACKAGE, _SITES, RECORD) if not (folder / n).is_file()]
    if missing:
        return [Message("compare.no_run", path=folder, names=missing)]
    return [] if is_whole(folder) else [Message("compare.torn", path=folder)]


def _of_folder(folder: Path) -> Side:
    findings = _read_findings(folder / _FINDINGS)
    package = gdal_path(folder / _PACKAGE, layer_name="findings")
    shapes = gpd.read_file(package, layer="findings", columns=_IDS, engine="pyogrio")
    named = [*_IDS, "name"]
    units = gpd.read_file(package, layer="units", columns=named, engine="pyogrio")
    shapes = shapes.drop_duplicates(_IDS).set_index(_IDS)
    rows = json.loads((folder / _SITES).read_text("utf-8"))["features"]
    sites = pd.DataFrame([row["properties"] for row in rows], columns=_OF_SITES)
    record = json.loads((folder / RECORD).read_text("utf-8"))
    counties = units[units["unit_kind"] == UnitKind.COUNTY]
    return Side(findings, shapes.geometry, sites, record, counties)


def _read_findings(source: Path | io.StringIO) -> pd.DataFrame:
    findings = pd.read_csv(source, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    for name in NUMBERS:
        findings[name] = pd.to_numeric(findings[name])
    findings["is_synthetic"] = findings["is_synthetic"] == "true"
    return findings
