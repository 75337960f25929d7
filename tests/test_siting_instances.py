"""The published answers of location problems, through the public door."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zmd_layout.location.solver import solve
from zmd_layout.vocabulary import SolveStatus

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = pytest.mark.shared


def _module(name: str) -> ModuleType:
    """Load readers of the benchmarks, which are no part of the package."""
    path = Path(__file__).parents[1] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up by name
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


INSTANCES = _module("siting_instances")
SEATS = _module("siting_capacity_instances")
READERS = ("p_medians", "p_centers", "facilities", "maximal_covers", "san_francisco")


needs_files = pytest.mark.skipif(
    not INSTANCES.PUBLISHED.is_dir(), reason="needs ../shared/data/siting"
)


@needs_files
@pytest.mark.parametrize("reader", READERS)
def test_every_published_optimum_is_found_and_proved(reader: str) -> None:
    instances = getattr(INSTANCES, reader)()
    assert len(instances) >= 3
    for instance in instances:
        solution = solve(instance.problem, time_limit_s=600)
        assert solution.status is SolveStatus.OPTIMAL, instance.name
        assert solution.objective == pytest.approx(instance.optimum, rel=1e-9), instance.name
        assert solution.bound == solution.objective, instance.name
        assert solution.is_reproducible, instance.name


@needs_files
def test_every_published_optimum_with_capacities_is_found_and_proved() -> None:
    # the whole table is in the benchmarks; these take a second or less each
    quick = {"cap41", "p550-1", "p550-2", "p550-4", "p550-6"}
    instances = [*SEATS.capacitated_facilities(), *SEATS.capacitated_medians()]
    chosen = [instance for instance in instances if instance.name in quick]
    assert len(chosen) == len(quick)
    for instance in chosen:
        solution = solve(instance.problem, time_limit_s=600)
        assert solution.status is SolveStatus.OPTIMAL, instance.name
        assert solution.objective == pytest.approx(instance.optimum, rel=1e-7), instance.name


@needs_files
def test_cap41_with_whole_demands_is_explained() -> None:
    refused = solve(SEATS.single_source_cap41(), time_limit_s=600)
    assert refused.status is SolveStatus.INFEASIBLE
    assert any("12,912" in message.text("en") for message in refused.explanation)
