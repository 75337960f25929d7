"""Class sizes as a table of bands: 26—30人, …, 66人及以上."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# a size has few digits: to try every part of a long number takes the square of its length
_SIZE = r"(?<!\d)(\d{1,4})"
_SPAN = re.compile(_SIZE + r"人?[-—–~～至到](\d{1,4})人?(?:的?班数?)?$")
_UP_TO = re.compile(_SIZE + r"人?(?:及以下|以下及|以内)(?:的?班数?)?$")
_FROM = re.compile(_SIZE + r"人?(?:及以上|及其以上)(?:的?班数?)?$")
_MOST_PUPILS = 200


@dataclass(frozen=True, slots=True, order=True)
class Band:
    """
    A band of class sizes.

    Attributes
    ----------
    group
        The head above it, "" where there is none: tables of several stages stand side by side.
    low, high
        The smallest and the largest class in it, both included; `high` may be infinite.
    """

    group: str
    low: int
    high: float


def band_of(title: str) -> Band | None:
    """Read the head of a column as a band of class sizes; None if it is none."""
    *above, last = unicodedata.normalize("NFKC", title).replace(" ", "").split("_")
    group = "_".join(above)
    if (span := _SPAN.search(last)) and int(span[2]) <= _MOST_PUPILS:
        return Band(group or last[: span.start()], int(span[1]), int(span[2]))
    if up_to := _UP_TO.search(last):
        return Band(group or last[: up_to.start()], 0, int(up_to[1]))
    if (over := _FROM.search(last)) and over.start() == 0:
        return Band(group, int(over[1]), math.inf)
    return None


def classes_from(counts: Mapping[Band, float | None], *, from_pupils: int) -> float | None:
    """
    Count the classes of `from_pupils` and more, if the bands tell it exactly.

    Parameters
    ----------
    counts
        Classes in each band; None is unknown.
    from_pupils
        The smallest class that counts.

    Returns
    -------
    classes
        None where a band reaches over the bound and is not zero, where bands leave a gap above it,
        or where one that counts is unknown. Of several groups the total (合计) if there is one,
        else their sum.
    """
    groups = sorted({band.group for band in counts})
    totals = [group for group in groups if "合计" in group]
    sums = [
        _one_group({b: n for b, n in counts.items() if b.group == group}, from_pupils)
        for group in (totals[:1] or groups)
    ]
    known = [each for each in sums if each is not None]
    return sum(known) if sums and len(known) == len(sums) else None


def _one_group(counts: Mapping[Band, float | None], from_pupils: int) -> float | None:
    bands = sorted(band for band in counts if band.high >= from_pupils)
    if not _reach_without_gap(bands, from_pupils):
        return None
    total = 0.0
    for band in bands:
        count = counts[band]
        if count is None or (band.low < from_pupils and count > 0):
            return None
        total += count if band.low >= from_pupils else 0.0
    return total


def _reach_without_gap(bands: Sequence[Band], from_pupils: int) -> bool:
    """Return whether the bands hold every size from the bound on, each once."""
    wanted: float = from_pupils
    for band in bands:
        if band.low > wanted or (band.low < wanted and band is not bands[0]):
            return False
        wanted = band.high + 1
    return bool(bands) and math.isinf(wanted)
