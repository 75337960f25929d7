"""A case: one plot under review with everything that its opinion says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zmd_layout.checks.conditions import is_missing
from zmd_layout.checks.value import Value
from zmd_layout.development_review.approved import (
    Approved,
    compared_with_approved,
    missing_at,
)
from zmd_layout.development_review.choices import Merging, merging_of
from zmd_layout.development_review.compare_rulesets import Pair, pairs_of
from zmd_layout.development_review.conclusion import Conclusion, conclude
from zmd_layout.development_review.demand import Need, needs_of
from zmd_layout.development_review.faults import Parcel, faults_of, parcels_under
from zmd_layout.development_review.issues import Issue, issue_of
from zmd_layout.development_review.letter import letter_of
from zmd_layout.development_review.nearby import NearSchool, schools_near
from zmd_layout.development_review.phases import Topic, topic_of
from zmd_layout.development_review.plausibility import doubts_of
from zmd_layout.development_review.quantities import Quantities, quantities_of
from zmd_layout.development_review.remedies import seat_advice
from zmd_layout.measures.borders import Part, parts_by_county
from zmd_layout.measures.residential_areas import planned_residents
from zmd_layout.messages import Message
from zmd_layout.unit_keys import UnitKey, area_of_promised, split_ids
from zmd_layout.vocabulary import ReviewStage, Stage, UnitKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import shapely

    from zmd_layout.layers.account import Entry
    from zmd_layout.measures import World
    from zmd_layout.rulebook import Rule
    from zmd_layout.study import Name


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A plot beside: its fields (None where unknown), its distance in metres, its residents."""

    fields: Mapping[str, Any]
    distance_m: float
    residents: Value


@dataclass(frozen=True, slots=True)
class Case:
    """
    A plot under review.

    Attributes
    ----------
    unit_id, name, fields, shape
        The plot: its id, its name, its fields (None where unknown), its polygon in the plane.
    stage, is_stage_stated
        The stage of the case; a file that states none is taken as a scheme.
    residents
        Planned residents, a range where the persons per dwelling are not stated.
    issues
        The findings of the plot, of its promised schools, and of groups that it is part of.
    beside
        What sets say whose source was not read; they bind nobody.
    merging
        How plots were added up; None where no rule does.
    needs, near, parcels
        Seats needed, schools around, reserved education land that it covers.
    members
        Other plots of its groups, by id.
    county
        The name of the county that it lies in, or None.
    advice
        By stage, what the promised schools lack of the seats that are needed.
    faults
        What has to be put right beside the issues.
    approved
        At acceptance: what was built beside what was approved.
    quantities
        By stage, what is asked and offered in schools, classes, seats and land.
    remarks
        What is to be checked in the figures; it stands before the conclusion.
    conclusion
        What may be concluded.
    is_synthetic
        Whether made-up data are anywhere in it.
    study, as_of, crs
        What it was held against, on which day, in which plane.
    notes
        What the reader of the file had to say.
    account
        What of the file was read, joined, repaired, left out or not used.
    """

    unit_id: str
    name: str
    fields: Mapping[str, Any]
    shape: shapely.Geometry | None
    stage: ReviewStage
    is_stage_stated: bool
    residents: Value
    issues: tuple[Issue, ...]
    beside: tuple[Pair, ...]
    merging: Merging | None
    needs: tuple[Need, ...]
    near: tuple[NearSchool, ...]
    parcels: tuple[Parcel, ...]
    members: Mapping[str, Neighbour]
    county: str | None
    advice: tuple[tuple[Stage, Message], ...]
    faults: tuple[Message, ...]
    approved: tuple[Approved, ...]
    quantities: tuple[Quantities, ...]
    remarks: tuple[Message, ...]
    conclusion: Conclusion
    is_synthetic: bool
    study: Name
    as_of: dt.date
    crs: str
    notes: tuple[Message, ...]
    account: tuple[Entry, ...] = ()

    @property
    def title(self) -> Message:
        """The title of its opinion."""
        return Message(f"review.title_{self.stage}", name=self.name)


def cases_of(
    world: World, findings: gpd.GeoDataFrame, rules: Sequence[Rule], *, reviewed: Sequence[str]
) -> tuple[Case, ...]:
    """
    Make the cases of a review.

    Parameters
    ----------
    world
        The study, with the reviewed plots among its residential areas.
    findings
        Of the plots, their groups and their promised schools; see `unit_keys` for their ids.
    rules
        The rules behind the findings.
    reviewed
        The ids of the plots under review.

    Returns
    -------
    cases
        One for each id, in that order.
    """
    residents = _residents(world, rules)
    by_id = {rule.id: rule for rule in rules}
    rows = findings.to_dict("records")
    return tuple(_case(world, rows, by_id, unit_id, residents) for unit_id in reviewed)


def _residents(world: World, rules: Sequence[Rule]) -> dict[str, Value]:
    """Measure the planned residents under the multipliers of the rule that uses them."""
    for rule in rules:
        limits = rule.limits(world.as_of)
        if rule.unit is UnitKind.RESIDENTIAL_AREA and "persons_per_dwelling_census" in limits:
            units = world.units(UnitKind.RESIDENTIAL_AREA, limits)
            assert units is not None  # noqa: S101 - a review has plots
            return planned_residents(world, units, limits)
    return {str(unit_id): Value() for unit_id in world.layers["residential_areas"].frame["unit_id"]}


def _case(
    world: World,
    rows: list[dict[Any, Any]],
    rules: Mapping[str, Rule],
    unit_id: str,
    people_of: Mapping[str, Value],
) -> Case:
    residents = people_of[unit_id]
    layer = world.layers["residential_areas"]
    table = layer.frame.set_index("unit_id", drop=False)
    fields = _known(table.loc[unit_id].to_dict())
    shape = fields.pop("geometry")
    stated = fields.get("review_stage")
    stage = ReviewStage(stated) if stated is not None else ReviewStage.SCHEME
    found = tuple(
        issue_of(
            rules[row["rule_id"]],
            row,
            area=fields,
            stage=stage,
            letter=letter_of(rules[row["rule_id"]], residents, world.as_of),
        )
        for row in sorted(rows, key=lambda row: _order(rules[row["rule_id"]]))
        if unit_id in areas_of(_key_of(row))
    )
    issues = tuple(issue for issue in found if not issue.is_draft)
    beside = pairs_of(issues, [issue for issue in found if issue.is_draft])
    near = schools_near(world, shape)
    parts = parts_by_county(world, shape)
    county = _county(parts)
    people = residents.high if residents.is_bounded else float("nan")
    day = fields.get("first_phase_on") or world.as_of
    needs = needs_of(
        world,
        residents=people,
        county_id=county[0] if county else None,
        year=day.year,
        near=None if shape is None else near,
    )
    parcels = parcels_under(world, shape)
    faults = faults_of(fields, stage, parcels, rules=rules.values(), day=world.as_of)
    approved = compared_with_approved(fields, stage)
    doubts = doubts_of(
        fields, residents=residents, area_m2=0.0 if shape is None else shape.area,
        rules=rules.values(), as_of=world.as_of,
    )  # fmt: skip
    missing = [*missing_at(fields, stage), *(d.message for d in doubts if d.is_contradiction)]
    offers = fields.get("schools") or ()
    made = any(i.finding["is_synthetic"] for i in issues)
    made |= any(school.is_synthetic for school in near) or any(
        parcel.is_synthetic for parcel in parcels
    )
    is_synthetic = bool(made or fields.get("is_synthetic"))
    return Case(
        unit_id, str(fields.get("name") or unit_id), fields, shape, stage, stated is not None,
        residents, issues, beside, merging_of(list(rules.values()), world.as_of), needs, near,
        parcels, _members(rows, unit_id, table, people_of),
        county[1] if county else None, seat_advice(needs, offers),
        faults, approved, quantities_of(issues, needs, offers),
        tuple(doubt.message for doubt in doubts),
        conclude(
            (*issues, *approved), is_synthetic=is_synthetic, missing=missing, faults=faults
        ),
        is_synthetic, world.study.name, world.as_of, world.study.crs,
        (*_across(parts), *layer.origin.notes),
        layer.origin.account,
    )  # fmt: skip


def _order(rule: Rule) -> tuple[int, int]:
    """Put provision before size and time, and kindergartens before primaries and juniors."""
    topic = list(Topic).index(topic_of(rule))
    return topic, len(Stage) if rule.stage is None else list(Stage).index(rule.stage)


def _known(fields: dict[Any, Any]) -> dict[str, Any]:
    return {
        str(k): None if k != "geometry" and is_missing(value) else value
        for k, value in fields.items()
    }


def areas_of(unit: UnitKey) -> set[str]:
    """Return the residential areas that a finding concerns: its own, a group's, a promise's."""
    match unit.kind:
        case UnitKind.RESIDENTIAL_GROUP:
            return set(split_ids(unit.unit_id))
        case UnitKind.SCHOOL:
            return {area_of_promised(unit.unit_id)}
        case _:
            return {unit.unit_id}


def _key_of(row: Mapping[Any, Any]) -> UnitKey:
    return UnitKey(UnitKind(row["unit_kind"]), str(row["unit_id"]))


def _county(parts: Sequence[Part]) -> tuple[str, str] | None:
    """Return the county that holds most of a plot; None where most lies outside."""
    most = parts[0] if parts else None
    return (most.unit_id, most.name) if most is not None and most.unit_id else None


def _across(parts: Sequence[Part]) -> tuple[Message, ...]:
    """Report of a plot across a border how much of it lies where."""
    if len(parts) < 2:  # noqa: PLR2004 - one part is a plot in one county
        return ()
    told = [
        Message("review.part_in", name=part.name, size=f"{part.area_m2:,.0f}")
        if part.unit_id
        else Message("review.part_outside", size=f"{part.area_m2:,.0f}")
        for part in parts
    ]
    return (Message("review.across_border", parts=told),)


def _members(
    rows: list[dict[Any, Any]],
    unit_id: str,
    table: gpd.GeoDataFrame,
    residents: Mapping[str, Value],
) -> dict[str, Neighbour]:
    """Return the other plots of the groups that a plot is part of."""
    groups = [
        areas_of(_key_of(row)) for row in rows if row["unit_kind"] == UnitKind.RESIDENTIAL_GROUP
    ]
    ids = {member for group in groups if unit_id in group for member in group}
    shape = table.geometry[unit_id]
    return {
        member: Neighbour(
            _known(table.loc[member].drop("geometry").to_dict()),
            float(shape.distance(table.geometry[member])),
            residents[member],
        )
        for member in sorted(ids - {unit_id})
    }
