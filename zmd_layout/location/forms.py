"""Conversion of the accepted inputs of a location problem into plain arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, issparse

from zmd_layout.errors import SitingError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

Choice = TypeVar("Choice", bound=StrEnum)

_NAMED = 5  # labels that a message names
# formats that pad blocks or diagonals with zeros, indistinguishable from costs of 0
_PADDED = ("bsr", "dia")


@dataclass(frozen=True, slots=True)
class Axis:
    """The demands or the sites of a problem: their number and their labels, if any."""

    size: int
    labels: pd.Index[Any] | None


def read_axis(name: str, size: int, labels: Iterable[Any] | None, *parts: object) -> Axis:
    """
    Return an axis with the labels given, else those of the first input of matching length.

    Parameters
    ----------
    name
        Name of the parameter, for the message.
    size
        Number of demands or sites.
    labels
        Labels given by the user, or None.
    *parts
        An Index of the costs, then the inputs that may be Series, in order of precedence.

    Raises
    ------
    SitingError
        If the labels are not unique or their number is wrong.
    """
    if labels is None:
        first, *rest = parts
        found = [first, *(part.index for part in rest if isinstance(part, pd.Series))]
        labels = next((p for p in found if isinstance(p, pd.Index) and len(p) == size), None)
    if labels is None:
        return Axis(size, None)
    if isinstance(labels, str):
        raise _not_read(name, labels, "list")
    index = labels if isinstance(labels, pd.Index) else pd.Index(list(labels))
    if len(index) != size:
        raise SitingError(Message("siting.shape", name=name, found=len(index), wanted=size))
    if not index.is_unique:
        twice = index[index.duplicated()].unique()
        raise SitingError(Message("siting.labels_twice", name=name, labels=_named(twice)))
    return Axis(size, index)


def read_costs(costs: object, *, is_cover: bool) -> csr_array:
    """
    Return costs as a sparse array whose stored entries are the allowed pairs.

    Parameters
    ----------
    costs
        (n, m) sparse matrix of any format, or dense: array, DataFrame, list of lists. NaN, inf
        and entries missing from a sparse matrix mark pairs that are not allowed; a stored zero is
        a cost of 0.
    is_cover
        Whether only the allowed pairs matter; booleans are then accepted, too.

    Raises
    ------
    SitingError
        If it is not a numeric matrix, or if zeros and missing entries are indistinguishable.
    """
    if issparse(costs):
        return _sparse_costs(costs, is_cover=is_cover)
    if isinstance(costs, pd.DataFrame) and _loses_zeros(costs):
        raise SitingError(Message("siting.padded", form="DataFrame"))
    array = _array("costs", costs, "matrix")
    if array.ndim != 2:  # noqa: PLR2004 - rows and columns
        raise _not_read("costs", costs, "matrix")
    if array.dtype == bool:
        return _cover_pairs(array, is_cover=is_cover)
    if is_cover and array.size and set(np.unique(array)) == {0.0, 1.0}:
        raise SitingError(Message("siting.zero_or_one"))
    allowed = ~(np.isnan(array) | np.isposinf(array))
    row, column = np.nonzero(allowed)
    start = np.concatenate([[0], np.cumsum(allowed.sum(axis=1))])
    return csr_array((array[row, column], column, start), shape=array.shape)


def refuse_lost_zeros(costs: csr_array, places: NDArray[np.int64] | None) -> None:
    """
    Refuse sparse costs that lost their zeros in conversion, as by `csr_array(distances)`.

    Zeros are taken as lost where none is stored and no place that is both demand and site may
    serve itself: no site has the pair with its own demand in `places`; a square matrix that is at
    least half full or has a symmetric pattern lacks its whole diagonal; or each site lacks exactly
    one demand, a different one each.

    Parameters
    ----------
    costs
        (n, m) as returned by `read_costs`.
    places
        (m,) position of the demand at which each site is located, or None if unknown.

    Raises
    ------
    SitingError
        If the zeros appear to be lost.
    """
    n, m = costs.shape
    if not costs.nnz or not costs.data.all():
        return
    stored = csr_array((np.ones(costs.nnz, dtype=bool), costs.indices, costs.indptr), (n, m))
    if places is not None and len(places) == m and ((places >= 0) & (places < n)).any():
        sites = np.flatnonzero((places >= 0) & (places < n))
        is_lost = not stored[places[sites], sites].any()
    else:
        is_lost = _lacks_diagonal(stored) or _lacks_one_each(stored)
    if is_lost:
        raise SitingError(Message("siting.lost_zeros", sites=m))


def read_numbers(name: str, values: object, axis: Axis) -> NDArray[np.float64]:
    """Return (size,) numbers from a list, array, column, Series (by label) or single number."""
    array = _array(name, _by_label(name, values, axis), "list")
    if array.ndim == 0:
        return np.full(axis.size, float(array))
    if array.ndim > 1 and array.shape[1:] != (1,):
        raise _not_read(name, values, "list")
    return array.reshape(-1).astype(np.float64)


def read_flags(name: str, values: object, axis: Axis) -> NDArray[np.bool_]:
    """Return (size,) booleans from booleans, 0/1, or the labels (else positions) selected."""
    if isinstance(values, (bool, np.bool_)):
        return np.full(axis.size, bool(values))
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Collection):
        raise _not_read(name, values, "flags")
    if isinstance(values, pd.Series) and len(values) == axis.size and _are_flags(values):
        values = _by_label(name, values, axis)
    if isinstance(values, (np.ndarray, pd.DataFrame)):
        array = np.asarray(values)
        if array.ndim != 1 and array.shape[1:] != (1,):
            raise _not_read(name, values, "flags")
        values = array.reshape(-1).tolist()
    given: list[Any] = list(values)  # type: ignore[call-overload]
    # labels are unique and never booleans
    if _are_flags(given) and (
        len(given) == axis.size or len(set(given)) < len(given) or bool in map(type, given)
    ):
        return np.array(given, dtype=np.float64).astype(bool)
    flags = np.zeros(axis.size, dtype=bool)
    flags[_positions(name, given, axis)] = True
    return flags


def read_places(name: str, values: object, sites: Axis, demands: Axis) -> NDArray[np.int64]:
    """Return the demand of each site from a Series of labels, positions, or labels as text."""
    by_label = isinstance(values, pd.Series) and demands.labels is not None
    values = _by_label(name, values, sites)
    array = np.asarray(values)
    if array.ndim == 1 and (by_label or array.dtype.kind in "OUT"):
        given = pd.Index(array)
        places = np.full(len(given), -1)
        known = np.flatnonzero(~given.isna())
        places[known] = _positions(name, given[known], demands)
        return places
    numbers = read_numbers(name, values, sites)
    whole = np.where(np.isnan(numbers), -1, numbers)
    if not np.array_equal(whole, np.rint(whole)):
        raise _not_read(name, values, "places")
    return whole.astype(np.int64)


def read_adjacency(name: str, values: object, demands: Axis) -> csr_array:
    """Return (n, n) neighbours from a dense or sparse matrix, or a DataFrame by label."""
    if isinstance(values, pd.DataFrame) and demands.labels is not None:
        for labels in (values.index, values.columns):
            _refuse_other_labels(name, labels, demands.labels)
        values = values.reindex(index=demands.labels, columns=demands.labels)
    array = values if issparse(values) else np.nan_to_num(_array(name, values, "matrix"))
    if array.ndim != 2:  # type: ignore[union-attr]  # noqa: PLR2004 - rows and columns
        raise _not_read(name, values, "matrix")
    pairs = csr_array(array).astype(bool)
    pairs.eliminate_zeros()
    return pairs


def read_choice(name: str, value: object, choices: type[Choice]) -> Choice:
    """Return the member of an enumeration with this name."""
    try:
        return choices(str(value))
    except ValueError as error:
        known = [str(choice) for choice in choices]
        raise SitingError(
            Message("siting.choice", name=name, found=_shown(value), known=known)
        ) from error


def read_whole(name: str, value: object) -> int:
    """Return an integer."""
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    if isinstance(value, bool) or not is_number or value != np.rint(value):  # type: ignore[call-overload]
        raise _not_read(name, value, "whole")
    return int(value)  # type: ignore[call-overload,no-any-return]


def read_switch(name: str, value: object) -> bool:
    """Return a boolean, also from 0 or 1."""
    if np.ndim(value) or not _are_flags([value]):  # type: ignore[arg-type]
        raise _not_read(name, value, "switch")
    return bool(value)


def aligned_costs(costs: object, demands: Axis, sites: Axis) -> object:
    """Reorder the rows and columns of a DataFrame to the labels of the axes."""
    if not isinstance(costs, pd.DataFrame):
        return costs
    for axis, labels in ((demands, costs.index), (sites, costs.columns)):
        if axis.labels is not None:
            _refuse_other_labels("costs", labels, axis.labels)
    return costs.reindex(index=demands.labels, columns=sites.labels)


def _sparse_costs(costs: Any, *, is_cover: bool) -> csr_array:  # noqa: ANN401 - any format
    if costs.ndim != 2 or costs.dtype.kind not in "biuf":  # noqa: PLR2004 - rows and columns
        raise _not_read("costs", costs, "matrix")
    if costs.format in _PADDED and not costs.data.all():
        raise SitingError(Message("siting.padded", form=costs.format))
    pairs = csr_array(costs)
    if pairs.nnz < costs.nnz:  # the conversion adds up what is stored twice
        raise SitingError(Message("siting.twice", count=costs.nnz - pairs.nnz))
    if costs.dtype == bool:
        pairs.eliminate_zeros()
        return _cover_pairs(pairs, is_cover=is_cover)
    pairs = pairs.astype(np.float64, copy=False)
    allowed = ~(np.isnan(pairs.data) | np.isposinf(pairs.data))
    if allowed.all():
        return pairs
    rows = np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr))[allowed]
    start = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=pairs.shape[0]))])
    return csr_array((pairs.data[allowed], pairs.indices[allowed], start), shape=pairs.shape)


def _cover_pairs(pairs: NDArray[np.bool_] | csr_array, *, is_cover: bool) -> csr_array:
    """Return the True entries as allowed pairs, which is all that a covering model needs."""
    if not is_cover:
        raise _not_read("costs", pairs, "matrix")
    return csr_array(pairs, dtype=np.float64)


def _lacks_diagonal(stored: csr_array) -> bool:
    n, m = stored.shape
    if n != m or stored.diagonal().any():
        return False
    # demands without people lose the whole row
    kept = np.flatnonzero(np.diff(stored.indptr))
    if len(kept) < 3:  # noqa: PLR2004 - two places prove nothing
        return False
    is_nearly_full = 2 * stored.nnz >= len(kept) * (n - 1)
    among = stored[kept][:, kept].astype(np.int8)
    return bool(is_nearly_full or (among.nnz and (among != among.T).nnz == 0))


def _lacks_one_each(stored: csr_array) -> bool:
    kept = np.flatnonzero(np.diff(stored.indptr))
    n, m = len(kept), stored.shape[1]
    if min(n, m) < 3 or stored.nnz != (n - 1) * m:  # noqa: PLR2004 - two places prove nothing
        return False
    by_row, by_site = np.diff(stored.indptr)[kept], np.bincount(stored.indices, minlength=m)
    return bool((by_row >= m - 1).all() and (by_site == n - 1).all())


def _array(name: str, values: object, wanted: str) -> NDArray[Any]:
    """Return an array of floats or booleans; None becomes NaN."""
    if isinstance(values, (pd.Series, pd.DataFrame)):
        kinds = [values.dtype] if isinstance(values, pd.Series) else list(values.dtypes)
        is_plain = all(isinstance(kind, np.dtype) and kind.kind in "biuf" for kind in kinds)
        values = values.to_numpy() if is_plain else values.to_numpy(object, na_value=np.nan)
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O" and not any(isinstance(v, (str, bytes)) for v in array.flat):
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise _not_read(name, values, wanted) from error
    if array.dtype.kind not in "biuf":
        raise _not_read(name, values, wanted)
    return array if array.dtype == bool else array.astype(np.float64)


def _by_label(name: str, values: object, axis: Axis) -> object:
    """Reorder a Series to the labels of its axis."""
    if not isinstance(values, pd.Series) or axis.labels is None or len(values) != axis.size:
        return values
    _refuse_other_labels(name, values.index, axis.labels)
    return values.reindex(axis.labels)


def _refuse_other_labels(name: str, found: pd.Index[Any], wanted: pd.Index[Any]) -> None:
    if not found.is_unique:
        twice = found[found.duplicated()].unique()
        raise SitingError(Message("siting.labels_twice", name=name, labels=_named(twice)))
    missing, unknown = wanted.difference(found, sort=False), found.difference(wanted, sort=False)
    if len(missing) or len(unknown):
        raise SitingError(
            Message(
                "siting.labels_differ", name=name, missing=_named(missing), unknown=_named(unknown)
            )
        )


def _positions(name: str, labels: Iterable[Any], axis: Axis) -> NDArray[np.int64]:
    index = pd.RangeIndex(axis.size) if axis.labels is None else axis.labels
    wanted = pd.Index(list(labels))
    found = index.get_indexer(wanted)
    if (found < 0).any():
        raise SitingError(
            Message("siting.labels_unknown", name=name, labels=_named(wanted[found < 0]))
        )
    return found.astype(np.int64)


def _are_flags(values: Iterable[Any]) -> bool:
    return all(
        isinstance(v, (bool, np.bool_, int, float, np.integer, np.floating)) and v in (0, 1)
        for v in values
    )


def _loses_zeros(frame: pd.DataFrame) -> bool:
    kinds = [kind for kind in frame.dtypes if isinstance(kind, pd.SparseDtype)]
    return any(not pd.isna(kind.fill_value) for kind in kinds)


def _named(labels: pd.Index[Any]) -> list[str]:
    return [*(str(label) for label in labels[:_NAMED]), *(["…"] if len(labels) > _NAMED else [])]


def _shown(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 - fits a line


def _not_read(name: str, value: object, wanted: str) -> SitingError:
    return SitingError(
        Message(
            "siting.not_read", name=name, found=_shown(value), wanted=Message(f"siting.{wanted}")
        )
    )
