"""Return which column of a roster is which field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.errors import LayerError
from zmd_layout.layers.reading.heads import forms
from zmd_layout.layers.sources.roster.bands import band_of
from zmd_layout.layers.sources.roster.tables import field_of_head, fields, plain
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zmd_layout.layers.reading.heads import Head


def recognise(title: str, declared: Mapping[str, str]) -> str | None:
    """Return what a head is known as: a declared column, a field, or a band of class sizes."""
    for ours, theirs in declared.items():
        if _is_head(title, theirs):
            return ours
    return field_of(title) or (None if (band := band_of(title)) is None else repr(band))


def field_of(title: str) -> str | None:
    """Report the field of a head by the forms under which heads may be known, or None."""
    known = field_of_head()
    return next((known[form] for f in forms(title) if (form := plain(f)) in known), None)


def columns_of_fields(head: Head, declared: Mapping[str, str]) -> dict[str, int]:
    """
    Return which column holds which field.

    Parameters
    ----------
    head
        The head.
    declared
        `columns` of the study: our column or a field's name → the head in the file.

    Returns
    -------
    columns
        Field → number of the column.

    Raises
    ------
    LayerError
        If a declared head is not there, or two columns could be one field: never picked; the error
        gives the lines to write. All faults in one error.
    """
    faults: list[Message] = []
    chosen: dict[str, int] = {}
    for ours, theirs in declared.items():
        at = [n for n, title in enumerate(head.titles) if _is_head(title, theirs)]
        if not at:
            faults.append(
                Message("layers.no_such_column", layer="schools", column=theirs, ours=ours,
                        found=[title for title in head.titles if title])
            )  # fmt: skip
        else:
            chosen[_field_named(ours)] = at[0]
    rest: dict[str, list[int]] = {}
    for n, title in enumerate(head.titles):
        field = field_of(title) if n not in chosen.values() else None
        if field is not None and field not in chosen:
            rest.setdefault(field, []).append(n)
    for field, at in rest.items():
        if len(at) == 1:
            chosen[field] = at[0]
        else:
            faults.append(_which(field, [head.titles[n] for n in at]))
    if faults:
        raise LayerError(*faults)
    return chosen


def _which(field: str, titles: list[str]) -> Message:
    ours = fields()[field].column or field
    lines = [f'columns = {{{ours} = "{title}"}}' for title in titles]
    return Message("roster.two_candidates", field=ours, found=titles, lines=lines)


def _is_head(title: str, theirs: str) -> bool:
    wanted = plain(theirs)
    return bool(title) and wanted in {plain(title), plain(title.rsplit("_", maxsplit=1)[-1])}


def _field_named(ours: str) -> str:
    """Return the field of one of our columns; the name of a field is its own."""
    if ours in fields():
        return ours
    return next((field.name for field in fields().values() if field.column == ours), ours)
