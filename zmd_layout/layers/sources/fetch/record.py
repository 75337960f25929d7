"""The record of what was fetched into a study's folder: `fetch.json`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from zmd_layout.layers.files import sha256_of
from zmd_layout.layers.sources.fetch.download import put_in_place

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from zmd_layout.messages import Message

RECORD = "fetch.json"


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """
    A file that was fetched.

    Parameters
    ----------
    layer
        The layer of a study that it can serve: schools, roads, population.
    path
        Within the study's folder, with forward slashes.
    urls
        Where it came from; several for OSM, if mirrors had to help out.
    fetched_at
        When it was complete, as the caller told.
    sha256, size
        Of the file, and its bytes.
    data_as_of
        The state of the data, ISO date and time or year; None: the source does not tell.
    coordinates
        As `study.toml` wants to have them declared.
    request
        A digest of what was asked for: the same request need not be made again.
    """

    layer: str
    path: str
    urls: tuple[str, ...]
    fetched_at: str
    sha256: str
    size: int
    data_as_of: str | None
    coordinates: str
    request: str

    def lies_in(self, folder: Path) -> bool:
        """Return whether the file is still there, and still the same."""
        path = folder / self.path
        return path.is_file() and sha256_of(path) == self.sha256


@dataclass(frozen=True, slots=True)
class Fetched:
    """Files that are in place now, and what is to be said of the fetching."""

    files: tuple[FetchedFile, ...]
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """What `fetch.json` of a folder holds, by path."""

    files: dict[str, FetchedFile] = field(default_factory=dict)

    def same(self, path: str, request: str, folder: Path) -> FetchedFile | None:
        """Find a file that the same request brought and that is still there."""
        known = self.files.get(path)
        return known if known and known.request == request and known.lies_in(folder) else None


def read_record(folder: Path) -> Record:
    """Read `fetch.json`; one that is missing or cannot be read knows of nothing."""
    try:
        entries = json.loads((folder / RECORD).read_text("utf-8"))["files"]
        files = [FetchedFile(**{**entry, "urls": tuple(entry["urls"])}) for entry in entries]
    except (OSError, ValueError, TypeError, KeyError):
        return Record()
    return Record({file.path: file for file in files})


def add_to_record(folder: Path, file: FetchedFile) -> None:
    """Write a file into `fetch.json`, in place of an older one of the same path."""
    files = {**read_record(folder).files, file.path: file}
    entries: list[dict[str, Any]] = [asdict(files[path]) for path in sorted(files)]
    part = folder / f"{RECORD}.part"
    part.write_text(json.dumps({"files": entries}, ensure_ascii=False, indent=2) + "\n", "utf-8")
    put_in_place(part, folder / RECORD)


def study_snippet(files: Iterable[FetchedFile]) -> str:
    """Report how `study.toml` names the files: TOML, a table a layer."""
    tables = []
    for file in files:
        lines = [
            f"[layers.{file.layer}]",
            f"path = {json.dumps(file.path, ensure_ascii=False)}",
            f"coordinates = {json.dumps(file.coordinates)}",
        ]
        if file.data_as_of is not None:
            lines.append(f"year = {int(file.data_as_of[:4])}")
        tables.append("\n".join(lines))
    return "\n\n".join(tables) + "\n"
