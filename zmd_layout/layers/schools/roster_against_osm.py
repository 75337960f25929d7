"""Hold a roster against the schools of an OSM extract: its datum, and which school is which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zmd_layout.crs import geometry_to_plane, parse_coordinates
from zmd_layout.layers.schools.reference import compare
from zmd_layout.layers.sources.osm.layers import schools_of_extract

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

    from zmd_layout.layers.schools.matching import Decision, Matching
    from zmd_layout.messages import Message

_NEAR_M = 20_000.0  # an extract is usually of a whole province


@dataclass(frozen=True, slots=True)
class AgainstOsm:
    """
    What OSM says about a roster.

    Attributes
    ----------
    matching
        Left is the roster, right is OSM.
    is_datum_verified
        Whether the two lie on each other; False where too few are at hand to tell.
    notes
        What was read of the extract.
    """

    matching: Matching
    is_datum_verified: bool
    notes: tuple[Message, ...]


def against_osm(
    schools: gpd.GeoDataFrame,
    extract: Path,
    *,
    coordinates: str,
    working_crs: str,
    decisions: Sequence[Decision] = (),
) -> AgainstOsm:
    """
    Match a roster with the OSM schools near it.

    Parameters
    ----------
    schools
        What `read_roster` gave: points in `coordinates`.
    extract
        The OSM extract.
    coordinates
        As declared.
    working_crs
        A plane in metres.
    decisions
        What was decided by hand.

    Raises
    ------
    CrsError
        If the roster lies off OSM as another datum would.
    LayerError, SourceError
        If a decision names an unknown school, or the extract cannot be read.
    """
    placed = schools.set_geometry(
        geometry_to_plane(
            schools.geometry, coordinates=parse_coordinates(coordinates), working_crs=working_crs,
            name="schools",
        )
    )  # fmt: skip
    found, notes = schools_of_extract(extract)
    osm = found.to_crs(working_crs)
    known = placed.geometry.dropna()
    if len(known):
        osm = osm[osm.geometry.intersects(known.union_all().envelope.buffer(_NEAR_M))]
    result = compare(placed, osm, coordinates=coordinates, decisions=decisions)
    return AgainstOsm(result.matching, result.is_datum_verified, notes)
