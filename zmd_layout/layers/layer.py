"""A validated layer and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from zmd_layout.layers.account import Entry
    from zmd_layout.layers.roads import RoadTables
    from zmd_layout.messages import Message
    from zmd_layout.study import Covers

WHOLE = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Where a layer comes from and what was done to it on the way in.

    Attributes
    ----------
    path, sha256
        The file, as the study names it, and its digest.
    year
        The year of the data; None if the study does not say.
    coordinates
        As declared.
    is_datum_verified
        Whether something contradicted or supported the declaration; None without positions.
    synthetic_columns
        The columns that were made up (`geometry` for positions); `{"*"}` for all.
    assumed_columns
        The columns whose numbers rest on an assumption of ours, such as people spread by area.
    is_complete
        Whether what is not in the layer does not exist, as far as the layer goes; see `covers`.
    covers
        The stages and units for which it was declared complete; None: those that it has rows of.
    repaired
        What was repaired, with counts.
    notes
        What the user should know.
    matching
        Of schools that were held against a second source: counts, decisions by hand, what is to be
        checked, as `run.json` keeps them. Empty: there was none.
    account
        What of the file was read, joined, converted, left out or not used.
    """

    path: str = ""
    sha256: str = ""
    year: int | None = None
    coordinates: str | None = None
    is_datum_verified: bool | None = None
    synthetic_columns: frozenset[str] = frozenset()
    assumed_columns: frozenset[str] = frozenset()
    is_complete: bool = True
    covers: Covers | None = None
    repaired: dict[str, int] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()
    matching: dict[str, Any] = field(default_factory=dict)
    account: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """
    A layer that has passed the door.

    Attributes
    ----------
    name
        Its name in the study.
    frame
        Our columns, in the study's plane, with an index 0…n−1 in a stable order and `is_synthetic`,
        True where the whole row was made up.
    origin
        Where it comes from.
    roads
        For `roads` out of an OSM extract: nodes and edges; `frame` is then empty.
    """

    name: str
    frame: gpd.GeoDataFrame
    origin: Origin
    roads: RoadTables | None = None

    @property
    def source(self) -> str:
        """Name the layer and its year, as findings cite it."""
        return f"{self.name} {self.origin.year}" if self.origin.year else self.name

    @property
    def is_synthetic(self) -> bool:
        """Whether any of it was made up."""
        return bool(self.origin.synthetic_columns) or bool(self.frame["is_synthetic"].any())

    @property
    def is_datum_open(self) -> bool:
        """Whether nothing bears out the declared datum; what was made up has none to be wrong."""
        is_synthetic = bool(self.made(["geometry"]).all())
        return self.origin.is_datum_verified is False and not is_synthetic

    def has(self, column: str) -> bool:
        """Return whether the source had the column."""
        return column in self.frame

    def made(self, columns: Iterable[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """
        Return for each row whether any of `columns` was made up.

        Returns
        -------
        made
            (n,) bool.
        """
        if self.origin.synthetic_columns & (WHOLE | set(columns)):
            return np.ones(len(self.frame), dtype=bool)
        rows: np.ndarray[Any, np.dtype[np.bool_]] = self.frame["is_synthetic"].to_numpy(dtype=bool)
        return rows


Layers = dict[str, Layer]


def empty_frame(columns: Iterable[str]) -> pd.DataFrame:
    """Return a table of no rows."""
    return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
