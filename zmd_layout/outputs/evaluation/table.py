"""The final evaluation as one table: targets of the plan, and every provision by county."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from zmd_layout.measures.place import misplaced
from zmd_layout.messages import Message, both
from zmd_layout.outputs.evaluation.states import Reached, gravest, reached, state_of_finding
from zmd_layout.outputs.results import county_names, county_of
from zmd_layout.vocabulary import Status, Strength, TargetHandling, TargetState, UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zmd_layout.outputs.results import Results
    from zmd_layout.rulebook import Rule
    from zmd_layout.rulebook.targets import Target, Targets

COLUMNS = (
    "item", "item_kind", "in_table", "handling", "rule_id", "title_zh", "title_en", "strength",
    "unit_kind", "unit_id", "unit_name", "base_year", "base", "relation", "target", "actual",
    "actual_year", "measure_unit", "sources", "due_on", "state", "units", "units_met",
    "units_missed", "units_unknown", "why_zh", "why_en", "missing_zh", "missing_en",
    "contradiction_zh", "contradiction_en", "clause", "is_synthetic",
)  # fmt: skip
_TEXTS = [
    "rule_id", "relation", "measure_unit", "sources", "why_zh", "why_en", "missing_zh",
    "missing_en", "contradiction_zh", "contradiction_en", "clause",
]  # fmt: skip
TARGET, PROVISION = "target", "provision"

_GOOD = frozenset({TargetState.MET, TargetState.MET_LATE, TargetState.HOLDS})
_BAD = frozenset({TargetState.MISSED, TargetState.SHORT})
_OPEN = frozenset({TargetState.UNKNOWN, TargetState.TIME_UNKNOWN})


def evaluation_table(results: Results) -> pd.DataFrame:
    """
    Evaluate a plan: a row for each target, and one for each provision and county.

    Parameters
    ----------
    results
        Findings, rules, layers and the targets of the rule sets.

    Returns
    -------
    table
        `COLUMNS`. A provision whose units lie below the county has one row for each county, with
        the numbers of its units by state; `state` is then the gravest of them. NaN is unknown.
    """
    found = _stated(results)
    rows = [row for targets in results.targets for row in _targets(results, targets, found)]
    rows += [row for rule in results.rules for row in _provision(rule, found)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table[_TEXTS] = table[_TEXTS].astype(object).fillna("")
    return table


def _stated(results: Results) -> pd.DataFrame:
    """Return the findings that apply, each with its state and the county or city it counts for."""
    table = pd.DataFrame(results.findings.drop(columns="geometry"))
    pairs = zip(table["status"], table["due_state"].fillna(""), strict=True)
    table["state"] = [state_of_finding(str(status), str(due)) for status, due in pairs]
    table = table[table["state"].notna()].copy()
    names, place_of = county_names(results), county_of(results)
    city = results.world.units(UnitKind.CITY, {})
    whole = (
        (results.world.study.id, results.world.study.name.zh)
        if city is None
        else (str(city.frame.index[0]), str(city.frame["name"].iloc[0]))
    )
    keys = zip(table["unit_kind"].astype(str), table["unit_id"].astype(str), strict=True)
    county = [place_of.get(key, "") for key in keys]
    table["whole_kind"] = [str(UnitKind.COUNTY if one else UnitKind.CITY) for one in county]
    table["whole_id"] = [one or whole[0] for one in county]
    table["whole_name"] = [names.get(one, "") if one else whole[1] for one in county]
    return table


def _row(**known: Any) -> dict[str, Any]:  # noqa: ANN401 - cells of a table
    return dict.fromkeys(COLUMNS) | known


def _counts(rows: pd.DataFrame) -> dict[str, Any]:
    states = list(rows["state"])
    unknown = rows[rows["state"].isin(_OPEN)]
    bad = rows[rows["state"].isin(_BAD)]
    return {
        "state": str(gravest(states)),
        "units": len(states),
        "units_met": sum(state in _GOOD for state in states),
        "units_missed": sum(state in _BAD for state in states),
        "units_unknown": sum(state in _OPEN for state in states),
        "why_zh": _first(bad["note_zh"]), "why_en": _first(bad["note_en"]),
        "missing_zh": _first(unknown["note_zh"]), "missing_en": _first(unknown["note_en"]),
        "is_synthetic": bool(rows["is_synthetic"].any()),
    }  # fmt: skip


def _first(notes: pd.Series) -> str:
    """Return the note that occurs most often; of several the first."""
    told = notes[notes.fillna("") != ""]
    return "" if told.empty else str(told.mode().iloc[0])


def _figures(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the numbers of a single finding; many units have none in common."""
    if len(rows) != 1:
        return {}
    row = rows.iloc[0]
    return {
        "actual": row["measured"], "target": row["required"], "sources": row["sources"],
        "relation": row["relation"], "actual_year": _year(str(row["sources"] or "")),
    }  # fmt: skip


def _year(sources: str) -> int | None:
    """Return the year of a figure: that of its sources where they have one in common."""
    years = {int(word) for word in sources.replace(";", " ").split() if _is_year(word)}
    return years.pop() if len(years) == 1 else None


def _is_year(word: str) -> bool:
    return len(word) == len("2025") and word.isdigit()


def _provision(rule: Rule, found: pd.DataFrame) -> Iterator[dict[str, Any]]:
    if rule.strength is Strength.INDICATOR:
        return
    zh, en = rule.title.zh, rule.title.en
    for (kind, unit, name), rows in found[found["rule_id"] == rule.id].groupby(
        ["whole_kind", "whole_id", "whole_name"], sort=True
    ):
        first = rows.iloc[0]
        yield _row(
            item=rule.key, item_kind=PROVISION, in_table=False,
            handling=str(TargetHandling.ENCODED), rule_id=rule.id, title_zh=zh, title_en=en,
            strength=str(rule.strength), unit_kind=kind, unit_id=unit, unit_name=name,
            measure_unit=rule.measure_unit, due_on=rule.due.on, clause=first["clause"],
            **{**_counts(rows), **_figures(rows)},
        )  # fmt: skip


def _targets(results: Results, targets: Targets, found: pd.DataFrame) -> Iterator[dict[str, Any]]:
    rules = {rule.id: rule for rule in results.rules}
    why = next(
        (
            misplaced(rule, results.world)
            for rule in results.rules
            if rule.place is not None and rule.place.city == targets.city
        ),
        None,
    )
    if why is not None and why[0] is Status.NOT_APPLICABLE:
        return
    for target in targets.target:
        row = _described(results, target, targets)
        if target.reason is not None:
            state = {"state": str(TargetState.NOT_CHECKABLE)}
            yield row | state | _texts("why", target.reason.zh, target.reason.en)
        elif why is not None:
            yield row | {"state": str(TargetState.UNKNOWN)} | _texts("missing", *both(why[1]))
        elif target.rule is not None:
            yield row | _by_rule(target, rules.get(target.rule), found)
        else:
            yield row | _by_figure(results, target, targets)


def _texts(name: str, zh: str, en: str) -> dict[str, str]:
    return {f"{name}_zh": zh, f"{name}_en": en}


def _described(results: Results, target: Target, targets: Targets) -> dict[str, Any]:
    city = results.world.units(UnitKind.CITY, {})
    has_city = city is not None
    row = _row(
        item=target.id, item_kind=TARGET, in_table=target.in_table, handling=str(target.handling),
        rule_id=target.rule, title_zh=target.title.zh, title_en=target.title.en,
        strength=str(target.strength), unit_kind=str(UnitKind.CITY),
        unit_id=str(city.frame.index[0]) if has_city and city is not None else targets.city,
        unit_name=results.world.study.name.zh,
        base_year=None if target.base is None else targets.base_year, base=target.base,
        relation=target.relation, target=target.value, measure_unit=target.unit,
        due_on=targets.due_on, is_synthetic=False,
        clause=f"{targets.document} {target.article}：{target.quote}",
    )  # fmt: skip
    if target.contradiction is not None:
        row |= _texts("contradiction", target.contradiction.zh, target.contradiction.en)
    return row


def _by_rule(target: Target, rule: Rule | None, found: pd.DataFrame) -> dict[str, Any]:
    rows = found[found["rule_id"] == target.rule]
    whole = rows[rows["unit_kind"] == UnitKind.CITY]
    rows = whole if len(whole) else rows
    if rule is None or rows.empty:
        note = Message("evaluation.no_finding", rule=target.rule)
        return {"state": str(TargetState.UNKNOWN)} | _texts("missing", *both(note))
    figures = _figures(rows)
    kept = {"actual": figures.get("actual"), "actual_year": figures.get("actual_year")}
    return _counts(rows) | kept | {"sources": figures.get("sources"), "due_on": rule.due.on}


def _by_figure(results: Results, target: Target, targets: Targets) -> dict[str, Any]:
    figures, is_made = _series(results, str(target.statistic))
    done = reached(
        target, figures, base_year=targets.base_year, due_on=targets.due_on,
        as_of=results.world.as_of,
    )  # fmt: skip
    row = {
        "state": str(done.state), "actual": done.actual, "actual_year": done.year,
        "is_synthetic": is_made and done.actual is not None,
        "sources": "" if done.year is None else f"statistics {done.year}",
    }  # fmt: skip
    if done.state in _OPEN:
        asked = Message("evaluation.asked", name=target.statistic, year=targets.due_on.year)
        row |= _texts("missing", *both(asked))
    return row | _texts("why", *_reason(done, target, targets))


def _reason(done: Reached, target: Target, targets: Targets) -> tuple[str, str]:
    if target.reading is not None and done.state is TargetState.REPORTED:
        return target.reading.zh, target.reading.en
    if done.state is TargetState.TIME_UNKNOWN:
        return both(Message("evaluation.newer", year=done.year, due=targets.due_on.year))
    return "", ""


def _series(results: Results, name: str) -> tuple[Mapping[int, float], bool]:
    """Return the city's figures of a statistic by year."""
    layer, city = results.world.layers.get("statistics"), results.world.units(UnitKind.CITY, {})
    if layer is None or city is None:
        return {}, False
    table = layer.frame
    is_asked = (table["name"] == name) & (table["unit_id"].astype(str) == str(city.frame.index[0]))
    chosen = table[is_asked & table["value"].notna()]
    years = zip(chosen["year"], chosen["value"], strict=True)
    return {int(year): float(value) for year, value in years}, layer.is_synthetic


def figures_to_fill(table: pd.DataFrame, results: Results) -> pd.DataFrame:
    """Return the figures that are asked for, as rows of the layer `statistics` without a value."""
    asked = {
        one.id: one
        for targets in results.targets
        for one in targets.target
        if one.statistic is not None
    }
    rows = table[table["item"].isin(asked) & table["state"].isin([str(s) for s in _OPEN])]
    return pd.DataFrame(
        {
            "unit_id": rows["unit_id"],
            "year": [day.year for day in rows["due_on"]],
            "name": [asked[item].statistic for item in rows["item"]],
            "value": None,
            "title": rows["title_zh"],
            "measure_unit": rows["measure_unit"],
            "source": "",
        }
    )
