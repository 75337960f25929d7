"""Layers as GeoParquet, with pyarrow and without it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import zmd_layout
from conftest import COUNTIES, write_geojson
from zmd_layout.cli import main
from zmd_layout.outputs.table import to_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def of_counties(make_study: Callable[..., Path]) -> Callable[[str], Path]:
    """Give a function that makes a study whose counties come from a file of some name."""

    def make(name: str) -> Path:
        folder = make_study()
        file = folder / "study.toml" if folder.is_dir() else folder
        file.write_text(file.read_text("utf-8").replace("counties.geojson", name), "utf-8")
        return folder

    return make


def test_counties_in_geoparquet_are_those_of_the_same_table_in_geojson(
    of_counties: Callable[[str], Path], tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow")
    import geopandas as gpd

    from_json = zmd_layout.check(zmd_layout.load_study(of_counties("counties.geojson")))
    table = gpd.read_file(tmp_path / "counties.geojson")
    table.to_parquet(tmp_path / "counties.parquet")
    from_parquet = zmd_layout.check(zmd_layout.load_study(of_counties("counties.parquet")))
    assert to_csv(from_parquet) == to_csv(from_json)
    assert len(from_json)


def test_geoparquet_without_pyarrow_is_refused_with_the_package_to_install(
    of_counties: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "pyarrow"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    write_geojson(tmp_path / "counties.geojson", COUNTIES)
    (tmp_path / "counties.parquet").write_bytes(b"PAR1")
    result = CliRunner().invoke(
        main, ["--lang", "en", "check", str(of_counties("counties.parquet"))]
    )
    assert result.exit_code == 1
    assert "pyarrow" in result.output
    assert 'pip install "zmd-layout[province]"' in result.output
    assert "Traceback" not in result.output
