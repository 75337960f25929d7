"""Find the sets of rules, and read their files."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from zmd_layout.errors import RuleError
from zmd_layout.messages import Message, word_message
from zmd_layout.rulebook.cases import CASES_SUFFIX
from zmd_layout.rulebook.dependence import circle_of, counted_verdicts
from zmd_layout.rulebook.nearest import nearest
from zmd_layout.rulebook.reading import read_rule
from zmd_layout.rulebook.yaml_reader import read_yaml, told
from zmd_layout.unit_keys import lies_in

if TYPE_CHECKING:
    from zmd_layout.rulebook.rule import Rule


def load_rule(path: Path) -> Rule:
    """
    Read one rule file.

    Parameters
    ----------
    path
        A `*.yaml` file; its folder's name is the id of the set that it belongs to.

    Returns
    -------
    rule
        The rule, frozen.

    Raises
    ------
    RuleError
        If the file is not a rule: all faults in one error.
    """
    raw = read_yaml(path)
    if not isinstance(raw, dict):
        raise RuleError(Message("rulebook.not_a_rule", path=path.name))
    rule, faults = read_rule({**raw, "ruleset": path.parent.name})
    messages = told(path, faults)
    name = raw.get("id")
    if isinstance(name, str) and name != path.stem and ("id",) not in {f.place for f in faults}:
        messages.append(
            Message("rulebook.id_is_not_file", path=path.name, found=name, wanted=path.stem)
        )
    if rule is None or messages:
        raise RuleError(*messages)
    return rule


def rules_folder() -> Path:
    """
    Find the folder with the built-in rule sets.

    In a wheel it stands inside the package; an editable install has it beside the package.

    Raises
    ------
    RuleError
        If neither is there: the installation is broken.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "rules", package.parent / "rules"):
        if folder.is_dir():
            return folder
    raise RuleError(Message("rulebook.no_folder"))


@cache
def builtin_rulesets() -> tuple[str, ...]:
    """Name the built-in rule sets, sorted."""
    return tuple(sorted(p.name for p in rules_folder().iterdir() if p.is_dir()))


def load_ruleset(ruleset: str, *, base: Path | None = None) -> list[Rule]:
    """
    Read all rules of a set.

    Parameters
    ----------
    ruleset
        The name of a built-in set, or a folder of own rules.
    base
        What a relative folder is relative to (the study file's folder).

    Returns
    -------
    rules
        Sorted by id.

    Raises
    ------
    RuleError
        If there is no such set, it is empty, or any of its files is not a rule: all faults of all
        files in one error.
    """
    if ruleset in builtin_rulesets():
        return list(_builtin(ruleset))
    return _load_folder((base or Path()) / ruleset, ruleset)


@cache
def _builtin(ruleset: str) -> tuple[Rule, ...]:
    """Read a built-in set once: rules are frozen, and several rooms ask for them."""
    return tuple(_load_folder(rules_folder() / ruleset, ruleset))


def _load_folder(folder: Path, ruleset: str) -> list[Rule]:
    files = sorted(p for p in folder.glob("*.yaml") if not p.name.endswith(CASES_SUFFIX))
    if not files:
        known = list(builtin_rulesets())
        raise RuleError(Message("rulebook.no_ruleset", ruleset=ruleset, known=known))
    rules: list[Rule] = []
    faults: list[Message] = []
    for path in files:
        try:
            rules.append(load_rule(path))
        except RuleError as error:
            faults += error.messages
    faults += _verdict_faults(rules, [path.stem for path in files])
    if faults:
        raise RuleError(*faults)
    return sorted(rules, key=lambda rule: rule.id)


def _verdict_faults(rules: list[Rule], known: list[str]) -> list[Message]:
    """Name the rules that count verdicts which nobody gives, or which wait for their own."""
    by_id = {rule.id: rule for rule in rules}
    faults = []
    for rule, other in ((one, other) for one in rules for other in counted_verdicts(one)):
        named = {"path": f"{rule.id}.yaml", "wanted": other}
        if other not in known:
            near = nearest(other, known)
            if near is None:
                faults.append(Message("rulebook.unknown_verdicts", **named))
            else:
                faults.append(Message("rulebook.unknown_verdicts_near", **named, near=near))
        elif other in by_id and not _has_parts(rule, by_id[other]):
            kinds = {"part": _words(by_id[other]), "whole": _words(rule)}
            faults.append(Message("rulebook.no_part_of_it", **named, **kinds))
    circle = circle_of(rules)  # of rules that count themselves each was told before
    if circle:
        faults.append(Message("rulebook.circle", path=f"{circle[0]}.yaml", rules=circle))
    return faults


def _has_parts(rule: Rule, other: Rule) -> bool:
    kinds = [*rule.units, *(monitor.unit for monitor in rule.monitor)]
    return all(any(lies_in(part, whole) for part in other.units) for whole in kinds)


def _words(rule: Rule) -> list[Message]:
    return [word_message(kind) for kind in rule.units]
