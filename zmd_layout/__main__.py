"""Let `python -m zmd_layout` do what the command `zmd-layout` does."""

from zmd_layout.cli import main

main(prog_name="zmd-layout")
