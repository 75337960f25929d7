"""A location problem that contradicts itself is refused, every fault at once and by its number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from zmd_layout.errors import SitingError
from zmd_layout.location.problem import Model, Problem
from zmd_layout.messages import Message


def told(**changes: Any) -> list[Message]:
    """Refuse a problem of three villages and two sites that differs in what is handed in."""
    given: dict[str, Any] = {
        "model": Model.P_MEDIAN, "costs": csr_array(np.ones((3, 2))), "demands": np.ones(3),
        "open_count": 1,
    }  # fmt: skip
    with pytest.raises(SitingError) as refused:
        Problem(**given | changes)
    return list(refused.value.messages)


def test_a_problem_without_sites_or_without_villages_is_refused() -> None:
    without_sites = told(model=Model.FACILITY, costs=csr_array((3, 0)), open_count=None)
    assert without_sites == [Message("siting.empty", demands=3, sites=0)]
    without_demands = told(costs=csr_array((0, 2)), demands=np.ones(0))
    assert without_demands == [Message("siting.empty", demands=0, sites=2)]


@pytest.mark.parametrize("wrong", [-1.0, np.inf, np.nan])
def test_numbers_below_zero_or_without_end_are_refused_by_the_name_of_their_list(
    wrong: float,
) -> None:
    found = told(
        demands=np.array([1, wrong, 1]),
        capacities=np.array([1, wrong]),
        fixed_costs=np.array([wrong, 1]),
        unserved_cost=np.array([1, 1, wrong]),
    )
    names = ("demands", "capacities", "fixed_costs", "unserved_cost")
    assert found == [Message("siting.negative", name=name) for name in names]


@pytest.mark.parametrize("wrong", [-1.0, -np.inf])
@pytest.mark.parametrize("form", [np.array, csr_array])
def test_costs_below_zero_are_refused(wrong: float, form: Any) -> None:
    found = told(costs=form([[1, 1], [1, 1], [1, wrong]]))
    assert found == [Message("siting.negative", name="costs")]


@pytest.mark.parametrize("model", [Model.P_MEDIAN, Model.P_CENTER, Model.MAX_COVER])
def test_a_question_for_so_many_sites_needs_their_number(model: Model) -> None:
    assert told(model=model, open_count=None) == [Message("siting.needs_count", model=str(model))]


@pytest.mark.parametrize(
    ("count", "fixed", "least"), [(0, [False, False], 1), (3, [True, False], 1), (1, [True] * 2, 2)]
)
def test_the_number_of_sites_lies_between_the_fixed_ones_and_all(
    count: int, fixed: list[bool], least: int
) -> None:
    found = told(open_count=count, fixed_open=np.array(fixed))
    assert found == [Message("siting.count", found=count, least=least, most=2)]


def test_a_list_that_is_too_short_is_refused_with_both_lengths() -> None:
    assert told(capacities=np.ones(5)) == [
        Message("siting.shape", name="capacities", found=5, wanted=2)
    ]
    beside = {"adjacency": csr_array(np.eye(4)), "site_demand": np.array([0, 1])}
    assert told(**beside) == [Message("siting.shape", name="adjacency", found=4, wanted=3)]


def test_a_site_that_stands_in_no_village_is_refused_where_catchments_hang_together() -> None:
    beside = {"adjacency": csr_array(np.eye(3)), "site_demand": np.array([0, 3])}
    assert told(**beside) == [Message("siting.needs_site_demand")]


def test_all_faults_are_told_at_once() -> None:
    found = told(demands=np.array([1.0, -1.0]), open_count=9)
    assert [message.key for message in found] == ["siting.shape", "siting.negative", "siting.count"]
