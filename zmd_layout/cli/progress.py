"""Show what is being done on standard error, where somebody looks at it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zmd_layout.messages import Message
    from zmd_layout.vocabulary import Lang

# what was left out, and why, stays to be read; all else is only of use while it lasts
_STAYING = frozenset(
    {"opinion.not_installed", "report.no_libreoffice", "report.no_pdf", "report.not_installed"}
)


@contextmanager
def progress(lang: Lang) -> Iterator[Callable[[Message], None]]:
    """Show a line that says what is being done."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(message: Message) -> None:
            text = message.text(lang)
            if message.key in _STAYING:
                console.print(text, markup=False, highlight=False, soft_wrap=True)
            else:
                bar.update(task, description=text)

        yield show
