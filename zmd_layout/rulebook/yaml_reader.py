"""Read one YAML file: safe types, no key twice, and the line of each fault."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

from zmd_layout.errors import RuleError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from zmd_layout.rulebook.faults import Fault, Place

_BOOL = "tag:yaml.org,2002:bool"

# libyaml parses several times as fast; wheels of PyYAML have it
if TYPE_CHECKING:
    from yaml import SafeLoader as _SafeLoader
else:
    _SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _DoubledKeyError(ValueError):
    """A key that stands twice in one mapping."""

    def __init__(self, line: int, key: str) -> None:
        super().__init__(line, key)
        self.line, self.key = line, key


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
                raise _DoubledKeyError(key.start_mark.line + 1, name)
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
        text = path.read_text("utf-8")
        return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except _DoubledKeyError as error:
        told = {"line": error.line, "key": error.key}
        raise RuleError(Message("rulebook.doubled_key", path=path.name, **told)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise RuleError(Message("rulebook.not_yaml", path=path.name, line=line)) from error
    except UnicodeDecodeError as error:
        raise RuleError(Message("rulebook.not_utf8", path=path.name)) from error
    except (yaml.YAMLError, ValueError, LookupError, RecursionError) as error:
        # PyYAML lets a day such as 2024-13-01 and a word such as !!bool 07 through as these
        told = {"path": path.name, "line": _line_of_bad_value(text)}
        raise RuleError(Message("rulebook.not_yaml", **told)) from error


def _line_of_bad_value(text: str) -> int:
    """Return the line of the first value that cannot be what its form says; 1 if none is found."""
    try:
        waiting = [yaml.compose(text, Loader=_UniqueKeyLoader)]
        while waiting:
            node = waiting.pop()
            if isinstance(node, yaml.ScalarNode):
                try:
                    yaml.SafeLoader("").construct_object(node)
                except (yaml.YAMLError, ValueError, LookupError):
                    return int(node.start_mark.line) + 1
            elif isinstance(node, yaml.MappingNode):
                waiting += [one for pair in reversed(node.value) for one in reversed(pair)]
            elif isinstance(node, yaml.SequenceNode):
                waiting += reversed(node.value)
    except (yaml.YAMLError, RecursionError):
        pass
    return 1


def line_of(path: Path, place: Place) -> int:
    """Return the line of the deepest part of a place that stands in the file."""
    node = yaml.compose(path.read_text("utf-8"), Loader=_UniqueKeyLoader)
    line = 1
    for part in place:
        found = _step(node, part)
        if found is None:
            break
        line, node = found
    return line


def _step(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if str(key.value) == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item.start_mark.line + 1, item
    return None


def told(path: Path, faults: Iterable[Fault]) -> list[Message]:
    """Report faults with file, line and place."""
    return [
        Message(
            "rulebook.fault",
            path=path.name,
            line=line_of(path, fault.place),
            where=".".join(map(str, fault.place)) or Message("rulebook.whole"),
            why=fault.why,
        )
        for fault in faults
    ]
