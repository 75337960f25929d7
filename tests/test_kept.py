"""What is kept of a run rests on everything that it is made of, and on nothing that was torn."""

from __future__ import annotations

import os
import random
import types
from importlib.metadata import distribution
from typing import TYPE_CHECKING, Any

import pyogrio
import pytest
from own_rules import number, rule, write_rules
from volumes import TIMES

import zmd_layout
from conftest import COUNTIES, point, square, write_geojson
from zmd_layout.checks.value import exactly
from zmd_layout.measures import World
from zmd_layout.measures.registry import NAMED_MEASURES, named_measure
from zmd_layout.outputs.table import to_csv
from zmd_layout.rulebook import named_measures
from zmd_layout.vocabulary import UnitKind
from zmd_layout.workflow.cache import StepCache, memory_of
from zmd_layout.workflow.code_digest import of_code
from zmd_layout.workflow.digests import installed_versions, of_program
from zmd_layout.workflow.kept_files import KeptFiles, clean
from zmd_layout.workflow.loading import find_all, load, load_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EDITS = 40 * TIMES
OWN = "own_number"
factor = 1  # a measure of one's own takes it from beside itself


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Forget the measures that a test defines."""
    before, numbers = dict(NAMED_MEASURES), dict(named_measures.NUMBERS)
    yield
    NAMED_MEASURES.clear()
    NAMED_MEASURES.update(before)
    named_measures.NUMBERS.clear()
    named_measures.NUMBERS.update(numbers)


def define(value: float) -> None:
    @named_measure(OWN, UnitKind.COUNTY)
    def measure(world: Any, units: Any, limits: Any) -> dict[str, Any]:
        del world, limits
        return {str(unit): exactly(value * factor) for unit in units.frame.index}


# the code of a measure


def scope(text: str) -> Any:
    module = types.ModuleType("a_notebook")
    exec(text, module.__dict__)  # noqa: S102 - as a notebook does
    return module.f


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(): return 1", "def f(): return 2"),
        ("def f(a=1): return a", "def f(a=2): return a"),
        ("def f(*, a=1): return a", "def f(*, a=2): return a"),
        ("n = 1\ndef f(): return n", "n = 2\ndef f(): return n"),
        ("def g(): return 1\ndef f(): return g()", "def g(): return 2\ndef f(): return g()"),
        ("def o(n):\n  def f(): return n\n  return f\nf = o(1)",
         "def o(n):\n  def f(): return n\n  return f\nf = o(2)"),
        ("f = lambda: [i + 1 for i in ()]", "f = lambda: [i + 2 for i in ()]"),
        ("class A:\n  def g(self): return 1\ndef f(): return A().g()",
         "class A:\n  def g(self): return 2\ndef f(): return A().g()"),
        ("class A:\n  n = 1\nf = A", "class A:\n  n = 2\nf = A"),
        ("import functools\nf = functools.partial(max, 1)",
         "import functools\nf = functools.partial(max, 2)"),
        ("t = {'a': [1, (2, {3})]}\ndef f(): return t",
         "t = {'a': [1, (2, {4})]}\ndef f(): return t"),
        ("import pandas\nt = pandas.Series([1])\ndef f(): return t",
         "import pandas\nt = pandas.Series([2])\ndef f(): return t"),
        ("def f(x): return x.low", "def f(x): return x.high"),
    ],
)  # fmt: skip
def test_code_that_acts_differently_has_another_digest(one: str, other: str) -> None:
    assert of_code(scope(one)) == of_code(scope(one))
    assert of_code(scope(one)) != of_code(scope(other))


def test_where_a_function_stands_and_how_it_is_commented_changes_nothing() -> None:
    plain = "def f(a):\n    return a + 1"
    assert of_code(scope(plain)) == of_code(scope(f"\n\n# a word\n{plain}  # and another"))


def test_what_cannot_be_told_is_never_the_same() -> None:
    unknown = "import threading\nlock = threading.Lock()\ndef f(): return lock"
    assert of_code(scope(unknown)) != of_code(scope(unknown))
    assert of_code(scope("def f(): import not_there_at_all")) != of_code(
        scope("def f(): import not_there_at_all")
    )


def test_functions_that_refer_to_each_other_are_walked_once() -> None:
    text = "def g(n): return f(n - 1)\ndef f(n): return g(n) if n else 0"
    assert of_code(scope(text)) == of_code(scope(text))


# the program and its surroundings


def test_every_version_beneath_counts_and_none_of_the_workshop() -> None:
    versions = installed_versions()
    beneath = {"h3", "rapidfuzz", "xlsxwriter", "pillow", "numpy", "certifi", "geopandas"}
    assert beneath <= versions.keys()
    assert versions["h3"] == distribution("h3").version
    assert "pytest" not in versions


@pytest.mark.parametrize("name", ["SHAPE_ENCODING", "OGR_GEOJSON_MAX_OBJ_SIZE", "PROJ_NETWORK"])
def test_the_environment_that_readers_look_at_counts(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = of_program()
    monkeypatch.setenv(name, "GBK")
    assert of_program() != before
    monkeypatch.setenv("HOME_OF_NOBODY", "GBK")
    monkeypatch.delenv(name)
    assert of_program() == before


# files


def test_a_flipped_bit_is_never_taken(tmp_path: Path) -> None:
    files = KeptFiles(tmp_path)
    files.write("step", {"rows": [1, 2, 3]})
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for bit in range(8 * len(whole)):
        torn = bytearray(whole)
        torn[bit // 8] ^= 1 << bit % 8
        file.write_bytes(torn)
        assert files.read("step") is None, bit
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert files.read("step") is None, length
    file.write_bytes(whole)
    assert files.read("step") == {"rows": [1, 2, 3]}


@pytest.mark.parametrize("value", [lambda: 0, None])
def test_a_write_that_fails_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    if value is None:

        def full(*_: object) -> None:
            raise OSError("no space")

        monkeypatch.setattr("pathlib.Path.replace", full)
    KeptFiles(tmp_path).write("step", value)
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_asked_for_the_longest_is_cleaned_first(tmp_path: Path) -> None:
    for age, name in enumerate(["new", "old", "older"]):
        files = KeptFiles(tmp_path / name)
        files.write("step", "x" * 1000)
        (file,) = (tmp_path / name).iterdir()
        os.utime(file, (1e9 - age, 1e9 - age))
    assert KeptFiles(tmp_path / "older").read("step") is not None  # asked for: it is new again
    (tmp_path / "old" / ".aside-1").write_bytes(b"left by a run that was killed")
    os.utime(tmp_path / "old" / ".aside-1", (1e9, 1e9))
    clean(tmp_path, limit_bytes=2500, at_once=True)
    assert {folder.name for folder in tmp_path.iterdir() if folder.is_dir()} == {"new", "older"}
    clean(tmp_path, limit_bytes=0)
    assert KeptFiles(tmp_path / "new").read("step") is not None, "it was cleaned just now"


# a run after any edit is that of --fresh


@pytest.fixture
def town(
    make_study: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    """Give a small study with own rules, layers in several formats and an own measure."""
    monkeypatch.setenv("ZMD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SHAPE_ENCODING", raising=False)
    yield Town(tmp_path, make_study)
    globals()["factor"] = 1


class Town:
    """A study that is edited again and again."""

    def __init__(self, folder: Path, make_study: Callable[..., Path]) -> None:
        self.folder, self.make_study = folder, make_study
        self.least = {"count": 1.0, "wide": 300.0, "own": 2.0}
        self.rules = ["count", "own", "towns", "near", "wide"]
        self.schools = [("a", 0.01, "primary"), ("b", 0.12, "primary"), ("c", 0.03, "junior")]
        self.people, self.day, self.name, self.where = 599_999, "2025-12-31", "甲镇", "primary"
        define(2)
        self.write()

    def write(self) -> None:
        """Write rules, layers and study as they are now."""
        merged = {"unit": "residential_group",
                  "measures": {"found": {"named": "area_primary_schools"}}}  # fmt: skip
        about = [{"field": "stages", "contains": self.where}]
        texts = {
            "count": rule("count", parameters={"least": number(self.least["count"])},
                          measures={"found": {"count": "schools", "where": about}}),
            "own": rule("own", measures={"found": {"named": OWN}},
                        parameters={"least": number(self.least["own"])}),
            "towns": rule("towns", unit="township"),
            "sum": rule("sum", unit="county", measures={
                "found": {"verdicts": "towns", "status": "shortfall"}}),
            "people": rule("people", measures={"found": {"field": "residents"}}),
            **{name: rule(name, **merged, parameters={
                "least": number(1), "merge_years": number(5),
                "merge_distance_m": number(distance)})
               for name, distance in (("near", 100), ("wide", self.least["wide"]))},
        }  # fmt: skip
        write_rules(self.folder, *(texts[name] for name in self.rules))
        rows = [
            ({"school_id": i, "name": i, "stages": s, "status": "operating",
              "is_teaching_point": False}, point(x, 0.05)) for i, x, s in self.schools
        ]  # fmt: skip
        write_geojson(self.folder / "schools.geojson", rows)
        areas = [
            ({"unit_id": i, "name": i, "is_new": True, "settlement": "urban",
              "planned_residents": 9000}, square(x, 0.05, 0.001))
            for i, x in (("A", 0.01), ("B", 0.011), ("X", 0.03), ("Y", 0.031), ("Z", 0.034))
        ]  # fmt: skip
        write_geojson(self.folder / "areas.geojson", areas)
        towns = [({"unit_id": "411721101", "name": self.name, "kind": "town"}, square(0, 0, 0.05))]
        write_geojson(self.folder / "towns.geojson", towns)
        frame = pyogrio.read_dataframe(self.folder / "towns.geojson")
        pyogrio.write_dataframe(frame, self.folder / "towns.shp", encoding="GBK")
        (self.folder / "towns.cpg").unlink(missing_ok=True)
        counties = [({**row, "residents": self.people}, shape) for row, shape in COUNTIES]
        extra = "".join(
            f"\n[layers.{name}]\npath = '{file}'\ncoordinates = 'wgs84'\nyear = 2025\n"
            for name, file in (("schools", "schools.geojson"), ("townships", "towns.shp"),
                               ("residential_areas", "areas.geojson"))
        )  # fmt: skip
        self.make_study(extra, head='rulesets = ["my-rules"]', counties=counties)
        file = self.folder / "study.toml"
        file.write_text(file.read_text("utf-8").replace("2025-12-31", self.day, 1), "utf-8")

    def check(self, *, is_kept: bool) -> tuple[str, StepCache]:
        """Give the findings as text, and what was kept."""
        study = zmd_layout.load_study(self.folder)
        memory = memory_of(study, is_kept=is_kept)
        layers = load(study, None, memory)
        world = World(study, memory.know(layers), study.as_of)
        return to_csv(find_all(load_rules(study), world, None, memory)), memory

    def edit(self, chance: random.Random) -> str:  # noqa: C901, PLR0912 - one edit after another
        """Change one thing that matters, or nothing, and say what."""
        what = chance.choice(
            ["rules", "number", "distance", "school", "people", "day", "name", "measure", "factor",
             "environment", "condition", "nothing"]
        )  # fmt: skip
        match what:
            case "rules":
                known = ["count", "own", "towns", "sum", "people", "near", "wide"]
                self.rules = chance.sample(known, chance.randrange(4, 8))
                if "sum" in self.rules and "towns" not in self.rules:
                    self.rules.append("towns")
            case "number":
                self.least[chance.choice(["count", "own"])] = chance.randrange(4)
            case "distance":
                self.least["wide"] = chance.choice([100.0, 200.0, 300.0])
            case "school":
                self.schools = [
                    (i, chance.choice([0.01, 0.0345, 0.12]), chance.choice(["primary", "junior"]))
                    for i, *_ in self.schools
                ]
            case "people":
                self.people = chance.choice([599_999, 600_000])
            case "day":
                self.day = chance.choice(["2025-12-31", "2026-12-31"])
            case "name":
                self.name = chance.choice(["甲镇", "乙镇"])
            case "measure":
                define(chance.randrange(4))
            case "factor":
                globals()["factor"] = chance.randrange(1, 3)
            case "environment":
                if os.environ.pop("SHAPE_ENCODING", None) is None:
                    os.environ["SHAPE_ENCODING"] = "GBK"
            case "condition":
                self.where = chance.choice(["primary", "junior"])
        self.write()
        return what


def test_a_run_after_any_edit_is_that_of_fresh(town: Town) -> None:
    chance = random.Random(20)  # noqa: S311 - worlds, no secrets
    seen, reused, texts = set(), 0, set()
    for _ in range(EDITS):
        what = town.edit(chance)
        again, memory = town.check(is_kept=True)
        fresh, _ = town.check(is_kept=False)
        assert again == fresh, what
        seen.add(what)
        reused += len(memory.steps.reused)
        texts.add(fresh)
    assert len(seen) >= 10
    assert reused > 3 * EDITS, "what did not change is taken"
    assert len(texts) > EDITS / 4, "the edits must change what is found"


def test_a_measure_that_is_defined_anew_gives_its_new_value(town: Town) -> None:
    before, _ = town.check(is_kept=True)
    define(7)
    after, memory = town.check(is_kept=True)
    assert before != after
    assert "rule-own" in memory.steps.done
    assert "rule-count" in memory.steps.reused


def test_a_second_run_after_a_rule_was_added_is_that_of_fresh(town: Town) -> None:
    town.rules = ["near"]
    town.write()
    town.check(is_kept=True)
    town.rules = ["near", "wide"]
    town.write()
    assert town.check(is_kept=True)[0] == town.check(is_kept=False)[0]
