"""
Residents on the ground: a census joined to polygons, and its people spread over where they live.

The census says how many people there are, the ground (a grid, hexagons, buildings, villages) where
they live: each census unit's people, by age, are spread over the ground in it, and the sums by
census unit stay those of the census.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from zmd_layout.errors import LayerError
from zmd_layout.forecast import age_faults
from zmd_layout.layers import Layer, Layers, Origin
from zmd_layout.layers.files import sha256_of
from zmd_layout.layers.plausibility import without_implausible
from zmd_layout.messages import Message
from zmd_layout.messages.words import layer_word
from zmd_layout.population.dasymetric import GRID_FACTOR, name_some, people_columns, spread
from zmd_layout.population.grid_fills import unknown_units, without_fills
from zmd_layout.population.grids import Grid, zones_on
from zmd_layout.population.people import join_census, people_by_unit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from zmd_layout.population.with_notes import WithNotes
    from zmd_layout.study import Acceptance, LayerSource, Study

GRID_SUFFIXES = (".tif", ".tiff")
_CENSUS_UNITS = ("townships", "counties")
_FILLED = ("townships", "planning_units", "villages")
# ours: people of a layer that is taken as it stands may differ so far from the census
_TOLERANCE = 0.005


def is_grid(source: LayerSource) -> bool:
    """Return whether a source is a raster."""
    return source.path.lower().endswith(GRID_SUFFIXES)


def without_grid(study: Study) -> Study:
    """Return the study without a population grid, for the door that reads tables."""
    layers = {n: s for n, s in study.layers.items() if n != "population" or not is_grid(s)}
    return study.model_copy(update={"layers": layers})


def with_residents(layers: Layers, study: Study) -> Layers:
    """
    Join the census to its polygons and spread it over the ground, as the study says.

    Parameters
    ----------
    layers
        The other layers of the study.
    study
        The study: its layer `census`, its grid, and its table `[people]`.

    Returns
    -------
    layers
        With the people of `census` in `counties` or `townships` (a unit without a polygon becomes
        a zone within its holder); with `population`, points or pieces of polygons with people by
        age, in the study's plane; and with the residents of townships, planning units and villages
        that had none. What rests on an assumption is told by `Origin.assumed_columns`.

    Raises
    ------
    LayerError
        If the census and the polygons do not fit, ages do not sum to residents, the ground is not
        there, or no layer says how many people there are.
    """
    layers = _with_census(layers, study)
    faults = [
        message
        for name in ("counties", "townships")
        if name in layers
        for message in age_faults(layers[name].frame)
    ]
    if faults:
        raise LayerError(*faults)
    return _on_ground(layers, study)


def _with_census(layers: Layers, study: Study) -> Layers:
    census = layers.get("census")
    if census is None:
        return layers
    name = study.people.census_of
    if name not in layers:
        raise LayerError(Message("people.no_polygons", layer=name))
    holder = layers[name]
    has_shape = holder.frame.geometry.notna()
    table, notes = _without_total(census.frame, holder.frame)
    within = _within(holder.frame) | study.people.within
    noted = join_census(holder.frame[has_shape], table, within=within)
    rest = _zones(holder.frame[~has_shape], table, within, is_county=name == "counties")
    frame = gpd.GeoDataFrame(
        pd.concat([noted.table, rest], ignore_index=True), crs=holder.frame.crs
    ).sort_values("unit_id", ignore_index=True)
    frame, doubts = without_implausible(frame, layer_name=name, accept=_accepted(study, name))
    people = frozenset(people_columns(frame.columns))
    origin = replace(
        holder.origin,
        year=census.origin.year or holder.origin.year,
        synthetic_columns=holder.origin.synthetic_columns - people | _made(census, people),
        notes=(*holder.origin.notes, *notes, *noted.notices, *doubts),
    )
    return {**layers, name: replace(holder, frame=frame, origin=origin)}


def _accepted(study: Study, name: str) -> tuple[Acceptance, ...]:
    """Return what the study accepts of a layer or of the census that is joined to it."""
    sources = [study.layers[n] for n in (name, "census") if n in study.layers]
    return tuple(acceptance for source in sources for acceptance in source.accept)


def _made(layer: Layer, columns: Iterable[str]) -> frozenset[str]:
    return (
        frozenset(columns)
        if "*" in layer.origin.synthetic_columns
        else layer.origin.synthetic_columns
    )


def _within(frame: gpd.GeoDataFrame) -> dict[str, str]:
    """Read which unit holds a unit without a polygon, where the layer says so itself."""
    if "within" not in frame:
        return {}
    known = frame[frame["within"].notna()]
    return dict(zip(known["unit_id"].astype(str), known["within"].astype(str), strict=True))


def _without_total(
    census: pd.DataFrame, units: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[Message, ...]]:
    """Leave out a row that is the sum of all others, such as 411700 among its counties."""
    strangers = census[~census["unit_id"].isin(units["unit_id"])]
    if "residents" in census:
        for label, row in strangers.iterrows():
            others = census.drop(index=label)
            if len(others) > 1 and row["residents"] == others["residents"].sum(skipna=False):
                return others, (Message("people.total_row", unit=row["unit_id"]),)
    return census, ()


def _zones(
    bare: gpd.GeoDataFrame, census: pd.DataFrame, within: dict[str, str], *, is_county: bool
) -> gpd.GeoDataFrame:
    """Assign units without a polygon their own residents, reported beside their holder."""
    columns = ["unit_id", *people_columns(census.columns)]
    kept = bare.drop(columns=people_columns(bare.columns)).merge(
        census[columns], on="unit_id", how="left"
    )
    new = census[census["unit_id"].isin(within) & ~census["unit_id"].isin(bare["unit_id"])]
    if not is_county or new.empty:
        return kept
    name = new["name"] if "name" in new else new["unit_id"]
    zones = new[columns].assign(
        name=name.where(name.notna(), new["unit_id"]), kind="zone", is_synthetic=False,
        within=new["unit_id"].map(within),
    )  # fmt: skip
    shapes = gpd.GeoDataFrame(zones, geometry=[None] * len(zones), crs=bare.crs)
    return shapes if kept.empty else pd.concat([kept, shapes], ignore_index=True)


def _on_ground(layers: Layers, study: Study) -> Layers:
    source = study.layers.get("population")
    is_raster = source is not None and is_grid(source)
    ground = study.people.ground or ("population" if is_raster else None)
    if ground is None:
        return _compared(layers)
    onto_grid = ground == "population" and is_raster
    if not onto_grid and ground not in layers:
        known = sorted({*layers, *(["population"] if is_raster else [])})
        raise LayerError(Message("people.no_ground", ground=ground, known=known))
    census = _finest_census(layers, ground)
    path = source.path if onto_grid and source is not None else ground
    if census is None:
        raise LayerError(Message("people.no_census_for_grid", path=path))
    units = census.frame[census.frame.geometry.notna() & census.frame["residents"].notna()]
    if onto_grid and source is not None:
        found, origin = _over_grid(units, source, study, census)
    else:
        found, origin = _over_layer(units, layers[ground], study, census)
    people = [c for c in people_columns(found.table.columns) if c.startswith("residents")]
    frame = found.table[[*people, "geometry"]].astype(dict.fromkeys(people, "float64"))
    # a target in which the census counts nobody is no place where anybody lives
    frame = frame[(frame[people] != 0).any(axis=1)].reset_index(drop=True)
    frame["is_synthetic"] = False
    is_assumed = bool(found.table["is_assumption"].any())
    origin = replace(
        origin,
        year=census.origin.year,
        synthetic_columns=census.origin.synthetic_columns | origin.synthetic_columns,
        assumed_columns=frozenset(people) if is_assumed else frozenset(),
        notes=(*origin.notes, *found.notices),
    )
    layers = {**layers, "population": Layer("population", frame, origin)}
    return _filled(layers, found.table, people, ground=ground, census=census.name)


def _finest_census(layers: Layers, ground: str) -> Layer | None:
    """Choose the finest units that are all counted, else the finest of which some are."""
    names = [n for n in _CENSUS_UNITS if n != ground and _counts(layers, n)]
    whole = [n for n in names if layers[n].frame["residents"].notna().all()]
    return layers[[*whole, *names][0]] if names else None


def _over_grid(
    units: gpd.GeoDataFrame, source: LayerSource, study: Study, census: Layer
) -> tuple[WithNotes, Origin]:
    if source.also:
        raise LayerError(Message("layers.one_grid", layer="population", paths=list(source.paths)))
    path = study.path_of(source)
    if not path.exists():
        raise LayerError(Message("layers.no_file", layer="population", path=path))
    grid = Grid(path, source.year)
    zones = zones_on(grid, units)
    grid, notes = without_fills(grid, zones, accept=source.accept)
    found = spread(units, grid, year=census.origin.year)
    made = frozenset({"*"} if source.synthetic else ())
    origin = Origin(
        path=source.path,
        sha256=sha256_of(path),
        coordinates=source.coordinates,
        synthetic_columns=made,
        notes=notes,
    )
    return _without_unknown(found, units, unknown_units(grid, zones)), origin


def _without_unknown(found: WithNotes, units: gpd.GeoDataFrame, rows: NDArray[Any]) -> WithNotes:
    """Make people unknown in census units of which the grid lacks a part: it got their share."""
    if not rows.any():
        return found
    table = found.table.copy()
    hit, _ = table.sindex.query(units.geometry[rows], predicate="intersects")[::-1]
    people = [c for c in people_columns(table.columns) if c.startswith("residents")]
    table[people] = table[people].astype("float64")
    table.loc[table.index[np.unique(hit)], people] = np.nan
    note = Message(
        "people.unknown_cells", count=int(rows.sum()), units=name_some(units["name"][rows])
    )
    return replace(found, table=table, notices=(*found.notices, note))


def _over_layer(
    units: gpd.GeoDataFrame, ground: Layer, study: Study, census: Layer
) -> tuple[WithNotes, Origin]:
    frame = ground.frame[ground.frame.geometry.notna()]
    weights = study.people.weights
    if weights is None and "residents" in frame and frame["residents"].notna().all():
        weights = "residents"
    if weights is not None and weights in frame:  # the study's own layers keep their cells as text
        frame = frame.assign(**{weights: pd.to_numeric(frame[weights], errors="coerce")})
    found = spread(units, frame, weights=weights)
    notices = _ground_notices(ground, frame, found.table, census)
    found = replace(found, notices=(*found.notices, *notices))
    made = frozenset({"*"} if ground.is_synthetic else ())
    return found, replace(ground.origin, synthetic_columns=made, repaired={})


def _ground_notices(
    ground: Layer, frame: gpd.GeoDataFrame, places: gpd.GeoDataFrame, census: Layer
) -> list[Message]:
    """Report that the ground is of another year, or that its own people cannot be counts."""
    notices = []
    years = ground.origin.year, census.origin.year
    if None not in years and years[0] != years[1]:
        word = layer_word(ground.name)
        notices.append(Message("people.ground_year", ground=word, year=years[0], census=years[1]))
    if "residents" in frame and frame["residents"].notna().all():
        found = float(frame.loc[places["target"].dropna().unique(), "residents"].sum())
        counted = float(census.frame.loc[census.frame.geometry.notna(), "residents"].sum())
        if not counted / GRID_FACTOR <= found <= counted * GRID_FACTOR:
            word = layer_word(ground.name)
            numbers = {"found": f"{found:,.0f}", "census": f"{counted:,.0f}"}
            notices.append(Message("people.ground_sum", ground=word, **numbers))
    return notices


def _compared(layers: Layers) -> Layers:
    """Report where the people of a layer that is taken as it stands differ from the census."""
    population = layers.get("population")
    census = next((n for n in _CENSUS_UNITS if _counts(layers, n)), None)
    if population is None or census is None or "residents" not in population.frame:
        return layers
    frame = layers[census].frame
    counted = float(frame.loc[frame.geometry.notna(), "residents"].sum(skipna=False))
    placed = float(population.frame["residents"].sum(skipna=False))
    if not abs(placed - counted) > _TOLERANCE * counted:  # False where either is unknown
        return layers
    note = Message("people.not_spread", placed=f"{placed:,.0f}", counted=f"{counted:,.0f}")
    origin = replace(population.origin, notes=(*population.origin.notes, note))
    return {**layers, "population": replace(population, origin=origin)}


def _filled(
    layers: Layers, places: gpd.GeoDataFrame, people: list[str], *, ground: str, census: str
) -> Layers:
    """Assign townships, planning units and villages without residents those who live in them."""
    out = dict(layers)
    for name in _FILLED:
        if name not in layers or name == census or _is_peopled(layers[name]):
            continue
        layer = layers[name]
        is_area = layer.frame.geometry.notna() & (layer.frame.geom_type != "Point")
        if name == ground:
            sums: Any = places.groupby("target")[people].sum()
        elif is_area.any():
            sums = people_by_unit(places[[*people, "geometry"]], layer.frame[is_area])
        else:
            continue
        # sums of fractions: without their last digits, 10,000 people are not 9,999.999…
        sums = sums.astype("float64").round(6).reindex(layer.frame.index)
        sums = sums.where(sums.notna(), 0.0) if name == ground else sums
        frame = layer.frame.drop(columns=people_columns(layer.frame.columns)).join(sums)
        note = Message("people.filled", census=census)
        origin = replace(
            layer.origin,
            synthetic_columns=layer.origin.synthetic_columns | _made(layers["population"], people),
            assumed_columns=layer.origin.assumed_columns | frozenset(people),
            notes=(*layer.origin.notes, note),
        )
        out[name] = replace(layer, frame=frame, origin=origin)
    return out


def _is_peopled(layer: Layer) -> bool:
    return "residents" in layer.frame and bool(layer.frame["residents"].notna().any())


def _counts(layers: Layers, name: str) -> bool:
    """Return whether a layer has polygons whose residents are known."""
    if name not in layers or not _is_peopled(layers[name]):
        return False
    frame = layers[name].frame
    is_area = frame.geometry.notna() & (frame.geom_type != "Point")
    return bool(np.any(is_area & frame["residents"].notna()))
