"""The names of the package, and arguments that are refused before any work is done."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
import pydoc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import zmd_layout
from zmd_layout.errors import ArgumentError, SitingError, ZmdLayoutError
from zmd_layout.siting import SitingOptions


def test_completion_help_and_all_show_the_same_names() -> None:
    assert dir(zmd_layout) == sorted(zmd_layout.__all__)
    assert {"Study", "__version__", "errors", "location", "siting"} <= set(dir(zmd_layout))
    text = pydoc.render_doc(zmd_layout, renderer=pydoc.plaintext)
    assert all(name.strip("_") in text.lower() or name in text for name in zmd_layout.__all__)
    assert zmd_layout.__version__ in text


def test_every_name_is_there() -> None:
    for name in zmd_layout.__all__:
        assert getattr(zmd_layout, name) is not None


def test_a_name_of_a_package_is_not_that_of_one_of_its_modules() -> None:
    rooms = ["zmd_layout", *(f"zmd_layout.{name}" for name in ("workflow", "layers", "siting"))]
    for room in rooms:
        package = importlib.import_module(room)
        modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
        shared = {name for name in package.__all__ if name in modules}
        assert all(
            getattr(package, name) is importlib.import_module(f"{room}.{name}") for name in shared
        ), room


def test_the_import_loads_no_table_library() -> None:
    program = "import sys, zmd_layout; dir(zmd_layout); print('pandas' in sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("given", ["zhumadian", Path("zhumadian"), None, 3])
def test_what_is_no_study_is_refused_at_once(given: object) -> None:
    for door in (zmd_layout.check, zmd_layout.run, zmd_layout.site):
        with pytest.raises(ArgumentError) as caught:
            door(given)  # type: ignore[arg-type,operator]
        assert "load_study" in caught.value.text("en")


def test_a_day_is_read_as_text(make_study: Callable[..., Path]) -> None:
    study = zmd_layout.load_study(make_study())
    findings = zmd_layout.check(study, as_of="2024-06-30")
    assert set(findings["as_of"]) == {dt.date(2024, 6, 30)}
    with pytest.raises(ArgumentError, match="2024-06-31"):
        zmd_layout.check(study, as_of="2024-06-31")


def test_one_id_is_one_id(make_study: Callable[..., Path]) -> None:
    study = zmd_layout.load_study(make_study(SCHOOLS_TOML))
    make_schools(study.folder)
    with pytest.raises(SitingError) as caught:
        zmd_layout.closing(study, "SL411702")
    assert "SL411702" in str(caught.value)


SCHOOLS_TOML = """
[layers.schools]
path = "schools.csv"
coordinates = "wgs84"
"""


def make_schools(folder: Path) -> None:
    text = "school_id,name,stages,status,lon,lat\nS1,西小学,primary,operating,114.05,33.05\n"
    (folder / "schools.csv").write_text(text, "utf-8")


def test_an_aim_is_read_by_its_name() -> None:
    assert SitingOptions(aim="travel").aim.needs_count  # type: ignore[arg-type]
    with pytest.raises(SitingError, match="cover_all"):
        SitingOptions(aim="travle")  # type: ignore[arg-type]


def test_errors_speak_the_language_that_was_asked_for(
    make_study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = zmd_layout.load_study(make_study(SCHOOLS_TOML))  # there is no such file
    with pytest.raises(ZmdLayoutError) as caught:
        zmd_layout.run(study, lang="en")
    assert str(caught.value) == caught.value.text("en") != caught.value.text("zh")
    with pytest.raises(ArgumentError, match="fr"):
        zmd_layout.run(study, lang="fr")
    monkeypatch.setenv("ZMD_LANG", "en")
    with pytest.raises(ArgumentError, match="is not a day"):
        zmd_layout.check(study, as_of="tomorrow")


USER_SCRIPT = """\
import geopandas as gpd
import zmd_layout
from zmd_layout.siting import SitingOptions, solve

study = zmd_layout.load_study("zhumadian-census")
findings: gpd.GeoDataFrame = zmd_layout.check(study, as_of="2025-12-31")
sites = zmd_layout.site(study, stage="primary", options=SitingOptions(new_count=2))
print(zmd_layout.__version__, len(findings), sites.table, zmd_layout.siting.solve is solve)
try:
    zmd_layout.run(study, out="out", lang="en")
except zmd_layout.errors.ZmdLayoutError as error:
    print(error.text("en"))
"""


@pytest.mark.slow
def test_a_users_script_passes_the_type_checker(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    script = tmp_path / "script.py"
    script.write_text(USER_SCRIPT, "utf-8")
    root = Path(__file__).parents[1]
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(script)],
        capture_output=True, text=True, cwd=root, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
