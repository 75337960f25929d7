"""
Set up, run, test, lint: the commands of the README, the same on Windows, Linux and macOS.

`python tools/make.py run` makes a virtual environment in `.venv` (once), installs the pinned
packages and runs the main job. It uses nothing but the standard library.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
OLDEST, NEWEST = (3, 11), (3, 15)
EXTRAS = {
    "setup": "[all,dev]",
    "run": "[report]",
    "test": "[all,dev]",
    "test-long": "[all,dev]",
    "test-browser": "[all,dev]",
    "lint": "[all,dev]",
    "scripts": "",
    "docs": "[docs]",
    "audit": "[all,audit]",
    "cluster": "[all,dev]",
    "lowest": "[all,dev]",
    "newest": "[all,dev]",
    "bundle": "[all,dev]",
    "bench": "[all,bench]",
    "mutate": "[all,dev,mutate]",
}
CLEANED = ("node_modules", "build", "dist", ".pytest_cache", ".mypy_cache", ".ruff_cache")
SPREAD = ("-n", "2", "--dist", "loadfile")
WITH_CLUSTER = ("test_many.py", "test_geoparquet.py", "test_point_tables.py")


def main(arguments: list[str]) -> int:
    """Do what the one argument says; give the exit code."""
    if len(arguments) != 1 or arguments[0] not in {*EXTRAS, "clean"}:
        print(f"usage: python tools/make.py {' | '.join([*EXTRAS, 'clean'])}")
        return 2
    target = arguments[0]
    if target == "clean":
        for name in (*CLEANED, *ROOT.glob(".venv*")):
            shutil.rmtree(ROOT / name, ignore_errors=True)
        return 0
    os.environ["PYTHONUTF8"] = "1"
    _set_up(EXTRAS[target])
    targets: dict[str, Callable[[], None]] = {
        "setup": lambda: None,
        "run": lambda: _call([str(_python()), "-m", "zmd_layout", "run"]),
        "test": _test,
        "test-long": lambda: _pytest(*SPREAD, ZMD_TESTS="long"),
        "test-browser": lambda: _pytest(*SPREAD, "-m", "browser", ZMD_REQUIRE_BROWSER="1"),
        "lint": _lint,
        "scripts": _scripts,
        "docs": _docs,
        "audit": lambda: _tool("audit"),
        "cluster": _cluster,
        "lowest": lambda: _tool("versions", "lowest"),
        "newest": lambda: _tool("versions", "newest"),
        "bundle": lambda: _tool("bundle"),
        "bench": lambda: _tool("bench"),
        "mutate": lambda: _tool("mutate"),
    }
    targets[target]()
    return 0


def _set_up(extras: str) -> None:
    """Make the environment and install what is pinned, unless that was done with the same pins."""
    if not OLDEST <= sys.version_info[:2] < NEWEST:
        sys.exit(
            f"需要 Python 3.11–3.14，现在是 {sys.version.split()[0]}。\n"
            f"Python 3.11–3.14 is needed; this is {sys.version.split()[0]}."
        )
    pins = [ROOT / "constraints.txt", ROOT / "pyproject.toml"]
    digest = hashlib.sha256(b"".join(p.read_bytes() for p in pins) + str(ROOT).encode()).hexdigest()
    stamp = VENV / f"ready{extras.replace('[', '-').replace(']', '').replace(',', '-')}.txt"
    if stamp.exists() and stamp.read_text("utf-8") == digest and _python().exists():
        return
    if not _python().exists():
        print("建立 .venv / making .venv", flush=True)
        _make_environment()
    print("安装依赖（第一次需要几分钟）/ installing packages (minutes, the first time)", flush=True)
    pip = [str(_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _call([*pip, "-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}{extras}"])
    stamp.write_text(digest, "utf-8")


def _make_environment() -> None:
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian leaves it out of its Python
        import venv  # noqa: PLC0415 - likewise
    except ImportError:
        sys.exit(
            "这个 Python 没有 venv 模块。Debian/Ubuntu 请先运行：sudo apt install python3-venv\n"
            "This Python lacks the venv module. On Debian or Ubuntu: sudo apt install python3-venv"
        )
    venv.create(VENV, with_pip=True)


def _python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _call(command: list[str], **environment: str) -> None:
    everything = {**os.environ, **environment}
    code = subprocess.run(command, cwd=ROOT, env=everything, check=False).returncode  # noqa: S603 - our own commands
    if code:
        sys.exit(code)


def _tool(name: str, *arguments: str) -> None:
    _call([str(_python()), str(ROOT / "tools" / f"{name}.py"), *arguments])


def _pytest(*arguments: str, **environment: str) -> None:
    _call([str(_python()), "-m", "pytest", *arguments], **environment)


def _test() -> None:
    _try_wheel()
    _pytest(*SPREAD)


def _scripts() -> None:
    """Lint, type-check and test the scripts of the pages, where Node.js is there."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm was not found: the page scripts were not checked", flush=True)
        return
    _call([npm, "ci", "--no-audit", "--no-fund", "--loglevel", "error"])
    for name in ("lint", "types", "test"):
        _call([npm, "run", "--silent", name])


def _cluster() -> None:
    """
    Test what takes the extra `cluster`: Dask, GeoParquet.

    It stands aside, so that the tests of all else run without it, as most users do.
    """
    aside = VENV / "cluster"
    pip = [str(_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pinned = ["-c", str(ROOT / "constraints.txt"), "distributed", "pyarrow"]
    _call([*pip, "--upgrade", "--target", str(aside), *pinned])
    tests = [str(ROOT / "tests" / name) for name in WITH_CLUSTER]
    _pytest("-n", "0", *tests, PYTHONPATH=str(aside))


def _try_wheel() -> None:
    """Build the wheel and see that it carries its rules, texts and built-in data."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [str(_python()), "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
        _call([*pip, "--no-deps", "--wheel-dir", folder, str(ROOT)])
        wheel = next(Path(folder).glob("*.whl"))
        unpacked = Path(folder) / "unpacked"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
        program = (
            "import zmd_layout, pathlib; "
            "from zmd_layout.rulebook import rules_folder, load_ruleset; "
            "root = pathlib.Path(zmd_layout.__file__).parent; "
            "assert rules_folder() == root / 'rules', rules_folder(); "
            "assert load_ruleset('zhumadian-2022-49'); "
            "assert len(zmd_layout.check(zmd_layout.load_study('zhumadian-census'))); "
            "print('wheel: ok')"
        )
        command = [str(_python()), "-c", program]
        # away from the checkout, with the unpacked wheel before the editable install
        code = subprocess.run(  # noqa: S603 - our own command
            command, cwd=folder, env={**os.environ, "PYTHONPATH": str(unpacked)}, check=False
        ).returncode
        if code:
            sys.exit(code)


def _lint() -> None:
    python = str(_python())
    _call([python, "-m", "ruff", "check", "."])
    _call([python, "-m", "ruff", "format", "--check", "."])
    _call([python, "-m", "mypy"])
    _call([str(_python().parent / "lint-imports")])


def _docs() -> None:
    """Make the pages that come from rules and schemas, and build all; a warning is a fault."""
    made = ROOT / "docs" / "_build"
    _call([str(_python()), str(ROOT / "docs" / "generate.py")])
    sphinx = [str(_python()), "-m", "sphinx", "-q", "-n", "-W", "--keep-going", "-b", "html"]
    _call([*sphinx, str(made / "source"), str(made / "html")])
    print(made / "html" / "index.html")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
