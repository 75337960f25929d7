"""A study folder to fill in: `zmd-layout init`."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from zmd_layout.errors import OutputError
from zmd_layout.messages import Message
from zmd_layout.study import FILE_NAME

if TYPE_CHECKING:
    from pathlib import Path


def make_study_folder(folder: Path) -> Path:
    """
    Make a folder with a `study.toml` in which every key is explained.

    Raises
    ------
    OutputError
        If there is a study already, or the folder cannot be written.
    """
    path = folder / FILE_NAME
    if path.exists():
        raise OutputError(Message("cli.folder_exists", path=folder))
    template = files("zmd_layout") / "builtin" / "study-template.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(template.read_text("utf-8"), "utf-8")
    except OSError as error:
        raise OutputError(
            Message("outputs.no_folder", path=folder, why=error.strerror or error)
        ) from error
    return folder
