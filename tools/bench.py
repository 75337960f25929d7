"""
Run benchmarks and put what they print into `benchmarks/RESULTS.md`, a section each.

`python tools/bench.py [NAME …]`, by default all: an hour or so. What stands after `--` is handed to
the script of a single name, `python tools/bench.py many_studies -- --scales 1 4 14`. A section that
is not run again stays as it is, and so does `engines`, which is written by hand; each says on which
machine, with which versions, options and under which load it was measured.
"""

from __future__ import annotations

import ast
import datetime as dt
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
HEAD = """\
# Benchmarks, measured

Written by `make bench`; a script each in this folder says at its top what it measures. Ratios are \
taken in one run on one machine: where another job shared it, seconds are longer and ratios hold. \
Data are made at run time.
"""
PACKAGES = (
    "zmd-layout", "numpy", "pandas", "geopandas", "shapely", "scipy", "highspy", "osmium",
    "pyogrio", "exactextract", "igraph", "networkx", "rasterstats", "spopt", "osmnx",
    "distributed", "pyarrow", "duckdb", "sedonadb",
)  # fmt: skip


def main(words: list[str]) -> int:
    """Run the named benchmarks, or all; give the exit code."""
    cut = words.index("--") if "--" in words else len(words)
    names, options = words[:cut], words[cut + 1 :]
    scripts = {
        path.stem: path
        for path in sorted((ROOT / "benchmarks").glob("*.py"))
        if '__name__ == "__main__"' in path.read_text("utf-8")  # the others are shared by these
    }
    unknown = sorted(set(names) - set(scripts))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(scripts)}")
        return 2
    if options and len(names) != 1:
        print("options after -- need one benchmark before it")
        return 2
    failed = [name for name in names or scripts if not measured(scripts[name], options)]
    return 1 if failed else 0


def measured(script: Path, options: list[str]) -> bool:
    """Run one, show and write down what it prints; False where it fails."""
    print(f"\n{script.stem}", flush=True)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    command = [sys.executable, str(script), *options]
    with subprocess.Popen(  # noqa: S603 - our own scripts
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        lines = []
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        print(f"{script.stem} failed; its section stays as it was", flush=True)
        return False
    write(script.stem, section(script, options, "".join(lines), load))
    return True


def section(script: Path, options: list[str], text: str, load: float) -> str:
    """Give a section: what is measured, where, and what was printed."""
    what = (ast.get_docstring(ast.parse(script.read_text("utf-8"))) or "").splitlines()[0]
    versions = [f"{name} {found}" for name in PACKAGES if (found := version_of(name))]
    asked = f"`{' '.join(options)}`, " if options else ""
    machine = (
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, load {load:.1f} at the start, {asked}"
        f"Python {platform.python_version()}, {', '.join(versions)}."
    )
    return f"{what}\n\n{machine}\n\n{quoted(text.strip())}\n"


def quoted(text: str) -> str:
    """Leave tables of Markdown as they are, and print the rest as it was printed."""
    return text if "--- |" in text else f"```\n{text}\n```"


def version_of(name: str) -> str:
    """Give the version of a package that is there, or an empty text."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def write(name: str, text: str) -> None:
    """Put a section in its place, in the order of names."""
    old = RESULTS.read_text("utf-8") if RESULTS.exists() else ""
    parts = re.split(r"^## (.+)$", old, flags=re.MULTILINE)[1:]
    sections = dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))
    sections[name] = text.strip()
    body = "\n\n".join(f"## {key}\n\n{sections[key]}" for key in sorted(sections))
    RESULTS.write_text(f"{HEAD}\n{body}\n", "utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
