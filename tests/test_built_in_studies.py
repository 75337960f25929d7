"""Which study opens under which name, and the built-in city that is made once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import zmd_layout
from zmd_layout.errors import OutputError
from zmd_layout.workflow import studies
from zmd_layout.workflow.init_study import make_study_folder

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Make a study of no layers in place of the city, and give where that was done."""
    places: list[Path] = []

    def build(folder: Path, **_: Any) -> None:
        places.append(folder)
        make_study_folder(folder)

    monkeypatch.setattr(studies, "build", build)
    monkeypatch.setenv("ZMD_CACHE", str(tmp_path / "cache"))
    return places


def test_the_city_is_made_aside_and_only_once(made: list[Path], tmp_path: Path) -> None:
    first, again = zmd_layout.load_study(), zmd_layout.load_study("zhumadian")
    assert len(made) == 1
    assert again.folder == first.folder
    assert made[0] != first.folder
    assert list((tmp_path / "cache").iterdir()) == [first.folder]  # nothing is left aside
    assert studies.builtin_name(first.folder) == "zhumadian"


def test_a_making_that_breaks_off_leaves_no_half_city(
    made: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = studies.build

    def break_off(folder: Path, **_: Any) -> None:
        folder.mkdir()
        (folder / "half.csv").write_text("unit_id", "utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(studies, "build", break_off)
    with pytest.raises(KeyboardInterrupt):
        zmd_layout.load_study()
    assert list((tmp_path / "cache").iterdir()) == []
    monkeypatch.setattr(studies, "build", whole)
    assert zmd_layout.load_study().folder.is_dir()
    assert len(made) == 1


def test_of_two_that_make_the_city_at_once_the_slower_takes_what_is_there(
    made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole: Callable[..., None] = studies.build

    def overtaken(folder: Path, **options: Any) -> None:
        monkeypatch.setattr(studies, "build", whole)
        (zmd_layout.load_study().folder / "of the faster").touch()
        whole(folder, **options)

    monkeypatch.setattr(studies, "build", overtaken)
    study = zmd_layout.load_study()
    assert len(made) == 2
    assert (study.folder / "of the faster").exists()


def test_a_cache_that_cannot_be_made_is_named_with_the_way_out(
    made: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ZMD_CACHE", str(tmp_path / "file"))
    with pytest.raises(OutputError) as error:
        zmd_layout.load_study()
    assert str(tmp_path / "file") in error.value.text("zh")
    assert "ZMD_CACHE" in error.value.text("en")
    assert made == []


def test_a_folder_of_the_user_goes_before_a_built_in_study_of_its_name(
    made: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("zhumadian", "zhumadian-census"):
        make_study_folder(tmp_path / name)
        study = zmd_layout.load_study(name)
        assert study.folder.resolve() == (tmp_path / name).resolve()
        assert studies.builtin_name(study.folder) is None
    assert made == []


def test_the_census_study_opens_by_name_and_needs_no_cache(made: list[Path]) -> None:
    study = zmd_layout.load_study("zhumadian-census")
    assert studies.builtin_name(study.folder) == "zhumadian-census"
    assert "counties" in study.layers
    assert made == []


def test_without_a_setting_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZMD_CACHE", "")
    assert "zmd-layout" in studies.cache_folder().parts
    monkeypatch.setenv("ZMD_CACHE", "elsewhere")
    assert studies.cache_folder() == Path("elsewhere")


def test_a_study_is_assessed_on_another_day_and_itself_stays() -> None:
    study = zmd_layout.load_study("zhumadian-census")
    day = dt.date(2023, 6, 30)
    assert studies.on_day(study, day).as_of == day
    assert studies.on_day(study, None) is study
    assert study.as_of != day
