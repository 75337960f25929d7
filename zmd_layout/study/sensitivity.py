"""The table `[sensitivity]` of a study file: how wrong its data may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zmd_layout.study.strict import Strict

_Percent = Annotated[float, Field(ge=0, lt=100)]


class Sensitivity(Strict):
    """
    How far the data are varied to see which verdicts hold; assumptions of ours until stated.

    Attributes
    ----------
    people_percent
        Residents and children of every layer, up and down, in percent. Planned residents of new
        areas are a promise and are not varied.
    distance_percent
        The distances in the rules (those in metres), up and down, in percent.
    schools_lost_percent
        So many schools are left out, drawn by chance, where the layer is not complete (OSM).
    boundary_m
        The polygons of units are moved so far to the east, north, west and south, in metres.
    draws
        How often schools are drawn.
    seed
        Of the draws.
    """

    people_percent: _Percent = 2.0
    distance_percent: _Percent = 10.0
    schools_lost_percent: _Percent = 10.0
    boundary_m: float = Field(default=50.0, ge=0, le=10_000)
    draws: int = Field(default=3, ge=1, le=100)
    seed: int = Field(default=1, ge=0)
