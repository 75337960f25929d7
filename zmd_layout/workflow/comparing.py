"""
What changed between two runs: a plan's revision, new data, another set of sites.

Of folders it reads what the runs wrote and nothing else, so that runs of other days and of other
people can be compared; runs, studies and findings in memory are compared likewise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from zmd_layout.errors import OutputError
from zmd_layout.messages import Message
from zmd_layout.outputs.documents import missing_packages
from zmd_layout.outputs.folder import write_all
from zmd_layout.outputs.gap_map import Caption, gap_map, save
from zmd_layout.outputs.table import to_csv
from zmd_layout.vocabulary import Lang, Status, UnitKind
from zmd_layout.workflow.compared import NUMBERS, sides_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import folium

    from zmd_layout.study import Study
    from zmd_layout.workflow.running import Run

KEYS = ["rule_id", "unit_kind", "unit_id"]
COLUMNS = (
    "rule_id", "unit_kind", "unit_id", "unit_name", "change", "status_before", "status_after",
    "measured_before", "measured_after", "required_before", "required_after", "gap_before",
    "gap_after", "measure_unit", "is_synthetic", "note_zh", "note_en",
)  # fmt: skip
SITE_COLUMNS = ("stage", "name", "action", "change", "seats_before", "seats_after")
_ALIKE = 1e-6  # findings.csv has 6 decimals


class Change(StrEnum):
    """How a finding differs between two runs."""

    OPENED = "opened"  # a shortfall that was none
    WORSE = "worse"
    BETTER = "better"
    CLOSED = "closed"  # a shortfall that is none any more
    LEARNT = "learnt"  # could not be judged, now it can
    LOST = "lost"  # could be judged, now it cannot
    ADDED = "added"  # the rule or the unit is new
    REMOVED = "removed"
    OTHER = "other"  # other numbers, the same verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    What changed from one run to another.

    Attributes
    ----------
    changes
        A row for each finding that differs (`COLUMNS`), with the unit's geometry (EPSG:4490); NaN
        is unknown on that side.
    sites
        Suggested sites that came, went or have other seats (`SITE_COLUMNS`).
    differences
        What differs in what the runs rest on: day, rule sets, rules, files.
    after
        The changed findings as the second run has them (where they are gone: as the first had
        them), for a map.
    borders
        The counties of the second run, for orientation.
    """

    changes: gpd.GeoDataFrame
    sites: pd.DataFrame
    differences: tuple[Message, ...]
    after: gpd.GeoDataFrame
    borders: gpd.GeoDataFrame

    def counts(self) -> pd.DataFrame:
        """Count changes by rule; a column for each kind of change that occurs."""
        table = pd.crosstab(self.changes["rule_id"], self.changes["change"])
        return table[[str(kind) for kind in Change if str(kind) in table]]

    def map(self) -> folium.Map:
        """
        Draw the changed findings as they are now; the note of each says what it was before.

        Raises
        ------
        OutputError
            When nothing changed.
        """
        if self.after.empty:
            raise OutputError(Message("compare.nothing_changed"))
        caption = Caption(Message("compare.title"), Message("compare.map_remark"))
        layers = {} if self.borders.empty else {"counties": self.borders}
        return gap_map(self.after, layers=layers, caption=caption)


def compare(
    before: Path | str | Run | Study | gpd.GeoDataFrame,
    after: Path | str | Run | Study | gpd.GeoDataFrame,
) -> Comparison:
    """
    Compare two results: folders, runs, studies or tables of findings.

    Parameters
    ----------
    before, after
        A folder that `run` wrote (`check` writes less, which is not enough), a `Run`, the findings
        of `check`, or a study, which is checked: so that a scenario can be held against what is.

    Raises
    ------
    ArgumentError, OutputError
        When something cannot be compared, or a folder is not that of a run or was torn: both
        folders' faults in one error.

    Examples
    --------
    >>> rule = "indicator-primary-per-10000-residents"
    >>> tried = study.with_number(rule, "residents_per_school", 5000)
    >>> changed = zmd_layout.compare(study, tried)
    >>> changed.changes["rule_id"].unique().tolist()
    ['indicator-primary-per-10000-residents']
    """
    first, second = sides_of([before, after])
    joined = first.findings.merge(
        second.findings, on=KEYS, how="outer", suffixes=("_before", "_after"), indicator="side"
    )
    joined = joined[~_is_of_no_kind(joined)]
    joined["change"] = name_changes(joined)
    joined = joined[joined["change"] != ""].sort_values(KEYS, kind="stable", ignore_index=True)
    shapes = second.geometry.combine_first(first.geometry)
    places = pd.MultiIndex.from_frame(joined[["unit_kind", "unit_id"]])
    changes = gpd.GeoDataFrame(
        _table(joined), geometry=shapes.reindex(places).to_numpy(), crs="EPSG:4490"
    )
    return Comparison(
        changes,
        _site_changes(first.sites, second.sites),
        tuple(differences(first.record, second.record)),
        _as_found(changes, first.findings, second.findings),
        second.borders,
    )


def _is_of_no_kind(joined: pd.DataFrame) -> pd.Series[bool]:
    """Find the schools that one run alone lists, as not of the rule's kind: 0.1.0 listed them."""
    is_school, alone = joined["unit_kind"] == UnitKind.SCHOOL, joined["side"] != "both"
    status = joined["status_after"].fillna(joined["status_before"])
    found: pd.Series[bool] = is_school & alone & (status == Status.NOT_APPLICABLE)
    return found


def write_comparison(comparison: Comparison, out: Path) -> dict[str, Path]:
    """
    Write `changes.csv`, `sites.csv` and, where something changed, maps of it.

    Parameters
    ----------
    comparison
        What to write.
    out
        The folder.

    Returns
    -------
    paths
        File name → path.
    """
    writers: dict[str, Callable[[Path], None]] = {
        "changes.csv": lambda path: _write_csv(path, comparison.changes, COLUMNS),
        "sites.csv": lambda path: _write_csv(path, comparison.sites, SITE_COLUMNS),
    }
    if len(comparison.after):
        writers["changes_map.html"] = lambda path: save(comparison.map(), path)
    if len(comparison.changes.dropna(subset="geometry")) and not missing_packages():
        from zmd_layout.outputs.figures import save_figure  # noqa: PLC0415 - may not be installed
        from zmd_layout.outputs.figures.changes import change_map  # noqa: PLC0415 - likewise

        figure = change_map(comparison.changes, borders=comparison.borders)
        writers |= {
            f"changes.{kind}": lambda path: save_figure(figure, path) for kind in ("png", "svg")
        }
    record = {
        "differences": [{"zh": d.text("zh"), "en": d.text("en")} for d in comparison.differences]
    }
    return write_all(out, writers, record)


def _write_csv(path: Path, table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    path.write_text(to_csv(table, columns=columns), "utf-8-sig", newline="")


def name_changes(joined: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.str_]]:
    """
    Name the change of each row; empty where nothing differs.

    Parameters
    ----------
    joined
        Columns `status_`, `measured_`, `required_` and `gap_` with `before` and `after`, NaN where
        unknown, and `side`, as `merge` gives it.
    """
    was, is_now = joined["status_before"], joined["status_after"]
    short_before, short_after = was == Status.SHORTFALL, is_now == Status.SHORTFALL
    blind_before, blind_after = was == Status.NOT_ASSESSABLE, is_now == Status.NOT_ASSESSABLE
    wider = joined["gap_after"] - joined["gap_before"]
    numbers = [(joined[f"{n}_before"], joined[f"{n}_after"]) for n in NUMBERS]
    same = np.logical_and.reduce(
        [np.isclose(a, b, rtol=0, atol=_ALIKE, equal_nan=True) for a, b in numbers]
    )
    conditions = [
        joined["side"] == "left_only",
        joined["side"] == "right_only",
        blind_before & ~blind_after,
        blind_after & ~blind_before,
        short_after & ~short_before,
        short_before & ~short_after,
        short_before & (wider > _ALIKE),
        short_before & (wider < -_ALIKE),
        (was != is_now) | ~same,
    ]
    names = [
        Change.REMOVED, Change.ADDED, Change.LEARNT, Change.LOST, Change.OPENED, Change.CLOSED,
        Change.WORSE, Change.BETTER, Change.OTHER,
    ]  # fmt: skip
    return np.select(conditions, [str(name) for name in names], default="")


def _table(joined: pd.DataFrame) -> pd.DataFrame:
    table = joined[[*KEYS, "change"]].copy()
    for name in ("unit_name", "measure_unit"):
        table[name] = joined[f"{name}_after"].fillna(joined[f"{name}_before"])
    for name in ("status", *NUMBERS):
        for side in ("before", "after"):
            table[f"{name}_{side}"] = joined[f"{name}_{side}"]
    made = joined[["is_synthetic_before", "is_synthetic_after"]]
    table["is_synthetic"] = made.eq(True).any(axis=1)  # noqa: FBT003 - a side that is not there is no mark
    for lang in Lang:
        table[f"note_{lang}"] = [_note(row, lang) for row in table.to_dict("records")]
    return table.reindex(columns=list(COLUMNS))


def _note(row: dict[Any, Any], lang: Lang) -> str:
    sides = {
        side: Message(
            "compare.absent"
            if pd.isna(row[f"status_{side}"])
            else f"words.status_{row[f'status_{side}']}"
        )
        for side in ("before", "after")
    }
    numbers = {side: _number(row[f"measured_{side}"], lang) for side in ("before", "after")}
    return Message(
        "compare.note", change=Message(f"compare.{row['change']}"), **sides,
        had=numbers["before"], has=numbers["after"],
    ).text(lang)  # fmt: skip


def _number(value: float, lang: Lang) -> str:
    return Message("compare.unknown").text(lang) if pd.isna(value) else f"{value:g}"


def _as_found(
    changes: gpd.GeoDataFrame, before: pd.DataFrame, after: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return the changed findings with every column; the note begins with the change."""
    found = pd.concat([after, before], ignore_index=True).drop_duplicates(KEYS)
    marks = pd.DataFrame(changes[[*KEYS, "note_zh", "note_en", "geometry"]])
    rows = marks.merge(found, on=KEYS, suffixes=("_change", ""), how="left")
    for lang in Lang:
        texts = zip(rows[f"note_{lang}_change"], rows[f"note_{lang}"], strict=True)
        rows[f"note_{lang}"] = [f"{change} {note}".rstrip() for change, note in texts]
    rows = rows.drop(columns=[f"note_{lang}_change" for lang in Lang])
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=changes.crs)


def _site_changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    keys = ["stage", "name", "action"]
    one, two = (
        table.groupby(keys, as_index=False)["seats"].sum(min_count=1) for table in (before, after)
    )
    joined = one.merge(two, on=keys, how="outer", suffixes=("_before", "_after"), indicator="side")
    names = {"left_only": Change.REMOVED, "right_only": Change.ADDED, "both": Change.OTHER}
    joined["change"] = joined["side"].astype(str).map(names).astype(str)
    alike = joined["seats_before"].eq(joined["seats_after"])
    alike |= joined[["seats_before", "seats_after"]].isna().all(axis=1)
    changed = joined[~(alike & (joined["side"] == "both"))]
    columns: pd.DataFrame = changed.reindex(columns=list(SITE_COLUMNS))
    return columns.sort_values(keys, kind="stable", ignore_index=True)


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Message]:
    """Return what differs in what two runs rest on: day, rules, files, versions (`run.json`)."""
    out = [
        Message(f"compare.other_{name}", before=before.get(name), after=after.get(name))
        for name in ("study", "as_of", "rulesets")
        if before.get(name) != after.get(name)
    ]
    had, has = set(before.get("rules", ())), set(after.get("rules", ()))
    if has - had:
        out.append(Message("compare.rules_added", rules=sorted(has - had)))
    if had - has:
        out.append(Message("compare.rules_removed", rules=sorted(had - has)))
    texts, others = before.get("rules_sha256", {}), after.get("rules_sha256", {})
    reworded = sorted(r for r in set(texts) & set(others) if texts[r] != others[r])
    if reworded:
        out.append(Message("compare.rules_changed", rules=reworded))
    return [*out, *_file_differences(before, after), *_version_differences(before, after)]


def _file_differences(before: dict[str, Any], after: dict[str, Any]) -> list[Message]:
    out = []
    inputs, others = before.get("inputs", {}), after.get("inputs", {})
    for name in sorted({*inputs, *others}):
        one, two = inputs.get(name), others.get(name)
        if one is None or two is None:
            key = "compare.layer_added" if one is None else "compare.layer_removed"
            out.append(Message(key, layer=name))
        elif one.get("sha256") != two.get("sha256"):
            rows = {"had": one.get("rows"), "has": two.get("rows")}
            out.append(Message("compare.layer_changed", layer=name, **rows))
    return out


def _version_differences(before: dict[str, Any], after: dict[str, Any]) -> list[Message]:
    had, has = before.get("versions", {}), after.get("versions", {})
    return [
        Message("compare.other_version", name=name, before=had.get(name), after=has.get(name))
        for name in sorted({*had, *has})
        if had.get(name) != has.get(name)
    ]
