"""Plots under review, their neighbours and their promised schools, held against the rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.checks.conditions import is_missing
from zmd_layout.development_review.case import Case, areas_of, cases_of
from zmd_layout.development_review.choices import Choices, apply
from zmd_layout.development_review.nearby import figures
from zmd_layout.development_review.plausibility import refuse_beyond_measure
from zmd_layout.findings import find
from zmd_layout.layers import Layer, Layers, Origin, RawLayer, validate_layer
from zmd_layout.layers.near_roads import has_windows, roads_near
from zmd_layout.layers.offers import OFFER_STAGES
from zmd_layout.layers.sources.review_files import load_plots
from zmd_layout.measures import World
from zmd_layout.study import LayerSource
from zmd_layout.unit_keys import UnitKey, promised_id
from zmd_layout.vocabulary import Construction, SchoolStatus, Status, UnitKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from zmd_layout.crs import StudyArea
    from zmd_layout.rulebook import Rule
    from zmd_layout.study import Study

AREAS, ROADS = "residential_areas", "roads"
_WHERE = ("counties", "townships", "planning_units", "villages")
_AROUND = ("schools", "reference_schools", "education_land", "census", "births", "classes", AREAS)
_ROADS_WITHIN_M = 5000.0  # a way to what is shown may lead around
_SAME_PLOT_SHARE = 0.5  # of the smaller: a plot of the study that is the reviewed one itself
_COPIED = ("seats", "classes", "opens_on", "ownership", "site_area_m2")


@dataclass(frozen=True, slots=True)
class Judged:
    """
    What a review found.

    Attributes
    ----------
    areas
        The reviewed plots.
    layers
        The layers of the study with the reviewed plots and their neighbours.
    findings
        Of the plots, of groups that they are part of, and of their promised schools.
    cases
        One for each plot.
    """

    areas: gpd.GeoDataFrame
    layers: Layers
    findings: gpd.GeoDataFrame
    cases: tuple[Case, ...]


def around(study: Study) -> Study:
    """
    Leave the layers that a review looks at: where the study is, what stands around a plot.

    Roads that can be read by window are left out: a plot reads those around it.
    """
    where = next((name for name in _WHERE if name in study.layers), None)
    wanted = {where, *_AROUND}
    roads = study.layers.get(ROADS)
    if roads is not None and not has_windows(study, roads):
        wanted.add(ROADS)
    layers = {name: source for name, source in study.layers.items() if name in wanted}
    # nobody is spread over a ground that is not read
    people = study.people.model_copy(update={"ground": None, "weights": None})
    return study.model_copy(update={"layers": layers, "people": people})


@dataclass(frozen=True, slots=True)
class Desk:
    """
    A study that is opened for reviews.

    Attributes
    ----------
    study, layers, rules
        The context; `layers` as `around` leaves them, and every rule of the study.
    area
        Where the study is; None where no layer tells.
    roads
        Roads that are read around each plot; None where there are none of that kind.
    """

    study: Study
    layers: Layers
    rules: tuple[Rule, ...]
    area: StudyArea | None = None
    roads: LayerSource | None = None
    _held: dict[tuple[float, ...], Layer | None] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def judge(
        self,
        areas: Path | str | gpd.GeoDataFrame,
        *,
        coordinates: str | None = None,
        layer: str | None = None,
        as_of: dt.date | None = None,
        choices: Choices | None = None,
        only: str | None = None,
    ) -> Judged:
        """
        Hold plots against the rules that concern them.

        Parameters
        ----------
        areas
            A file, or a table with a CRS.
        coordinates
            As declared by the user.
        layer
            The layer or sheet of the file, where it has several.
        as_of
            Another day of assessment than the study's.
        choices
            Rule sets beside those of the study, and how plots are merged.
        only
            The id of the one plot to make a case of; all are judged, for they may be neighbours.
            None, or an id that is not there: of each.

        Raises
        ------
        ZmdLayoutError
            If the plots or the choices are not what they should be.
        """
        study = self.study if as_of is None else self.study.model_copy(update={"as_of": as_of})
        rules = apply(self.rules, choices or Choices(), base=study.folder)
        plots = load_plots(areas, study=study, coordinates=coordinates, area=self.area, layer=layer)
        refuse_beyond_measure(plots.frame)
        reviewed = [str(unit_id) for unit_id in plots.frame["unit_id"]]
        layers = self._layers_around(plots)
        world = World(study, layers, study.as_of)
        on_plots = [
            r for r in rules if r.unit in (UnitKind.RESIDENTIAL_AREA, UnitKind.RESIDENTIAL_GROUP)
        ]
        found = find(on_plots, world)
        ids = set(reviewed)
        keys = zip(found["unit_kind"], found["unit_id"], strict=True)
        mine = [bool(ids & areas_of(UnitKey(UnitKind(kind), unit_id))) for kind, unit_id in keys]
        findings = _joined(found[mine], _of_promised(plots, study, rules))
        wanted = [only] if only in ids else reviewed
        cases = cases_of(world, findings, rules, reviewed=[str(unit_id) for unit_id in wanted])
        return Judged(plots.frame, layers, findings, cases)

    def _layers_around(self, plots: Layer) -> Layers:
        """Return the plots with their neighbours, and of all else what stands near any of them."""
        areas, other_name = _with_neighbours(plots, self.layers.get(AREAS))
        zone = shapely.union_all(
            shapely.buffer(areas.frame.geometry.to_numpy(), figures()["shown_within_m"])
        )
        layers = {**self.layers, AREAS: areas}
        for name in {"schools", "education_land"} & layers.keys():
            layers[name] = _near(layers[name], zone, set(areas.frame["unit_id"]), other_name)
        if {"schools", "classes"} <= layers.keys():
            listed, near = layers["classes"], set(layers["schools"].frame["school_id"])
            kept = listed.frame[listed.frame["school_id"].isin(near)].reset_index(drop=True)
            layers["classes"] = replace(listed, frame=kept)
        if self.roads is not None and np.isfinite(plots.frame.total_bounds).all():
            roads = self._roads_around(plots.frame.total_bounds)
            layers |= {} if roads is None else {ROADS: roads}
        return layers

    def _roads_around(self, bounds: NDArray[np.float64]) -> Layer | None:
        """Read the roads around the plots, once while the same plots are judged again."""
        key = tuple(float(value) for value in bounds)
        with self._lock:  # visitors of a page may ask at once
            if key not in self._held:
                assert self.roads is not None  # noqa: S101 - the caller has asked
                reach = shapely.box(*key).buffer(_ROADS_WITHIN_M, join_style="mitre")
                self._held.clear()
                self._held[key] = roads_near(self.study, self.roads, reach)
            return self._held[key]


def _near(
    layer: Layer, zone: shapely.Geometry, areas: set[str], other_name: dict[str, str | None]
) -> Layer:
    """Leave the rows that lie near the plots, or say that they belong to one."""
    frame = layer.frame
    shapely.prepare(zone)
    kept = shapely.intersects(zone, frame.geometry.to_numpy())
    if "residential_area_id" in frame:
        named = frame["residential_area_id"]
        frame = frame.assign(residential_area_id=[other_name.get(i, i) for i in named])
        kept |= frame["residential_area_id"].isin(areas).to_numpy()
    return replace(layer, frame=frame[kept].reset_index(drop=True))


def _joined(plots: gpd.GeoDataFrame, promised: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    if promised is None or promised.empty:
        return plots.reset_index(drop=True)
    both = gpd.GeoDataFrame(pd.concat([plots, promised]), geometry="geometry", crs=plots.crs)
    order = ["rule_id", "unit_kind", "unit_id"]
    return both.sort_values(order, kind="stable", ignore_index=True)


def _with_neighbours(plots: Layer, known: Layer | None) -> tuple[Layer, dict[str, str | None]]:
    """
    Add the study's own areas around, so that plots beside each other are seen together.

    Returns
    -------
    areas, other_name
        The plots and their neighbours, and under which id an area of the study stands here whose
        own id a reviewed plot on other ground has, too; None where it is not near.
    """
    if known is None or known.frame.empty:
        return plots, {}
    ground = shapely.union_all(plots.frame.geometry.to_numpy())
    near = known.frame[known.frame.distance(ground) <= figures()["shown_within_m"]]
    same = shapely.area(shapely.intersection(near.geometry.to_numpy(), ground))
    size = near.area.clip(upper=ground.area)
    is_other = same < _SAME_PLOT_SHARE * size
    taken = set(plots.frame["unit_id"])
    apart = set(known.frame["unit_id"]) - set(near["unit_id"][~is_other])
    other_name: dict[str, str | None] = dict.fromkeys(apart & taken)
    near = near[is_other].copy()
    if near.empty:
        return plots, other_name
    renamed = _renamed(near["unit_id"], taken=taken)
    other_name |= dict(zip(near["unit_id"], renamed, strict=True))
    near["unit_id"] = renamed
    near["is_synthetic"] |= bool(known.origin.synthetic_columns)
    parts = [pd.DataFrame(p).drop(columns="geometry").astype(object) for p in (plots.frame, near)]
    shapes = np.concatenate([plots.frame.geometry.to_numpy(), near.geometry.to_numpy()])
    table = pd.concat(parts, ignore_index=True)
    frame = gpd.GeoDataFrame(table, geometry=shapes, crs=plots.frame.crs)
    frame["is_synthetic"] = frame["is_synthetic"].astype(bool)
    return replace(plots, frame=frame), other_name


def _renamed(ids: Iterable[str], *, taken: set[str]) -> list[str]:
    """Mark the ids of the study's areas that the reviewed plots have, too."""
    known = list(ids)
    used = taken | set(known)
    out = []
    for unit_id in known:
        name = unit_id
        while name in taken or (name != unit_id and name in used):
            name = f"study:{name}"
        used.add(name)
        out.append(name)
    return out


def _of_promised(plots: Layer, study: Study, rules: Sequence[Rule]) -> gpd.GeoDataFrame | None:
    """Judge the promised schools as new schools; only what their figures decide is told."""
    rows = [school for row in plots.frame.to_dict("records") for school in _promised(row)]
    on_schools = [rule for rule in rules if rule.unit is UnitKind.SCHOOL]
    if not rows or not on_schools:
        return None
    source = LayerSource(path=plots.origin.path, coordinates=study.crs, year=study.as_of.year)
    origin = Origin(path=source.path, sha256=plots.origin.sha256, coordinates=study.crs)
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=study.crs)
    layer = validate_layer("schools", RawLayer(frame), source, study=study, origin=origin)
    found = find(on_schools, World(study, {"schools": layer}, study.as_of))
    decided = found["status"].isin([Status.PASS, Status.SHORTFALL])
    return found[decided & (found["unit_kind"] == UnitKind.SCHOOL)]


def _promised(row: dict[Any, Any]) -> list[dict[str, Any]]:
    offers = row.get("schools")
    if offers is None or is_missing(offers):
        return []
    shape = row["geometry"]
    return [
        {
            "school_id": promised_id(row["unit_id"], number),
            "name": offer.get("name") or f"{row.get('name') or row['unit_id']} #{number}",
            "stages": ";".join(OFFER_STAGES[offer["stage"]]),
            "status": SchoolStatus.PLANNED,
            "construction": Construction.NEW,
            "settlement": row.get("settlement"),
            "geometry": None if shape is None else shape.representative_point(),
            **{key: offer.get(key) for key in _COPIED},
        }
        for number, offer in enumerate(offers, start=1)
    ]
