"""The made city, or a province of several, as one study folder a county."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from zmd_layout.messages import Message
from zmd_layout.synthetic.city import DEFAULT_SEED, make_city
from zmd_layout.synthetic.real_inputs import PLANE
from zmd_layout.synthetic.study_folder import write_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


_SCHOOL_PREFIX = 2  # letters before the six digits of the county in a school's id


def build_by_county(
    directory: Path,
    *,
    seed: int = DEFAULT_SEED,
    scale: float = 1.0,
    progress: Callable[[Message], None] | None = None,
) -> list[Path]:
    """
    Make a city and write each of its counties as a study folder of its own.

    A county's folder holds what lies in the county, and nothing of its neighbours. Statistics of
    the city as a whole are in none.

    Parameters
    ----------
    directory
        Gets a sub-folder a county, named by its id.
    seed, scale, progress
        As in `make_city`; 14 gives a province of 98 million people.

    Returns
    -------
    list of Path
        The study files, by county id.
    """
    city = make_city(seed=seed, scale=scale, progress=progress)
    counties = city["counties"]
    whole = counties[counties["within"].isna()]
    owners = {name: _owner(name, table, whole) for name, table in city.items()}
    files = []
    for unit_id, name in sorted(zip(whole["unit_id"], whole["name"], strict=True)):
        parts = {
            layer: table[owners[layer] == unit_id].reset_index(drop=True)
            for layer, table in city.items()
        }
        parts = {layer: part for layer, part in parts.items() if len(part)}
        folder = directory / str(unit_id)
        words = Message("standin.name_county", name=name)
        files.append(
            write_study(folder, parts, study_id=f"county-{unit_id}", name=words, scale=scale)
        )
    return files


def _owner(name: str, table: pd.DataFrame, counties: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return for each row in which county it is: by its ids, else by where its middle lies."""
    if name == "counties":
        return _plain(table["within"].where(table["within"].notna(), table["unit_id"]))
    if name in {"townships", "villages", "statistics"}:
        return _plain(table["unit_id"].astype(str).str.slice(0, 6))
    if name in {"schools", "classes", "closures"}:
        return _plain(table["school_id"].str.slice(_SCHOOL_PREFIX, _SCHOOL_PREFIX + 6))
    if name == "projects":
        return _plain(table["county_id"])
    return _by_place(table, counties)


def _plain(ids: pd.Series[str]) -> NDArray[np.object_]:
    found: NDArray[np.object_] = ids.to_numpy(dtype=object)
    return found


def _by_place(table: pd.DataFrame, counties: gpd.GeoDataFrame) -> NDArray[np.object_]:
    shapes = counties.geometry.to_crs(PLANE).to_numpy()
    middles = shapely.point_on_surface(gpd.GeoDataFrame(table).geometry.to_numpy())
    nearest = shapely.STRtree(shapes).nearest(middles)
    ids: NDArray[np.object_] = counties["unit_id"].to_numpy(dtype=object)[nearest]
    return ids
