"""The table `[what_if]` of a study: what is tried, and what is not so."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from zmd_layout.study.strict import Strict


def _tuple(value: Any) -> Any:  # noqa: ANN401 - raw TOML
    return tuple(value) if isinstance(value, list) else value


class WhatIf(Strict):
    """
    What is tried, and what is not so; every result of it is a scenario.

    Attributes
    ----------
    numbers
        Rule → parameter → the number in place of that of the rule, as an assumption.
    closed
        Schools that are taken as closed, by `school_id`.
    opened
        How many tables of further schools were handed in (`Study.open`).
    """

    numbers: dict[str, dict[str, float]] = Field(default_factory=dict)
    closed: Annotated[tuple[str, ...], BeforeValidator(_tuple)] = ()
    opened: int = Field(default=0, ge=0)

    def __bool__(self) -> bool:
        return bool(self.numbers or self.closed or self.opened)
