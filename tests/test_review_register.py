"""The register of reviews: nothing that was said to be saved is lost or overwritten."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from zmd_layout.web.register import ConflictError, Register

if TYPE_CHECKING:
    from pathlib import Path


def test_two_who_save_the_same_review_do_not_overwrite_each_other(tmp_path: Path) -> None:
    register = Register(tmp_path / "r.sqlite")
    first = register.save({"name": "甲"}, saved_at="2026-01-01", review_id=None, version=0)
    assert first == {"id": 1, "version": 1}
    register.save({"name": "甲", "by": "a"}, saved_at="2026-01-02", review_id=1, version=1)
    with pytest.raises(ConflictError, match="第2版"):
        register.save({"name": "甲", "by": "b"}, saved_at="2026-01-03", review_id=1, version=1)
    kept = register.history(1)
    assert [entry["version"] for entry in kept] == [2, 1]
    assert kept[0]["content"]["by"] == "a"


def test_a_save_that_is_broken_off_leaves_the_last_version(tmp_path: Path) -> None:
    register = Register(tmp_path / "r.sqlite")
    register.save({"name": "甲"}, saved_at="2026-01-01", review_id=None, version=0)
    base = sqlite3.connect(tmp_path / "r.sqlite")
    base.execute("INSERT INTO versions VALUES (1, 2, '2026', 'half', '', '{}')")
    base.close()  # as a killed process: the transaction was never committed
    assert [entry["name"] for entry in register.search()] == ["甲"]
    assert register.search("甲%") == []


SAVER = """
import sys
from pathlib import Path
from zmd_layout.web.register import Register
register, version = Register(Path(sys.argv[1])), 0
while True:
    content = {"name": "甲", "text": "春" * 200_000}
    version = register.save(
        content, saved_at="2026", review_id=None if version == 0 else 1, version=version
    )["version"]
    print(version, flush=True)
"""


def test_a_process_killed_while_it_saves_leaves_whole_versions(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    command = [sys.executable, "-c", SAVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as saver:  # noqa: S603 - our own
        assert saver.stdout is not None
        told = [int(saver.stdout.readline()) for _ in range(3)]
        saver.kill()
    kept = Register(path).history(1)
    versions = [entry["version"] for entry in kept]
    assert versions == list(range(len(kept), 0, -1))
    assert versions[0] >= told[-1]  # what was said to be saved is there
    assert {entry["content"]["text"] for entry in kept} == {"春" * 200_000}
    again = Register(path).save({"name": "乙"}, saved_at="2027", review_id=1, version=versions[0])
    assert again["version"] == versions[0] + 1
