"""Put tables of columns into a page: small, exact, the same bytes for the same input."""

from __future__ import annotations

import base64
import json
import math
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DECIMALS = 6


def plain(value: Any) -> Any:  # noqa: ANN401 - cells of a data frame are of any type
    """
    Turn a cell of a data frame into what JSON knows.

    Missing values of every kind (None, NaN, NaT, NA) become None; numbers are rounded to six
    decimals and lose a decimal point that says nothing; whatever else is printed.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if hasattr(value, "item"):  # a numpy scalar
        return plain(value.item())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return _plain_number(value)
    text = str(value).removesuffix(" 00:00:00")  # a date that pandas keeps as a moment
    return None if text in {"NaT", "<NA>"} else text


def _plain_number(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    rounded = round(value, DECIMALS)
    return int(rounded) if rounded.is_integer() else rounded


def encode_column(values: Iterable[Any]) -> dict[str, Any]:
    """
    Encode a column as one value, as a dictionary with codes, or as it stands: the shortest.

    Returns
    -------
    dict
        `{"c": value}` where all rows agree, `{"d": [distinct], "i": [codes]}` where values repeat,
        `{"v": [values]}` otherwise. Distinct values stand in the order in which they first occur.
    """
    cells = [plain(value) for value in values]
    # 1, 1.0 and True are one key of a dict but three things to a reader
    keys = [(type(cell), cell) for cell in cells]
    codes = {key: code for code, key in enumerate(dict.fromkeys(keys))}
    if len(codes) == 1:
        return {"c": cells[0]}
    if 2 * len(codes) > len(cells):
        return {"v": cells}
    return {"d": [cell for _, cell in codes], "i": [codes[key] for key in keys]}


def encode_table(columns: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """
    Encode columns of equal length.

    Raises
    ------
    ValueError
        When the lengths differ.
    """
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns of one table have one length, not {lengths}")
    rows = next(iter(lengths.values()), 0)
    return {
        "rows": rows,
        "columns": {name: encode_column(values) for name, values in columns.items()}
        if rows
        else {},
    }


def pack(payload: Mapping[str, Any]) -> str:
    """
    Pack a payload as base64 of deflated JSON.

    Base64 holds no character that HTML could take for markup, so that no text of the data can
    break out of the element it stands in, and deflating keeps a city under the size of a photo.
    """
    text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("utf-8"), level=9)).decode("ascii")
