"""
Children by unit, stage and year: ages, cohorts, scenarios, and the seats they need.

`single_years` splits a census into years of age, `forecast` carries them on under a `Scenario`,
`seats_needed` and `balance` set them against schools. Every number that is not a count has its
source in `standards.toml` or `scenarios.toml` beside this file.
"""

from zmd_layout.forecast.ages import (
    age_faults,
    age_groups,
    children_by_stage,
    packaged_stage_ages,
    single_years,
)
from zmd_layout.forecast.apportionment import apportion
from zmd_layout.forecast.births import (
    BirthMeasure,
    Births,
    births_from_table,
    packaged_births,
    packaged_titles,
)
from zmd_layout.forecast.chosen import chosen_numbers, scenario_of
from zmd_layout.forecast.cohorts import forecast
from zmd_layout.forecast.demand import compare_methods, seats_needed
from zmd_layout.forecast.figures import standards, values
from zmd_layout.forecast.grades import progress, progression_ratios
from zmd_layout.forecast.hamilton_perry import (
    Movement,
    census_ages,
    cohort_ratios,
    default_movement,
    movement_ratios,
    packaged_ages,
)
from zmd_layout.forecast.hindcasting import (
    SHOWN_BY,
    Method,
    hindcast,
    hindcast_by_stage,
    mean_absolute_errors,
    packaged_hindcast,
)
from zmd_layout.forecast.parts import forecast_of_parts
from zmd_layout.forecast.scenarios import Scenario, default_scenario, suppositions
from zmd_layout.forecast.seats import Capacity, balance, school_capacities, supply
from zmd_layout.forecast.summary import combine, peak_years, print_people

__all__ = [
    "SHOWN_BY",
    "BirthMeasure",
    "Births",
    "Capacity",
    "Method",
    "Movement",
    "Scenario",
    "age_faults",
    "age_groups",
    "apportion",
    "balance",
    "births_from_table",
    "census_ages",
    "children_by_stage",
    "chosen_numbers",
    "cohort_ratios",
    "combine",
    "compare_methods",
    "default_movement",
    "default_scenario",
    "forecast",
    "forecast_of_parts",
    "hindcast",
    "hindcast_by_stage",
    "mean_absolute_errors",
    "movement_ratios",
    "packaged_ages",
    "packaged_births",
    "packaged_hindcast",
    "packaged_stage_ages",
    "packaged_titles",
    "peak_years",
    "print_people",
    "progress",
    "progression_ratios",
    "scenario_of",
    "school_capacities",
    "seats_needed",
    "single_years",
    "standards",
    "supply",
    "suppositions",
    "values",
]
