"""A roster as counties hand it in, and an OSM layer, out of the made city: the truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from zmd_layout.crs import as_declared, parse_coordinates

if TYPE_CHECKING:
    from pathlib import Path

PLANE = "EPSG:4547"
SCHOOLS = 3334  # with the doubles about 3,500 rows
LACKS_CODE, IS_DOUBLED, IS_MISPLACED, LACKS_POSITION, IS_VAGUE = 0.3, 0.05, 0.02, 0.02, 0.1
IN_OSM, OSM_ERROR_M, LACKS_TOWNSHIP, LACKS_NAME = 0.7, 25.0, 0.2, 0.05
_SETTLEMENTS = {"urban": "111", "town": "121", "rural": "220"}
_OWNERS = {"public": "县级教育部门", "private": "民办", "inclusive_private": "普惠性民办"}
_SHORT = (("第一高级中学", "一高"), ("第二小学", "二小"), ("第一初级中学", "第一初中"))


@dataclass(frozen=True)
class Disturbed:
    """
    A roster file's cells, the OSM layer, and the truth.

    `roster` has a column `truth` (the school's id in the city) that the file has not; `osm` has
    `truth` beside its own ids.
    """

    roster: pd.DataFrame
    osm: gpd.GeoDataFrame


def disturbed(schools: gpd.GeoDataFrame, *, seed: int = 7) -> Disturbed:
    """
    Disturb the schools of the made city, the same for the same seed.

    Of the roster three in ten rows lack the code, 1 in 20 is doubled (another campus, another
    number of pupils), 1 in 50 stands in WGS 84 though GCJ-02 is declared, 1 in 50 has no position,
    and of one in ten 初级中学 and 高级中学 only 中学 is left. OSM holds seven in ten of the
    schools, some tens of metres off, with short names and own ids: one in five without its
    township, one in
    twenty without a name.
    """
    chance = np.random.default_rng(seed)
    known = schools[schools["stages"].notna()].sort_values("school_id", ignore_index=True)
    known = known.iloc[np.sort(chance.choice(len(known), min(SCHOOLS, len(known)), replace=False))]
    known = known.reset_index(drop=True)
    count = len(known)
    x, y = known.geometry.x.to_numpy(), known.geometry.y.to_numpy()
    gcj = as_declared(x, y, coordinates=parse_coordinates("gcj02"), working_crs=PLANE)
    wgs = as_declared(x, y, coordinates=parse_coordinates("wgs84"), working_crs=PLANE)
    is_misplaced = chance.random(count) < IS_MISPLACED
    is_placed = chance.random(count) >= LACKS_POSITION
    lon, lat = (np.where(is_misplaced, wgs[n], gcj[n]) for n in (0, 1))
    lacks_code = chance.random(count) < LACKS_CODE
    vague = known["name"].str.replace("初级中学", "中学").str.replace("高级中学", "中学")
    names = vague.where(chance.random(count) < IS_VAGUE, known["name"])
    table = pd.DataFrame(
        {
            "学校（机构）标识码": known["school_id"],
            "学校全称": names.where(np.arange(count) % 40 > 0, names + "（章）"),
            "BXLX": known["level_code"].where(~lacks_code, ""),
            "城乡分类": known["settlement"].map(_SETTLEMENTS),
            "办别": known["ownership"].map(_OWNERS).fillna(""),
            "在校学生数": known["enrolment"],
            "现有班数": known["classes"],
            "占地（亩）": (known["site_area_m2"] * 15 / 10_000).round(2),
            "学校经度": np.where(is_placed, lon.round(6), np.nan),
            "学校纬度": np.where(is_placed, lat.round(6), np.nan),
            "truth": known["school_id"],
        }
    )
    doubles = table[chance.random(count) < IS_DOUBLED].copy()
    doubles["学校全称"] += "（东校区）"
    doubles["在校学生数"] += 7
    roster = pd.concat([table, doubles], ignore_index=True)
    return Disturbed(roster.iloc[chance.permutation(len(roster))], _osm(known, chance))


def _osm(known: gpd.GeoDataFrame, chance: np.random.Generator) -> gpd.GeoDataFrame:
    there = known[chance.random(len(known)) < IN_OSM]
    off = chance.normal(0, OSM_ERROR_M, size=(len(there), 2))
    names = there["name"]
    bare = names.str.replace(r"^示例.{1,4}?[乡镇]", "示例", regex=True)
    names = bare.where(chance.random(len(there)) < LACKS_TOWNSHIP, names)
    names = names.where(chance.random(len(there)) >= LACKS_NAME, None)
    for long, short in _SHORT:
        names = names.str.replace(long, short)
    return gpd.GeoDataFrame(
        {
            "school_id": [f"n{10_000 + n}" for n in chance.permutation(len(there))],
            "name": names.to_numpy(),
            "truth": there["school_id"].to_numpy(),
        },
        geometry=gpd.points_from_xy(there.geometry.x + off[:, 0], there.geometry.y + off[:, 1]),
        crs=PLANE,
    )


def write_roster(made: Disturbed, path: Path) -> Path:
    """Write the roster as a county would: GBK, a title, two footers, totals."""
    cells: list[list[Any]] = [["示例市教育事业统计（2025学年初）"], list(made.roster.columns[:-1])]
    cells += made.roster.drop(columns="truth").astype(object).fillna("").to_numpy().tolist()
    cells += [["", "合计", "", "", "", made.roster["在校学生数"].sum()], ["填表人：某某"]]
    lines = [",".join(str(cell) for cell in row) for row in cells]
    path.write_text("\r\n".join(lines), "gbk", newline="")
    return path
