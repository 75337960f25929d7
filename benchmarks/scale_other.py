"""Work on made data that grow as the city does, ours beside peers: OSM extracts and p-medians."""

from __future__ import annotations

import math
import re
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import osm
from scale_city import Row, rows_of
from scipy import sparse
from siting_beside_spopt import theirs as with_spopt
from siting_instances import made_median
from taking import Taken, in_own_process, take

from zmd_layout.location.highs import LinearModel, MipResult, solve_mip
from zmd_layout.location.solver import solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.problem import Problem, Solution

GDAL = "GDAL's driver through pyogrio (no graph)"
CROSSINGS_PER_SIDE = 300  # of the extract of one city: 0.8 million nodes
DEMANDS, SITES = 1000, 100
# spopt holds every pair, built one by one: minutes beyond
MOST_DEMANDS_FOR_SPOPT = 1000


def osm_reading(scale: float, *, osmnx_to: float) -> list[Row]:
    """Time schools and roads of an extract, each reader in a process of its own."""
    side = round(CROSSINGS_PER_SIDE * math.sqrt(scale))
    with tempfile.TemporaryDirectory() as folder:
        pbf = Path(folder) / "city.osm.pbf"
        nodes, _ = in_own_process(osm.write_county, pbf, side)
        taken = {
            "ours": of_reading(osm.in_child("ours both", pbf)),
            GDAL: in_own_process(take_pyogrio, pbf),
        }
        assert taken["ours"].result[0] == taken[GDAL].result
        if scale <= osmnx_to:
            xml = pbf.with_suffix("")
            in_own_process(osm.write_county, xml, side)
            schools = osm.in_child("osmnx schools", xml)
            roads = osm.in_child("osmnx roads", xml)
            taken["OSMnx, the same as XML"] = of_reading(osm.one_after_the_other(schools, roads))
            assert taken["ours"].result[0] == schools.schools
    return rows_of("OSM reading", scale, nodes, "nodes", taken)


def of_reading(found: osm.Taken) -> Taken:
    """Bring what a reader took into the form of the others."""
    grown_mb = found.peak_mb - found.imports_mb
    return Taken(found.wall_s, found.processor_s, grown_mb, (found.schools, found.road_km))


def take_pyogrio(pbf: Path) -> Taken:
    """Read schools and road lines as GeoDataFrames; give how many schools there are."""
    import pyogrio  # noqa: PLC0415 - only the process that reads needs it

    warnings.simplefilter("ignore")
    kinds = re.compile("school|kindergarten")

    def read() -> int:
        points = pyogrio.read_dataframe(
            pbf, layer="points", where="other_tags LIKE '%\"amenity\"=>%'"
        )
        areas = pyogrio.read_dataframe(
            pbf, layer="multipolygons", where="amenity IN ('school', 'kindergarten')"
        )
        pyogrio.read_dataframe(pbf, layer="lines", where="highway IS NOT NULL")
        return int(points["other_tags"].str.contains(kinds).sum()) + len(areas)

    return take(read)


def p_median(scale: float, *, limit_s: float) -> list[Row]:
    """Time a p-median; solvers of peers get `limit_s` seconds."""
    problem = made_median(round(DEMANDS * scale), round(SITES * scale))
    open_count = problem.open_count
    assert open_count is not None
    mine = take(lambda: solve(problem))
    plain = take(lambda: solve_mip(plain_model(problem), time_limit_s=limit_s))
    solution, result = mine.result, plain.result
    size = len(problem.demands)
    unit = f"demands × {problem.costs.shape[1]:,} sites"
    rows = [
        Row(
            "siting, p-median", scale, size, unit, mine, "HiGHS, the plain model", plain,
            remark_of(solution, result), is_cut_short=result.is_ended_by_time,
        )
    ]  # fmt: skip
    if size <= MOST_DEMANDS_FOR_SPOPT:
        dense = every_pair(problem)
        other = take(lambda: with_spopt(dense, open_count, "highs"))
        assert abs(other.result["objective"] / solution.objective - 1) < 1e-6
        rows.append(Row("siting, p-median", scale, size, unit, mine, "spopt with HiGHS", other))
    return rows


def remark_of(solution: Solution, plain: MipResult) -> str:
    """Say what was proved by ours and by the plain model."""
    if not math.isfinite(plain.objective):
        theirs = "no answer"
    elif not math.isfinite(plain.bound):
        theirs = "no bound"
    else:
        gap = 100 * (plain.objective - plain.bound) / plain.objective
        theirs = f"gap {gap:.3f} %"
    return f"ours gap {solution.gap_percent:.3f} %, HiGHS {theirs}"


def plain_model(problem: Problem) -> LinearModel:
    """
    Write a p-median as the textbook does: a column a pair, a site, and a demand that is left out.

    A pair needs its site; each demand is served or left out once; so many sites are open.
    """
    n, m = problem.costs.shape
    pairs = problem.costs.nnz
    demand = np.repeat(np.arange(n), np.diff(problem.costs.indptr))
    pair, ones = np.arange(pairs), np.ones(pairs)
    serves = sparse.coo_array((ones, (demand, pair)), shape=(n, pairs))
    needs = sparse.coo_array((-ones, (pair, problem.costs.indices)), shape=(pairs, m))
    rows = sparse.block_array(
        [
            [serves, None, sparse.eye_array(n)],
            [sparse.eye_array(pairs), needs, None],
            [None, sparse.coo_array(np.ones((1, m))), None],
        ],
        format="csr",
    )
    count = float(problem.open_count or 0)
    columns = pairs + m + n
    return LinearModel(
        objective=np.concatenate([problem.costs.data, np.zeros(m), problem.unserved_cost]),
        rows=rows,
        row_lower=np.concatenate([np.ones(n), np.full(pairs, -np.inf), [count]]),
        row_upper=np.concatenate([np.ones(n), np.zeros(pairs), [count]]),
        column_lower=np.zeros(columns),
        column_upper=np.ones(columns),
        is_integer=np.repeat([False, True, False], [pairs, m, n]),
    )


def every_pair(problem: Problem) -> NDArray[np.float64]:
    """Write the costs of all pairs: out of reach costs what it costs to be left out."""
    dense = np.repeat(problem.unserved_cost[:, np.newaxis], problem.costs.shape[1], axis=1)
    rows = np.repeat(np.arange(len(dense)), np.diff(problem.costs.indptr))
    dense[rows, problem.costs.indices] = np.minimum(
        problem.costs.data, dense[rows, problem.costs.indices]
    )
    return dense
