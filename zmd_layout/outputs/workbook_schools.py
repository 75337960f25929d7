"""The sheets of schools: suggested, under way, and small ones to be kept."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

from zmd_layout.measures.conditions import is_missing
from zmd_layout.messages import Message, word
from zmd_layout.outputs.results import county_names
from zmd_layout.outputs.workbook_sheet import Row, Sheet
from zmd_layout.vocabulary import Construction, SchoolStatus, Stage, UnitKind

if TYPE_CHECKING:
    from zmd_layout.outputs.results import Results


_LIMITS = "limits.toml"
_PROCEDURE = "确需调整的，须先安置后撤并、先建设后撤并，并履行论证、公示、听证、报批程序"


def small_school() -> int:
    """Give the pupils below which a rural school counts as small, from `limits.toml`."""
    limits = tomllib.loads((files("zmd_layout.outputs") / _LIMITS).read_text("utf-8"))
    return int(limits["small_school"]["pupils_fewer_than"])


def planned_schools(results: Results) -> Sheet:
    """Give the suggested sites, as places to be studied first."""
    columns = (
        "编号", "学校名称（备选位置）", "学段", "所在县区", "建设性质", "规划班数", "规划学位",
        "建设时序", "服务适龄儿童", "平均路程（现状，米）", "平均路程（建成后，米）", "解决的问题",
        "求解状态", "与理论最好方案的差距（%）", "提示", "是否示例数据", "备注",
    )  # fmt: skip
    names = county_names(results)
    rows: list[Row] = [
        (
            row.id, row.name, word(Stage(row.stage)), names.get(str(row.county_id), row.county_id),
            word(Construction.NEW) if row.action == "new" else word(Construction.EXPANDED),
            row.classes, row.seats, row.opens_in, round(row.children_served, -1),
            row.mean_distance_before_m, row.mean_distance_after_m, "；".join(row.closes),
            Message(f"words.solvestatus_{row.solve_status}").text(), row.gap_percent, row.flags,
            bool(row.is_synthetic), row.note_zh,
        )
        for row in results.suggestions.itertuples()
    ]  # fmt: skip
    return Sheet("规划学校一览表", columns, rows, frozen_columns=2)


def projects(results: Results) -> Sheet:
    """Give the projects of the plan and how far they are on the day."""
    columns = ("项目编号", "项目名称", "学段", "建设性质", "所在县区", "竣工日期", "进展")
    layer = results.world.layers.get("projects")
    if layer is None:
        return Sheet("近期建设项目表", columns)
    names = county_names(results)
    rows: list[Row] = []
    for row in layer.frame.to_dict("records"):
        done = row.get("done_on")
        is_done = not is_missing(done) and done <= results.world.as_of
        progress = "已竣工" if is_done else "在建或未启动" if not is_missing(done) else "不明"
        stage, kind = row.get("stage"), row.get("kind")
        rows.append(
            (
                row["project_id"], row.get("name"), "" if is_missing(stage) else word(Stage(stage)),
                "" if is_missing(kind) else word(Construction(kind)),
                names.get(str(row.get("county_id")), ""), done, progress,
            )
        )  # fmt: skip
    return Sheet("近期建设项目表", columns, rows, frozen_columns=2)


def kept_schools(results: Results) -> Sheet:
    """List the small schools that stand: to be kept and watched, never to be closed."""
    columns = ("学校/教学点", "类型", "所在县区", "学生数", "建议", "程序要求")
    layer = results.world.layers.get("schools")
    counties = results.world.units(UnitKind.COUNTY, {})
    if layer is None or counties is None or "enrolment" not in layer.frame:
        return Sheet("保留与调整学校清单", columns)
    names = county_names(results)
    frame = layer.frame.assign(county=results.world.members(layer, counties))
    is_small = frame["enrolment"] < small_school()
    small = frame[is_small & (frame["status"] == SchoolStatus.OPERATING)]
    small = small[small["stages"].map(lambda s: not is_missing(s) and "primary" in str(s))]
    rows: list[Row] = [
        (
            row.name, "教学点" if row.is_teaching_point is True else "小规模学校",
            names.get(str(row.county), ""), row.enrolment,
            "保留并动态监测", _PROCEDURE,
        )
        for row in small.sort_values(["county", "school_id"]).itertuples()
    ]  # fmt: skip
    return Sheet("保留与调整学校清单", columns, rows, frozen_columns=1)
