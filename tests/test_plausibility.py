"""What cannot well be so is unknown and named, unless the study accepts it with a reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
import shapely.geometry
from hypothesis import given
from hypothesis import strategies as st
from volumes import examples

from conftest import write_geojson
from zmd_layout import check, review, run
from zmd_layout.crs import StudyArea, plane_of
from zmd_layout.errors import LayerError, StudyError, ZmdLayoutError
from zmd_layout.layers import load_layers
from zmd_layout.layers.plausibility import fill_values
from zmd_layout.layers.plausible_places import without_implausible_places
from zmd_layout.population.allocate import with_residents, without_grid
from zmd_layout.study import read_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zmd_layout.layers import Layer, Layers

    MakeStudy = Callable[..., Path]

HEAD = """[study]
id = "trial"
name = {zh = "试验县", en = "Trial"}
crs = "%s"
as_of = 2025-12-31
rulesets = ["zhumadian-2022-49"]
"""


def square(west: float, south: float, width: float, height: float | None = None) -> dict[str, Any]:
    """Draw a rectangle in degrees, by default a square."""
    shape = shapely.box(west, south, west + width, south + (height or width))
    return dict(shapely.geometry.mapping(shape))


def study_of(tmp_path: Path, layers: dict[str, str], *, crs: str = "EPSG:4547") -> Path:
    text = HEAD % crs
    for name, keys in layers.items():
        text += f"\n[layers.{name}]\nyear = 2020\n{keys}\n"
    (tmp_path / "study.toml").write_text(text, "utf-8")
    return tmp_path


def counties(tmp_path: Path, *residents: float | None, lon: float = 114.0) -> dict[str, str]:
    features = [
        (
            {"unit_id": f"41172{n}", "name": f"{n}县", "kind": "county", "residents": people},
            square(lon + 0.2 * n, 33.0, 0.2),
        )
        for n, people in enumerate(residents, 1)
    ]
    write_geojson(tmp_path / "c.geojson", features)
    return {"counties": 'path = "c.geojson"\ncoordinates = "wgs84"'}


def keys_of(layer: Layer) -> list[str]:
    return [n.key.removeprefix("plausibility.") for n in layer.origin.notes
            if n.key.startswith("plausibility.")]  # fmt: skip


SCHOOLS = 'path = "s.csv"\ncoordinates = "wgs84"'


def schools(
    tmp_path: Path, places: list[tuple[float, float]], *, more: str = "", columns: str = ""
) -> Layer:
    layers = counties(tmp_path, 500_000.0) | {"schools": SCHOOLS + more}
    head, *cells = columns.split("|") if columns else [""]
    rows = "".join(
        f"{n},{n}村小学,primary,{x},{y}{',' + cells[n] if cells else ''}\n"
        for n, (x, y) in enumerate(places)
    )
    extra = f",{head}" if head else ""
    (tmp_path / "s.csv").write_text(f"school_id,name,stages,x,y{extra}\n{rows}", "utf-8")
    return load_layers(read_study(study_of(tmp_path, layers)))["schools"]


def scattered(count: int) -> list[tuple[float, float]]:
    chance = np.random.default_rng(7)
    return [(round(float(114.25 + 0.1 * u), 5), round(float(33.05 + 0.1 * v), 5))
            for u, v in chance.random((count, 2))]  # fmt: skip


def test_schools_at_the_default_point_of_a_geocoder_have_no_known_place(tmp_path: Path) -> None:
    layer = schools(tmp_path, [*scattered(6), *[(114.31234, 33.11234)] * 4])
    assert layer.frame.geometry.notna().tolist() == [True] * 6 + [False] * 4
    assert keys_of(layer) == ["coinciding_places"]
    note = next(n for n in layer.origin.notes if n.key.startswith("plausibility."))
    assert "6村小学" in note.text("zh")


def test_two_or_three_schools_of_one_campus_keep_their_place(tmp_path: Path) -> None:
    layer = schools(tmp_path, [*scattered(6), *[(114.31234, 33.11234)] * 3])
    assert layer.frame.geometry.notna().all()


def test_accepted_with_a_reason_they_keep_it_and_the_reason_is_kept(tmp_path: Path) -> None:
    accept = '\naccept = [{what = "coinciding_places", reason = "同一教育园区"}]'
    places = [*scattered(6), *[(114.31234, 33.11234)] * 4]
    layer = schools(tmp_path, places, more=accept)
    assert layer.frame.geometry.notna().all()
    assert keys_of(layer) == ["accepted"]
    run(read_study(tmp_path), out=tmp_path / "out")
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))["inputs"]["schools"]
    assert record["accepted"] == [{"what": "coinciding_places", "reason": "同一教育园区"}]


def test_to_accept_something_unknown_or_without_a_reason_is_refused(tmp_path: Path) -> None:
    for accept in ('{what = "everything", reason = "x"}', '{what = "far_places", reason = ""}'):
        study_of(tmp_path, {"schools": f"{SCHOOLS}\naccept = [{accept}]"})
        with pytest.raises(StudyError):
            read_study(tmp_path)


@pytest.mark.parametrize("decimals", [1, 2])
def test_coordinates_of_one_or_two_decimals_are_no_known_place(
    tmp_path: Path, decimals: int
) -> None:
    layer = schools(tmp_path, [(round(x, decimals), round(y, decimals)) for x, y in scattered(30)])
    assert layer.frame.geometry.isna().all()
    assert set(keys_of(layer)) <= {"coinciding_places", "rounded_places"}


def test_only_the_rounded_rows_of_a_list_lose_their_place(tmp_path: Path) -> None:
    exact = scattered(30)
    layer = schools(tmp_path, [*exact[:26], *[(114.3, 33.1), (114.3, 33.0), (114.4, 33.1),
                                              (114.25, 33.07)]])  # fmt: skip
    placed = layer.frame.set_index("school_id").geometry.notna()
    assert not placed[["26", "27", "28", "29"]].any()
    assert placed.sum() == 26


def test_three_decimals_are_precise_enough(tmp_path: Path) -> None:
    layer = schools(tmp_path, [(round(x, 3) + 0.001 * (round(x, 3) == round(x, 2)), round(y, 3))
                               for x, y in scattered(30)])  # fmt: skip
    assert layer.frame.geometry.notna().all()


def test_a_school_in_another_province_and_a_swapped_row_are_listed(tmp_path: Path) -> None:
    layer = schools(tmp_path, [*scattered(28), (116.4, 39.9), (33.10011, 114.30012)])
    assert layer.frame["school_id"][layer.frame.geometry.isna()].tolist() == ["28", "29"]
    assert keys_of(layer) == ["far_places"]
    # what cannot be degrees of its column the reader of tables takes off already
    told = [entry for entry in layer.origin.account if entry.outcome == "unused"]
    assert [(e.what, e.why and e.why.key) for e in told] == [(("31",), "account.place_swapped")]


def test_a_swapped_row_of_a_layer_of_points_is_listed_and_the_others_stay() -> None:
    places = [*scattered(28), (33.10011, 114.30012)]
    frame = gpd.GeoDataFrame(
        {"name": [str(n) for n in range(len(places))]},
        geometry=gpd.points_from_xy(*zip(*places, strict=True)),
    )
    ground = gpd.GeoSeries([shapely.box(114.2, 33.0, 114.4, 33.2)], crs="EPSG:4326")
    area = StudyArea(ground.to_crs("EPSG:4547").iloc[0], "EPSG:4547", "试验县")
    found, notes = without_implausible_places(
        frame, layer_name="schools", declared="wgs84", area=area
    )
    assert [note.key for note in notes] == ["plausibility.swapped_places"]
    assert found["name"][found.geometry.isna()].tolist() == ["28"]


def test_where_most_rows_are_far_the_declaration_is_refused_and_no_row_dropped(
    tmp_path: Path,
) -> None:
    with pytest.raises(ZmdLayoutError, match="wgs84"):
        schools(tmp_path, [(x + 3, y) for x, y in scattered(20)])


def test_pupils_per_class_beyond_all_bounds_decide_nothing(tmp_path: Path) -> None:
    cells = "enrolment,classes|45,1|4500,1|3,1"
    layer = schools(tmp_path, scattered(3), columns=cells)
    assert layer.frame["enrolment"].tolist()[::2] == [45, 3]
    assert np.isnan(layer.frame["classes"][1])
    assert keys_of(layer) == ["pupils_per_class"]


@examples(50)
@given(st.lists(st.tuples(st.floats(113.9, 114.5), st.floats(32.9, 33.3)), min_size=1, max_size=40))
def test_no_row_is_ever_dropped_and_only_places_change(places: list[tuple[float, float]]) -> None:
    frame = gpd.GeoDataFrame(
        {"name": [str(n) for n in range(len(places))]},
        geometry=gpd.points_from_xy(*zip(*places, strict=True)),
    )
    found, _ = without_implausible_places(frame, layer_name="schools", declared="wgs84")
    assert found["name"].tolist() == frame["name"].tolist()
    kept = found.geometry.notna()
    assert found.geometry[kept].geom_equals(frame.geometry[kept]).all()


@pytest.mark.parametrize("people", [61.2, 61.0])
def test_sixty_one_people_in_a_county_are_unknown_and_no_verdict(
    tmp_path: Path, people: float
) -> None:
    folder = study_of(tmp_path, counties(tmp_path, people, 480_000.0))
    layer = load_layers(read_study(folder))["counties"]
    assert keys_of(layer) == ["too_few_residents"]
    assert layer.frame["residents"].isna().tolist() == [True, False]
    findings = check(read_study(folder))
    of_unit = findings[findings["unit_id"] == "411721"]
    assert not of_unit["status"].isin(["pass", "shortfall"]).any()


def test_the_same_in_a_census_table_is_seen_when_it_is_joined(tmp_path: Path) -> None:
    layers = counties(tmp_path, None, None)
    layers["census"] = 'path = "p.csv"\ncoordinates = "none"'
    (tmp_path / "p.csv").write_text("unit_id,residents\n411721,61\n411722,480000\n", "utf-8")
    study = read_study(study_of(tmp_path, layers))
    joined = with_residents(load_layers(study), study)["counties"]
    assert joined.frame["residents"].isna().tolist() == [True, False]


def test_a_million_people_on_a_square_kilometre_are_unknown(tmp_path: Path) -> None:
    layers = counties(tmp_path, 4e8)
    layer = load_layers(read_study(study_of(tmp_path, layers)))["counties"]
    assert keys_of(layer) == ["residents_per_km2"]


def test_a_fill_value_among_villages_is_unknown_and_a_large_village_is_not(
    tmp_path: Path,
) -> None:
    layers = counties(tmp_path, 500_000.0)
    layers["villages"] = 'path = "v.csv"\ncoordinates = "wgs84"'
    people = [1200, 65535, 800, 65535, 2900, 9999]
    rows = "".join(f"{n},{n}村,{114.25 + 0.01 * n},33.05,{p}\n" for n, p in enumerate(people))
    (tmp_path / "v.csv").write_text(f"unit_id,name,x,y,residents\n{rows}", "utf-8")
    layer = load_layers(read_study(study_of(tmp_path, layers)))["villages"]
    assert layer.frame["residents"].isna().tolist() == [p == 65535 for p in people]


@pytest.mark.parametrize(
    ("values", "fills"),
    [
        ([500, 900, 65535, 65535], (65535.0,)),
        ([500, 900, 65535], ()),
        ([500, 900, 2147483647], (2147483647.0,)),
        ([40_000, 65535, 65535], ()),
        ([500, np.nan, 3.4028234663852886e38], (3.4028234663852886e38,)),
        ([65535, 65535], ()),
        ([100, 255, 255, 300], ()),
    ],
)
def test_a_fill_is_a_usual_one_that_nothing_comes_near(
    values: list[float], fills: tuple[float, ...]
) -> None:
    assert fill_values(np.array(values, dtype=float)) == fills


def plot(**properties: Any) -> dict[str, Any]:
    return {"name": "乙苑", "settlement": "urban", "is_new": True} | properties


@pytest.mark.parametrize(
    "properties",
    [
        {"planned_residents": 2.05, "dwellings": 6800},
        {"planned_residents": 205_000, "dwellings": 6800},
        {"planned_residents": 2.05},
    ],
)
def test_a_plot_that_contradicts_itself_is_asked_about_and_not_judged(
    tmp_path: Path, properties: dict[str, Any]
) -> None:
    path = write_geojson(tmp_path / "p.geojson", [(plot(**properties), square(114.0, 33.0, 0.01))])
    findings = review(path).findings
    quota = findings[findings["rule_id"] == "primary-per-new-residential-area"].iloc[0]
    assert quota["status"] == "not_assessable"
    assert "万" in quota["note_zh"]


def test_a_plot_of_three_people_by_dwelling_is_judged(tmp_path: Path) -> None:
    properties = plot(planned_residents=20_500, dwellings=6800)
    path = write_geojson(tmp_path / "p.geojson", [(properties, square(114.0, 33.0, 0.01))])
    findings = review(path).findings
    quota = findings[findings["rule_id"] == "primary-per-new-residential-area"].iloc[0]
    assert quota["status"] == "shortfall"


def gridded(
    tmp_path: Path, fills: list[float], *, dtype: str = "float32", more: str = ""
) -> Layers:
    """Spread two counties with two townships each over a grid of 10 × 40 cells of some 1 km²."""
    layers = counties(tmp_path, 200_000.0, 200_000.0)
    towns = [
        ({"unit_id": f"41172{n}10{m}", "name": f"{n}{m}镇", "kind": "town",
          "county_id": f"41172{n}"}, square(114.0 + 0.2 * n + 0.1 * m, 33.0, 0.1, 0.2))
        for n in (1, 2) for m in (0, 1)
    ]  # fmt: skip
    write_geojson(tmp_path / "t.geojson", towns)
    layers["townships"] = 'path = "t.geojson"\ncoordinates = "wgs84"'
    layers["population"] = f'path = "p.tif"\ncoordinates = "wgs84"{more}'
    cells = np.random.default_rng(3).integers(500, 2000, (20, 40)).astype(dtype)
    cells.flat[: len(fills)] = fills
    with rasterio.open(
        tmp_path / "p.tif", "w", driver="GTiff", width=40, height=20, count=1, dtype=dtype,
        crs="EPSG:4326", transform=rasterio.transform.from_origin(114.2, 33.2, 0.01, 0.01),
    ) as dataset:  # fmt: skip
        dataset.write(cells, 1)
    study = read_study(study_of(tmp_path, layers))
    return with_residents(load_layers(without_grid(study)), study)


@pytest.mark.parametrize(
    ("fill", "dtype"),
    [(65535, "uint16"), (2147483647, "int32"), (3.4028234663852886e38, "float32"),
     (1e20, "float64"), (99999, "float32")],
)  # fmt: skip
def test_no_people_rest_on_an_undeclared_fill_of_a_grid(
    tmp_path: Path, fill: float, dtype: str
) -> None:
    layers = gridded(tmp_path, [fill] * 18, dtype=dtype)
    note = next(n for n in layers["population"].origin.notes
                if n.key == "plausibility.grid_fills")  # fmt: skip
    assert dict(note.args)["count"] == 18
    people = layers["townships"].frame.set_index("unit_id")["residents"]
    # the first county lacks a part of its cells: what the others got is not known either
    assert people[["411721100", "411721101"]].isna().all()
    assert people[["411722100", "411722101"]].sum() == pytest.approx(200_000)


def test_a_grid_without_fills_is_taken_as_it_is(tmp_path: Path) -> None:
    layers = gridded(tmp_path, [])
    assert layers["townships"].frame["residents"].sum() == pytest.approx(400_000)


def test_a_cell_that_holds_nearly_all_people_is_refused_or_accepted(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="share_of_all"):
        gridded(tmp_path, [800_000.0])
    accept = '\naccept = [{what = "share_of_all", reason = "唯一的城镇"}]'
    people = gridded(tmp_path, [800_000.0], more=accept)["townships"].frame["residents"]
    assert people.notna().all()


def test_a_plane_far_from_the_data_is_refused_with_the_one_that_suits(tmp_path: Path) -> None:
    layers = counties(tmp_path, 480_000.0, lon=76.0)
    with pytest.raises(ZmdLayoutError, match="EPSG:4534"):
        load_layers(read_study(study_of(tmp_path, layers)))
    found = load_layers(read_study(study_of(tmp_path, layers, crs="EPSG:4534")))
    assert found["counties"].frame.area.sum() == pytest.approx(415e6, rel=0.01)


def test_a_plane_of_the_next_zone_but_one_is_taken_with_a_word(tmp_path: Path) -> None:
    folder = study_of(tmp_path, counties(tmp_path, 480_000.0, lon=119.8))
    notes = load_layers(read_study(folder))["counties"].origin.notes
    assert "EPSG:4549" in next(n for n in notes if n.key == "crs.plane_distorts").text("en")


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [(114.0, 33.0, "EPSG:4547"), (76.2, 39.0, "EPSG:4534"), (135.0, 48.0, "EPSG:4554"),
     (-15.4, 28.1, "EPSG:32628"), (-51.2, -30.0, "EPSG:32722")],
)  # fmt: skip
def test_the_plane_of_a_place_is_the_zone_around_it(lon: float, lat: float, code: str) -> None:
    assert plane_of(lon, lat) == code


@pytest.mark.parametrize("declared", ["gcj02", "bd09", "EPSG:4547"])
def test_an_osm_extract_that_is_declared_as_anything_else_is_refused(
    tmp_path: Path, declared: str
) -> None:
    layers = counties(tmp_path, 480_000.0)
    layers["schools"] = f'path = "s.osm"\ncoordinates = "{declared}"'
    (tmp_path / "s.osm").write_text(
        '<osm version="0.6"><node id="1" lat="33.05" lon="114.3">'
        '<tag k="amenity" v="school"/><tag k="name" v="柳镇小学"/></node></osm>', "utf-8",
    )  # fmt: skip
    folder = study_of(tmp_path, layers)
    with pytest.raises(ZmdLayoutError, match="WGS 84"):
        load_layers(read_study(folder))
    layers["schools"] = 'path = "s.osm"\ncoordinates = "wgs84"'
    found = load_layers(read_study(study_of(tmp_path, layers)))["schools"]
    assert found.origin.is_datum_verified


def test_a_review_without_a_study_says_that_its_plane_distorts_the_plot(tmp_path: Path) -> None:
    properties = plot(planned_residents=20_500)
    for lon, is_said in ((76.0, True), (114.0, False)):
        path = write_geojson(tmp_path / "p.geojson", [(properties, square(lon, 39.0, 0.01))])
        notes = review(path).layers["residential_areas"].origin.notes
        assert ("crs.plane_distorts" in [note.key for note in notes]) == is_said
