"""Fetch schools and roads of OSM from an Overpass server into a study's folder."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import re
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import shapely

from zmd_layout.errors import SourceError
from zmd_layout.layers.files import sha256_of
from zmd_layout.layers.sources.fetch.answers import fault_of, write_extract
from zmd_layout.layers.sources.fetch.download import put_in_place
from zmd_layout.layers.sources.fetch.overpass import OverpassSettings, Topic, ask_overpass
from zmd_layout.layers.sources.fetch.record import Fetched, FetchedFile, add_to_record, read_record
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from zmd_layout.layers.sources.fetch.retry import Progress

OSM_FOLDER = "osm"
_PARTS = ".parts"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_WORLD = shapely.box(-180, -90, 180, 90)


def fetch_osm(
    area: shapely.Geometry,
    folder: Path,
    *,
    fetched_at: str,
    settings: OverpassSettings | None = None,
    progress: Progress | None = None,
    refresh: bool = False,
) -> Fetched:
    """
    Fetch schools and roads of an area: `osm/schools.osm.pbf` and `osm/roads.osm.pbf`.

    The area is asked for in tiles, and each answer is kept under `osm/.parts` until all are
    there: a run that broke off is gone on with. A file that the same request brought before, and
    that nobody changed, is not fetched again.

    Parameters
    ----------
    area
        EPSG:4326. Schools and roads beyond it serve its people too: widen it first by as far as
        that matters. The extracts hold what touches the tiles, which is more than the area.
    folder
        The study's.
    fetched_at
        When this is, an ISO date and time.
    settings
        Whom to ask, and how; None: the public servers.
    progress
        Hears the tiles that are done.
    refresh
        Fetch even what is there, and let go of what a run that broke off kept.

    Returns
    -------
    fetched
        The files in place. A topic of which OSM holds nothing there has no file, and a note says
        so: an empty answer is no proof that there are no schools.

    Raises
    ------
    SourceError
        If the area is not in degrees, or no server answers. What was in the folder stays.
    """
    settings = settings or OverpassSettings()
    tiles = tiles_of(area, settings.tile_degrees)
    files: list[FetchedFile] = []
    notes: list[Message] = []
    for topic in settings.topics:
        work = _Work(folder, topic, tiles, settings)
        known = read_record(folder).same(work.path, work.request, folder)
        if known is not None and not refresh:
            files.append(known)
            notes.append(Message("fetch.kept", path=known.path, fetched_at=known.fetched_at))
            continue
        if refresh:
            work.let_go()
        work.ask_for_missing(progress, is_renewal=known is not None)
        file = work.write(fetched_at)
        if file is None:
            notes.append(Message("fetch.nothing", topic=Message(f"fetch.{topic}")))
        else:
            files.append(file)
    return Fetched(tuple(files), tuple(notes))


def tiles_of(area: shapely.Geometry, side_degrees: float) -> list[shapely.Polygon]:
    """
    Divide an area into the squares of a fixed lattice, cut to its bounding box.

    Parameters
    ----------
    area
        EPSG:4326.
    side_degrees
        Side of a square.

    Returns
    -------
    tiles
        Boxes that cover the area, from the south-west, row by row; no box without area.

    Raises
    ------
    SourceError
        If the area is empty or leaves the ranges of longitude and latitude.
    """
    west, south, east, north = area.bounds
    if not (west < east and south < north and shapely.covers(_WORLD, shapely.box(*area.bounds))):
        raise SourceError(Message("fetch.not_degrees", bounds=[west, south, east, north]))
    columns = range(math.floor(west / side_degrees), math.ceil(east / side_degrees))
    rows = range(math.floor(south / side_degrees), math.ceil(north / side_degrees))
    squares = (
        shapely.box(
            max(west, column * side_degrees),
            max(south, row * side_degrees),
            min(east, (column + 1) * side_degrees),
            min(north, (row + 1) * side_degrees),
        )
        for row in rows
        for column in columns
    )
    return [square for square in squares if square.area > 0 and square.intersects(area)]


@dataclass(frozen=True, slots=True)
class _Work:
    """One topic of one area: its tiles, their answers, its file."""

    folder: Path
    topic: Topic
    tiles: list[shapely.Polygon]
    settings: OverpassSettings

    @property
    def path(self) -> str:
        return f"{OSM_FOLDER}/{self.topic}.osm.pbf"

    @property
    def parts(self) -> list[Path]:
        """Where the answers are kept; the name tells topic and place, so that it is found again."""
        names = ("_".join(f"{edge:.6f}" for edge in tile.bounds) for tile in self.tiles)
        kept_in = self.folder / OSM_FOLDER / _PARTS
        return [kept_in / f"{self.topic}_{name}.json.gz" for name in names]

    @property
    def request(self) -> str:
        return hashlib.sha256("\n".join(part.name for part in self.parts).encode()).hexdigest()

    def ask_for_missing(self, progress: Progress | None, *, is_renewal: bool) -> None:
        parts = self.parts
        missing = [at for at, part in enumerate(parts) if _kept_in(part) is None]
        parts[0].parent.mkdir(parents=True, exist_ok=True)
        settings = self.settings
        for number, at in enumerate(missing):
            if number > 0:
                settings.patience.sleep(settings.patience.pause_s)
            done = len(parts) - len(missing) + number
            try:
                answer = ask_overpass(self.tiles[at], self.topic, settings=settings)
            except SourceError as error:
                key = "fetch.stopped_refresh" if is_renewal else "fetch.stopped"
                raise SourceError(
                    Message(
                        key, topic=Message(f"fetch.{self.topic}"), done=done,
                        total=len(parts), why=error.messages[0],
                    )
                ) from error  # fmt: skip
            # who answered is asked first from now on: a mirror that is down costs a time-out
            others = [each for each in settings.endpoints if each != answer.endpoint]
            settings = replace(settings, endpoints=(answer.endpoint, *others))
            _keep({"url": answer.endpoint, **answer.data}, parts[at])
            if progress is not None:
                progress(done + 1, len(parts), Message(f"fetch.{self.topic}"))

    def write(self, fetched_at: str) -> FetchedFile | None:
        """Make the extract of the answers, and let go of them; None: they hold nothing."""
        target = self.folder / self.path
        unfinished = target.with_name(f"{target.name}.part")
        answers = _Answers(self.parts)
        write_extract(answers, unfinished)
        if answers.element_count == 0:
            unfinished.unlink()
            self.let_go()
            return None
        put_in_place(unfinished, target)
        file = FetchedFile(
            layer=str(self.topic),
            path=self.path,
            urls=tuple(sorted(answers.urls)),
            fetched_at=fetched_at,
            sha256=sha256_of(target),
            size=target.stat().st_size,
            data_as_of=min(answers.states) or None,
            coordinates="wgs84",
            request=self.request,
        )
        add_to_record(self.folder, file)
        self.let_go()
        return file

    def let_go(self) -> None:
        """Remove the answers that are kept of these tiles."""
        for part in self.parts:
            part.unlink(missing_ok=True)
        kept_in = self.folder / OSM_FOLDER / _PARTS
        if kept_in.is_dir() and not any(kept_in.iterdir()):
            kept_in.rmdir()


@dataclass(slots=True)
class _Answers:
    """Go through the answers one by one, and gather what is to be said of them all."""

    parts: Sequence[Path]
    urls: set[str] = field(default_factory=set)
    states: set[str] = field(default_factory=set)  # "": an answer that does not tell its own
    element_count: int = 0

    def __iter__(self) -> Iterator[list[dict[str, Any]]]:
        for part in self.parts:
            answer = _kept_in(part)
            if answer is None:  # changed since it was looked at
                raise SourceError(Message("fetch.broken_part", path=part))
            self.urls.add(answer["url"])
            self.states.add(_state_of(answer))
            self.element_count += len(answer["elements"])
            yield answer["elements"]


def _kept_in(part: Path) -> dict[str, Any] | None:
    """Read an answer that was kept; None: there is none, or it is not whole."""
    try:
        answer = json.loads(gzip.decompress(part.read_bytes()))
    except (OSError, EOFError, ValueError, RecursionError, zlib.error):
        return None
    if not isinstance(answer, dict) or not isinstance(answer.get("url"), str):
        return None
    elements = answer.get("elements")
    return answer if isinstance(elements, list) and fault_of(elements) is None else None


def _state_of(answer: dict[str, Any]) -> str:
    """Read of which time the data are; empty: the answer does not say."""
    base = answer.get("osm3s")
    state = base.get("timestamp_osm_base") if isinstance(base, dict) else None
    return state if isinstance(state, str) and _DATE.match(state) else ""


def _keep(answer: dict[str, Any], part: Path) -> None:
    unfinished = part.with_name(f"{part.name}.part")
    unfinished.write_bytes(gzip.compress(json.dumps(answer, ensure_ascii=False).encode(), mtime=0))
    put_in_place(unfinished, part)
