"""
Check school layout against planning rules, draw the gaps, suggest sites.

`load_study` opens a study (without a path the built-in city). `check` gives its findings, `run`
also sites, forecast and map, and writes them where `out` is given; `site` suggests places alone,
`closing` tells what closing schools would mean, `review` holds new residential areas against the
rules, `gap_map` draws a table of findings. Tables are GeoDataFrames in the study's plane, in which
NaN means unknown and never zero; errors are `errors.ZmdLayoutError` with a text for the user.

The modules behind these names are loaded when a name is first asked for: help must not wait for
maps, nor a check for siting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.lazy import loader

if TYPE_CHECKING:
    from zmd_layout.outputs.gap_map import gap_map
    from zmd_layout.workflow import Review, Run, check, closing, load_study, review, run, site

__all__ = ["Review", "Run", "check", "closing", "gap_map", "load_study", "review", "run", "site"]

__getattr__ = loader(
    __name__,
    dict.fromkeys(__all__, "zmd_layout.workflow") | {"gap_map": "zmd_layout.outputs.gap_map"},
)
