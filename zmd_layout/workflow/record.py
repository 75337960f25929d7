"""What `run.json` says a run rests on, and how long each part of it took."""

from __future__ import annotations

import platform
import time
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from zmd_layout.layers.account import record as account_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zmd_layout.layers import Layers
    from zmd_layout.rulebook import Rule
    from zmd_layout.siting.suggest import Suggestions
    from zmd_layout.study import Acceptance, Study

_PACKAGES = ("zmd-layout", "geopandas", "shapely", "pandas", "numpy", "scipy", "pyproj", "pyogrio")


class Stopwatch:
    """Seconds by part of the work, for the record of a run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measures(self, part: str) -> Iterator[None]:
        """Add the seconds of the block to `part`."""
        start = time.perf_counter()
        yield
        self.seconds[part] = round(time.perf_counter() - start, 3)


def record_of(
    study: Study, rules: Sequence[Rule], layers: Layers, clock: Stopwatch
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
                "rows": len(layer.frame if layer.roads is None else layer.roads.edges),
                "coordinates": layer.origin.coordinates,
                "is_datum_verified": layer.origin.is_datum_verified,
                "is_complete": layer.origin.is_complete,
                "made_up": sorted(layer.origin.synthetic_columns),
                "assumed": sorted(layer.origin.assumed_columns),
                "repaired": layer.origin.repaired,
                "accepted": [a.model_dump(mode="json") for a in accepted_of(study, name)],
                "account": account_record(layer.origin.account),
                "notes": [{"zh": n.text("zh"), "en": n.text("en")} for n in layer.origin.notes],
                **({"matching": layer.origin.matching} if layer.origin.matching else {}),
            }
            for name, layer in sorted(layers.items())
        },
        "versions": {name: version(name) for name in _PACKAGES}
        | {"python": platform.python_version()},
        "durations_s": clock.seconds,
        "reproducible": True,
    }


def accepted_of(study: Study, name: str) -> tuple[Acceptance, ...]:
    """Return what the study accepts of a layer, though it is held implausible."""
    source = study.layers.get(name) or study.own_layers.get(name)
    return () if source is None else source.accept


def siting_record(sites: Suggestions) -> dict[str, Any]:
    """Put down whether the siting can be repeated, and what it leaves open."""
    return {
        "reproducible": sites.is_reproducible,
        "search_ended_by": str(sites.ended_by),
        "search_answer": [{"zh": m.text("zh"), "en": m.text("en")} for m in sites.explanation],
        "needs_without_candidate": [need.name for need in sites.unmet],
        "needs_that_remain": [need.name for need in sites.remaining],
        "points_out_of_reach": len(sites.uncovered),
        "plan": _plan(sites),
        "distances": {
            name: {"zh": note.text("zh"), "en": note.text("en")}
            for name, note in sites.distances.items()
        },
    }


def _plan(sites: Suggestions) -> dict[str, Any] | None:
    """Put down what the plan over years costs, and what it leaves."""
    story = sites.story
    if story is None:
        return None
    return {
        "cost_10000_yuan": story.cost,
        "bound_10000_yuan": story.bound,
        "child_years_without_seat_before": story.child_years_before,
        "child_years_without_seat_after": story.child_years_after,
        "child_years_left_by_reason": dict(story.left_by_reason),
        "child_years_without_seat_by_case": dict(story.left_by_case),
        "duties_without_children": list(story.conflicts),
        "needs": [asdict(need) for need in story.needs],
        "actions": [asdict(one) for one in story.actions],
        "children_left": [asdict(one) for one in story.left],
        "cases": [_finite(asdict(one)) for one in story.cases],
    }


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """Put null for numbers that are not known."""
    return {name: None if value != value else value for name, value in row.items()}  # noqa: PLR0124 - NaN
