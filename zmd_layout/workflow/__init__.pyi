from .checking import check, check_to_folder
from .loading import load_rules
from .repeating import Repetition, repeat
from .reviewing import Desk, Review, open_desk, review
from .running import Run, run
from .siting import closing, site
from .studies import load_study

__all__ = [
    "Desk",
    "Repetition",
    "Review",
    "Run",
    "check",
    "check_to_folder",
    "closing",
    "load_rules",
    "load_study",
    "open_desk",
    "repeat",
    "review",
    "run",
    "site",
]
