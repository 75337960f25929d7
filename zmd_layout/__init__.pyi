from . import errors, location, siting
from .outputs.gap_map import gap_map
from .study import Study
from .version import __version__
from .workflow import Review, Run, check, closing, load_study, review, run, site

__all__ = [
    "Review",
    "Run",
    "Study",
    "__version__",
    "check",
    "closing",
    "errors",
    "gap_map",
    "load_study",
    "location",
    "review",
    "run",
    "site",
    "siting",
]
