"""Read one YAML file: safe types, no key twice, and the line of each fault."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

from zmd_layout.errors import RuleError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import ValidationError

_BOOL = "tag:yaml.org,2002:bool"
# pydantic names a key that is a day as Python would write it
_DAY = re.compile(r"datetime\.date\((\d+), (\d+), (\d+)\)")


# libyaml parses several times as fast; wheels of PyYAML have it
if TYPE_CHECKING:
    from yaml import SafeLoader as _SafeLoader
else:
    _SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _UniqueKeyLoader(_SafeLoader):
    """Refuse a key that stands twice; only true and false are booleans, not `on`."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {  # type: ignore[misc]  # the stubs call it an instance's
        first: [(tag, form) for tag, form in forms if tag != _BOOL]
        for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - the signature is PyYAML's
        """Build the mapping once every key is known to be new."""
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(self.construct_object(key, deep=True))
            if name in seen:
                line = key.start_mark.line + 1
                raise yaml.MarkedYAMLError(problem=f"line {line}: key {name!r} written twice")
            seen.add(name)
        return super().construct_mapping(node, deep)


_UniqueKeyLoader.add_implicit_resolver(_BOOL, re.compile(r"true|false"), list("tf"))


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - YAML is what it is
    """
    Parse one YAML file: safe types only, duplicate keys refused.

    Raises
    ------
    RuleError
        If it is not YAML or a key stands twice; names file and line.
    """
    try:
        return yaml.load(path.read_text("utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, LookupError, RecursionError) as error:
        # PyYAML lets a day such as 2024-13-01 and a word such as !!bool 07 through as these
        raise RuleError(Message("rulebook.not_yaml", path=path.name, why=str(error))) from error


def faults_of(path: Path, error: ValidationError) -> list[Message]:
    """Tell each fault that pydantic found with the file and, as far as it can be told, the line."""
    lines = path.read_text("utf-8").splitlines()
    faults = [([_as_written(part) for part in f["loc"]], f["msg"]) for f in error.errors()]
    return [
        Message(
            "rulebook.fault",
            path=path.name,
            line=_line_of(lines, location),
            where=".".join(location) or "rule",
            why=why.removeprefix("Value error, "),
        )
        for location, why in faults
    ]


def _as_written(part: str | int) -> str:
    """Name a step of a fault's location as the file has it."""
    day = _DAY.fullmatch(str(part))
    return str(part) if day is None else dt.date(*map(int, day.groups())).isoformat()


def _line_of(lines: list[str], location: list[str]) -> int:
    """Find the line of the deepest key of `location` that stands in the file; 1 if none does."""
    found, start, end = 0, 0, len(lines)
    for part in location:
        heads = (f"{part}:", f"- {part}:")
        hit = next((n for n in range(start, end) if lines[n].strip().startswith(heads)), None)
        if hit is None:  # the number of an item, or a key within braces on the same line
            continue
        found, start = hit, hit + 1
        end = next((n for n in range(start, end) if _is_beside(lines[n], lines[hit])), end)
    return found + 1


def _is_beside(line: str, key: str) -> bool:
    """Tell whether a line stands no deeper than the line of a key, which ends the key's block."""
    return bool(line.strip()) and _depth(line) <= _depth(key)


def _depth(line: str) -> int:
    text = line.lstrip()
    return 2 * (len(line) - len(text)) + text.startswith("- ")
