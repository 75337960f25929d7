"""Children and seats as a maximum flow, beside a linear programme written apart."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

from zmd_layout.location.seating import seat


def seated_by_linear_programme(
    children: NDArray[np.float64], seats: NDArray[np.float64], allowed: NDArray[np.bool_]
) -> float:
    """Seat as many as can be: max Σ x, rows of points and facilities as limits."""
    m, n = allowed.shape
    pairs = np.argwhere(allowed)
    if not len(pairs):
        return 0.0
    of_point, of_facility = np.zeros((n, len(pairs))), np.zeros((m, len(pairs)))
    for column, (facility, point) in enumerate(pairs):
        of_point[point, column] = of_facility[facility, column] = 1
    rows = np.vstack([of_point, of_facility])
    found = linprog(-np.ones(len(pairs)), rows, np.r_[children, seats], method="highs")
    return float(-found.fun)


@pytest.mark.parametrize("seed", range(40))
def test_as_many_are_seated_as_a_linear_programme_seats(seed: int) -> None:
    draw = np.random.default_rng(seed)
    n, m = draw.integers(1, 9, 2)
    children, seats = draw.integers(0, 30, n).astype(float), draw.integers(0, 40, m).astype(float)
    allowed = draw.random((m, n)) < 0.4
    facility, point = np.nonzero(allowed)
    # a pair of distance 0 is a pair
    reach = csr_array((np.zeros(len(point)), (facility, point)), shape=(m, n))
    found = seat(children, seats, reach)
    lost = found.without_facility.sum() + found.without_seat.sum()
    assert children.sum() - lost == pytest.approx(
        seated_by_linear_programme(children, seats, allowed)
    )
    assert found.used.sum() == pytest.approx(children.sum() - lost)
    assert (found.used <= seats).all()
    assert (found.without_facility[allowed.any(axis=0)] == 0).all()
    assert (found.without_seat[~allowed.any(axis=0)] == 0).all()


def test_the_area_in_shortage_is_where_all_schools_within_reach_are_full() -> None:
    # points 0 and 1 share a school of 10; point 2 has one of 50 for itself
    reach = csr_array(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    found = seat(np.array([8.0, 7.0, 20.0]), np.array([10.0, 50.0]), reach)
    assert found.in_shortage.tolist() == [True, True, False]
    assert found.without_seat.sum() == pytest.approx(5)


def test_a_point_without_a_school_is_no_shortage_of_seats() -> None:
    reach = csr_array(np.array([[1.0, 0.0]]))
    found = seat(np.array([5.0, 3.0]), np.array([5.0]), reach)
    assert found.without_facility.tolist() == [0, 3]
    assert found.without_seat.sum() == 0
    assert not found.in_shortage.any()


@pytest.mark.parametrize("seed", range(100))
def test_a_seating_that_is_added_to_seats_as_many_as_one_from_nothing_and_unseats_nobody(
    seed: int,
) -> None:
    draw = np.random.default_rng(seed)
    n, m = draw.integers(2, 9, 2)
    children, seats = draw.integers(0, 30, n).astype(float), draw.integers(0, 20, m).astype(float)
    wider = draw.random((m, n)) < 0.6
    fewer = wider & (draw.random((m, n)) < 0.5)
    start = seat(children, seats, csr_array(fewer.astype(float)))
    found = seat(children, seats, csr_array(wider.astype(float)), start=start.taken)
    by_pair = found.taken.toarray()
    assert by_pair.sum() == pytest.approx(seated_by_linear_programme(children, seats, wider))
    assert (by_pair[~wider] == 0).all()
    assert (by_pair >= 0).all()
    assert by_pair.sum(axis=1) == pytest.approx(found.used)
    assert (found.used <= seats).all()
    lost = found.without_seat + found.without_facility
    assert by_pair.sum(axis=0) + lost == pytest.approx(children)
    assert (lost <= start.without_seat + start.without_facility + 1e-9).all()
