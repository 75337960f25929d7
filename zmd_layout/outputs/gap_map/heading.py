"""What the map says about itself: title, dates, rule sets, and the warnings that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zmd_layout.messages import Message
from zmd_layout.messages.words import layer_word
from zmd_layout.study import LAYER_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from zmd_layout.study import Study

LAYERS_NAMED = 3


@dataclass(frozen=True, slots=True)
class Heading:
    """The texts around the map, in no language yet."""

    title: Message
    subtitle: Message
    warnings: tuple[Message, ...]
    notes: tuple[Message, ...]
    is_synthetic: bool
    year: int | None  # of the assessment


@dataclass(frozen=True, slots=True)
class Caption:
    """What a map is called in place of its own title, and what must be known before reading it."""

    title: Message
    remark: Message


def describe(
    findings: pd.DataFrame,
    *,
    suggestions: pd.DataFrame | None,
    study: Study | None,
    caption: Caption | None = None,
    notes: Sequence[Message] = (),
) -> Heading:
    """
    Report what is shown, for which day, from the data of which years, against which rules.

    The warning about made-up data stands wherever anything on the page was made up.
    """
    is_synthetic = _any_true(findings, "is_synthetic") or (
        suggestions is not None and _any_true(suggestions, "is_synthetic")
    )
    rulesets = sorted(findings["ruleset"].dropna().astype(str).unique())
    day = _as_of(findings, study)
    year = str(day)[:4]
    place = (
        Message("gap_map.this_place")
        if study is None
        else Message("gap_map.name", **study.name.model_dump())
    )
    title = Message("gap_map.title") if study is None else Message("gap_map.title_of", place=place)
    subtitle = Message(
        "gap_map.subtitle", day=day, years=_years(study), rulesets=rulesets or [_unknown()]
    )
    warnings = (Message("words.synthetic_banner"),) if is_synthetic else ()
    if caption is not None:
        title, warnings = caption.title, (caption.remark, *warnings)
    return Heading(
        title=title,
        subtitle=subtitle,
        warnings=(*warnings, *_period_over(study)),
        notes=(*notes, Message("gap_map.sketch")),
        is_synthetic=is_synthetic,
        year=int(year) if year.isdigit() else None,
    )


def _any_true(frame: pd.DataFrame, column: str) -> bool:
    # an unknown mark is not a mark; comparing leaves NA out
    return column in frame.columns and bool((frame[column].astype(object) == True).any())  # noqa: E712


def _unknown() -> Message:
    return Message("gap_map.unknown")


def _as_of(findings: pd.DataFrame, study: Study | None) -> object:
    if study is not None:
        return study.as_of
    days = findings["as_of"].dropna().astype(str) if "as_of" in findings.columns else ()
    return max(days) if len(days) else _unknown()


def _years(study: Study | None) -> Message | list[Message]:
    """Name the years of the data, each with the layers that are of it, the weightiest first."""
    layers_of: dict[int, list[str]] = {}
    for name in LAYER_NAMES:
        source = None if study is None else study.layers.get(name)
        if source is not None and source.year is not None:
            layers_of.setdefault(source.year, []).append(name)
    if not layers_of:
        return _unknown()
    return [
        Message("gap_map.year_of", year=year, layers=_some(layers))
        for year, layers in sorted(layers_of.items())
    ]


def _some(layers: list[str]) -> Message | list[Message]:
    names = [layer_word(name) for name in layers]
    if len(names) <= LAYERS_NAMED:
        return names
    return Message("gap_map.and_more", layers=names[:LAYERS_NAMED])


def _period_over(study: Study | None) -> tuple[Message, ...]:
    if study is None or study.plan_period is None or study.as_of <= study.plan_period[1]:
        return ()
    start, end = study.plan_period
    return (Message("gap_map.period_over", day=study.as_of, start=start.year, end=end.year),)
