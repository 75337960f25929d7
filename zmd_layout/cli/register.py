"""The command `zmd-layout register`: export, backup and restore of the register of reviews."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zmd_layout.errors import OutputError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from zmd_layout.web.register import Register

_PATH = click.Path(path_type=Path)
_OPTION = click.option(
    "--register",
    "path",
    type=_PATH,
    help="登记簿文件，默认在用户数据文件夹 / the register's file, else in the user's data folder",
)


@click.group()
def register() -> None:
    """审查登记簿：导出、备份、恢复 / the register of reviews: export, backup, restore."""


@register.command()
@click.argument("file", type=_PATH)
@click.option("--search", default="", help="只导出含有这些字的案卷 / only cases with these words")
@_OPTION
@click.pass_obj
def export(obj: dict[str, Any], file: Path, search: str, path: Path | None) -> None:
    """
    导出为 Excel，每个地块一行。

    Export to Excel, a line for each plot.
    """
    from zmd_layout.web.register_sheet import write_register

    found = _opened(path).search(search, most=None)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_register(file, found, lang=obj["lang"])
    except OSError as error:
        raise OutputError(Message("web.register_fault", path=file, why=error)) from error
    click.echo(Message("web.exported", count=len(found), path=file).text(obj["lang"]))


@register.command()
@click.argument("file", type=_PATH)
@_OPTION
@click.pass_obj
def backup(obj: dict[str, Any], file: Path, path: Path | None) -> None:
    """
    备份整个登记簿（含附件），页面可以同时使用。

    Copy the whole register with its attachments; the page may be in use.
    """
    _opened(path).backup(file)
    click.echo(Message("web.backed_up", path=file).text(obj["lang"]))


@register.command()
@click.argument("file", type=_PATH)
@_OPTION
@click.pass_obj
def restore(obj: dict[str, Any], file: Path, path: Path | None) -> None:
    """
    从备份恢复；原有登记簿另存，不会丢失。

    Restore a backup; what the register held is kept beside it.
    """
    target = path or _default()
    kept = _register(target).restore(file)
    click.echo(Message("web.restored", register=target, path=file).text(obj["lang"]))
    if kept is not None:
        click.echo(Message("web.restored_kept", path=kept).text(obj["lang"]))


def _default() -> Path:
    from zmd_layout.web.register import default_path

    return default_path()


def _opened(path: Path | None) -> Register:
    """Open a register that is there; one that is named and is not would be an empty one."""
    chosen = path or _default()
    if not chosen.exists():
        raise OutputError(Message("web.no_register", path=chosen, why="not found"))
    return _register(chosen)


def _register(path: Path) -> Register:
    from zmd_layout.web.register import Register

    return Register(path)
