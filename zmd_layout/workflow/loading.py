"""Layers, rules and findings of a study, and the tables that outputs take of them."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Any

import geopandas as gpd

from zmd_layout.errors import ArgumentError, StudyError
from zmd_layout.findings import find
from zmd_layout.layers import Layers, load_layers
from zmd_layout.messages import Message
from zmd_layout.population.allocate import with_residents, without_grid
from zmd_layout.rulebook import Rule, load_ruleset
from zmd_layout.rulebook.nearest import nearest
from zmd_layout.rulebook.provision import DatedValue
from zmd_layout.rulebook.targets import load_targets
from zmd_layout.sensitivity import with_stability
from zmd_layout.study import FILE_NAME
from zmd_layout.vocabulary import Basis, RuleStatus, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zmd_layout.measures import World
    from zmd_layout.rulebook.targets import Targets
    from zmd_layout.study import Study
    from zmd_layout.workflow.cache import StepCache


def load_rules(study: Study) -> list[Rule]:
    """
    Read the rules of a study's sets; drafts only where the study includes them.

    Raises
    ------
    RuleError
        If a file is not a rule, or an id stands in two sets.
    """
    rules: dict[str, Rule] = {}
    for name in study.rulesets:
        for rule in load_ruleset(name, base=study.folder):
            if rule.id in rules:
                raise StudyError(
                    Message(
                        "rulebook.doubled_rule", id=rule.id, first=rules[rule.id].ruleset,
                        second=rule.ruleset,
                    )
                )  # fmt: skip
            if rule.status is RuleStatus.REVIEWED or study.include_draft:
                rules[rule.id] = rule
    for rule_id, numbers in study.what_if.numbers.items():
        rules[rule_id] = _with_numbers(rule_named(list(rules.values()), rule_id), numbers)
    return list(rules.values())


def load_all_targets(study: Study) -> tuple[Targets, ...]:
    """
    Read the targets of the study's rule sets, where they have any.

    Raises
    ------
    RuleError
        If a file of targets is not what it should be.
    """
    found = (load_targets(name, base=study.folder) for name in study.rulesets)
    return tuple(one for one in found if one is not None)


def rule_named(rules: Sequence[Rule], name: str) -> Rule:
    """
    Return the rule of an id, or of a title in either language.

    Raises
    ------
    ArgumentError
        If there is none; names the nearest.
    """
    for rule in rules:
        if name in (rule.id, rule.title.zh, rule.title.en):
            return rule
    known = {text: rule.id for rule in rules for text in (rule.id, rule.title.zh, rule.title.en)}
    near = nearest(str(name), known, at_least=0)
    raise ArgumentError(Message("arguments.no_rule", found=repr(name), near=known.get(str(near))))


def _with_numbers(rule: Rule, numbers: Mapping[str, float]) -> Rule:
    """Return a rule with other numbers, which are assumptions."""
    parameters = dict(rule.parameters)
    for name, value in numbers.items():
        if name not in parameters:
            known = sorted(parameters)
            raise ArgumentError(
                Message("arguments.no_number", rule=rule.id, found=repr(name), known=known)
            )
        supposed = DatedValue(value=value, basis=Basis.ASSUMPTION)
        days = dict.fromkeys(parameters[name].values, supposed)
        parameters[name] = parameters[name].model_copy(update={"values": days})
    return rule.model_copy(update={"parameters": parameters})


def refuse_empty(study: Study) -> None:
    """
    Refuse a study file in which no layer was filled in yet.

    Raises
    ------
    StudyError
        If the study names no layer at all; says which to begin with.
    """
    if not study.layers and not study.own_layers:
        raise StudyError(Message("study.no_layers", path=study.folder / FILE_NAME))


def tell(progress: Callable[[Message], None] | None, message: Message) -> None:
    """Report what is being done, where somebody listens."""
    if progress is not None:
        progress(message)


def load(
    study: Study, progress: Callable[[Message], None] | None, memory: StepCache | None = None
) -> Layers:
    """Read the layers of a study, its people on the ground; says which layer is being read."""

    def says(name: str) -> None:
        tell(progress, Message("workflow.loading", name=name))

    recall = None if memory is None else memory.layer
    layers = load_layers(without_grid(study), progress=says, recall=recall)
    return with_residents(layers, study)


def find_all(
    rules: Sequence[Rule],
    world: World,
    progress: Callable[[Message], None] | None,
    memory: StepCache | None = None,
) -> gpd.GeoDataFrame:
    """Hold a study against its rules; says which rule is being checked. See `findings.find`."""
    titles = {rule.id: rule.title for rule in rules}

    def says(rule_id: str) -> None:
        tell(progress, Message("workflow.checking", rule=titles[rule_id]))

    recall = None if memory is None else partial(memory.rule, world.layers)
    return find(rules, world, progress=says, recall=recall)


def try_all(
    findings: gpd.GeoDataFrame,
    world: World,
    rules: Sequence[Rule],
    progress: Callable[[Message], None] | None,
) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    """Fill `stability`, and give what the record says of it; see `stability.with_stability`."""
    tried = with_stability(findings, world, rules, progress=progress)
    record = {
        **world.study.sensitivity.model_dump(),
        "stable": tried.stable,
        "fragile": tried.fragile,
        "turned": [
            {"zh": name.text("zh"), "en": name.text("en"), "count": count}
            for name, count in tried.changed
        ],
    }
    return tried.findings, {"stability": record}


def frames(layers: Layers) -> dict[str, gpd.GeoDataFrame]:
    """Return the tables of the layers that have rows, by name, in the study's plane."""
    return {name: layer.frame for name, layer in layers.items() if len(layer.frame)}


def unit_frames(world: World, rules: Sequence[Rule]) -> dict[str, gpd.GeoDataFrame]:
    """Return the units that the rules speak of, but for schools and parcels, by kind."""
    kinds: dict[UnitKind, Rule] = {}
    for rule in rules:
        for kind in rule.units:
            kinds.setdefault(kind, rule)
    out = {}
    for kind in UnitKind:
        if kind in kinds and kind not in {UnitKind.SCHOOL, UnitKind.PARCEL}:
            units = world.units(kind, kinds[kind].limits(world.as_of))
            if units is not None:
                out[str(kind)] = units.frame
    return out


def dated(findings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return days as text, for formats that know none."""
    out = findings.copy()
    for name in ("as_of", "due_on"):
        out[name] = out[name].map(lambda day: day.isoformat() if isinstance(day, dt.date) else None)
    return out


def layer_frame(layers: Layers, name: str, study: Study) -> gpd.GeoDataFrame:
    """Return a layer's table, or an empty one where the study has no such layer."""
    if name in layers:
        return layers[name].frame
    return gpd.GeoDataFrame({"school_id": []}, geometry=[], crs=study.crs)
