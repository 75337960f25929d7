"""The recipes of the docs, and the example of every public name, run as they stand."""

from __future__ import annotations

import ast
import doctest
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

import zmd_layout
from zmd_layout.layers import load_layers

ROOT = Path(__file__).parents[1]
RECIPES = sorted(p for p in (ROOT / "docs" / "recipes").glob("*.md") if p.stem != "index")
_CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
# results and modules; their makers have the examples
WITHOUT_EXAMPLE = {
    "Comparison", "Review", "Run", "__version__", "errors", "location", "siting",
}  # fmt: skip


@pytest.fixture(scope="module")
def names(small_city: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give what the recipes and examples speak of."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    layers = load_layers(small_city)
    tables = {name: layers[name].frame for name in ("counties", "schools", "population")}
    folder = tmp_path_factory.mktemp("recipes")
    return {"zmd_layout": zmd_layout, "study": small_city, "folder": folder, **tables}


def run_cell(code: str, names: dict[str, Any]) -> Any:
    """Run lines as a notebook does, and give the value of the last one."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "recipe", "exec"), names)  # noqa: S102 - our own pages
    return None if last is None else eval(compile(ast.Expression(last.value), "", "eval"), names)  # noqa: S307 - likewise


def test_there_are_thirteen_recipes_and_the_index_names_them() -> None:
    assert len(RECIPES) == 13
    index = (ROOT / "docs" / "recipes" / "index.md").read_text("utf-8")
    assert all(f"\n{page.stem}\n" in index for page in RECIPES)


@pytest.mark.parametrize("page", RECIPES, ids=lambda page: page.stem)
def test_a_recipe_runs_in_three_lines_with_public_names(page: Path, names: dict[str, Any]) -> None:
    code = "\n".join(_CODE.findall(page.read_text("utf-8")))
    assert 1 <= len(code.strip().splitlines()) <= 3
    assert "import" not in code
    mine = dict(names)
    if page.stem == "five_new_schools":  # villages in place of points: a proof within seconds
        layers = {k: v for k, v in names["study"].layers.items() if k != "population"}
        mine["study"] = names["study"].model_copy(update={"layers": layers})
    result = run_cell(code, mine)
    if page.stem == "export":
        assert set(gpd.list_layers(names["folder"] / "findings.gpkg")["name"]) == {
            "findings", "catchments",
        }  # fmt: skip
    elif page.stem == "five_new_schools":
        assert len(result[1]) == 5
    elif page.stem == "demand_curve":
        assert result.lines
    else:
        assert isinstance(result, pd.DataFrame | pd.Series)
        assert len(result)


def examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(recurse=False)
    found = []
    for name in zmd_layout.__all__:
        if name not in WITHOUT_EXAMPLE:
            thing = getattr(zmd_layout, name)
            found += finder.find(thing, name)
    methods = ("from_frames", "with_number", "close", "open", "births")
    for name in methods:
        found += finder.find(getattr(zmd_layout.Study, name), f"Study.{name}")
    found += finder.find(zmd_layout.location.solve, "location.solve")
    return found


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_the_example_of_a_public_name_runs(
    example: doctest.DocTest, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if example.name == "Study":
        return  # its methods have them
    assert example.examples, f"{example.name} has no example"
    monkeypatch.chdir(names["folder"])
    example.globs = {**example.globs, **names}
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    runner.run(example, out=report.append)
    assert not runner.failures, "".join(report)
