"""
Test with other versions than those of `constraints.txt`.

`lowest`: the lower bounds that `pyproject.toml` declares; `newest`: the newest that the registry
has. An environment of its own (`.venv-lowest`, `.venv-newest`), the fast tests, the real layers of
`zhumadian-census` from the command line.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "constraints.txt"
OLDEST = (3, 11)
USED = ("web", "report", "notebook", "test")
# a warning of a version that nobody pinned is shown and is no fault
WARNINGS = ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")


def main(which: str) -> int:
    """Make the environment, test in it, run the real layers; return the exit code."""
    extras = f"{ROOT}[{','.join(USED)}]"
    if which == "lowest":
        if sys.version_info[:2] != OLDEST:
            sys.exit("lowest: the lower bounds have wheels for Python {}.{}".format(*OLDEST))
        bounds = ROOT / "build" / "lowest.txt"
        bounds.parent.mkdir(exist_ok=True)
        bounds.write_text("\n".join(lower_bounds()) + "\n", "utf-8")
        options, shown = ["-c", str(bounds)], []
    else:
        options = ["--upgrade", "--upgrade-strategy", "eager"]
        shown = [part for name in WARNINGS for part in ("-W", f"default::{name}")]
    place = ROOT / f".venv-{which}"
    python = str(place / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    venv.create(place, with_pip=True)
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    _call([*pip, "install", "--quiet", *options, "-e", extras])
    _call([*pip, "list", "--format", "freeze", "--exclude-editable"])
    _call([python, "-m", "pytest", "-n", "2", "--dist", "loadfile", "-m", "not slow", *shown])
    out = ROOT / "build" / which
    _call([python, "-m", "zmd_layout", "run", "zhumadian-census", "--fresh", "--out", str(out)])
    return 0


def lower_bounds() -> list[str]:
    """Return the lowest declared version of each package used, and the pins of the test tools."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    shipped = [*project["dependencies"], *(line for name in USED[:-1] for line in extras[name])]
    tools = {canonicalize_name(Requirement(line).name) for line in extras["test"]}
    tools -= {canonicalize_name(Requirement(line).name) for line in shipped}
    pins = [line for line in PINS.read_text("utf-8").splitlines() if not line.startswith("#")]
    return [
        *(_lowest(Requirement(line)) for line in shipped),
        *(line for line in pins if canonicalize_name(line.split("==")[0]) in tools),
    ]


def _lowest(requirement: Requirement) -> str:
    (bound,) = requirement.specifier
    return f"{requirement.name}=={bound.version}"


def _call(command: list[str]) -> None:
    environment = {**os.environ, "ZMD_CACHE": str(ROOT / "build" / "cache")}
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - our own
    if code:
        sys.exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
