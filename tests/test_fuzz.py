"""Broken files of every kind are refused in both languages or taken, and nothing else happens."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fuzzing import RULE, Seed, complaint, inputs, seeds
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from pydantic import ValidationError
from volumes import TIMES, examples

from zmd_layout.errors import LayerError, RuleError, ZmdLayoutError
from zmd_layout.layers.conform import convert, rename
from zmd_layout.layers.schema import SCHEMAS
from zmd_layout.layers.schools.matching import read_decisions
from zmd_layout.layers.validate import faults_of
from zmd_layout.rulebook import Rule, load_rule, read_yaml
from zmd_layout.study import LayerSource, parse_study

KINDS = [
    "study.toml", "senior-new-per-county.yaml", "senior-new-per-county.test.yaml",
    "counties.geojson", "schools.csv", "schools.geojson", "roster.csv", "roster.xlsx",
    "land.geojson", "classes.csv", "statistics.csv", "plot.geojson", "plot.kml", "plot.txt",
    "plot.csv", "plot.zip", "plot.gpkg", "plot.parquet", "decisions.csv", "run.json",
]  # fmt: skip
NEVER_WHOLE = {"plot.parquet", "run.json"}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seed]:
    return {seed.name: seed for seed in seeds(tmp_path_factory.mktemp("seeds"))}


def test_every_kind_is_listed(kinds: dict[str, Seed]) -> None:
    assert sorted(kinds) == sorted(KINDS)


@pytest.mark.parametrize("name", sorted(set(KINDS) - NEVER_WHOLE))
def test_a_good_file_is_taken(kinds: dict[str, Seed], name: str, tmp_path: Path) -> None:
    assert complaint(kinds[name], kinds[name].data, tmp_path) is None


@pytest.mark.parametrize("name", KINDS)
def test_a_broken_file_is_refused_or_taken_and_raises_nothing_else(
    kinds: dict[str, Seed], name: str, tmp_path: Path
) -> None:
    for number, data in inputs(kinds[name], count=8 * TIMES):
        try:
            complaint(kinds[name], data, tmp_path)
        except Exception as error:
            raise AssertionError(f"{name} {number}: {error!r}") from error


def test_a_column_that_stands_twice_is_a_fault_and_no_choice(
    kinds: dict[str, Seed], tmp_path: Path
) -> None:
    twice = b"school_id,stage,grade,pupils,pupils\ns1,primary,1,45,46\n"
    assert "pupils" in str(complaint(kinds["classes.csv"], twice, tmp_path))


@pytest.mark.parametrize("data", [b"", b"\xff\xe1", b'left_id,right_id\na,b,c,d\n"'])
def test_a_table_of_decisions_that_is_no_table_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "d.csv").write_bytes(data)
    with pytest.raises(LayerError, match=r"d\.csv"):
        read_decisions(tmp_path / "d.csv")


@pytest.mark.parametrize("value", ["2024-13-01", "0000-01-01", "!!bool 07", "!!int x", "&a [*a]"])
def test_a_value_that_yaml_cannot_build_is_refused_with_the_file(
    tmp_path: Path, value: str
) -> None:
    (tmp_path / "r.yaml").write_text(f"day: {value}\n", "utf-8")
    with pytest.raises(RuleError, match=r"r\.yaml"):
        load_rule(tmp_path / "r.yaml")


SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.dates()
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
STUDY_KEYS = st.sampled_from(
    ["id", "name", "crs", "as_of", "plan_period", "rulesets", "include_draft", "colour"]
)
TABLES = st.sampled_from(
    ["study", "layers", "own_layers", "people", "sensitivity", "forecast", "x"]
)


@given(
    head=st.dictionaries(STUDY_KEYS, TREES, max_size=6),
    more=st.dictionaries(TABLES, TREES, max_size=4),
)
@examples(30)
def test_any_tables_of_a_study_file_are_a_study_or_refused(
    head: dict[str, Any], more: dict[str, Any]
) -> None:
    raw = {"study": {"id": "s", "name": {"zh": "一", "en": "one"}, "as_of": "2025-01-01", **head}}
    try:
        parse_study({**raw, **more}, folder=Path(), file=Path("study.toml"))
    except ZmdLayoutError as error:
        refused = error
    else:
        return
    assert refused.text("zh")
    assert refused.text("en")


GOOD_RULE = read_yaml(RULE)


@given(key=st.sampled_from(sorted(GOOD_RULE)), value=TREES)
@examples(30)
def test_any_value_under_a_key_of_a_rule_is_a_rule_or_a_fault_of_pydantic(
    key: str, value: object
) -> None:
    with suppress(ValidationError):  # what `load_rule` turns into a RuleError
        assert Rule.model_validate({**GOOD_RULE, key: value}).id


CELLS = st.one_of(
    st.none(), st.text(max_size=12), st.integers(), st.floats(), st.booleans(), st.dates(),
    st.sampled_from(["", "—", "1,200", "2.14E+09", "是", "primary", "九年一贯制", "-3"]),
    st.sampled_from(["2024年1月5日", "2024-13-45", "POLYGON EMPTY", "[{}]"]),
)  # fmt: skip


@given(
    name=st.sampled_from(sorted(SCHEMAS)),
    data=st.data(),
)
@examples(30, suppress_health_check=[HealthCheck.too_slow])
def test_any_cells_of_any_layer_are_converted_or_named_as_faults(
    name: str, data: st.DataObject
) -> None:
    import pandas as pd

    schema = SCHEMAS[name]
    heads = st.sampled_from([c.name for c in schema.columns] or ["x"])
    columns = data.draw(st.lists(heads, max_size=5, unique=True))
    rows = data.draw(st.lists(st.tuples(*[CELLS for _ in columns]), max_size=3))
    raw = pd.DataFrame(rows, columns=columns, dtype=object)
    source = LayerSource(path="x.csv", coordinates="none")
    table, names, faults = rename(raw, schema, source)
    table, unreadable, _ = convert(table, schema, source, names)
    faults += unreadable
    faults += faults_of(table, schema) if not faults else []
    assert all(fault.text("zh") and fault.text("en") for fault in faults)
