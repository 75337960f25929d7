"""Files beside the package that repeat what `pyproject.toml` and `constraints.txt` say."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
if not (ROOT / ".github").exists():
    pytest.skip("only in the repository", allow_module_level=True)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
)


def read(name: str) -> dict:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_the_citation_is_of_this_version() -> None:
    assert str(read("CITATION.cff")["version"]) == PROJECT["version"]


def test_the_workflow_tests_every_python_that_is_declared() -> None:
    tested = read(".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"]
    declared = SpecifierSet(PROJECT["requires-python"])
    minors = [f"3.{minor}" for minor in range(30) if declared.contains(f"3.{minor}.0")]
    assert tested["python-version"] == minors
    for page in ("README.md", "docs/install.md"):
        text = (ROOT / page).read_text("utf-8")
        assert f"{minors[0]}–{minors[-1]}" in text, page


def test_the_hooks_check_with_the_pinned_ruff() -> None:
    (repository,) = read(".pre-commit-config.yaml")["repos"]
    wanted = [hook["additional_dependencies"] for hook in repository["hooks"]]
    assert wanted == [[f"ruff=={PINS['ruff']}"]] * 2


def test_every_target_of_the_makefile_is_one_of_make_py() -> None:
    make = runpy.run_path(str(ROOT / "tools" / "make.py"))
    targets = re.search(r"^TARGETS := (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert targets
    assert set(targets[1].split()) == {*make["EXTRAS"], "clean"}


def test_every_bound_is_declared_once_and_lies_not_above_its_pin() -> None:
    extras = PROJECT["optional-dependencies"]
    pins = {canonicalize_name(name): pin for name, pin in PINS.items()}
    for line in [*PROJECT["dependencies"], *(one for each in extras.values() for one in each)]:
        one = Requirement(line)
        pin = pins.get(canonicalize_name(one.name))
        if pin is not None:  # the packages of the benchmarks are not pinned
            (bound,) = one.specifier
            assert bound.operator in {">=", "=="}, line
            assert one.specifier.contains(pin), line
