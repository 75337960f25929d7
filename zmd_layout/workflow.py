"""The order of a run, a check and a review: the only place that knows it."""

from __future__ import annotations

import datetime as dt
import os
import platform
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
from platformdirs import user_cache_path

from zmd_layout.desk.judge import Judged, around, judge
from zmd_layout.errors import OutputError, StudyError
from zmd_layout.findings import find
from zmd_layout.forecast import Capacity
from zmd_layout.grid_population import with_grid_population, without_grid
from zmd_layout.layers import Layers, load_layers
from zmd_layout.measures import World
from zmd_layout.measures.outlook import Outlook, outlook
from zmd_layout.messages import Message
from zmd_layout.outputs.documents import document_writers, missing_packages
from zmd_layout.outputs.folder import write_all
from zmd_layout.outputs.gap_map import gap_map, save
from zmd_layout.outputs.package import units_table, write_package
from zmd_layout.outputs.results import Results
from zmd_layout.outputs.suggestion_table import to_geojson
from zmd_layout.outputs.table import to_csv
from zmd_layout.outputs.workbook import write_workbook
from zmd_layout.rulebook import Rule, load_ruleset
from zmd_layout.siting.closing import Closing, closing_impact
from zmd_layout.siting.suggest import Suggestions, suggest
from zmd_layout.standin import DEFAULT_SEED, build, cache_key
from zmd_layout.study import FILE_NAME, Name, Study, read_study
from zmd_layout.vocabulary import RuleStatus, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import folium
    import pandas as pd

    from zmd_layout.desk import Case
    from zmd_layout.siting.work import SitingOptions


BUILTIN = Path(__file__).parent / "builtin"
CITY, CENSUS = "zhumadian", "zhumadian-census"
_PACKAGES = ("zmd-layout", "geopandas", "shapely", "pandas", "numpy", "scipy", "pyproj", "pyogrio")
_BOM = "utf-8-sig"


@dataclass(frozen=True, slots=True)
class Run:
    """
    The results of a run.

    Attributes
    ----------
    study
        What was assessed.
    findings
        A row for each rule and unit, with the unit's geometry in the study's plane.
    layers
        The validated layers, by name.
    suggestions
        Suggested sites, as in `suggestions.geojson`, in the study's plane.
    map
        The gap map.
    paths
        The files that were written, by name; empty where none were.
    """

    study: Study
    findings: gpd.GeoDataFrame
    layers: Layers
    suggestions: gpd.GeoDataFrame
    map: folium.Map
    paths: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Review:
    """
    The results of a review of new residential areas; the attributes are those of a `Run`.

    `areas` are the reviewed areas in the study's plane, `cases` what an opinion says of each.
    """

    study: Study
    areas: gpd.GeoDataFrame
    findings: gpd.GeoDataFrame
    layers: Layers
    cases: tuple[Case, ...]
    map: folium.Map
    paths: dict[str, Path] = field(default_factory=dict)


def load_study(path: Path | str | None = None) -> Study:
    """
    Open a study.

    Parameters
    ----------
    path
        A `study.toml`, the folder that holds one, the name of a built-in study (`zhumadian`,
        `zhumadian-census`), or None for `zhumadian`: the real counties and census with a made
        city on them, which is made once and kept in the user's cache (or in `ZMD_CACHE`).

    Raises
    ------
    StudyError
        If it cannot be read as a study: all faults in one error.
    """
    if path is None or (str(path) == CITY and not Path(CITY).exists()):
        return read_study(_made_city())
    if str(path) == CENSUS and not Path(CENSUS).exists():
        return read_study(BUILTIN / CENSUS)
    return read_study(path)


def _made_city() -> Path:
    """
    Give the folder of the built-in city, made where it is not there yet.

    It is made aside and moved, so that a run that was broken off leaves no half city.
    """
    cache = Path(os.environ.get("ZMD_CACHE") or user_cache_path("zmd-layout", appauthor=False))
    folder = cache / cache_key(seed=DEFAULT_SEED, scale=1.0)
    if (folder / FILE_NAME).exists():
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".city-", dir=cache) as aside:
            build(Path(aside) / "city", seed=DEFAULT_SEED, scale=1.0)
            (Path(aside) / "city").replace(folder)
    except OSError as error:
        if (folder / FILE_NAME).exists():  # another process was faster
            return folder
        raise OutputError(
            Message("workflow.no_cache", path=cache, why=error.strerror or error)
        ) from error
    return folder


def load_rules(study: Study) -> list[Rule]:
    """
    Read the rules of a study's sets; drafts only where the study includes them.

    Raises
    ------
    RuleError
        If a file is not a rule, or an id stands in two sets.
    """
    rules: dict[str, Rule] = {}
    for name in study.rulesets:
        for rule in load_ruleset(name, base=study.folder):
            if rule.id in rules:
                raise StudyError(
                    Message(
                        "rulebook.doubled_rule", id=rule.id, first=rules[rule.id].ruleset,
                        second=rule.ruleset,
                    )
                )  # fmt: skip
            if rule.status is RuleStatus.REVIEWED or study.include_draft:
                rules[rule.id] = rule
    return list(rules.values())


def check(
    study: Study, *, as_of: dt.date | None = None, progress: Callable[[Message], None] | None = None
) -> gpd.GeoDataFrame:
    """
    Hold a study against its rules.

    Parameters
    ----------
    study
        The study.
    as_of
        Another day of assessment than the study's.
    progress
        Is told what is being done.

    Returns
    -------
    findings
        A row for each rule and unit in force on the day; see `findings.COLUMNS`.

    Raises
    ------
    ZmdLayoutError
        If a layer or a rule is not what it should be.
    """
    study = _on(study, as_of)
    layers = _load(study, progress)
    return _find(load_rules(study), World(study, layers, study.as_of), progress)


def check_to_folder(
    study: Study,
    *,
    out: Path,
    as_of: dt.date | None = None,
    progress: Callable[[Message], None] | None = None,
) -> tuple[gpd.GeoDataFrame, dict[str, Path]]:
    """
    Hold a study against its rules and write `findings.csv`.

    Returns
    -------
    findings, paths
        As `check`, and the files that were written, by name.
    """
    study = _on(study, as_of)
    clock = _Stopwatch()
    with clock.measures("layers"):
        layers = _load(study, progress)
    rules = load_rules(study)
    with clock.measures("findings"):
        findings = _find(rules, World(study, layers, study.as_of), progress)
    writers = {"findings.csv": _csv_writer(findings)}
    return findings, write_all(out, writers, _record(study, rules, layers, clock))


def _csv_writer(findings: gpd.GeoDataFrame) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(to_csv(findings), _BOM, newline="")

    return write


def run(
    study: Study,
    *,
    out: Path | str | None = None,
    pdf: bool = False,
    progress: Callable[[Message], None] | None = None,
) -> Run:
    """
    Do the main job: check every rule, draw the gap map, write everything.

    Parameters
    ----------
    study
        The study.
    out
        The folder for the results; None writes nothing.
    pdf
        Also write the report as a PDF, which takes LibreOffice.
    progress
        Is told what is being done.

    Raises
    ------
    ZmdLayoutError
        If the input is wrong or the results cannot be written; files of the last run stay whole.
    """
    clock = _Stopwatch()
    with clock.measures("layers"):
        layers = _load(study, progress)
    rules = load_rules(study)
    world = World(study, layers, study.as_of)
    with clock.measures("findings"):
        findings = _find(rules, world, progress)
    with clock.measures("siting"):
        sites = suggest(world, findings, rules, progress=progress)
    with clock.measures("map"):
        _tell(progress, Message("workflow.drawing"))
        future = outlook(world)
        around = {**_frames(layers), "catchments": sites.catchments, **_children(future)}
        chart = gap_map(findings, layers=around, suggestions=sites.table, study=study)
    result = Run(study, findings, layers, sites.table, chart)
    if out is None:
        return result
    _tell(progress, Message("workflow.writing", folder=out))
    results = Results(world, rules, findings, sites.table, future)
    tables = {
        "units": units_table(_unit_frames(world, rules), study.crs),
        "findings": _dated(findings),
        "schools": _layer_frame(layers, "schools", study),
        "suggestions": sites.table,
        "uncovered": sites.uncovered,
    }
    writers = {
        "gap_map.html": lambda path: save(chart, path),
        "findings.csv": _csv_writer(findings),
        "findings.xlsx": lambda path: write_workbook(path, results),
        "layers.gpkg": lambda path: write_package(path, tables),
        "suggestions.geojson": lambda path: path.write_text(to_geojson(sites.table), "utf-8"),
        **_documents(results, progress, pdf=pdf),
    }
    record = _record(study, rules, layers, clock) | _siting_record(sites)
    paths = write_all(Path(out), writers, record)
    return replace(result, paths=paths)


def _documents(
    results: Results, progress: Callable[[Message], None] | None, *, pdf: bool
) -> dict[str, Callable[[Path], None]]:
    """Give the writers of figures, report and page, or say why there will be none."""
    missing = missing_packages()
    if missing:
        _tell(progress, Message("report.not_installed", packages=missing))
        return {}
    return document_writers(results, with_pdf=pdf)


def _children(future: Outlook | None) -> dict[str, pd.DataFrame]:
    """Give children and seats by county, stage and year, as the map's year switch takes them."""
    if future is None:
        return {}
    table = future.children[["unit_id", "stage", "year", "middle"]]
    table = table.rename(columns={"middle": "children"}).assign(seats=float("nan"))
    if not future.balance.empty:
        seats = future.balance[future.balance["capacity"] == Capacity.CLASSES]
        keys = ["unit_id", "stage", "year"]
        table = table.drop(columns="seats").merge(seats[[*keys, "seats"]], on=keys, how="left")
    return {"children": table}


def site(
    study: Study,
    *,
    stage: Stage | str | None = None,
    options: SitingOptions | None = None,
    out: Path | str | None = None,
    progress: Callable[[Message], None] | None = None,
) -> Suggestions:
    """
    Suggest sites alone.

    Parameters
    ----------
    study
        The study.
    stage
        For one stage; None for all.
    options
        Choices of ours, such as the longest way that is looked at.
    out
        The folder for `suggestions.geojson`; None writes nothing.
    progress
        Is told what is being done.

    Raises
    ------
    ZmdLayoutError
        If a layer or a rule is not what it should be.
    """
    clock = _Stopwatch()
    layers = _load(study, progress)
    rules = load_rules(study)
    world = World(study, layers, study.as_of)
    findings = _find(rules, world, progress)
    stages = tuple(Stage) if stage is None else (Stage(stage),)
    with clock.measures("siting"):
        sites = suggest(world, findings, rules, stages=stages, options=options, progress=progress)
    if out is not None:
        writers = {"suggestions.geojson": lambda p: p.write_text(to_geojson(sites.table), "utf-8")}
        record = _record(study, rules, layers, clock) | _siting_record(sites)
        write_all(Path(out), writers, record)
    return sites


def closing(
    study: Study,
    school_ids: Sequence[str],
    *,
    progress: Callable[[Message], None] | None = None,
) -> Closing:
    """
    Work out what closing schools would mean: ways before and after, and rules that break.

    Parameters
    ----------
    study
        The study.
    school_ids
        The schools, by `school_id`.
    progress
        Is told what is being done.

    Raises
    ------
    ZmdLayoutError
        If a school is not known, or nothing says where children live.
    """
    layers = _load(study, progress)
    return closing_impact(World(study, layers, study.as_of), school_ids, load_rules(study))


def _siting_record(sites: Suggestions) -> dict[str, Any]:
    return {
        "reproducible": sites.is_reproducible,
        "needs_without_candidate": [need.name for need in sites.unmet],
        "points_out_of_reach": len(sites.uncovered),
    }


def review(
    areas: Path | str | gpd.GeoDataFrame,
    *,
    study: Study | None = None,
    as_of: dt.date | None = None,
    coordinates: str | None = None,
    out: Path | str | None = None,
    progress: Callable[[Message], None] | None = None,
) -> Review:
    """
    Check new residential areas against the rules that concern them.

    Parameters
    ----------
    areas
        A file of residential areas, or a table with a CRS.
    study
        The context: existing schools, the study area, the rule sets. None: no context.
    as_of
        The day of the assessment; by default the study's.
    coordinates
        As declared in a study file; by default WGS 84 for GeoJSON (RFC 7946), and what the file
        itself says for formats that carry a CRS.
    out
        The folder for `findings.csv`, `gap_map.html` and `opinion.docx`; None writes nothing.
    progress
        Is told what is being done.

    Raises
    ------
    ZmdLayoutError
        If the file or the study is wrong, all faults in one error.
    """
    clock = _Stopwatch()
    with clock.measures("layers"):
        context = open_desk(study, as_of=as_of, progress=progress)
    with clock.measures("findings"):
        judged = context.judge(areas, coordinates=coordinates)
    with clock.measures("map"):
        _tell(progress, Message("workflow.drawing"))
        chart = gap_map(judged.findings, layers=_frames(judged.layers), study=context.study)
    result = Review(
        context.study, judged.areas, judged.findings, judged.layers, judged.cases, chart
    )
    if out is None:
        return result
    writers = {
        "gap_map.html": lambda path: save(chart, path),
        "findings.csv": _csv_writer(judged.findings),
    }
    if find_spec("docx") and find_spec("matplotlib"):
        from zmd_layout.outputs.opinion import write_opinion  # noqa: PLC0415 - an optional extra

        writers["opinion.docx"] = lambda path: write_opinion(
            path, judged.cases, layers=judged.layers
        )
    else:
        _tell(progress, Message("opinion.not_installed"))
    record = _record(context.study, context.rules, judged.layers, clock)
    return replace(result, paths=write_all(Path(out), writers, record))


@dataclass(frozen=True, slots=True)
class Desk:
    """A study that is opened for reviews: what stands around a plot, and the rules."""

    study: Study
    layers: Layers
    rules: tuple[Rule, ...]

    def judge(
        self,
        areas: Path | str | gpd.GeoDataFrame,
        *,
        coordinates: str | None = None,
        as_of: dt.date | None = None,
    ) -> Judged:
        """Hold plots against the rules; see `desk.judge`."""
        return judge(
            areas, study=_on(self.study, as_of), layers=self.layers, rules=self.rules,
            coordinates=coordinates,
        )  # fmt: skip


def open_desk(
    study: Study | None,
    *,
    as_of: dt.date | None = None,
    progress: Callable[[Message], None] | None = None,
) -> Desk:
    """
    Open a study for reviews, with the layers that a review looks at and no others.

    Parameters
    ----------
    study
        The context; None: no context.
    as_of
        Another day of assessment than the study's.
    progress
        Is told what is being done.

    Raises
    ------
    ZmdLayoutError
        If a layer or a rule is not what it should be.
    """
    context = around(_on(study or _no_context(), as_of))
    return Desk(context, _load(context, progress), tuple(load_rules(context)))


def _no_context() -> Study:
    """Give a study without layers, for a review of a plot on its own."""
    census = load_study(CENSUS)
    name = Name(zh="住宅项目审查", en="Review of residential areas")
    return census.model_copy(update={"id": "review", "name": name, "layers": {}})


def _on(study: Study, as_of: dt.date | None) -> Study:
    return study if as_of is None else study.model_copy(update={"as_of": as_of})


def _tell(progress: Callable[[Message], None] | None, message: Message) -> None:
    if progress is not None:
        progress(message)


def _load(study: Study, progress: Callable[[Message], None] | None) -> Layers:
    def tell(name: str) -> None:
        _tell(progress, Message("workflow.loading", name=name))

    layers = load_layers(without_grid(study), progress=tell)
    return with_grid_population(layers, study)


def _find(
    rules: Sequence[Rule], world: World, progress: Callable[[Message], None] | None
) -> gpd.GeoDataFrame:
    titles = {rule.id: rule.title for rule in rules}

    def tell(rule_id: str) -> None:
        _tell(progress, Message("workflow.checking", rule=titles[rule_id]))

    return find(rules, world, progress=tell)


def _frames(layers: Layers) -> dict[str, gpd.GeoDataFrame]:
    return {name: layer.frame for name, layer in layers.items() if len(layer.frame)}


def _unit_frames(world: World, rules: Sequence[Rule]) -> dict[str, gpd.GeoDataFrame]:
    """Give the units that the rules speak of, but for schools and parcels, by kind."""
    kinds: dict[UnitKind, Rule] = {}
    for rule in rules:
        for kind in rule.units:
            kinds.setdefault(kind, rule)
    out = {}
    for kind in UnitKind:
        if kind in kinds and kind not in {UnitKind.SCHOOL, UnitKind.PARCEL}:
            units = world.units(kind, kinds[kind].limits(world.as_of))
            if units is not None:
                out[str(kind)] = units.frame
    return out


def _dated(findings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give days as text, for formats that know none."""
    out = findings.copy()
    for name in ("as_of", "due_on"):
        out[name] = out[name].map(lambda day: day.isoformat() if isinstance(day, dt.date) else None)
    return out


def _layer_frame(layers: Layers, name: str, study: Study) -> gpd.GeoDataFrame:
    if name in layers:
        return layers[name].frame
    return gpd.GeoDataFrame({"school_id": []}, geometry=[], crs=study.crs)


class _Stopwatch:
    """Seconds by part of the work, for the record of a run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measures(self, part: str) -> Iterator[None]:
        """Add the seconds of the block to `part`."""
        start = time.perf_counter()
        yield
        self.seconds[part] = round(time.perf_counter() - start, 3)


def _record(
    study: Study, rules: Sequence[Rule], layers: Layers, clock: _Stopwatch
) -> dict[str, Any]:
    """Put down what a run rests on, so that it can be challenged and repeated."""
    return {
        "study": study.id,
        "name": study.name.model_dump(),
        "as_of": study.as_of.isoformat(),
        "crs": study.crs,
        "rulesets": list(study.rulesets),
        "include_draft": study.include_draft,
        "rules": sorted(rule.id for rule in rules),
        "inputs": {
            name: {
                "path": layer.origin.path,
                "sha256": layer.origin.sha256,
                "year": layer.origin.year,
                "rows": len(layer.frame),
                "coordinates": layer.origin.coordinates,
                "is_datum_verified": layer.origin.is_datum_verified,
                "is_complete": layer.origin.is_complete,
                "made_up": sorted(layer.origin.made_columns),
                "repaired": layer.origin.repaired,
                "notes": [{"zh": n.text("zh"), "en": n.text("en")} for n in layer.origin.notes],
            }
            for name, layer in sorted(layers.items())
        },
        "versions": {name: version(name) for name in _PACKAGES}
        | {"python": platform.python_version()},
        "durations_s": clock.seconds,
        "reproducible": True,
    }
