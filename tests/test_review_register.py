"""The register of reviews: nothing that was said to be saved is lost or overwritten."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from click.testing import CliRunner

from zmd_layout.cli import main
from zmd_layout.web.register import ConflictError, Register

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


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
    columns = "review_id, version, saved_at, name, conclusion, content"
    base.execute(f"INSERT INTO versions ({columns}) VALUES (1, 2, '2026', 'half', '', '{{}}')")  # noqa: S608 - constants
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


OLD_TABLE = """
CREATE TABLE versions (
    review_id INTEGER NOT NULL, version INTEGER NOT NULL, saved_at TEXT NOT NULL,
    name TEXT NOT NULL, conclusion TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (review_id, version)
)
"""


def old_register(path: Path, *contents: dict[str, Any]) -> None:
    """Write a register as the last release had it."""
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(OLD_TABLE)
        for number, content in enumerate(contents, start=1):
            base.execute(
                "INSERT INTO versions VALUES (?, 1, '2026-01-01', '春江', '原则同意。', ?)",
                (number, json.dumps(content, ensure_ascii=False)),
            )


def test_a_register_of_the_last_release_is_migrated_after_a_backup(tmp_path: Path) -> None:
    own = {"conclusion": "agree", "reason": "另行协议", "official": "李某"}
    one = {"properties": {"unit_id": "a", "developer": "甲公司"}}
    path = tmp_path / "r.sqlite"
    old_register(path, {"plots": [one], "override": own}, {"plots": [one, one], "override": own})
    register = Register(path)
    assert [entry["id"] for entry in register.search("甲公司")] == [2, 1]
    (first,), (second,) = register.history(1), register.history(2)
    assert first["conclusion"] == "原则同意。"
    assert first["content"]["overrides"] == {"a": own}
    # of several plots nobody knows which was meant: it is applied to none, and kept
    assert second["content"]["overrides"] == {}
    assert second["content"]["unassigned_override"] == own
    kept = sqlite3.connect(tmp_path / "r.sqlite.before-migration")
    assert kept.execute("SELECT COUNT(*) FROM versions").fetchone() == (2,)
    kept.close()
    Register(path)  # once only
    assert len(list(tmp_path.glob("*.before-migration*"))) == 1


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["register", *arguments])


def test_a_backup_is_restored_on_an_empty_machine_with_its_files(tmp_path: Path) -> None:
    old, new, copy = (str(tmp_path / name) for name in ("old.sqlite", "new.sqlite", "b.sqlite"))
    register = Register(tmp_path / "old.sqlite")
    register.save({"name": "甲"}, saved_at="2026-01-01", review_id=None, version=0)
    register.attach(1, "条件.pdf", b"x", at="2026-01-01")
    assert run("backup", copy, "--register", old).exit_code == 0
    assert run("backup", copy, "--register", old).exit_code == 1  # nothing is replaced
    assert run("restore", copy, "--register", new).exit_code == 0
    again = Register(tmp_path / "new.sqlite")
    assert again.history(1) == register.history(1)
    assert again.attachment(1, again.attachments(1)[0]["sha256"]) == ("条件.pdf", b"x")
    # what a register held before is kept beside it
    register.save({"name": "乙"}, saved_at="2026-01-02", review_id=None, version=0)
    assert run("restore", copy, "--register", old).exit_code == 0
    assert [entry["name"] for entry in register.search()] == ["甲"]
    kept = Register(tmp_path / "old.sqlite.before-restore")
    assert [entry["name"] for entry in kept.search()] == ["乙", "甲"]


def test_what_is_no_backup_changes_nothing(tmp_path: Path) -> None:
    register = Register(tmp_path / "r.sqlite")
    register.save({"name": "甲"}, saved_at="2026-01-01", review_id=None, version=0)
    (tmp_path / "b.sqlite").write_bytes(b"no register" * 100)
    done = run("restore", str(tmp_path / "b.sqlite"), "--register", str(tmp_path / "r.sqlite"))
    assert done.exit_code == 1
    assert "没有恢复" in done.output
    assert [entry["name"] for entry in register.search()] == ["甲"]


def test_the_command_exports_what_a_search_finds(tmp_path: Path) -> None:
    register = Register(tmp_path / "r.sqlite")
    for name in ("甲", "乙"):
        register.save({"name": name}, saved_at="2026-01-01", review_id=None, version=0)
    out = tmp_path / "out" / "r.xlsx"
    done = run("export", str(out), "--search", "乙", "--register", str(tmp_path / "r.sqlite"))
    assert done.exit_code == 0, done.output
    sheet = openpyxl.load_workbook(out).active
    assert sheet is not None
    assert [row[4].value for row in sheet.rows][1:] == ["乙"]
