"""Schools that name their county or township in words get the ids of the units."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from zmd_layout.layers.plain import plain
from zmd_layout.messages import Message

if TYPE_CHECKING:
    import geopandas as gpd

    from zmd_layout.layers.layer import Layer, Layers

_ENDINGS = ("街道办事处", "街道", "县", "区", "市", "镇", "乡")
_PARTS = (("counties", "county_name", "county_id"), ("townships", "township_name", "township_id"))


def with_unit_ids(schools: Layer, layers: Layers) -> Layer:
    """
    Fill `county_id` and `township_id` by name where the source has no id.

    Parameters
    ----------
    schools
        The layer of schools, with `county_name` or `township_name`.
    layers
        The layers of the study that are loaded so far.

    Returns
    -------
    layer
        With the ids. A name is matched as it stands, else without its ending (确山 for 确山县), and
        only where it belongs to one unit; townships within the school's county. Names that match
        none are told in a note.
    """
    frame = schools.frame.copy()
    notes = []
    for name, words, ids in _PARTS:
        if words not in frame or name not in layers:
            continue
        found = _ids(frame, layers[name].frame, words)
        own = frame[ids] if ids in frame else pd.Series(index=frame.index, dtype=object)
        frame[ids] = own.where(own.notna(), found)
        unknown = sorted(set(frame[words][frame[words].notna() & frame[ids].isna()]))
        if unknown:
            notes.append(Message("layers.unit_not_named", layer=name, found=unknown[:10]))
    origin = replace(schools.origin, notes=(*schools.origin.notes, *notes))
    return replace(schools, frame=frame, origin=origin)


def _ids(frame: gpd.GeoDataFrame, units: gpd.GeoDataFrame, words: str) -> pd.Series[Any]:
    in_county = "county_id" in units and "county_id" in frame and words == "township_name"
    counties = frame["county_id"] if in_county else [None] * len(frame)
    names: dict[tuple[Any, str], set[str]] = {}
    for unit in units.to_dict("records"):
        for form in _forms(str(unit["name"])):
            for county in {None, unit.get("county_id")}:
                names.setdefault((county, form), set()).add(str(unit["unit_id"]))
    found = [
        _only(names, county if isinstance(county, str) else None, word)
        for county, word in zip(counties, frame[words], strict=True)
    ]
    return pd.Series(found, index=frame.index, dtype=object)


def _only(names: dict[tuple[Any, str], set[str]], county: str | None, word: Any) -> str | None:  # noqa: ANN401 - a cell
    if not isinstance(word, str):
        return None
    for form in _forms(word):
        fitting = names.get((county, form), set())
        if len(fitting) == 1:
            return next(iter(fitting))
    return None


def _forms(name: str) -> list[str]:
    """Return a name as it stands and without its ending."""
    spelt = plain(name)
    ending = next((e for e in _ENDINGS if spelt.endswith(e) and len(spelt) > len(e) + 1), "")
    return [spelt, spelt.removesuffix(ending)] if ending else [spelt]
