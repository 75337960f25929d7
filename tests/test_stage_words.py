"""School names in other languages, and the tags that say a stage where no name does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zmd_layout
from zmd_layout.errors import LayerError
from zmd_layout.layers.load import load_layers
from zmd_layout.layers.schools.other_words import read_stage_words, stages_of_words

if TYPE_CHECKING:
    from pathlib import Path

WORDS = read_stage_words()


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("C.E.I.P. Santa Bárbara", "kindergarten;primary"),
        ("C. E. I. P. Las Torres", "kindergarten;primary"),
        ("I.E.S La Isleta", "junior;senior"),
        ("Centro Concertado de ESO y Bachillerato Santa Catalina", "junior;senior"),
        ("Colegio de Educación Especial Siete Palmas", "special"),
        ("Centro de F.P. OSCUS", "vocational"),
        ("EMEI Vila Nova", "kindergarten"),
        ("Goethegrundschule", "primary"),
        ("Grundschule und Realschule Am See", "primary;junior"),
        ("Lycée professionnel Jean Moulin", "vocational"),
        ("Lycée Jean Moulin", "senior"),
        ("St Mary Primary", "primary"),
        ("Park Sixth Form College", "senior"),
    ],
)
def test_a_word_of_another_language_names_the_stage(name: str, stages: str) -> None:
    reading = stages_of_words(name, WORDS)
    assert reading is not None
    assert ";".join(reading.stages) == stages
    assert not reading.candidates


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("E.M.E.F. Porto Novo", "primary;junior"),
        ("Hill Secondary School", "junior;senior"),
        ("Primary and Secondary School of Hill", "primary;junior;senior"),
    ],
)
def test_a_word_that_leaves_the_stage_open_keeps_it_open(name: str, candidates: str) -> None:
    reading = stages_of_words(name, WORDS)
    assert reading is not None
    assert ";".join(reading.candidates) == candidates
    assert not reading.stages


def test_a_dance_school_is_left_out_and_a_name_without_words_stays_open() -> None:
    dance = stages_of_words("Escuela de Danza Moderna", WORDS)
    assert dance is not None
    assert not dance.is_school
    assert stages_of_words("Colegio Arenas", WORDS) is None
    assert stages_of_words("Trinity College", WORDS) is None  # no French collège
    assert stages_of_words("Iesu", WORDS) is None  # words are whole words


HEAD = """[study]
id = "s"
name = {zh = "甲", en = "A"}
base = "zhumadian-census"
[layers.schools]
path = "schools.csv"
coordinates = "wgs84"
[matching]
stage_words = "words.toml"
"""


def make(folder: Path, words: str) -> zmd_layout.Study:
    (folder / "study.toml").write_text(HEAD, "utf-8")
    (folder / "words.toml").write_text(words, "utf-8")
    rows = "Základní škola Sever,114.03,32.97\nEscuela de Danza,114.04,32.98\nDum,114.05,32.99\n"
    (folder / "schools.csv").write_text("name,lon,lat\n" + rows, "utf-8")
    return zmd_layout.load_study(folder)


def test_a_study_adds_words_of_its_own_language(tmp_path: Path) -> None:
    words = '[[words]]\nlanguage = "cs"\nwords = ["základní škola"]\nstages = ["primary"]\n'
    schools = load_layers(make(tmp_path, words))["schools"]
    stages = schools.frame.set_index("name")["stages"]
    assert stages["Základní škola Sever"] == "primary"
    assert stages.isna()["Dum"]
    assert "Escuela de Danza" not in stages
    assert any(note.key == "layers.schools_other_words" for note in schools.origin.notes)


def test_a_table_of_words_with_a_fault_is_named(tmp_path: Path) -> None:
    words = '[[words]]\nlanguage = "cs"\nwords = ["škola"]\nstages = ["college"]\n'
    with pytest.raises(LayerError) as error:
        load_layers(make(tmp_path, words))
    assert "words.toml" in error.value.text("en")
    assert "words.0.stages" in error.value.text("en")
