"""Assemble everything that the page is drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd

from zmd_layout.errors import OutputError
from zmd_layout.messages import Message, both, catalogue, forms
from zmd_layout.outputs.gap_map import context, palette
from zmd_layout.outputs.gap_map.completeness import encode_completeness
from zmd_layout.outputs.gap_map.geometry import bounds_of
from zmd_layout.outputs.gap_map.rules import encode_rules, rule_keys
from zmd_layout.outputs.gap_map.units import collect_units, encode_units
from zmd_layout.outputs.gap_map.verdicts import REQUIRED, encode_findings
from zmd_layout.vocabulary import Status, Strength, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum

    import pandas as pd

    from zmd_layout.outputs.gap_map.heading import Heading
    from zmd_layout.study import Study

FORMAT = 1
CLOSED_LISTS: dict[str, type[StrEnum]] = {
    "status": Status,
    "strength": Strength,
    "unit_kind": UnitKind,
}


def check_findings(findings: pd.DataFrame) -> None:
    """
    Refuse findings that no map can be drawn from.

    Raises
    ------
    OutputError
        When there are none; else when columns are missing, or a status, strength or kind of unit is
        none of the vocabulary: all faults at once.
    """
    if len(findings) == 0:
        raise OutputError(Message("gap_map.no_findings"))
    missing = [name for name in REQUIRED if name not in findings.columns]
    faults = [Message("gap_map.missing_columns", columns=missing)] if missing else []
    if not isinstance(findings, gpd.GeoDataFrame):
        faults.append(Message("gap_map.no_geometry", found=type(findings).__name__))
    faults += _strange_words(findings)
    if faults:
        raise OutputError(*faults)


def _strange_words(findings: pd.DataFrame) -> list[Message]:
    faults = []
    for column, words in CLOSED_LISTS.items():
        if column in findings.columns:
            found = findings[column].astype(str).unique()
            strange = sorted(set(found) - set(words))
            if strange:
                known = [str(word) for word in words]
                fault = Message("gap_map.strange", column=column, found=strange, known=known)
                faults.append(fault)
    return faults


def build_payload(
    findings: gpd.GeoDataFrame,
    *,
    layers: Mapping[str, pd.DataFrame],
    suggestions: gpd.GeoDataFrame | None,
    study: Study | None,
    heading: Heading,
) -> dict[str, Any]:
    """Assemble the payload of the page: plain lists, numbers and texts, in a fixed order."""
    units = collect_units(findings, layers)
    positions = {
        key: number for number, key in enumerate(zip(units["kind"], units["unit_id"], strict=True))
    }
    rules = rule_keys(findings)
    payload = {
        "format": FORMAT,
        "words": _words(),
        "styles": {str(mark): style for mark, style in palette.STYLES.items()} | palette.INDICATED,
        "indicated": palette.INDICATED,
        "steps": palette.STEPS,
        "owed": palette.OWED,
        "figures": palette.FIGURES,
        "supply": palette.SUPPLY,
        "short": palette.SHORT,
        "uses": palette.USES,
        "stages": palette.STAGES,
        "stability": palette.STABILITY,
        "title": _both(heading.title),
        "subtitle": _both(heading.subtitle),
        "warnings": [_both(warning) for warning in heading.warnings],
        "notes": [_both(note) for note in heading.notes],
        "isSynthetic": heading.is_synthetic,
        "year": heading.year,
        "bounds": bounds_of(units.geometry.dropna()),
        "units": encode_units(units),
        "rules": encode_rules(rules, base=None if study is None else study.folder),
        "findings": encode_findings(findings, rules=rules, positions=positions),
    }
    return payload | _context(layers, positions) | _sites(suggestions, layers, rules, positions)


def _both(message: Message) -> dict[str, str]:
    zh, en = both(message)
    return {"zh": zh, "en": en}


def _words() -> dict[str, dict[str, Any]]:
    """Return the page its texts by language, under their names without the room."""
    texts = {**catalogue("words"), **catalogue("gap_map")}
    named = {key.partition(".")[2]: text for key, text in texts.items()}
    return {
        lang: {name: forms(named[name], lang) for name in sorted(named)} for lang in ("zh", "en")
    }


def _context(layers: Mapping[str, pd.DataFrame], positions: context.Positions) -> dict[str, Any]:
    def encode_schools(layer: Any) -> dict[str, Any]:  # noqa: ANN401 - a layer may be a plain table
        return context.encode_schools(layer, positions)

    def encode_children(layer: Any) -> dict[str, Any]:  # noqa: ANN401
        return context.encode_children(layer, positions)

    def encode_known(layer: Any) -> dict[str, Any]:  # noqa: ANN401
        return encode_completeness(layer, positions)

    encoders: dict[str, Callable[[Any], dict[str, Any]]] = {
        "schools": encode_schools,
        "education_land": context.encode_land,
        "population": context.encode_population,
        "road_health": context.encode_road_faults,
        "children": encode_children,
        "completeness": encode_known,
    }
    return {
        name: encode(layers[name])
        for name, encode in encoders.items()
        if name in layers and len(layers[name])
    }


def _sites(
    suggestions: gpd.GeoDataFrame | None,
    layers: Mapping[str, pd.DataFrame],
    rules: list[tuple[str, str]],
    positions: context.Positions,
) -> dict[str, Any]:
    if suggestions is None or len(suggestions) == 0:
        return {}
    numbers: dict[str, list[int]] = {}
    for number, (_, rule_id) in enumerate(rules):
        numbers.setdefault(rule_id, []).append(number)
    sites = context.encode_suggestions(suggestions, rules=numbers, positions=positions)
    catchments = layers.get("catchments")
    drawn = [] if catchments is None else context.encode_catchments(catchments, suggestions)
    return {"suggestions": {**sites, "catchments": drawn}}
