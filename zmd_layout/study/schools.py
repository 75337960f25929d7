"""The tables `[matching]` and `[completeness]` of a study file: which schools there are."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from zmd_layout.study.strict import Strict
from zmd_layout.vocabulary import Stage

_Metres = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Share = Annotated[float, Field(ge=0, le=1)]


class SchoolMatching(Strict):
    """
    How `schools` and `reference_schools`, such as a roster and OSM, are brought together.

    Attributes
    ----------
    decisions
        A CSV of decisions by hand, relative to the study file: left_id (ours), right_id (the
        reference's), verdict (same, different, school, no_school), reason.
    stage_words
        A TOML of further words of school names and their stages, relative to the study file, in the
        form of `layers/schools/stage_words.toml`.
    fill
        Whether a school without a position or stages takes those of its match.
    add_unmatched
        Whether schools that only the reference has are added, their status unknown: they may be
        counted, and never surely are.
    radius_m, least_score, far_m
        Schools farther apart are not compared; pairs that score less (0 to 1) are not the same;
        pairs farther apart are on the list to be checked. Assumptions of ours.
    """

    decisions: str | None = Field(default=None, min_length=1)
    stage_words: str | None = Field(default=None, min_length=1)
    fill: bool = True
    add_unmatched: bool = True
    radius_m: _Metres = 1500.0
    least_score: _Share = 0.6
    far_m: _Metres = 400.0


class Completeness(Strict):
    """
    How many schools must exist, and how many of them must be known.

    Attributes
    ----------
    expected
        Unit (county or township) → stage → schools. A nine-year school counts in both stages.
    from_reference
        Take the counts by county from `reference_schools`, such as the roster, instead.
    two_lists
        Estimate the counts by county from `schools` and `reference_schools` and the schools that
        are in both (capture–recapture). An estimate gives indications, never a verdict.
    counts
        What the layer `school_totals` counts: every school that has the stage, a nine-year school
        in both (`stage_providers`), or each school once under its kind as yearbooks do
        (`institutions`), which takes the columns of nine-year, twelve-year and complete secondary
        schools. Teaching points are no schools.
    includes_teaching_points
        Whether the counts of `school_totals` include teaching points, so that there are at most so
        many schools.
    year
        The year of the counts.
    tolerance
        By this share the counts may be wrong, for a yearbook may be of another year or count
        otherwise. An assumption of ours unless the study says otherwise.
    least_share
        With less than this share of them known, the map draws a list as short. An assumption of
        ours unless the study says otherwise.
    """

    expected: dict[str, dict[Stage, Annotated[int, Field(ge=0)]]] = Field(default_factory=dict)
    from_reference: bool = False
    two_lists: bool = False
    counts: Literal["stage_providers", "institutions"] | None = None
    includes_teaching_points: bool = False
    year: int | None = Field(default=None, ge=1900, le=2200)
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.05
    least_share: _Share = 0.95

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.expected) + self.from_reference + self.two_lists > 1:
            raise ValueError("give one of expected, from_reference and two_lists, not several")
        return self
