"""Schools of a scenario: those taken as closed, and those opened in thought."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from zmd_layout.errors import LayerError
from zmd_layout.messages import Message
from zmd_layout.vocabulary import SchoolStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.layers.layer import Layer


def as_supposed(layer: Layer, *, closed: Sequence[str], opened: Sequence[Layer]) -> Layer:
    """
    Return the schools as a scenario supposes them.

    Parameters
    ----------
    layer
        The schools as they are.
    closed
        Ids of schools that are taken as closed.
    opened
        Layers of further schools, which count as made up.

    Raises
    ------
    LayerError
        If a school to be closed is not there, or the id of an opened one is taken.
    """
    frame = layer.frame.copy()
    ids = frame["school_id"].astype(str)
    unknown = [school for school in closed if school not in set(ids)]
    if unknown:
        raise LayerError(Message("sites.closing_unknown", ids=unknown))
    frame.loc[ids.isin(closed), "status"] = str(SchoolStatus.CLOSED)
    parts = [one.frame.assign(is_synthetic=True) for one in opened]
    new = [str(school) for part in parts for school in part["school_id"]]
    taken = sorted({school for school in new if school in set(ids) or new.count(school) > 1})
    if taken:
        raise LayerError(Message("arguments.opened_taken", ids=taken))
    if parts:
        columns = list(dict.fromkeys(name for part in (frame, *parts) for name in part.columns))
        rows = [part.reindex(columns=columns).astype(object) for part in (frame, *parts)]
        joined = pd.concat(rows, ignore_index=True)
        for name in frame.columns.difference(["geometry"]):
            joined[name] = joined[name].astype(frame[name].dtype)
        frame = gpd.GeoDataFrame(joined, geometry="geometry", crs=frame.crs)
        frame = frame.sort_values("school_id", kind="stable", ignore_index=True)
    note = Message("arguments.supposed_schools", closed=len(closed), opened=len(new))
    origin = replace(layer.origin, notes=(*layer.origin.notes, note))
    return replace(layer, frame=frame, origin=origin)
