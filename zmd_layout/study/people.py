"""The tables `[people]` and `[forecast]` of a study file: who lives where, and what is supposed."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from zmd_layout.study.strict import Strict

_OLDEST = 120


class People(Strict):
    """
    How a census comes to polygons, and over what its people are spread.

    Attributes
    ----------
    census_of
        The layer whose polygons the layer `census` counts.
    within
        Unit of the census without a polygon → the unit whose polygon holds it.
    ground
        The layer over which people are spread: `population` (points, hexagons, polygons, or a
        grid), `villages`, `townships`, or one of the study's own (buildings, built-up areas).
        None: a grid is spread over, any other layer `population` is taken as it stands.
    weights
        The column of the ground by which people share; by default its own `residents` where all
        are known. Without weights polygons share by area and points alike, an assumption.
    """

    census_of: Literal["counties", "townships"] = "counties"
    within: dict[str, str] = Field(default_factory=dict)
    ground: str | None = Field(default=None, min_length=1)
    weights: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _weights_need_a_ground(self) -> Self:
        if self.weights is not None and self.ground is None:
            raise ValueError("weights are of a ground; name it, for instance ground = 'population'")
        return self


def _pair(value: Any) -> Any:  # noqa: ANN401 - raw TOML
    return tuple(value) if isinstance(value, list) else value


_Age = Annotated[int, Field(ge=0, le=_OLDEST)]
_Ages = Annotated[tuple[_Age, _Age], BeforeValidator(_pair)]
_Share = Annotated[float, Field(ge=0, le=1)]


class _OfAges(Strict):
    """What is said of people of certain ages in completed years, both ends included."""

    ages: _Ages

    @model_validator(mode="after")
    def _ages_run_upward(self) -> Self:
        if self.ages[0] > self.ages[1]:
            raise ValueError("ages are given as [first, last]")
        return self


class NetMigration(_OfAges):
    """
    People who come less those who leave in a year, for each who is there; −0.02 loses 2 in 100.

    Attributes
    ----------
    low, middle, high
        The rate in each case, in this order.
    unit_id
        The county; None: all of them.
    """

    low: float = Field(ge=-1)
    middle: float = Field(ge=-1)
    high: float = Field(ge=-1)
    unit_id: str | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.middle <= self.high:
            raise ValueError("low, middle and high must be in this order")
        return self


class CohortRatio(_OfAges):
    """
    People ten years later for each of a cohort, by its ages at the beginning of the decade.

    Attributes
    ----------
    low, middle, high
        The ratio in each scenario, in this order.
    unit_id
        The county; None: all of them.
    """

    low: float = Field(gt=0)
    middle: float = Field(gt=0)
    high: float = Field(gt=0)
    unit_id: str | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.middle <= self.high:
            raise ValueError("low, middle and high must be in this order")
        return self


class Move(_OfAges):
    """The share of a county's people who move to another county in a year."""

    from_unit_id: str
    to_unit_id: str
    share: _Share


class IntoTowns(_OfAges):
    """The share of a county's other townships that moves to its seat's townships in a year."""

    share: _Share


class Forecast(Strict):
    """
    What a forecast supposes beyond what is counted.

    Attributes
    ----------
    until
        Its last year.
    births
        The packaged series of births (`henan`, `nation`, `held`), where there is no layer `births`.
    births_are
        Whether the numbers of the layer `births` are children (people) or an index on age 0 of the
        census.
    births_basis, births_source
        What they rest on, and where they stand.
    births_hold
        Whether the last year of the layer `births` holds for the years after it.
    births_factor
        By how much births that nobody has counted yet are multiplied, an assumption.
    movement
        How cohorts change over ten years: `none` (everybody stays), `nation`, `henan` (the median
        of its counties) or `county` (its own ratio between the censuses of 2010 and 2020). None:
        `cohort_ratios` where they are given, nothing beside `net_migration` and `moves`, else
        `henan` in Henan and `nation` in the rest of China.
    cohort_ratios
        The study's own ratios, from two censuses or registers ten years apart; they take the
        place of `movement`.
    net_migration, moves, into_towns
        Who comes and goes in a year. All are assumptions.
    attendance
        Seats needed for each child of a stage; 1 where nothing is said.
    seats_per_thousand
        The packaged per-thousand indicator that is shown beside the cohorts.
    """

    until: int = Field(default=2035, ge=1900, le=2100)
    births: str = "henan"
    births_are: Literal["people", "index"] = "people"
    births_basis: Literal["standard", "assumption"] = "assumption"
    births_source: str | None = Field(default=None, min_length=1)
    births_hold: bool = False
    births_factor: float = Field(default=1.0, gt=0, le=10)
    movement: Literal["none", "nation", "henan", "county"] | None = None
    cohort_ratios: tuple[CohortRatio, ...] = ()
    net_migration: tuple[NetMigration, ...] = ()
    moves: tuple[Move, ...] = ()
    into_towns: IntoTowns | None = None
    attendance: dict[
        Literal["kindergarten", "primary", "junior", "senior"], Annotated[float, Field(ge=0, le=2)]
    ] = Field(default_factory=dict)
    seats_per_thousand: str = "census_2020"
