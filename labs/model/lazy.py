"""Things that stand in a module each, by name: a module is imported when its thing is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import TypeVar

T = TypeVar("T")


class Lazy(MutableMapping[str, T]):
    """Name -> thing, in the order of the names; `load` gets a thing when it is asked for the first time."""

    def __init__(self, names: Iterable[str], load: Callable[[str], T]) -> None:
        self._known: dict[str, T | None] = dict.fromkeys(names)
        self._load = load

    def __getitem__(self, name: str) -> T:
        thing = self._known[name]
        if thing is None:
            thing = self._known[name] = self._load(name)
        return thing

    def __setitem__(self, name: str, thing: T) -> None:
        self._known[name] = thing

    def __delitem__(self, name: str) -> None:
        del self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
