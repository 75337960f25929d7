"""
Pack all that an office without internet installs: wheels, pinned versions, a two-line guide.

`python tools/make.py bundle` writes `dist/zmd-layout-VERSION-offline-pyXY/` and a zip of it, for
Windows and Linux on x86-64 and the Python that runs this, then installs from it with the index
switched off. `python tools/bundle.py --python 3.12` packs for another Python.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "constraints.txt"
EXTRA = "all"
_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_GLIBC = 28  # of 2018: Debian 10, UOS 20, Kylin V10 and later
SYSTEMS: dict[str, dict[str, Any]] = {
    "windows": {
        "tags": ["win_amd64"],
        "markers": {
            "sys_platform": "win32", "platform_system": "Windows", "os_name": "nt",
            "platform_machine": "AMD64",
        },
    },
    "linux": {
        "tags": [
            *(f"manylinux_2_{minor}_x86_64" for minor in range(_GLIBC, 4, -1)),
            "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64",
        ],
        "markers": {
            "sys_platform": "linux", "platform_system": "Linux", "os_name": "posix",
            "platform_machine": "x86_64",
        },
    },
}  # fmt: skip
GUIDE = """\
Windows：先安装 Python {python}（64位，勾选 Add to PATH），在本文件夹打开“命令提示符”，依次运行：
py -{python} -m venv zmd
zmd\\Scripts\\pip install --no-index --find-links wheels -c constraints.txt "zmd-layout[{extra}]"
然后运行 / then: zmd\\Scripts\\zmd-layout run

Linux：需要 Python {python}，在本文件夹依次运行 / needs Python {python}; in this folder:
python{python} -m venv zmd
zmd/bin/pip install --no-index --find-links wheels -c constraints.txt "zmd-layout[{extra}]"
然后运行 / then: zmd/bin/zmd-layout run

Windows: install Python {python} (64 bit, "Add to PATH"), open a command prompt in this folder and \
run the two lines under "Windows" above. No internet is needed. 不需要互联网。
"""


def main() -> int:
    """Pack and try."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default="{}.{}".format(*sys.version_info))
    python = parser.parse_args().python
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    version, tag = project["version"], python.replace(".", "")
    folder = ROOT / "dist" / f"zmd-layout-{version}-offline-py{tag}"
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    _pip("wheel", "--no-deps", "--wheel-dir", str(wheels), str(ROOT))
    for name, system in SYSTEMS.items():
        print(f"{name}: {collect(wheels, python, system)} packages", flush=True)
    shutil.copyfile(PINS, folder / PINS.name)
    guide = GUIDE.format(python=python, extra=EXTRA)
    (folder / "安装说明 README.txt").write_text(guide, "utf-8-sig", newline="\r\n")
    archive = shutil.make_archive(str(folder), "zip", folder.parent, folder.name)
    print(f"{archive}: {Path(archive).stat().st_size / 1e6:.0f} MB")
    if python == "{}.{}".format(*sys.version_info):
        try_offline(Path(archive))
    return 0


def collect(wheels: Path, python: str, system: dict[str, Any]) -> int:
    """
    Download the wheels that a system needs, at the pinned versions; return their number.

    pip evaluates markers (`sys_platform == "win32"`) for the machine it runs on, even where it is
    asked for another platform; so what a wheel requires is read here, for the system it is for.
    """
    markers = {"python_version": python, "python_full_version": f"{python}.0", **system["markers"]}
    known: dict[str, set[str]] = {}
    asked = [Requirement(f"zmd-layout[{EXTRA}]")]
    while asked:
        new = [one for one in asked if canonicalize_name(one.name) not in known]
        _download(wheels, [one for one in new if one.name != "zmd-layout"], python, system["tags"])
        following: list[Requirement] = []
        for one in asked:
            name = canonicalize_name(one.name)
            extras = one.extras | {""}
            fresh = extras - known.get(name, set())
            known[name] = known.get(name, set()) | extras
            if fresh:
                following += required(wheels, name, fresh, markers)
        asked = following
    return len(known)


def required(
    wheels: Path, name: str, extras: set[str], markers: dict[str, str]
) -> list[Requirement]:
    """Return what a package in the folder requires, with these extras, on a system."""
    wheel = next(p for p in wheels.glob("*.whl") if parse_wheel_filename(p.name)[0] == name)
    with zipfile.ZipFile(wheel) as archive:
        entry = next(
            n for n in archive.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1
        )
        lines = message_from_bytes(archive.read(entry)).get_all("Requires-Dist") or []
    found = [Requirement(line) for line in lines]
    return [
        one for one in found
        if one.marker is None
        or any(one.marker.evaluate({**markers, "extra": extra}) for extra in extras)
    ]  # fmt: skip


def _download(wheels: Path, asked: list[Requirement], python: str, tags: list[str]) -> None:
    names = sorted({f"{one.name}{one.specifier}" for one in asked})
    if names:
        platforms = [part for tag in tags for part in ("--platform", tag)]
        only = ["--only-binary=:all:", "--no-deps", "--python-version", python, *platforms]
        _pip("download", "--dest", str(wheels), "-c", str(PINS), *only, *names)


def try_offline(archive: Path) -> None:
    """Unpack the zip elsewhere, install from it without an index, and list the rules."""
    with tempfile.TemporaryDirectory() as aside:
        shutil.unpack_archive(archive, aside)
        folder = Path(aside) / archive.stem
        venv.create(Path(aside) / "zmd", with_pip=True)
        programs = Path(aside) / "zmd" / ("Scripts" if os.name == "nt" else "bin")
        # a machine's own settings of pip could name an index or another folder of wheels
        quiet = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
        environment = {**quiet, "PIP_CONFIG_FILE": os.devnull, "PYTHONUTF8": "1"}
        install = [
            str(programs / "pip"), "install", "--quiet", "--disable-pip-version-check",
            "--no-index", "--find-links", str(folder / "wheels"),
            "-c", str(folder / PINS.name), f"zmd-layout[{EXTRA}]",
        ]  # fmt: skip
        subprocess.run(install, check=True, env=environment, cwd=aside)  # noqa: S603 - our own
        rules = [str(programs / "zmd-layout"), "rules", "list"]
        listed = subprocess.run(  # noqa: S603 - our own
            rules, check=True, env=environment, cwd=aside, capture_output=True
        ).stdout.decode()
        if "senior-new-per-county" not in listed:
            sys.exit(f"the installed program lists no rules:\n{listed}")
        print("bundle: installed without an index, rules listed")


def _pip(*arguments: str) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *arguments], check=True)  # noqa: S603 - our own command


if __name__ == "__main__":
    sys.exit(main())
