"""Layers that know which of them were asked for, so that a result knows what it rests on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zmd_layout.layers.layer import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ALL = "*"  # which layers there are at all


class TrackedLayers(dict[str, Layer]):
    """
    Layers by name that note each name somebody asks for, whether it is there or not.

    Who walks through all of them is taken to rest on all. `layers | {…}` stays a `TrackedLayers`
    that notes into the same place, and what was put on top is nobody's source.
    """

    def __init__(
        self,
        layers: Mapping[str, Layer],
        *,
        gathering: list[set[str]] | None = None,
        own: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(layers)
        self._gathering = [] if gathering is None else gathering
        self._own = own

    @contextmanager
    def noting(self) -> Iterator[set[str]]:
        """Gather the names that are asked for inside the block, for the enclosing block too."""
        names: set[str] = set()
        self._gathering.append(names)
        try:
            yield names
        finally:
            self._gathering.pop()
            self.note(names)

    def note(self, names: Iterable[str]) -> None:
        """Take names as asked for."""
        if self._gathering:
            self._gathering[-1].update(name for name in names if name not in self._own)

    def __getitem__(self, name: str) -> Layer:
        self.note([name])
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as dict's
        """Return a layer, or `default`."""
        self.note([name])
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.note([str(name)])
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        self._note_all()
        return super().__iter__()

    def __len__(self) -> int:
        self._note_all()
        return super().__len__()

    def keys(self) -> Any:  # noqa: ANN401 - as dict's
        """Return the names."""
        self._note_all()
        return super().keys()

    def values(self) -> Any:  # noqa: ANN401 - as dict's
        """Return the layers."""
        self._note_all()
        return super().values()

    def items(self) -> Any:  # noqa: ANN401 - as dict's
        """Return names and layers."""
        self._note_all()
        return super().items()

    def copy(self) -> dict[str, Layer]:
        """Return a plain copy."""
        return dict(self.items())

    def __or__(self, other: Mapping[str, Layer]) -> TrackedLayers:  # type: ignore[override]  # dict's has more forms
        both = {**dict(super().items()), **other}
        return TrackedLayers(both, gathering=self._gathering, own=self._own | frozenset(other))

    def _note_all(self) -> None:
        self.note([ALL, *super().keys()])


@contextmanager
def noting(layers: Mapping[str, Layer]) -> Iterator[set[str]]:
    """Gather the names that are asked for inside the block; of plain layers, none."""
    if isinstance(layers, TrackedLayers):
        with layers.noting() as names:
            yield names
    else:
        yield set()


def note(layers: Mapping[str, Layer], names: Iterable[str]) -> None:
    """Take names as asked for, where somebody notes."""
    if isinstance(layers, TrackedLayers):
        layers.note(names)
