"""The measures that are Python functions, by name and unit kind; rules refer to them as `named`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmd_layout.vocabulary import UnitKind

NAMED_MEASURES: dict[tuple[str, UnitKind], Callable[..., object]] = {}
