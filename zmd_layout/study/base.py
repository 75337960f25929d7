"""A study on the layers of a built-in one: `base = "zhumadian-census"` in `[study]`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, get_args

from zmd_layout.vocabulary import Base

BUILTIN = Path(__file__).parents[1] / "builtin"
_OWN = ("id", "name")


def with_base(raw: dict[str, Any]) -> dict[str, Any]:
    """
    Complete the tables of a study file by those of the study that it names as its base.

    Parameters
    ----------
    raw
        The tables as they stand in the file.

    Returns
    -------
    raw
        The head with the base's keys where it has none of its own, but for `id` and `name`; the
        layers of the base, each marked with `base`, and over them those of the file: a layer of
        the file replaces the one of its name as a whole. As it was where no known base is named.
    """
    head = raw.get("study")
    base = head.get("base") if isinstance(head, dict) else None
    layers = raw.get("layers", {})
    if not isinstance(base, str) or base not in get_args(Base) or not isinstance(layers, dict):
        return raw
    below = tomllib.loads((BUILTIN / base / "study.toml").read_text("utf-8"))
    kept = {key: value for key, value in below["study"].items() if key not in _OWN}
    inherited = {name: {**source, "base": base} for name, source in below["layers"].items()}
    return {**raw, "study": {**kept, **raw["study"]}, "layers": {**inherited, **layers}}
