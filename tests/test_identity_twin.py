"""
Random worlds with hostile ids, held against a second, deliberately simple implementation.

Everything lies on one line: counties, towns and areas are stretches of it and schools are points.
The twin knows units by what they are and never by their ids, and looks at plain Python alone.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import pytest
import shapely
from counting_world import STUDY
from own_rules import counting, number, rule
from volumes import TIMES

from zmd_layout.findings import find
from zmd_layout.layers import Layer, Layers, Origin
from zmd_layout.measures import World
from zmd_layout.rulebook.reading import read_rule
from zmd_layout.unit_keys import join_ids

WORLDS = 200 if TIMES == 1 else 10_000
FEWER = WORLDS // 10
CHUNKS = 4
DISTANCES = (100, 250, 400)
PARTS = ["1", "01", "1#1", "A", "B", "A+B", "A@B", "A;B", " a", "%2B", "%", "甲", "地块", "#", "+",
         "@", ";", "x" * 200, "长" * 200, "study:1"]  # fmt: skip


def _rules() -> list[Any]:
    merged = {"unit": "residential_group", "measures": {"found": {"named": "area_primary_schools"}}}
    operating = [{"field": "stages", "contains": "primary"},
                 {"field": "status", "equals": "operating"}]  # fmt: skip
    size = {"parameters": {"most": number(100)}, "measures": {"found": {"field": "enrolment"}},
            "check": {"kind": "threshold", "measure": "found", "relation": "at_most",
                      "limit": "most"}}  # fmt: skip
    texts = [
        rule("places", also_units=["township"],
             measures={"found": {"count": "schools", "where": operating}}),
        rule("areas", unit="residential_area", measures=merged["measures"]),
        counting("counties", "areas"),
        counting("city", "counties", unit="city"),
        rule("sizes", unit="school", applies_to=operating[:1], **size),
        *(rule(f"merged-{d}", **merged, parameters={
            "least": number(1), "merge_distance_m": number(d), "merge_years": number(5)})
          for d in DISTANCES),
    ]  # fmt: skip
    read = [read_rule({**text, "ruleset": "own"}) for text in texts]
    assert not [faults for _, faults in read if faults]
    return [one for one, _ in read]


RULES = _rules()


@dataclass
class Stretch:
    """A county, a town or an area: its id and where it begins and ends."""

    unit_id: str
    start: float
    end: float
    promised: int = 0
    is_new: bool = True

    def holds(self, place: float | None) -> bool:
        """Say whether a place lies in it."""
        return place is not None and self.start <= place <= self.end


@dataclass
class School:
    """A school: what it says of itself, and where it stands."""

    unit_id: str
    place: float | None
    county: str | None
    area: str | None
    stages: str | None
    status: str
    enrolment: float | None


@dataclass
class Line:
    """A world on a line."""

    counties: list[Stretch]
    towns: list[tuple[Stretch, str]]
    areas: list[Stretch]
    schools: list[School] = field(default_factory=list)


def make_line(chance: random.Random) -> Line:
    def ids(count: int) -> list[str]:
        found: set[str] = set()
        while len(found) < count:
            found.add("".join(chance.choices(PARTS, k=chance.choice([1, 1, 1, 2]))))
        return chance.sample(sorted(found), count)

    size = chance.randrange(1, 4)
    counties = [
        Stretch(unit_id, 1000.0 * n, 1000.0 * (n + 1)) for n, unit_id in enumerate(ids(size))
    ]
    towns = [
        (Stretch(unit_id, 500.0 * n, 500.0 * (n + 1)), counties[n // 2].unit_id)
        for n, unit_id in enumerate(ids(2 * size))
    ]
    areas, start = [], 20.0
    for unit_id in ids(chance.randrange(1, 7)):
        start += chance.choice([1, 60, 90, 150, 240, 260, 390, 700])
        new, promised = chance.random() < 0.9, chance.choice([0, 0, 0, 1])
        areas.append(Stretch(unit_id, start, start + 31, promised, is_new=new))
        start += 31
    line = Line(counties, towns, areas)
    known = [area.unit_id for area in areas]
    # each county has a school that says so: of places without any row a list says nothing
    named: list[str | None] = [county.unit_id for county in counties]
    named += [chance.choice([None, None, *ids(1), *named]) for _ in range(chance.randrange(6))]
    for unit_id, county in zip(ids(len(named)), named, strict=True):
        places = [None, chance.randrange(1000 * size + 400) + 0.5,
                  chance.choice(areas).start + 7.5]  # fmt: skip
        line.schools.append(
            School(
                unit_id, chance.choice(places), county, chance.choice([None, None, *known, "zz"]),
                chance.choice(["primary", "primary", "junior", "primary;junior", None]),
                chance.choice(["operating", "operating", "closed"]),
                chance.choice([None, 100.0, 101.0]),
            )
        )  # fmt: skip
    line.schools[0].stages = "primary;junior"
    return line


# the layers of the program


def _layer(name: str, rows: list[dict[str, Any]], shapes: list[Any], key: str) -> Layer:
    frame = gpd.GeoDataFrame(rows, geometry=shapes, crs=STUDY.crs).assign(is_synthetic=False)
    return Layer(name, frame.sort_values(key, ignore_index=True), Origin(year=2025))


def layers_of(line: Line) -> Layers:
    def boxes(parts: list[Stretch], width: float) -> list[Any]:
        return [shapely.box(part.start, -width, part.end, width) for part in parts]

    offer = {"stage": "primary"}
    counties = [{"unit_id": c.unit_id, "name": c.unit_id, "kind": "county"} for c in line.counties]
    towns = [
        {"unit_id": town.unit_id, "name": town.unit_id, "kind": "town", "county_id": county}
        for town, county in line.towns
    ]
    areas = [
        {"unit_id": a.unit_id, "name": a.unit_id, "is_new": a.is_new, "settlement": "urban",
         "schools": (offer,) * a.promised}
        for a in line.areas
    ]  # fmt: skip
    schools = [
        {"school_id": s.unit_id, "name": s.unit_id, "county_id": s.county, "stages": s.stages,
         "residential_area_id": s.area, "status": s.status, "is_teaching_point": False,
         "enrolment": s.enrolment}
        for s in line.schools
    ]  # fmt: skip
    points = [None if s.place is None else shapely.Point(s.place, 0) for s in line.schools]
    return {
        "counties": _layer("counties", counties, boxes(line.counties, 50), "unit_id"),
        "townships": _layer("townships", towns, boxes([t for t, _ in line.towns], 50), "unit_id"),
        "residential_areas": _layer("residential_areas", areas, boxes(line.areas, 9), "unit_id"),
        "schools": _layer("schools", schools, points, "school_id"),
    }


def found_by_the_program(line: Line) -> dict[tuple[str, str, str], str]:
    table = find(RULES, World(STUDY, layers_of(line), STUDY.as_of))
    keys = zip(table["rule_id"], table["unit_kind"], table["unit_id"], strict=True)
    found = dict(zip(keys, table["status"], strict=True))
    assert len(found) == len(table), "no two findings have one key"
    return found


# the twin


def twin(line: Line) -> dict[tuple[str, str, str], str]:
    """Decide all rules as one would by looking at the line."""
    found = {}
    for kind, parts in (("county", line.counties), ("township", [t for t, _ in line.towns])):
        for part in parts:
            answers = [(_in_place(s, part, kind, line), _counts(s)) for s in line.schools]
            found["places", kind, part.unit_id] = _at_least_one(answers)
    of_areas = {area.unit_id: _verdict(_schools_of(area, line)) for area in line.areas}
    found |= {("areas", "residential_area", i): status for i, status in of_areas.items()}
    of_counties = {
        county.unit_id: _none_short(
            [of_areas[a.unit_id] for a in line.areas if county.holds((a.start + a.end) / 2)]
        )
        for county in line.counties
    }
    found |= {("counties", "county", i): status for i, status in of_counties.items()}
    found["city", "city", STUDY.id] = _none_short(list(of_counties.values()))
    found |= {
        ("sizes", "school", school.unit_id): _size(school)
        for school in line.schools
        if (school.stages is None or "primary" in school.stages) and not _is_beyond(school, line)
    }
    for distance in DISTANCES:
        for group in _groups(line, distance):
            has = [_schools_of(area, line) for area in group]
            low, high = sum(h[0] for h in has), sum(h[1] for h in has)
            key = f"merged-{distance}", "residential_group", join_ids(a.unit_id for a in group)
            found[key] = _verdict((low, high))
    return found


def _none_short(statuses: list[str]) -> str:
    if "shortfall" in statuses:
        return "shortfall"
    return "not_assessable" if "not_assessable" in statuses else "pass"


def _is_beyond(school: School, line: Line) -> bool:
    """Say whether a school lies outside of all counties and names none: nothing judges it."""
    is_placed = any(county.holds(school.place) for county in line.counties)
    is_named = school.county in {county.unit_id for county in line.counties}
    return school.place is not None and not is_placed and not is_named


def _size(school: School) -> str:
    if school.stages is None or school.enrolment is None:
        return "not_assessable"
    return "pass" if school.enrolment <= 100 else "shortfall"


def _in_place(school: School, part: Stretch, kind: str, line: Line) -> bool | None:
    """Say whether a school lies in a unit; None where nobody knows."""
    if kind == "county" and school.county in {county.unit_id for county in line.counties}:
        return school.county == part.unit_id
    return None if school.place is None else part.holds(school.place)


def _counts(school: School) -> bool | None:
    if school.status != "operating":
        return False
    return None if school.stages is None else "primary" in school.stages.split(";")


def _at_least_one(answers: list[tuple[bool | None, bool | None]]) -> str:
    if (True, True) in answers:
        return "pass"
    return "not_assessable" if any(False not in pair for pair in answers) else "shortfall"


def _schools_of(area: Stretch, line: Line) -> tuple[int, int]:
    known = {one.unit_id for one in line.areas}
    here = [
        school for school in line.schools
        if (school.area == area.unit_id if school.area in known else area.holds(school.place))
    ]  # fmt: skip
    here = [school for school in here if _counts(school) is not False]
    sure = sum(_counts(school) is True for school in here)
    # what was promised may be one of those that stand, and surely is where a school names the area
    is_built = any(school.area == area.unit_id for school in here)
    return max(area.promised, sure), len(here) + area.promised - min(area.promised, is_built)


def _verdict(has: tuple[int, int]) -> str:
    low, high = has
    return "pass" if low >= 1 else "shortfall" if high < 1 else "not_assessable"


def _groups(line: Line, distance: float) -> list[list[Stretch]]:
    groups: list[list[Stretch]] = []
    for area in sorted((a for a in line.areas if a.is_new), key=lambda a: a.start):
        if groups and area.start - groups[-1][-1].end <= distance:
            groups[-1].append(area)
        else:
            groups.append([area])
    return [group for group in groups if len(group) > 1]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_twin_agrees_in_random_worlds_of_hostile_ids(chunk: int) -> None:
    chance = random.Random(f"ids {chunk}")  # noqa: S311 - worlds, no secrets
    seen: set[tuple[str, str]] = set()
    for _ in range(WORLDS // CHUNKS):
        line = make_line(chance)
        expected = twin(line)
        assert found_by_the_program(line) == expected, line
        seen |= {(rule_id, status) for (rule_id, _, _), status in expected.items()}
    assert len(seen) >= 15, "the worlds must not be all alike"


# what may not matter


def _moved(line: Line) -> Layers:
    return {
        name: Layer(name, layer.frame.assign(geometry=layer.frame.translate(0, 1000)), layer.origin)
        for name, layer in layers_of(line).items()
    }


def _turned_around(line: Line) -> Layers:
    return {
        name: Layer(name, layer.frame.iloc[::-1].reset_index(drop=True), layer.origin)
        for name, layer in layers_of(line).items()
    }


def _statuses(layers: Layers) -> dict[tuple[str, str, str], tuple[str, float]]:
    table = find(RULES, World(STUDY, layers, STUDY.as_of))
    keys = zip(table["rule_id"], table["unit_kind"], table["unit_id"], strict=True)
    numbers = table["measured"].fillna(-1)
    return dict(zip(keys, zip(table["status"], numbers, strict=True), strict=True))


@pytest.mark.parametrize("changed", [_moved, _turned_around])
def test_where_the_world_lies_and_in_which_order_rows_come_change_nothing(changed: Any) -> None:
    chance = random.Random("moved")  # noqa: S311 - worlds, no secrets
    for _ in range(FEWER):
        line = make_line(chance)
        assert _statuses(changed(line)) == _statuses(layers_of(line))


def _renamed(line: Line) -> None:
    """Give everything another id that says the same."""
    counties = {one.unit_id: f"county#{n:03d}+;@" for n, one in enumerate(line.counties)}
    areas = {one.unit_id: f"area#{n:03d}+;@" for n, one in enumerate(line.areas)}
    for one in (*line.counties, *line.areas):
        one.unit_id = (counties if one in line.counties else areas)[one.unit_id]
    line.towns = [
        (replace(town, unit_id=f"{n}@"), counties[county])
        for n, (town, county) in enumerate(line.towns)
    ]
    for n, school in enumerate(line.schools):
        school.unit_id = f"0{n};#"
        school.county = counties.get(str(school.county), school.county)
        school.area = areas.get(str(school.area), school.area)


def test_other_ids_change_nothing_but_the_ids() -> None:
    chance = random.Random("renamed")  # noqa: S311 - worlds, no secrets
    for _ in range(FEWER):
        line = make_line(chance)
        before = sorted(_statuses(layers_of(line)).values())
        _renamed(line)
        assert sorted(_statuses(layers_of(line)).values()) == before


_ORDER = {"shortfall": 0, "not_assessable": 1, "pass": 2}


def test_a_school_more_never_worsens_a_rule_that_counts_schools() -> None:
    chance = random.Random("more")  # noqa: S311 - worlds, no secrets
    counts = {"places", "areas", "city", "counties", *(f"merged-{d}" for d in DISTANCES)}
    for _ in range(FEWER):
        line = make_line(chance)
        before = found_by_the_program(line)
        place = chance.choice(line.areas).start + 7.5
        line.schools.append(School("new one", place, None, None, "primary", "operating", 50.0))
        after = found_by_the_program(line)
        for key, status in before.items():
            if key[0] in counts:
                assert _ORDER[after[key]] >= _ORDER[status], key
        more = set() if _is_beyond(line.schools[-1], line) else {("sizes", "school", "new one")}
        assert after.keys() - before.keys() == more
