"""Put the findings into the page, a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from zmd_layout.messages import catalogue
from zmd_layout.outputs.gap_map.palette import mark
from zmd_layout.outputs.gap_map.tables import encode_table
from zmd_layout.outputs.gap_map.units import cells
from zmd_layout.vocabulary import Stability

if TYPE_CHECKING:
    from zmd_layout.outputs.gap_map.rules import RuleKey

AS_THEY_STAND = (
    "status",
    "strength",
    "addressee",
    "relation",
    "measured",
    "required",
    "gap",
    "measure_unit",
    "as_of",
    "due_on",
    "due_state",
    "clause",
    "basis",
    "sources",
    "is_synthetic",
    "flags",
    "stability",
    "note_zh",
    "note_en",
)
SCREENED = ("screening", "screening_basis", "short_chance_low", "short_chance_high")
REQUIRED = ("rule_id", "ruleset", "unit_kind", "unit_id", "unit_name", "status", "strength")


def encode_findings(
    findings: pd.DataFrame, *, rules: list[RuleKey], positions: dict[tuple[str, str], int]
) -> dict[str, Any]:
    """
    Encode findings as a table for the page, ordered by rule and unit.

    Parameters
    ----------
    findings
        Columns of `findings.csv`; those that only explain may be missing.
    rules
        The rules in the order in which the page numbers them.
    positions
        (unit kind, unit id) → the unit's number on the page.
    """
    rule_of = {key: number for number, key in enumerate(rules)}
    keys = findings[["ruleset", "rule_id"]].astype(str).itertuples(index=False, name=None)
    units = findings[["unit_kind", "unit_id"]].astype(str).itertuples(index=False, name=None)
    numbered = findings.assign(
        rule=[rule_of[key] for key in keys], unit=[positions[key] for key in units]
    ).sort_values(["rule", "unit"], kind="stable")
    marks = [
        str(mark(str(status), str(strength)))
        for status, strength in zip(numbered["status"], numbered["strength"], strict=True)
    ]
    told = {
        name: cells(numbered, name).tolist() for name in AS_THEY_STAND if name in numbered.columns
    }
    fixed = {"rule": list(numbered["rule"]), "unit": list(numbered["unit"]), "mark": marks}
    return encode_table({**fixed, **told, **_ranges(numbered), **_turned_by(numbered)})


def _ranges(findings: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the ends of what is not known exactly, and what an incomplete list indicates."""
    told: dict[str, list[Any]] = {}
    for name in ("measured", "gap"):
        ends = [f"{name}_low", f"{name}_high"]
        if set(ends) <= set(findings.columns):
            low, high = (cells(findings, end) for end in ends)
            is_open = (low != high) & (low != None)  # noqa: E711 - elementwise
            if is_open.any():
                told[ends[0]] = [
                    cell if keep else None for cell, keep in zip(low, is_open, strict=True)
                ]
                told[ends[1]] = [
                    cell if keep else None for cell, keep in zip(high, is_open, strict=True)
                ]
    if "screening" in findings.columns and findings["screening"].astype(bool).any():
        told |= {name: cells(findings, name).tolist() for name in SCREENED}
    return told


def _turned_by(findings: pd.DataFrame) -> dict[str, list[str]]:
    """Return what turns each fragile verdict, as its notes say, by language; else an empty text."""
    if (
        "stability" not in findings.columns
        or not (findings["stability"] == Stability.FRAGILE).any()
    ):
        return {}
    is_fragile = findings["stability"] == Stability.FRAGILE
    told = {}
    for lang, sentence in catalogue("stability")["stability.turned_by"].items():
        head, tail = sentence.split("{names}")
        notes = pd.Series(cells(findings, f"note_{lang}"), index=findings.index).fillna("")
        named = notes.str.rpartition(head)[2].str.removesuffix(tail)
        told[f"turned_by_{lang}"] = named.where(is_fragile, "").tolist()
    return told
