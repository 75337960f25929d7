"""The order of a review of new residential areas."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from zmd_layout.development_review.choices import Choices
from zmd_layout.development_review.judge import ROADS, Desk, around
from zmd_layout.errors import in_language_asked
from zmd_layout.layers import study_area
from zmd_layout.messages import Message
from zmd_layout.messages.html import html_table, said
from zmd_layout.outputs.documents import missing_packages
from zmd_layout.outputs.folder import write_all
from zmd_layout.outputs.gap_map import gap_map, save
from zmd_layout.outputs.notebook import findings_html
from zmd_layout.study import Name, Study
from zmd_layout.vocabulary import Lang
from zmd_layout.workflow.arguments import as_study
from zmd_layout.workflow.cache import memory_of
from zmd_layout.workflow.checking import csv_writer
from zmd_layout.workflow.loading import frames, load, load_rules, tell
from zmd_layout.workflow.provenance import refuse_changed
from zmd_layout.workflow.record import Stopwatch, record_of
from zmd_layout.workflow.studies import CENSUS, load_study, on_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    import folium
    import geopandas as gpd

    from zmd_layout.development_review import Case
    from zmd_layout.layers import Layers

__all__ = ["Desk", "Review", "open_desk", "review"]


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

    def _repr_html_(self) -> str:
        heads = [said(Message(f"showing.{key}")) for key in ("project", "conclusion")]
        rows = [(case.name, said(case.conclusion.message)) for case in self.cases]
        return html_table(heads, rows) + findings_html(self.study, self.findings)


@in_language_asked
def review(  # noqa: PLR0913 - the public door: all but the first by name
    areas: Path | str | gpd.GeoDataFrame,
    *,
    study: Study | None = None,
    as_of: dt.date | str | None = None,
    coordinates: str | None = None,
    layer: str | None = None,
    choices: Choices | None = None,
    out: Path | str | None = None,
    lang: Lang | str = Lang.ZH,
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
    layer
        The layer of a package or drawing, the sheet of a workbook; None: the only one that can be
        meant.
    choices
        Rule sets beside those of the study, and how plots are merged.
    out
        The folder for `findings.csv`, `gap_map.html` and `opinion.docx`; None writes nothing.
    lang
        The language of the opinion, and in which the map opens.
    progress
        Is told what is being done.

    Raises
    ------
    ZmdLayoutError
        If the file or the study is wrong, all faults in one error.

    Examples
    --------
    >>> import geopandas as gpd
    >>> plot = counties.geometry.iloc[0].representative_point().buffer(200)
    >>> area = gpd.GeoDataFrame(
    ...     {"name": ["East"], "planned_residents": [12000], "settlement": ["urban"]},
    ...     geometry=[plot], crs=counties.crs,
    ... )
    >>> opinion = zmd_layout.review(area, as_of="2025-12-31")
    >>> short = opinion.findings["status"] == "shortfall"
    >>> "primary-per-new-residential-area" in set(opinion.findings.loc[short, "rule_id"])
    True
    """
    clock = Stopwatch()
    with clock.measures("layers"):
        context = open_desk(study, as_of=as_of, progress=progress)
    with clock.measures("findings"):
        judged = context.judge(areas, coordinates=coordinates, layer=layer, choices=choices)
    with clock.measures("map"):
        tell(progress, Message("workflow.drawing"))
        tables = frames(judged.layers)
        chart = gap_map(judged.findings, layers=tables, study=context.study, lang=lang)
    result = Review(
        context.study, judged.areas, judged.findings, judged.layers, judged.cases, chart
    )
    if out is None:
        return result
    writers = {
        "gap_map.html": lambda path: save(chart, path),
        "findings.csv": csv_writer(judged.findings),
    }
    if not missing_packages():
        from zmd_layout.outputs.opinion import write_opinion  # noqa: PLC0415 - an optional extra

        writers["opinion.docx"] = lambda path: write_opinion(
            path, judged.cases, layers=judged.layers, lang=Lang(lang), progress=progress
        )
    else:
        tell(progress, Message("opinion.not_installed"))
    record = record_of(context.study, context.rules, judged.layers, clock)
    record |= {"choices": asdict(choices or Choices())}
    refuse_changed(context.study, context.layers)
    return replace(result, paths=write_all(Path(out), writers, record))


def open_desk(
    study: Study | None,
    *,
    as_of: dt.date | str | None = None,
    progress: Callable[[Message], None] | None = None,
) -> Desk:
    """
    Open a study for reviews, with the layers that a review looks at and no others.

    Parameters
    ----------
    study
        The context; None: no context.
    as_of
        Another day of assessment than the study's, as a date or as text (`2025-12-31`).
    progress
        Is told what is being done.

    Raises
    ------
    ZmdLayoutError
        If a layer or a rule is not what it should be.
    """
    given = _no_context() if study is None else as_study(study)
    whole = on_day(given, as_of)
    context = around(whole)
    # the layers are the same on every day, and the same that a run of the study keeps
    layers = load(context, progress, memory_of(given))
    roads = None if ROADS in layers else whole.layers.get(ROADS)
    return Desk(context, layers, tuple(load_rules(context)), study_area(layers, context), roads)


def _no_context() -> Study:
    """Return a study without layers, for a review of a plot on its own."""
    census = load_study(CENSUS)
    name = Name(zh="住宅项目审查", en="Review of residential areas")
    return census.model_copy(update={"id": "review", "name": name, "layers": {}})
