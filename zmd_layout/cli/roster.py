"""The command `zmd-layout roster`: what was understood of a roster, before anything is used."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zmd_layout.layers.reading.alone import alone, without_study_file
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from zmd_layout.layers.sources.roster import Doubt, Roster, RosterReport
    from zmd_layout.study import LayerSource, Study
    from zmd_layout.vocabulary import Lang

_PLANE = "EPSG:4547"
_DOUBTS_SHOWN = 8
_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=_PATH)
@click.option("--study", help="按该研究的 [layers.schools] 读取 / read as this study declares it")
@click.option("--coordinates", help="坐标系声明 / declared coordinates: wgs84, gcj02, bd09 …")
@click.option("--sheet", "sheets", multiple=True, help="工作表，可重复 / a sheet; repeatable")
@click.option("--osm", type=_PATH, help="用 OSM 学校核对坐标和校名 / match with an OSM extract")
@click.option("--decisions", type=_PATH, help="人工判定表 / decisions by hand (CSV)")
@click.option("--out", type=_PATH, help="写出待核清单等的文件夹 / folder for the list to check")
@click.pass_obj
def roster(obj: dict[str, Any], /, file: Path, **options: Any) -> None:  # noqa: ANN401 - click's
    """
    读学校名册：先看懂了什么，再决定用不用；可写出待核清单。

    Read a roster of schools: which column was understood as what, which rows are no schools, and a
    list of doubtful rows that can be sent back (待核清单). FILE 是 XLSX 或 CSV / is XLSX or CSV.

    \b
    例 / example
      zmd-layout roster schools.xlsx --coordinates gcj02 --osm county.osm.pbf --out to-check
    """  # noqa: D301 - click's \b keeps the lines apart
    from zmd_layout.layers.sources.roster import read_roster

    source, plane = _source(file, options["study"], options["coordinates"])
    if options["sheets"]:
        source = source.model_copy(update={"sheet": options["sheets"]})
    with nullcontext() if options["study"] else without_study_file(file.name):
        found = read_roster(file, source)
    if not options["study"]:
        found = replace(found, report=_alone(found.report, file.name))
    _show(found, obj["lang"])
    tables = _tables(found, obj["lang"])
    if options["osm"] is not None:
        tables |= _against(found, options, source, plane, obj["lang"])
    if options["out"] is not None:
        _write(tables, options["out"], obj["lang"])


def _alone(report: RosterReport, name: str) -> RosterReport:
    """Word the doubts of a file that no study declares."""
    doubts = tuple(replace(d, reason=alone(d.reason, name)) for d in report.doubtful)
    return replace(report, doubtful=doubts)


def _source(file: Path, study: str | None, coordinates: str | None) -> tuple[LayerSource, str]:
    """Return how the file is declared, and the plane; the option goes before the study."""
    from zmd_layout.study import LayerSource, read_study

    opened: Study | None = read_study(study) if study else None
    declared = opened.layers.get("schools") if opened is not None else None
    source = declared or LayerSource(path=str(file))
    if coordinates is not None:
        source = source.model_copy(update={"coordinates": coordinates})
    return source, opened.crs if opened is not None else _PLANE


def _show(found: Roster, lang: Lang) -> None:
    from zmd_layout.cli import tables
    from zmd_layout.layers.sources.roster import preview

    for row in preview(found.report, lang=lang).to_dict("records"):
        column, used, unit = (str(row[name]) for name in ("column", "used_as", "unit"))
        if column:
            used = used or Message("roster.not_used").text(lang)
            click.echo(f"  {column} → {used}{f' ({unit})' if unit else ''}")
        else:
            click.echo(f"  {used}")
    click.echo(found.report.summary().text(lang))
    _show_doubts(found, lang)
    tables.print_account_of(found.report.account, lang)


def _show_doubts(found: Roster, lang: Lang) -> None:
    """Print the first rows of each kind of doubt, so that nothing doubtful goes unseen."""
    kinds: dict[tuple[str, str], list[Doubt]] = {}
    for doubt in found.report.doubtful:
        kinds.setdefault((doubt.reason.key, doubt.column), []).append(doubt)
    for (_, column), doubts in kinds.items():
        rows = [f"{d.sheet}!{d.row}" if d.sheet else str(d.row) for d in doubts[:_DOUBTS_SHOWN]]
        reason = doubts[0].reason.text(lang)
        told = Message("roster.doubt", column=column, rows=rows, count=len(doubts), reason=reason)
        click.echo(f"  {told.text(lang)}")


def _tables(found: Roster, lang: Lang) -> dict[str, Any]:
    from zmd_layout.layers.sources.roster import check_list, preview

    return {
        "check_list": check_list(found.report, lang=lang),
        "preview": preview(found.report, lang=lang),
    }


def _against(
    found: Roster, options: dict[str, Any], source: LayerSource, plane: str, lang: Lang
) -> dict[str, Any]:
    """Match with OSM, tell the counts, and give the table."""
    from zmd_layout.layers.schools.matching import read_decisions
    from zmd_layout.layers.schools.roster_against_osm import against_osm

    if source.coordinates in (None, "none"):
        raise click.UsageError(Message("roster.needs_coordinates").text(lang))
    decisions = read_decisions(options["decisions"]) if options["decisions"] else ()
    result = against_osm(
        found.frame, options["osm"], coordinates=str(source.coordinates), working_crs=plane,
        decisions=decisions,
    )  # fmt: skip
    for note in result.notes:
        click.echo(note.text(lang))
    click.echo(Message("matching.counts", **result.matching.counts()).text(lang))
    key = "matching.datum_verified" if result.is_datum_verified else "matching.datum_open"
    click.echo(Message(key, declared=source.coordinates).text(lang))
    table = result.matching.table.copy()
    table["note"] = [note.text(lang) if isinstance(note, Message) else "" for note in table["note"]]
    return {"matching": table}


def _write(tables: dict[str, Any], folder: Path, lang: Lang) -> None:
    from zmd_layout.layers.sources.roster import write_table

    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        title = Message("roster.list_sheet").text(lang) if name == "check_list" else name
        path = write_table(table, folder / f"{name}.xlsx", sheet=title)
        click.echo(Message("roster.written", path=path).text(lang))
