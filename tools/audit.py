"""
Write the bill of materials of the installed packages, and ask whether any pin has a known hole.

The bill is `build/sbom.json` (CycloneDX). The question goes to the JSON interface of PyPI; where
that is not reachable it says so, and nothing is claimed. A known hole gives exit code 1.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SBOM = ROOT / "build" / "sbom.json"
PINS = ROOT / "constraints.txt"
PATIENCE_S = 300


def main() -> int:
    """Write the bill, then ask."""
    SBOM.parent.mkdir(exist_ok=True)
    bill = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", "-o"]
    subprocess.run(  # noqa: S603 - our own command
        [*bill, str(SBOM), "--pyproject", str(ROOT / "pyproject.toml")], check=True
    )
    parts = json.loads(SBOM.read_text("utf-8"))["components"]
    print(f"{SBOM.relative_to(ROOT)}: {len(parts)} packages")
    ask = [sys.executable, "-m", "pip_audit", "-r", str(PINS), "--no-deps", "--disable-pip"]
    try:
        answer = subprocess.run(  # noqa: S603 - our own command
            [*ask, "-f", "json", "--progress-spinner", "off"],
            check=False, capture_output=True, text=True, timeout=PATIENCE_S,
        ).stdout  # fmt: skip
        asked = json.loads(answer)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        asked = []
    return report(asked)


def report(asked: list[dict[str, Any]]) -> int:
    """Say what is known of the pins, as pip-audit gives it; 1 if one has a known hole."""
    known = [part for part in asked if "skip_reason" not in part]
    if not known:
        print("漏洞服务连不上，没有检查。/ The vulnerability service gave no answer: not checked.")
        return 0
    holes = [(part["name"], part["version"], hole["id"])
             for part in known for hole in part["vulns"]]  # fmt: skip
    print(f"{len(known)} of {len(asked)} pins checked, {len(holes)} known holes")
    for name, version, hole in holes:
        print(f"  {name} {version}: {hole}")
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
