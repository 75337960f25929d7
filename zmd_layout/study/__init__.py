"""The study file: `study.toml` → a frozen, validated `Study`."""

from zmd_layout.study.base import BUILTIN
from zmd_layout.study.file import FILE_NAME, parse_study, read_study
from zmd_layout.study.layer_source import Acceptance, Covers, LayerSource
from zmd_layout.study.model import LAYER_NAMES, Name, Study

__all__ = [
    "BUILTIN",
    "FILE_NAME",
    "LAYER_NAMES",
    "Acceptance",
    "Covers",
    "LayerSource",
    "Name",
    "Study",
    "parse_study",
    "read_study",
]
