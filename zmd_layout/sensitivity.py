"""
Which verdicts hold when the data are as wrong as they may be.

People, the distances in rules, the borders of units and, where the list of schools is not complete,
the schools are varied one after the other, and every rule that this can touch is decided again. A
verdict that comes out the same each time is `stable`, one that does not is `fragile`. Verdicts
under two errors at once are not tried.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.findings import find
from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.measures import World
from zmd_layout.measures.units import LAYER_OF
from zmd_layout.messages import Message
from zmd_layout.rulebook.measure_forms import VerdictMeasure, parts
from zmd_layout.vocabulary import Lang, Stability, Status, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import geopandas as gpd

    from zmd_layout.layers import Layer, Layers
    from zmd_layout.rulebook import Rule

KEYS = ["rule_id", "unit_kind", "unit_id"]
_VERDICTS = [str(Status.PASS), str(Status.SHORTFALL)]
_SINGLE = {UnitKind.SCHOOL, UnitKind.PARCEL}  # neither people nor borders of units decide them
_METRE = "m"
_EAST_NORTH = {"east": (1, 0), "north": (0, 1), "west": (-1, 0), "south": (0, -1)}
_SURE = ("road graph",)  # what a world has worked out and no variation touches


@dataclass(frozen=True, slots=True)
class Variation:
    """
    One way in which the data may be wrong.

    Attributes
    ----------
    name
        What is said of it, such as "residents 2 % more".
    rules
        The rules that it can touch, varied where it varies rules.
    layers
        The layers of the study, varied.
    """

    name: Message
    rules: tuple[Rule, ...]
    layers: Layers


@dataclass(frozen=True, slots=True)
class Sensitivities:
    """
    How findings bear the variations.

    Attributes
    ----------
    findings
        The findings, `stability` filled where there is a verdict or a variation gives one, and the
        variations that turn it told in the notes.
    changed
        Variation and how many verdicts it turns.
    """

    findings: gpd.GeoDataFrame
    changed: tuple[tuple[Message, int], ...]

    @property
    def fragile(self) -> int:
        """How many verdicts do not hold under every variation."""
        return int((self.findings["stability"] == Stability.FRAGILE).sum())

    @property
    def stable(self) -> int:
        """How many verdicts hold under every variation."""
        return int((self.findings["stability"] == Stability.STABLE).sum())


def with_stability(
    findings: gpd.GeoDataFrame,
    world: World,
    rules: Sequence[Rule],
    *,
    progress: Callable[[Message], None] | None = None,
) -> Sensitivities:
    """
    Report for each verdict whether it holds when the data are as wrong as the study says.

    Parameters
    ----------
    findings
        Of `findings.find`, under `rules` in `world`.
    world
        Study, layers and day.
    rules
        The rules.
    progress
        Is told each variation.

    Returns
    -------
    sensitivities
        With the table in the order in which it came.
    """
    keys = pd.MultiIndex.from_frame(findings[KEYS].astype(str))
    status = findings["status"].to_numpy(dtype=str)
    has_verdict = np.isin(status, _VERDICTS)
    turned_by: dict[int, list[Message]] = {}
    changed = []
    for variation in variations(world, rules):
        if progress is not None:
            progress(Message("stability.trying", name=variation.name))
        turned, verdicts = _turned(variation, world, keys, status)
        has_verdict |= verdicts
        for row in np.flatnonzero(turned):
            turned_by.setdefault(int(row), []).append(variation.name)
        changed.append((variation.name, int(turned.sum())))
    words = np.where(has_verdict, str(Stability.STABLE), "").astype(object)
    words[list(turned_by)] = str(Stability.FRAGILE)
    out = findings.assign(stability=words)
    for lang in Lang:
        out[f"note_{lang}"] = _notes(findings[f"note_{lang}"], turned_by, lang)
    return Sensitivities(out, tuple(changed))


def _notes(notes: pd.Series[Any], turned_by: dict[int, list[Message]], lang: Lang) -> list[str]:
    out = notes.astype(str).tolist()
    space = "" if lang is Lang.ZH else " "
    for row, names in turned_by.items():
        told = Message("stability.turned_by", names=names).text(lang)
        out[row] = f"{out[row]}{space}{told}".strip()
    return out


def _turned(
    variation: Variation, world: World, keys: pd.MultiIndex, status: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return for each finding whether its verdict turns, and whether either side is a verdict."""
    kept = {key: world._kept[key] for key in _SURE if key in world._kept}  # noqa: SLF001 - one house
    varied = find(variation.rules, World(world.study, variation.layers, world.as_of, _kept=kept))
    tried = {rule.id for rule in variation.rules}
    index = pd.MultiIndex.from_frame(varied[KEYS].astype(str))
    after = pd.Series(varied["status"].to_numpy(dtype=str), index=index).reindex(keys)
    is_tried = keys.get_level_values("rule_id").isin(tried)
    other = after.fillna("").to_numpy(dtype=str)
    verdict = is_tried & (np.isin(other, _VERDICTS) | np.isin(status, _VERDICTS))
    return verdict & (other != status), verdict


def variations(world: World, rules: Sequence[Rule]) -> Iterator[Variation]:
    """Return every variation that can touch a rule of the study, in a fixed order."""
    wide = _with_counted([r for r in rules if not set(r.units) <= _SINGLE], rules)
    yield from _of_people(world, wide)
    yield from _of_distances(world, rules)
    yield from _of_schools(world, tuple(rules))
    yield from _of_borders(world, wide)


def _of_people(world: World, rules: tuple[Rule, ...]) -> Iterator[Variation]:
    percent = world.study.sensitivity.people_percent
    for key, factor in (("people_more", 1 + percent / 100), ("people_fewer", 1 - percent / 100)):
        layers = {name: _scaled(layer, factor) for name, layer in world.layers.items()}
        if percent:
            yield Variation(Message(f"stability.{key}", percent=percent), rules, layers)


def _scaled(layer: Layer, factor: float) -> Layer:
    people = [
        c for c in layer.frame if str(c) == "residents" or AGE_COLUMN.fullmatch(str(c)) is not None
    ]
    if not people:
        return layer
    columns = {str(c): layer.frame[c].astype(float) * factor for c in people}
    return replace(layer, frame=layer.frame.assign(**columns))


def _of_distances(world: World, rules: Sequence[Rule]) -> Iterator[Variation]:
    percent = world.study.sensitivity.distance_percent
    measured = [rule for rule in rules if any(p.unit == _METRE for p in rule.parameters.values())]
    if not measured or not percent:
        return
    for key, factor in (("wider", 1 + percent / 100), ("narrower", 1 - percent / 100)):
        varied = {rule.id: _stretched(rule, factor) for rule in measured}
        touched = _with_counted([varied.get(r.id, r) for r in measured], rules)
        touched = tuple(varied.get(rule.id, rule) for rule in touched)
        yield Variation(Message(f"stability.{key}", percent=percent), touched, world.layers)


def _stretched(rule: Rule, factor: float) -> Rule:
    parameters = {
        name: parameter.model_copy(
            update={
                "values": {
                    day: dated.model_copy(update={"value": dated.value * factor})
                    for day, dated in parameter.values.items()  # noqa: PD011 - a mapping by day
                }
            }
        )
        if parameter.unit == _METRE
        else parameter
        for name, parameter in rule.parameters.items()
    }
    return rule.model_copy(update={"parameters": parameters})


def _of_schools(world: World, rules: tuple[Rule, ...]) -> Iterator[Variation]:
    schools = world.layers.get("schools")
    options = world.study.sensitivity
    if schools is None or schools.origin.is_complete or not options.schools_lost_percent:
        return
    lost = round(len(schools.frame) * options.schools_lost_percent / 100)
    chance = np.random.default_rng(options.seed)
    for draw in range(options.draws):
        gone = chance.choice(len(schools.frame), size=lost, replace=False)
        frame = schools.frame.drop(index=schools.frame.index[gone]).reset_index(drop=True)
        layers = {**world.layers, "schools": replace(schools, frame=frame)}
        name = Message(
            "stability.schools_lost", percent=options.schools_lost_percent, draw=draw + 1
        )
        yield Variation(name, rules, layers)


def _of_borders(world: World, rules: tuple[Rule, ...]) -> Iterator[Variation]:
    distance = world.study.sensitivity.boundary_m
    of_units = {name for kind, (name, _) in LAYER_OF.items() if kind not in _SINGLE}
    if not distance:
        return
    for word, (east, north) in _EAST_NORTH.items():
        layers = {
            name: _moved(layer, east * distance, north * distance) if name in of_units else layer
            for name, layer in world.layers.items()
        }
        where = Message(f"stability.{word}")
        yield Variation(Message("stability.moved", m=distance, where=where), rules, layers)


def _moved(layer: Layer, east_m: float, north_m: float) -> Layer:
    """Move the polygons of a layer; points, such as the middles of villages, stay."""
    shapes = layer.frame.geometry
    is_area = shapes.geom_type.isin(["Polygon", "MultiPolygon"])
    if not is_area.any():
        return layer
    moved = shapes.where(~is_area, shapes.translate(east_m, north_m))
    return replace(layer, frame=layer.frame.set_geometry(moved))


def _with_counted(some: Sequence[Rule], rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Add the rules whose verdicts these count, and those that count verdicts of these."""
    ids = {rule.id for rule in some}
    counts = {
        rule.id: {
            part.verdicts
            for definition in rule.measures.values()
            for part in parts(definition)
            if isinstance(part, VerdictMeasure)
        }
        for rule in rules
    }
    ids |= {rule_id for rule_id, counted in counts.items() if counted & ids}
    ids |= {counted for rule_id in ids for counted in counts.get(rule_id, ())}
    return tuple(rule for rule in rules if rule.id in ids)
