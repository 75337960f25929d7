"""The published answers of location problems, through the public door."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zmd_layout.siting.solve import solve
from zmd_layout.vocabulary import SolveStatus

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = pytest.mark.shared


def _instances() -> ModuleType:
    """Load the readers of the benchmarks, which are no part of the package."""
    path = Path(__file__).parents[1] / "benchmarks" / "siting_instances.py"
    spec = importlib.util.spec_from_file_location("siting_instances", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up by name
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


INSTANCES = _instances()
READERS = ("p_medians", "p_centers", "facilities", "maximal_covers", "san_francisco")


@pytest.mark.skipif(not INSTANCES.PUBLISHED.is_dir(), reason="needs ../shared/data/siting")
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
