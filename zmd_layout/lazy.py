"""Names of a package whose modules are loaded when a name is first asked for (PEP 562)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def loader(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """
    Return a package's `__getattr__`.

    Parameters
    ----------
    package
        The package's `__name__`.
    homes
        Name → the module that defines it. No name may be that of a module of the package, which
        would take its place once it is loaded.
    """

    def load(name: str) -> Any:  # noqa: ANN401 - whatever has that name
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    return load
