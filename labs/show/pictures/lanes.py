"""Lanes: message or task by worker, over time or along the messages' numbers. A lane a worker, consumer, queue or
partition; an item a bar or a dot.

An item that was taken before it was begun has a thin line before its bar. One that never ended is open to the right.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from labs.model.digest import Table
from labs.model.text import capital, counted, enumerated
from labs.show import Json
from labs.show.pictures.base import (
    FORMAT,
    About,
    Mark,
    after_start,
    check,
    check_marks,
    closed,
    distinct,
    marked,
    to_ms,
)
from labs.show.pictures.items import Item, State, check_state, item_json, item_of, places

MOST_LANES, MOST_ITEMS, MOST_STATES, MOST_NAMED = 24, 2000, 8, 30
LISTED = 4
"""Up to so many lanes a sentence gives the count of each."""
ALIKE = 1.1
"""Within this ratio lanes had as many as each other."""


@dataclass(frozen=True)
class Lanes:
    """The whole picture. Raises PictureError when it cannot be drawn. `noun` is what an item is called: one, many."""

    lanes: tuple[str, ...]
    states: tuple[State, ...]
    items: tuple[Item, ...]
    marks: tuple[Mark, ...] = ()
    noun: tuple[str, str] = ("message", "messages")
    verb: str = "had"
    about: About = field(default_factory=About)
    along: str = ""
    """What stands along the axis instead of the time, as `number of the message`: then an item is a dot, and its
    number is written as so many ms."""
    kind: Literal["lanes"] = "lanes"

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn or read."""
        check(
            1 <= len(self.lanes) <= MOST_LANES,
            "lanes",
            f"there are {len(self.lanes)}",
            f"1 to {MOST_LANES} can be read",
        )
        found = len(self.states)
        check(1 <= found <= MOST_STATES, "lanes", f"there are {found} states", f"1 to {MOST_STATES} can be told apart")
        found = len(self.items)
        check(
            found <= MOST_ITEMS,
            "lanes",
            f"there are {found:,} items",
            f"at most {MOST_ITEMS:,}: leave some out, and say so",
        )
        distinct(self.lanes, "lanes")
        distinct((state.name for state in self.states), "states")
        for state in self.states:
            check_state(state)
        looks = Counter((state.ink, state.fill, state.sign) for state in self.states)
        twins = [s.name for s in self.states if looks[s.ink, s.fill, s.sign] > 1]
        check(not twins, "states", f"{enumerated(twins or [''])} look alike", "give them another fill or sign")
        for item in self.items:
            self._check_item(item)
        check_marks(self.marks, (), self.lanes)

    def _check_item(self, item: Item) -> None:
        where = f"item {item.name!r}"
        check(item.lane in self.lanes, where, f"there is no lane {item.lane!r}", f"lanes: {', '.join(self.lanes)}")
        states = [state.name for state in self.states]
        check(item.state in states, where, f"there is no state {item.state!r}", f"states: {', '.join(states)}")
        check(
            item.end_ns is None or item.end_ns >= item.start_ns, where, "it ends before it starts", "end_ns >= start_ns"
        )
        check(item.from_ns <= item.start_ns, where, "it was taken after it was begun", "since_ns <= start_ns")

    @property
    def length_ns(self) -> int:
        """The last moment that is drawn."""
        ends = [item.start_ns if item.end_ns is None else item.end_ns for item in self.items]
        return max([*ends, *(mark.at_ns for mark in self.marks), 1])

    def of(self, lane: str) -> list[Item]:
        """The items of a lane, in the order of their start."""
        return sorted(
            (item for item in self.items if item.lane == lane), key=lambda item: (item.from_ns, item.start_ns)
        )

    @property
    def title(self) -> str:
        """The finding: the given one, or what became of those that are not as most are, or who had how many."""
        other = self._others()
        of = f"Of {counted(len(self.items), *self.noun)}, {enumerated(other)}" if other else ""
        return self.about.title or of or self._shared()

    def _others(self) -> list[str]:
        had = Counter(item.state for item in self.items)
        return [f"{had[state.name]:,} {state.name}" for state in self.states if not state.plain and had[state.name]]

    def _shared(self) -> str:
        total = counted(len(self.items), *self.noun)
        if not self.items:
            return f"No {self.noun[0]} was seen"
        had = dict.fromkeys(self.lanes, 0) | Counter(item.lane for item in self.items)
        first, last = max(had, key=lambda lane: had[lane]), min(had, key=lambda lane: had[lane])
        most, fewest = had[first], had[last]
        if len(self.lanes) == 1:
            return f"{capital(first)} {self.verb} {total}"
        if most <= fewest * ALIKE:
            each = counted(most, *self.noun) if most == fewest else f"{fewest:,} to {most:,} of {total}"
            return f"Each of {len(self.lanes)} lanes {self.verb} {each}"
        if len(self.lanes) > LISTED:
            least = f"{fewest:,}" if fewest else "none"
            return f"{capital(first)} {self.verb} {most:,} of {total}, the most of {len(had)} lanes, and {last} {least}"
        rest = [f"{lane} {number:,}" if number else f"{lane} none" for lane, number in had.items() if lane != first]
        return f"{capital(first)} {self.verb} {most:,} of {total}, {enumerated(rest)}"

    @property
    def sentence(self) -> str:
        """Who had how many, what became of those that are not as most are, and what is marked."""
        other = self._others()
        seen = self._shared() + (f"; {enumerated(other)}" if other else "")
        return " ".join(filter(None, (closed(seen, self.about.condition), marked(self._all_marks(), ()))))

    def _all_marks(self) -> list[Mark]:
        named = [Mark(m.at_ns, f"{m.lane}: {m.text}" if m.lane else m.text) for m in self.marks]
        return sorted(named, key=lambda mark: mark.at_ns)

    @property
    def alt(self) -> str:
        """What a reader who does not see it is told."""
        along = f"along the {self.along}" if self.along else "over time"
        return f"{capital(self.noun[1])} {along}, a lane each: {', '.join(self.lanes)}. {self.sentence}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Heads of the table: a column a state."""
        times = () if self.along else ("First begun", "Last ended", "Busy")
        return ("Lane", capital(self.noun[1]), *(capital(state.name) for state in self.states), *times)

    @property
    def rows(self) -> list[list[str]]:
        """A row a lane: how many items, how many in each state, from when to when, and the share of the time."""
        return [self._row(lane) for lane in self.lanes]

    def _row(self, lane: str) -> list[str]:
        items = self.of(lane)
        had = Counter(item.state for item in items)
        counts = [f"{had[state.name]:,}" for state in self.states]
        if self.along:
            return [lane, f"{len(items):,}", *counts]
        if not items:
            return [lane, "0", *counts, "–", "–", "–"]
        ends = [item.end_ns for item in items if item.end_ns is not None]
        last = after_start(max(ends)) if ends else "never"
        return [
            lane,
            f"{len(items):,}",
            *counts,
            after_start(items[0].start_ns),
            last,
            f"{self.busy(lane) * 100:.0f}\u00a0%",
        ]

    def busy(self, lane: str) -> float:
        """The share of the time from 0 to the end in which at least one item of the lane was under way."""
        until, total = 0, 0
        for start, end in sorted((i.start_ns, self.length_ns if i.end_ns is None else i.end_ns) for i in self.of(lane)):
            total += max(0, end - max(start, until))
            until = max(until, end)
        return total / self.length_ns

    @property
    def noticed(self) -> list[list[str]]:
        """The items that are not as most are, one a row: name, lane, state, from, to. The first MOST_NAMED of them."""
        plain = {state.name for state in self.states if state.plain}
        those = sorted((item for item in self.items if item.state not in plain), key=lambda item: item.start_ns)
        return [[item.name, item.lane, item.state, *_times(item)] for item in those[:MOST_NAMED]]

    def figures(self) -> dict[str, str]:
        """What prose may ask: `worker 1`, `worker 1 done once`, `done once`, `worker 1 busy`, `all`."""
        found = {"all": f"{len(self.items):,}"}
        for state in self.states:
            found[state.name] = f"{sum(item.state == state.name for item in self.items):,}"
        for lane in self.lanes:
            had = Counter(item.state for item in self.of(lane))
            found |= {lane: f"{had.total():,}", f"{lane} busy": f"{self.busy(lane) * 100:.0f}\u00a0%"}
            found |= {f"{lane} {state.name}": f"{had[state.name]:,}" for state in self.states}
        return found

    def to_json(self) -> Json:
        """Plain JSON, times in ms; items as `item_json` writes them, lanes and states by number."""
        lane = {name: at for at, name in enumerate(self.lanes)}
        state = {one.name: at for at, one in enumerate(self.states)}
        items = [
            item_json(item, lane[item.lane], row, state[item.state])
            for item, row in zip(self.items, places(self.items, self.length_ns), strict=True)
        ]
        states = [{"name": s.name, "ink": s.ink, "fill": s.fill, "sign": s.sign, "plain": s.plain} for s in self.states]
        said = {"title": self.title, "sentence": self.sentence, "alt": self.alt}
        data = {"format": FORMAT, "kind": self.kind, "lanes": list(self.lanes), "states": states, "items": items}
        data |= {"marks": [mark.to_json() for mark in self.marks], "noun": list(self.noun), "verb": self.verb}
        data |= {"along": self.along} if self.along else {}
        return data | {"length_ms": to_ms(self.length_ns), "about": self.about.to_json(), "said": said}

    @classmethod
    def from_json(cls, data: Table) -> Lanes:
        """What `to_json` gave; rows and words are made anew."""
        lanes, states = tuple(data["lanes"]), tuple(State(**one) for one in data["states"])
        items = tuple(item_of(one, lanes, states) for one in data["items"])
        one, many = data["noun"]
        marks = tuple(Mark.from_json(mark) for mark in data.get("marks", ()))
        about, along = About.from_json(data.get("about", {})), data.get("along", "")
        return cls(lanes, states, items, marks, (one, many), data["verb"], about, along)


def _times(item: Item) -> list[str]:
    return [after_start(item.start_ns), "never" if item.end_ns is None else after_start(item.end_ns)]
