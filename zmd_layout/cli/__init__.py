"""The command `zmd-layout`; one file a command or two, and what they share."""

from zmd_layout.cli.commands import main

__all__ = ["main"]
