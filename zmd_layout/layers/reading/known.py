"""The heads that a layer knows (ours, usual ones, ages, coordinates), and what resembles them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import partial_ratio

from zmd_layout.layers.reading.heads import age_column, forms
from zmd_layout.layers.schema import AGE_COLUMN, SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zmd_layout.layers.reading.heads import Recognise
    from zmd_layout.layers.schema import Schema

X_NAMES = frozenset(
    {"x", "lon", "lng", "longitude", "经度", "学校经度", "东经", "x坐标", "中心点经度"}
)
Y_NAMES = frozenset({"y", "lat", "latitude", "纬度", "学校纬度", "北纬", "y坐标", "中心点纬度"})
PLACE_NAMES = frozenset({"经纬度", "坐标", "经纬度坐标", "位置坐标", "坐标经纬度", "lnglat"})
_SHAPES = frozenset({"wkt", "geometry"})
_LEAST_LENGTH = 4
_LIKENESS = 90


def plain(name: object) -> str:
    """Bring a column's head to the form in which synonyms are compared."""
    text = unicodedata.normalize("NFKC", str(name))
    return re.sub(r"[\s()]", "", text).casefold()  # what is in brackets may be a unit, and stays


@cache
def known_heads(layer: str) -> dict[str, str]:
    """Return our column of each head that a layer knows, in the form in which they are compared."""
    schema = SCHEMAS[layer]
    heads = {plain(name): column.name for column in schema.columns for name in column.names}
    heads |= {plain(column.name): column.name for column in schema.columns}
    heads |= dict.fromkeys(X_NAMES, "x") | dict.fromkeys(Y_NAMES, "y")
    return heads | dict.fromkeys(PLACE_NAMES, "place") | dict.fromkeys(_SHAPES, "geometry")


def column_of_head(head: str, schema: Schema) -> str | None:
    """Return our column for a head, with or without its unit; None if it is not known."""
    known = known_heads(schema.name)
    found = next((known[form] for f in forms(head) if (form := plain(f)) in known), None)
    if found is not None or not schema.has_ages:
        return found
    return head if AGE_COLUMN.fullmatch(head) else age_column(head)


def recogniser(schema: Schema | None, declared: Mapping[str, str]) -> Recognise:
    """
    Return what tells the field of a head.

    Parameters
    ----------
    schema
        Of the layer; None for a layer of the study's own, of which only declared heads are known.
    declared
        `columns` of the study: ours = theirs, which go first.
    """
    theirs = {plain(head): ours for ours, head in declared.items()}

    def recognise(title: str) -> str | None:
        found = next((theirs[form] for f in forms(title) if (form := plain(f)) in theirs), None)
        return found or (None if schema is None else column_of_head(title, schema))

    return recognise


def resembling(head: str, schema: Schema, *, but: Iterable[str]) -> str | None:
    """
    Return our column that a head not known resembles: a slip of the pen, or a part of a name.

    Parameters
    ----------
    head
        As the file has it.
    schema
        Of the layer.
    but
        Columns that the file has already.
    """
    taken = set(but) | {"x", "y", "place", "geometry"}
    form = plain(head)
    if len(form.encode()) < _LEAST_LENGTH:
        return None
    best: tuple[float, str] | None = None
    for known, ours in known_heads(schema.name).items():
        if ours in taken or len(known.encode()) < _LEAST_LENGTH:
            continue
        slips = OSA.distance(form, known, score_cutoff=2)
        is_slip = slips <= (1 if len(known) < 2 * _LEAST_LENGTH else 2) and slips < len(known) / 2
        is_part = known in form or (len(form) >= _LEAST_LENGTH and form in known)
        is_alike = len(form) >= 2 * _LEAST_LENGTH and partial_ratio(form, known) >= _LIKENESS
        score = 0.0 + slips if is_slip else 3.0 if is_part else 4.0 if is_alike else None
        if score is not None and (best is None or (score, ours) < best):
            best = (score, ours)
    return None if best is None else best[1]
