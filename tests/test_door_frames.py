"""Tables in memory go through the same door as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

import zmd_layout
from conftest import COUNTIES
from zmd_layout.errors import ArgumentError, LayerError, StudyError, ZmdLayoutError
from zmd_layout.layers import load_layers

DAY = "2025-12-31"


def frame(rows: list[tuple[dict[str, object], object]], crs: str | None) -> gpd.GeoDataFrame:
    features = [{"type": "Feature", "properties": p, "geometry": g} for p, g in rows]
    return gpd.GeoDataFrame.from_features(features, crs=crs)


@pytest.fixture
def counties() -> gpd.GeoDataFrame:
    return frame(COUNTIES, "EPSG:4490")


@pytest.fixture
def schools() -> gpd.GeoDataFrame:
    table = pd.DataFrame(
        {
            "school_id": ["S1", "S2"], "name": ["西小学", "东高中"],
            "stages": ["primary", "senior"],
            "enrolment": pd.array([300, None], dtype="Int64"),
            "is_boarding": pd.array([True, None], dtype="boolean"),
            "ownership": pd.Categorical(["public", "public"]),
            "opens_on": pd.to_datetime(["2021-09-01", "2022-09-01"]),
        }
    )  # fmt: skip
    shapes = gpd.points_from_xy([114.05, 114.15], [33.05, 33.05])
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4490")


def test_tables_give_the_findings_of_the_same_files(
    make_study: Callable[..., Path], counties: gpd.GeoDataFrame, schools: gpd.GeoDataFrame
) -> None:
    folder = make_study('[layers.schools]\npath = "s.gpkg"\ncoordinates = "wgs84"\n')
    schools.astype({"ownership": str}).to_file(folder / "s.gpkg")
    period = {"plan_period": ["2021-01-01", "2025-12-31"]}
    study = zmd_layout.Study.from_frames(
        counties=counties, schools=schools, as_of=DAY, years={"counties": 2020},
        coordinates={"counties": "wgs84", "schools": "wgs84"}, options={"study": period},
        name="小世界",
    )  # fmt: skip
    given = zmd_layout.check(study)
    read = zmd_layout.check(zmd_layout.load_study(folder))
    pd.testing.assert_frame_equal(
        pd.DataFrame(given.drop(columns="geometry")), pd.DataFrame(read.drop(columns="geometry"))
    )
    same = given.geometry.geom_equals_exact(read.geometry, 1e-6)
    assert (same | (given.geometry.isna() & read.geometry.isna())).all()


def test_typed_columns_are_read_as_those_of_files(
    counties: gpd.GeoDataFrame, schools: gpd.GeoDataFrame
) -> None:
    study = zmd_layout.Study.from_frames(counties=counties, schools=schools, as_of=DAY)
    table = load_layers(study)["schools"].frame.set_index("school_id")
    assert table.loc["S1", "enrolment"] == 300
    assert pd.isna(table.loc["S2", "enrolment"])
    assert table.loc["S1", "is_boarding"] == True  # noqa: E712 - a column of objects
    assert str(table.loc["S2", "opens_on"])[:10] == "2022-09-01"


def test_an_index_is_the_id_where_no_column_is(
    counties: gpd.GeoDataFrame, schools: gpd.GeoDataFrame
) -> None:
    mine = schools.drop(columns="school_id").set_axis(["north", "south"])
    by_name = counties.set_index("unit_id")
    study = zmd_layout.Study.from_frames(counties=by_name, schools=mine, as_of=DAY)
    layers = load_layers(study)
    assert set(layers["schools"].frame["school_id"]) == {"north", "south"}
    assert set(layers["counties"].frame["unit_id"]) == set(by_name.index)


def test_degrees_without_a_word_are_not_taken_for_verified(
    counties: gpd.GeoDataFrame, schools: gpd.GeoDataFrame
) -> None:
    silent = zmd_layout.Study.from_frames(counties=counties, schools=schools, as_of=DAY)
    layer = load_layers(silent)["counties"]
    assert layer.is_datum_open
    assert any("EPSG:4490" in note.text("en") for note in layer.origin.notes)
    assert "datum_unverified" in ";".join(zmd_layout.check(silent)["flags"].fillna(""))
    plane = counties.to_crs("EPSG:4547")
    assert not load_layers(zmd_layout.Study.from_frames(counties=plane, as_of=DAY))[
        "counties"
    ].is_datum_open


def test_a_word_moves_coordinates_in_gcj02(
    counties: gpd.GeoDataFrame, schools: gpd.GeoDataFrame
) -> None:
    def first(**words: str) -> gpd.GeoSeries:
        study = zmd_layout.Study.from_frames(
            counties=counties, schools=schools, as_of=DAY, coordinates=words
        )
        return load_layers(study)["schools"].frame.geometry

    moved_m = first(schools="wgs84").distance(first(schools="gcj02"))
    assert moved_m.between(400, 700).all()


def test_the_implausible_is_unknown_as_in_files(
    counties: gpd.GeoDataFrame, schools: gpd.GeoDataFrame
) -> None:
    negative = schools.assign(enrolment=[-5, 3])
    with pytest.raises(LayerError, match="-5"):
        zmd_layout.check(
            zmd_layout.Study.from_frames(counties=counties, schools=negative, as_of=DAY)
        )


def test_the_study_keeps_a_copy(counties: gpd.GeoDataFrame) -> None:
    study = zmd_layout.Study.from_frames(counties=counties, as_of=DAY)
    before = zmd_layout.check(study)["required"]
    counties["residents"] = 1
    pd.testing.assert_series_equal(zmd_layout.check(study)["required"], before)


def test_a_run_of_tables_can_be_written(counties: gpd.GeoDataFrame, tmp_path: Path) -> None:
    study = zmd_layout.Study.from_frames(counties=counties, as_of=DAY)
    result = zmd_layout.run(study, out=tmp_path / "out")
    assert {"gap_map.html", "findings.csv", "run.json"} <= set(result.paths)


def test_the_plane_is_that_of_the_place(counties: gpd.GeoDataFrame) -> None:
    east = counties.translate(xoff=3.0)
    moved = counties.set_geometry(east)
    study = zmd_layout.Study.from_frames(counties=moved, as_of=DAY)
    assert study.crs == "EPSG:4548"
    plane = counties.to_crs("EPSG:4549")
    assert zmd_layout.Study.from_frames(counties=plane, as_of=DAY).crs == "EPSG:4549"


@pytest.mark.parametrize(
    ("given", "kind", "word"),
    [
        ({"counties": "counties.geojson"}, ArgumentError, "counties"),
        ({"county": "frame"}, StudyError, "counties"),
        ({"counties": "bare"}, ArgumentError, "set_crs"),
        ({"counties": "frame", "as_of": "31.12.2025"}, StudyError, "as_of"),
        ({"counties": "frame", "coordinates": {"schools": "gcj02"}}, ArgumentError, "schools"),
    ],
)
def test_what_is_no_study_is_refused(
    given: dict[str, object], kind: type[ZmdLayoutError], word: str, counties: gpd.GeoDataFrame
) -> None:
    tables = {"frame": counties, "bare": counties.set_crs(None, allow_override=True)}
    arguments = {
        k: tables.get(v, v) if isinstance(v, str) else v
        for k, v in ({"as_of": DAY} | given).items()
    }
    with pytest.raises(kind, match=word):
        zmd_layout.Study.from_frames(**arguments)  # type: ignore[arg-type]
