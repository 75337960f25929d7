from .checking import check, check_to_folder
from .comparing import Comparison, compare
from .evaluating import Evaluation, evaluate
from .loading import load_rules
from .questions.headcounts import plot_demand, school_age_population, seats
from .questions.problems import location_problem
from .questions.reasons import why
from .questions.ways import catchments, nearest_school, service_areas
from .repeating import Repetition, repeat
from .reviewing import Desk, Review, open_desk, review
from .running import Run, run
from .siting import closing, site
from .studies import load_study

__all__ = [
    "Comparison",
    "Desk",
    "Evaluation",
    "Repetition",
    "Review",
    "Run",
    "catchments",
    "check",
    "check_to_folder",
    "closing",
    "compare",
    "evaluate",
    "load_rules",
    "load_study",
    "location_problem",
    "nearest_school",
    "open_desk",
    "plot_demand",
    "repeat",
    "review",
    "run",
    "school_age_population",
    "seats",
    "service_areas",
    "site",
    "why",
]
