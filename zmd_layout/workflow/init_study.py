"""A study folder to fill in: `zmd-layout init`."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from zmd_layout.errors import OutputError
from zmd_layout.messages import Message
from zmd_layout.study import FILE_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from zmd_layout.vocabulary import Base


_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TEMPLATE_ID = "my-county"
_TEMPLATE, _ON_BASE = "study-template.toml", "study-on-base.toml"


def make_study_folder(folder: Path, *, base: Base | None = None) -> Path:
    """
    Make a folder with a `study.toml` in which every key is explained.

    On a base the file is short: it names the base, and the list of schools that is to be added.
    The study takes the folder's name for its id where that is one, else what the template has.

    Raises
    ------
    OutputError
        If there is a study already, or the folder cannot be written.
    """
    path = folder / FILE_NAME
    if path.exists():
        raise OutputError(Message("cli.folder_exists", path=folder))
    template = files("zmd_layout") / "builtin" / (_ON_BASE if base else _TEMPLATE)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = template.read_text("utf-8")
        if _ID.fullmatch(folder.resolve().name):
            text = text.replace(f'id = "{_TEMPLATE_ID}"', f'id = "{folder.resolve().name}"', 1)
        text = text.replace("<base>", str(base))
        path.write_text(text, "utf-8")
    except OSError as error:
        raise OutputError(
            Message("outputs.no_folder", path=folder, why=error.strerror or error)
        ) from error
    return folder
