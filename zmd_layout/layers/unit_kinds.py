"""The kind of counties and townships that a layer does not give: from their codes and names."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pandas as pd

from zmd_layout.layers.plain import plain
from zmd_layout.messages import Message, value_word

if TYPE_CHECKING:
    import geopandas as gpd


def with_kinds(
    frame: gpd.GeoDataFrame, *, layer_name: str
) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """
    Fill in the kind of units that have none.

    Parameters
    ----------
    frame
        Counties or townships in our columns; other layers stay as they are.
    layer_name
        Which.

    Returns
    -------
    frame, notes
        With `kind` where code and name agree or one of them says it; how many units of each kind
        they are, and those that stay without one, as code and name contradict each other or
        neither says it.
    """
    if layer_name not in _tables() or not {"unit_id", "name"} <= set(frame.columns):
        return frame, ()
    known = frame["kind"] if "kind" in frame else pd.Series(None, index=frame.index, dtype=object)
    lacking = known.isna()
    if not lacking.any():
        return frame, ()
    table = _tables()[layer_name]
    found = {
        row: kind_of(str(unit_id), str(name), table)
        for row, unit_id, name in zip(
            frame.index[lacking], frame.loc[lacking, "unit_id"], frame.loc[lacking, "name"],
            strict=True,
        )
    }  # fmt: skip
    derived = pd.Series(found, dtype=object)
    notes = []
    counts = derived.value_counts()
    if len(counts):
        each = [
            Message("layers.kinds_of_each", kind=value_word(kind), count=int(counts[kind]))
            for kind in sorted(counts.index)
        ]
        notes.append(
            Message("layers.kinds_derived", layer=layer_name, count=int(counts.sum()), kinds=each)
        )
    open_ = frame.loc[derived.index[derived.isna()], "name"].tolist()
    if open_:
        notes.append(Message("layers.kinds_open", layer=layer_name, count=len(open_), found=open_))
    kinds = [derived.get(row) if row in derived.index else known[row] for row in frame.index]
    return frame.assign(kind=pd.Series(kinds, index=frame.index, dtype=object)), tuple(notes)


def kind_of(unit_id: str, name: str, table: dict[str, Any]) -> str | None:
    """
    Read the kind of a unit from its code and its name.

    Parameters
    ----------
    unit_id
        Six digits of a county, nine of a township; other ids say nothing.
    name
        Its name.
    table
        Of `unit_kinds.toml`.

    Returns
    -------
    kind
        None where they contradict each other, or neither says it.
    """
    by_code, by_name = _by_code(unit_id, table), _by_name(plain(name), table)
    if by_code is None or by_name is None or by_code == by_name:
        return by_name or by_code
    return None


def _by_code(unit_id: str, table: dict[str, Any]) -> str | None:
    first, length = table["digits"]
    if not unit_id.isdigit() or len(unit_id) != length:
        return None
    number, prefecture = int(unit_id[first:]), int(unit_id[2:4])
    found = next((kind for low, high, kind in table["codes"] if low <= number <= high), None)
    is_bare = any(low <= prefecture <= high for low, high in table.get("without_districts", ()))
    return "county" if is_bare and found == "district" else found


def _by_name(name: str, table: dict[str, Any]) -> str | None:
    if name.endswith(tuple(table["open"]["endings"])):
        return None
    fitting = [ending for ending in table["endings"] if name.endswith(ending)]
    return table["endings"][max(fitting, key=len)] if fitting else None


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads((files("zmd_layout.layers") / "unit_kinds.toml").read_text("utf-8"))
