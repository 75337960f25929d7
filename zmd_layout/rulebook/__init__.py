"""
Read the rules under `rules/`: law as data.

A rule is a YAML file that quotes its clause, says how it is read, and names the numbers with the
day each took force and what it rests on. The loader refuses what it does not understand: unknown
keys, doubled keys, a number without a basis, a measure nobody computes, an id that is not the
file's name. All faults of a file come in one error that names the file and, where YAML tells it,
the line.
"""

from __future__ import annotations

from zmd_layout.rulebook.cases import CASES_SUFFIX, Case, load_cases
from zmd_layout.rulebook.kinds import Band, Banded, Check, Proportion, Report, Threshold
from zmd_layout.rulebook.provision import (
    Both,
    Clause,
    DatedValue,
    Due,
    Effective,
    Parameter,
)
from zmd_layout.rulebook.rule import Monitor, Rule, Stricter, Wish
from zmd_layout.rulebook.sets import builtin_rulesets, load_rule, load_ruleset, rules_folder
from zmd_layout.rulebook.yaml_reader import read_yaml

__all__ = [
    "CASES_SUFFIX",
    "Band",
    "Banded",
    "Both",
    "Case",
    "Check",
    "Clause",
    "DatedValue",
    "Due",
    "Effective",
    "Monitor",
    "Parameter",
    "Proportion",
    "Report",
    "Rule",
    "Stricter",
    "Threshold",
    "Wish",
    "builtin_rulesets",
    "load_cases",
    "load_rule",
    "load_ruleset",
    "read_yaml",
    "rules_folder",
]
