"""Rows as a table in Markdown."""

from __future__ import annotations


def table(rows: list[dict[str, object]]) -> str:
    """Write rows as a table; a row without one of the columns has an empty cell."""
    heads = list(dict.fromkeys(head for row in rows for head in row))
    body = [[_cell(row.get(head, "")) for head in heads] for row in rows]
    lines = [heads, ["---"] * len(heads), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
