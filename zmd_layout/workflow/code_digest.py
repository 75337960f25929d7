"""
What a function of one's own does, as a digest: its code and all that the code refers to.

Measures may be defined in a notebook, defined anew, or take a number from a variable beside them. A
name is not enough to know them again, nor is a file: the live objects are walked. What cannot be
told is told by no digest, and nothing that rests on it is taken from an earlier run.
"""

from __future__ import annotations

import datetime as dt
import dis
import functools
import hashlib
import logging
import pickle
import sys
import uuid
from enum import Enum
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import PurePath
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OURS = __name__.partition(".")[0]
_PLAIN = (str, bytes, int, float, complex, type(None), type(...), dt.date, dt.timedelta, PurePath)


class _UntoldError(Exception):
    """Something of which nobody can say whether it is the same."""


def of_code(function: Callable[..., Any]) -> str:
    """
    Return the digest of a function; one that never comes again where it cannot be told.

    Functions of installed packages stand for the versions of these; what a function reads from
    files while it runs is not seen.
    """
    digest = hashlib.sha256()
    try:
        for part in _Walk().parts(function):
            text = part.encode("utf-8", "surrogatepass")
            digest.update(len(text).to_bytes(8, "big") + text)
    except _UntoldError:
        return uuid.uuid4().hex
    return digest.hexdigest()


class _Walk:
    """One walk through objects; each is described where it is met first."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, Any]] = {}

    def parts(self, one: Any) -> Iterator[str]:  # noqa: ANN401 - any object
        """Describe an object so that another that would act differently reads differently."""
        if isinstance(one, _PLAIN):
            yield f"{type(one).__name__} {one!r}"
            return
        if id(one) in self._seen:
            yield f"number {self._seen[id(one)][0]}"
            return
        self._seen[id(one)] = len(self._seen), one
        yield from self._of_object(one)

    def _of_object(self, one: Any) -> Iterator[str]:  # noqa: ANN401, C901, PLR0912 - one case after another
        match one:
            case Enum() | logging.Logger() | BuiltinFunctionType() | MemberDescriptorType():
                yield f"{type(one).__qualname__} {one!r}"
            case tuple() | list():
                yield f"{type(one).__name__} {len(one)}"
                for item in one:
                    yield from self.parts(item)
            case set() | frozenset():
                yield f"set {len(one)}"
                for item in sorted(one, key=repr):
                    yield from self.parts(item)
            case dict():
                yield f"dict {len(one)}"
                for pair in one.items():
                    yield from self.parts(pair)
            case functools.partial():
                yield "partial"
                yield from self.parts((one.func, one.args, one.keywords))
            case MethodType():
                yield "method"
                yield from self.parts((one.__func__, one.__self__))
            case staticmethod() | classmethod():
                yield type(one).__name__
                yield from self.parts(one.__func__)
            case property():
                yield "property"
                yield from self.parts((one.fget, one.fset, one.fdel))
            case CodeType():
                yield from self._of_code(one)
            case ModuleType():
                yield from self._of_named(one.__name__, one.__name__, lambda: vars(one))
            case FunctionType():
                yield from self._of_function(one)
            case type():
                told = (
                    one.__module__,
                    one.__qualname__,
                    lambda: dict(vars(one), bases=one.__bases__),
                )
                yield from self._of_named(*told)
            case _:
                yield from self._of_instance(one)

    def _of_named(self, module: str, name: str, inside: Callable[[], Any]) -> Iterator[str]:
        """Name what an installed package defines; describe what is the user's own."""
        origin = _origin(module)
        yield f"{name} {origin}"
        if origin is None:
            public = {k: v for k, v in inside().items() if k not in _MACHINERY}
            for pair in sorted(public.items()):
                yield from self.parts(pair)

    def _of_function(self, one: FunctionType) -> Iterator[str]:
        origin = _origin(one.__module__)
        if origin is not None and one.__closure__ is None:
            yield f"function {one.__module__}.{one.__qualname__} {origin}"
            return
        yield "function"
        yield from self._of_code(one.__code__)
        yield from self.parts((one.__defaults__, one.__kwdefaults__))
        for cell in one.__closure__ or ():
            try:
                yield from self.parts(cell.cell_contents)
            except ValueError:  # a name that is not bound yet
                yield "empty cell"
        if origin is None:
            for name in sorted(_names(one.__code__) & one.__globals__.keys()):
                yield name
                yield from self.parts(one.__globals__[name])
            for name in sorted(_imports(one.__code__)):
                if name not in sys.modules and _origin(name) is None:
                    raise _UntoldError(name)
                yield from self.parts(sys.modules.get(name, name))

    def _of_code(self, one: CodeType) -> Iterator[str]:
        yield f"code {one.co_code.hex()} {one.co_names} {one.co_varnames} {one.co_freevars}"
        yield f"{one.co_argcount} {one.co_posonlyargcount} {one.co_kwonlyargcount} {one.co_flags}"
        yield from self.parts(one.co_consts)

    def _of_instance(self, one: Any) -> Iterator[str]:  # noqa: ANN401 - any object
        yield from self.parts(type(one))
        try:
            yield pickle.dumps(one, protocol=pickle.HIGHEST_PROTOCOL).hex()
        except Exception as error:  # what objects do when they are pickled is their own
            raise _UntoldError(type(one).__name__) from error


_MACHINERY = {
    "__annotations__", "__builtins__", "__cached__", "__dict__", "__doc__", "__file__",
    "__firstlineno__", "__loader__", "__module__", "__name__", "__package__", "__path__",
    "__qualname__", "__spec__", "__static_attributes__", "__weakref__",
}  # fmt: skip


def _names(code: CodeType) -> set[str]:
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    return set(code.co_names).union(*(_names(one) for one in inner))


def _imports(code: CodeType) -> set[str]:
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    own = {str(i.argval) for i in dis.get_instructions(code) if i.opname == "IMPORT_NAME"}
    return own.union(*(_imports(one) for one in inner))


@functools.cache
def _distributions() -> dict[str, list[str]]:
    return dict(packages_distributions())


def _origin(module: str | None) -> str | None:
    """Return what an installed module stands for; None for one of the user's own."""
    top = (module or "").partition(".")[0]
    if top in sys.stdlib_module_names and top != "__main__":
        return "python"
    if top == _OURS:
        return top
    try:
        found = [distribution(name) for name in sorted(_distributions()[top])]
    except (KeyError, PackageNotFoundError):
        return None
    if any('"editable": true' in (one.read_text("direct_url.json") or "") for one in found):
        return None  # its code changes and its version stays
    return " ".join(f"{one.name} {one.version}" for one in found)


def is_own(function: Callable[..., Any]) -> bool:
    """Return whether a function was not defined by this package."""
    inner = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    return str(getattr(inner, "__module__", "")).partition(".")[0] != _OURS
