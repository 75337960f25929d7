"""
What indications from an incomplete list are worth: parts of lists are hidden whose truth is known.

    python benchmarks/incomplete_lists.py indications   words by completeness, how many right
    python benchmarks/incomplete_lists.py two-lists     how often the interval holds the true number

Truth is the built-in city and small random worlds; the formulas are those of the package. The
tables of `docs/incomplete_list.md` come from here.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zmd_layout import load_study
from zmd_layout.completeness import CaughtTwice, indication, two_list_interval
from zmd_layout.layers import load_layers
from zmd_layout.layers.schools.completeness import is_counted
from zmd_layout.measures import World
from zmd_layout.vocabulary import UnitKind

RNG = np.random.default_rng(20261130)
STAGES = ("primary", "junior")
PER = {"primary": 10_000, "junior": 20_000}  # residents a school: the rule of box 6, borrowed
PATTERNS = ("random", "urban", "stage", "urban and stage", "townships", "all or nothing")
WITHIN_BAR = PATTERNS[:4]  # thinned unevenly, no whole townships missing
EXACT = ("county and kind", "county")
INFORMATION = (*EXACT, "county and kind, 5 % off", "county, 5 % off", "two lists")
KEPT = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
SPREAD = {"townships": 2.0, "all or nothing": 0.6}  # precision of the beta distribution


@dataclass(frozen=True)
class Place:
    """
    Townships with their people and all their schools.

    Attributes
    ----------
    people, county, kind
        (n,) residents, number of the county, and `sub`, `town` or `twp`.
    schools
        (stages, n) true numbers by stage.
    required
        (stages, n) schools asked for, or None: then by the mean of the county, at `hardness`.
    """

    name: str
    people: np.ndarray
    county: np.ndarray
    kind: np.ndarray
    schools: np.ndarray
    required: np.ndarray


def city() -> list[Place]:
    """Return the built-in city under the plan's rule, and under a rule near the mean."""
    study = load_study(None)
    layers = load_layers(study)
    world = World(study, layers, study.as_of)
    townships = world.units(UnitKind.TOWNSHIP, {})
    assert townships is not None
    frame, schools = townships.frame, layers["schools"]
    counted = is_counted(schools.frame).to_numpy(dtype=bool)
    place = world.members(schools, townships)
    counts = []
    for stage in STAGES:
        has = schools.frame["stages"].map(lambda s, stage=stage: stage in str(s).split(";"))
        rows = counted & has.to_numpy(dtype=bool)
        counts.append(place[rows].value_counts().reindex(frame.index).fillna(0).to_numpy())
    people = frame["residents"].to_numpy(dtype=float)
    county = pd.factorize(frame["county_id"])[0]
    words = {"subdistrict": "sub", "town": "town", "township": "twp"}
    kind = frame["kind"].map(words).to_numpy()
    truth = np.array(counts)
    plan = np.array([people // PER[stage] for stage in STAGES])
    near = np.array([np.floor(people * _by_county(n, county) / _by_county(people, county))
                     for n in truth])  # fmt: skip
    return [
        Place("city, the plan's rule", people, county, kind, truth, plan),
        Place("city, a rule near the mean", people, county, kind, truth, near),
    ]


def _by_county(numbers: np.ndarray, county: np.ndarray) -> np.ndarray:
    return np.bincount(county, numbers)[county]


def random_place() -> Place:
    """Make a place: density even, as chance has it, or clustered; a rule that is hard or easy."""
    county = np.repeat(np.arange(RNG.integers(4, 9)), RNG.integers(6, 20))
    n = len(county)
    kind = RNG.choice(["sub", "town", "twp"], n, p=[0.2, 0.5, 0.3])
    people = RNG.lognormal(10.3, 0.45, n)
    urban = np.where(kind == "sub", RNG.choice([0.4, 1.0]), 1)
    spread = RNG.choice(["even", "chance", "clustered"])
    hard = RNG.choice([0.5, 0.8, 1.0])
    schools, required = [], []
    for mean_of_ten_thousand in RNG.choice([0.5, 1.5, 3.0], 2):
        mean = people / 1e4 * mean_of_ten_thousand * urban
        if spread == "even":
            drawn = np.round(mean + RNG.normal(0, np.sqrt(0.25 * mean)))
        else:
            drawn = RNG.poisson(mean * (RNG.gamma(4, 0.25, n) if spread == "clustered" else 1))
        drawn = np.maximum(0, drawn).astype(float)
        schools.append(drawn)
        required.append(np.floor(people * drawn.sum() / people.sum() * hard))
    return Place("random worlds", people, county, kind, np.array(schools), np.array(required))


def thinned(place: Place, keep: float, pattern: str) -> np.ndarray:
    """Return the (stages, n) schools that a list holds which keeps a share under a pattern."""
    shares = np.full(2, keep)
    if "stage" in pattern:
        shares = np.clip(keep + RNG.choice([-0.15, 0.15]) * np.array([1, -1]), 0.05, 0.98)
    out = np.empty_like(place.schools)
    beta = None
    if pattern in SPREAD:
        precision = SPREAD[pattern]
        beta = RNG.beta(keep * precision, (1 - keep) * precision, len(place.people))
    for number, share in enumerate(shares):
        true = place.schools[number].astype(int)
        chance = np.full(len(true), share) if beta is None else beta
        if "urban" in pattern:  # odds 6 to 1 of a subdistrict, 1.5 of a town
            odds = np.where(place.kind == "sub", 6.0, np.where(place.kind == "town", 1.5, 1.0))
            grid = np.geomspace(1e-4, 1e4, 400)[:, None] * odds
            tried = grid / (1 + grid)
            chance = tried[np.abs((true * tried).sum(1) - share * true.sum()).argmin()]
        out[number] = RNG.binomial(true, np.clip(chance, 0, 1))
    return out


def words(place: Place, keep: float, pattern: str, info: str) -> pd.DataFrame:
    """Return what is indicated of every unit that the list leaves open, beside the truth."""
    known = thinned(place, keep, pattern)
    is_in_list = known.sum(0) > 0  # of any stage
    is_urban = place.kind == "sub"
    groups = place.county * 2 + is_urban if "kind" in info else place.county
    rows = []
    for stage, group in itertools.product(range(2), np.unique(groups)):
        at = groups == group
        true, listed = place.schools[stage][at], known[stage][at]
        required = place.required[stage][at]
        lacking = _unlisted(true, listed, info)
        if lacking is None:
            continue
        least, most = lacking
        found = indication(listed, (required, required), (least, most), place.people[at])
        is_met, is_short = listed >= required, listed + most < required
        if info == "two lists":  # no verdict rests on an estimate
            is_short = np.zeros_like(is_met)
        open_ = ~is_met & ~is_short
        # as the package: no word where one school is asked for, or none of the list is there
        speaks = open_ & (required > 1) & is_in_list[at]
        is_mixed = len(set(is_urban[at])) > 1
        likely_met = found.is_likely_met & ~(is_urban[at] & is_mixed)
        rows.append(
            pd.DataFrame(
                {
                    "short": true < required, "open": open_, "several": open_ & (required > 1),
                    "surely_short": is_short, "likely_short": speaks & found.is_likely_short,
                    "likely_met": speaks & likely_met,
                }
            )
        )  # fmt: skip
    return pd.concat(rows) if rows else pd.DataFrame()


def _unlisted(true: np.ndarray, listed: np.ndarray, info: str) -> tuple[int, int] | None:
    """Return the least and the most that the list lacks, by what is known of the total."""
    total, held = int(true.sum()), int(listed.sum())
    if info in {"county", "county and kind"}:
        return total - held, total - held
    if info.endswith("5 % off"):  # and the tolerance that the study file has by default
        told = round(total * (1 + RNG.normal(0, 0.05)))
        low, high = int(np.ceil(told * 0.95)), int(np.floor(told * 1.05))
        return None if high < held else (max(0, low - held), high - held)
    second = RNG.random(total) < 0.6  # another list that knows nothing of the first
    both = int(second[:held].sum())
    found = two_list_interval([CaughtTwice(held, int(second.sum()), both)])
    if found.is_too_few or not np.isfinite(found.high_if_copied):
        return None
    return max(0, found.low - held), int(found.high_if_copied) - held


def table(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Count words, and which of them are right."""

    def line(group: pd.DataFrame) -> pd.Series:
        open_ = group[group["open"]]
        short, met = open_[open_["likely_short"]], open_[open_["likely_met"]]
        right = short["short"].sum() + len(met) - met["short"].sum()
        count = len(short) + len(met)
        return pd.Series(
            {
                "open units": len(open_), "short of these %": 100 * open_["short"].mean(),
                "word for %": 100 * count / max(1, len(open_)),
                "of several %": 100 * count / max(1, group["several"].sum()),
                "words right %": 100 * right / count if count else np.nan,
                "likely short": len(short), "right %": 100 * short["short"].mean(),
                "likely met": len(met), "right % ": 100 * (1 - met["short"].mean()),
                "false surely short": int((group["surely_short"] & ~group["short"]).sum()),
            }
        )  # fmt: skip

    return rows.groupby(by, sort=False).apply(line, include_groups=False).round(1)


def indications(times: int = 8) -> None:
    """Print the tables of indications by completeness and pattern."""
    places = [(place, times) for place in city()]
    places += [(None, 4 * times)]
    rows = []
    for (place, repeats), keep, pattern in itertools.product(places, KEPT, PATTERNS):
        for info in INFORMATION:
            for _ in range(repeats if info in EXACT else max(2, repeats // 3)):
                one = random_place() if place is None else place
                told = {"truth": one.name, "kept": keep, "pattern": pattern, "totals": info}
                rows.append(words(one, keep, pattern, info).assign(**told))
    found = pd.concat(rows)
    inside = found[found["pattern"].isin(WITHIN_BAR)]
    enough = inside["kept"] >= 0.6
    exact = inside["totals"].isin(EXACT)
    for title, part, by in (
        ("kept 60 % or more, no whole townships missing", inside[enough], ["truth", "totals"]),
        ("by completeness, exact totals", inside[exact], ["truth", "totals", "kept"]),
        (
            "by pattern, exact totals, kept 60 % or more",
            found[found["totals"].isin(EXACT) & (found["kept"] >= 0.6)],
            ["truth", "totals", "pattern"],
        ),
        ("below 60 %", inside[~enough], ["truth", "totals"]),
    ):
        print(f"\n{title}\n{table(part, by).to_string()}")


def two_lists(trials: int = 600) -> None:
    """Print how often the interval of two lists holds the true number."""
    rows = []
    for total in (30, 60, 120, 300):
        for first, second in ((0.3, 0.3), (0.5, 0.5), (0.7, 0.6), (0.9, 0.8)):
            rows.append(_trials(total, (first, second), trials, odds=1, urban=1))
    for odds, urban in ((1, 4), (1, 12), (2, 1), (4, 1), (10, 1), (0.5, 1), (4, 12)):
        rows.append(_trials(120, (0.5, 0.5), trials, odds=odds, urban=urban))
    print(pd.DataFrame(rows).to_string(index=False))


def _trials(
    total: int, chances: tuple[float, float], trials: int, *, odds: float, urban: float
) -> dict[str, object]:
    """Try two lists: `odds` of being in the second when in the first, `urban` odds of towns."""
    hits = {"as one": 0, "urban and rural apart": 0, "if copied": 0}
    said, width = 0, []
    for _ in range(trials):
        is_urban = RNG.random(total) < 0.3
        first, second = (_chance(p, np.where(is_urban, urban, 1)) for p in chances)
        one = RNG.random(total) < first
        two = RNG.random(total) < _chance(second, np.where(one, odds, 1))
        whole = two_list_interval([_caught(one, two)])
        said += not whole.is_too_few
        apart = two_list_interval([_caught(one[g], two[g]) for g in (is_urban, ~is_urban)])
        hits["as one"] += whole.low <= total <= whole.high
        hits["urban and rural apart"] += apart.low <= total <= apart.high
        hits["if copied"] += apart.low <= total <= apart.high_if_copied
        width.append((whole.high - whole.low) / total)
    shares = {name: round(100 * count / trials) for name, count in hits.items()}
    return {
        "schools": total, "in the lists": chances, "copying odds": odds, "urban odds": urban,
        "says %": round(100 * said / trials), **shares,
        "width / schools": round(float(np.median(width)), 2),
    }  # fmt: skip


def _chance(chance: np.ndarray | float, odds: np.ndarray) -> np.ndarray:
    raised = odds * np.asarray(chance) / (1 - np.asarray(chance))
    return raised / (1 + raised)


def _caught(one: np.ndarray, two: np.ndarray) -> CaughtTwice:
    return CaughtTwice(int(one.sum()), int(two.sum()), int((one & two).sum()))


if __name__ == "__main__":
    pd.set_option("display.width", 250)
    {"indications": indications, "two-lists": two_lists}[sys.argv[1]]()
