"""The items of lanes: what one can be, from when to when, and in which row of its lane nothing covers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from labs.show.pictures.base import check, known_ink, to_ms, to_ns

FILLS = ("solid", "pale", "striped", "hollow")
SIGNS = ("", "x", "diamond", "circle", "square", "triangle")


@dataclass(frozen=True)
class State:
    """What an item can be: `done once`, `cut off`; or a group. With a `sign` it also has a mark that is seen from afar.

    `plain` is how most items are: the sentence counts the others.
    """

    name: str
    ink: str = "ink-soft"
    fill: str = "solid"
    sign: str = ""
    plain: bool = False


@dataclass(frozen=True)
class Item:
    """One message or task in one lane, ns after the start: `since` it was taken, from `start` to `end`.

    `end_ns` None: it never ended. A dot, such as a delivery, starts and ends at once.
    """

    lane: str
    name: str
    start_ns: int
    end_ns: int | None
    state: str
    since_ns: int | None = None

    @property
    def from_ns(self) -> int:
        """Where its drawing begins."""
        return self.start_ns if self.since_ns is None else self.since_ns


def check_state(state: State) -> None:
    """PictureError unless it can be drawn."""
    where = f"state {state.name!r}"
    known_ink(state.ink, where)
    check(state.fill in FILLS, where, f"there is no fill {state.fill!r}", f"take one of {', '.join(FILLS)}")
    check(state.sign in SIGNS, where, f"there is no sign {state.sign!r}", f"take one of {', '.join(SIGNS[1:])}")


def places(items: Sequence[Item], length_ns: int) -> list[int]:
    """Item by item the row of its lane in which nothing covers it: the first that is free. O(n log n)."""
    free: dict[str, list[int]] = {item.lane: [] for item in items}
    busy: dict[str, list[tuple[int, int]]] = {item.lane: [] for item in items}
    rows = [0] * len(items)
    for at in sorted(range(len(items)), key=lambda one: (items[one].from_ns, items[one].start_ns)):
        item = items[at]
        under_way, waiting = busy[item.lane], free[item.lane]
        while under_way and under_way[0][0] <= item.from_ns:
            heappush(waiting, heappop(under_way)[1])
        rows[at] = heappop(waiting) if waiting else len(under_way)
        end = length_ns + 1 if item.end_ns is None else item.end_ns
        heappush(under_way, (max(end, item.from_ns + 1), rows[at]))
    return rows


def item_of(data: Sequence[Any], lanes: Sequence[str], states: Sequence[State]) -> Item:
    """What `item_json` gave."""
    lane, _, name, state, since, start, end = data
    check(0 <= lane < len(lanes), f"item {name!r}", f"there is no lane number {lane}", f"0 to {len(lanes) - 1}")
    check(0 <= state < len(states), f"item {name!r}", f"there is no state number {state}", f"0 to {len(states) - 1}")
    ends, taken = (None if ms is None else to_ns(ms) for ms in (end, since))
    return Item(lanes[lane], name, to_ns(start), ends, states[state].name, taken)


def item_json(item: Item, lane: int, row: int, state: int) -> list[Any]:
    """[lane, row, name, state, since, start, end], times in ms."""
    since, end = (None if ns is None else to_ms(ns) for ns in (item.since_ns, item.end_ns))
    return [lane, row, item.name, state, since, to_ms(item.start_ns), end]
