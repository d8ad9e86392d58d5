"""Parts of a digest that one kind of lab has alone (labs/model/figures.py puts them together)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict


class Weight(TypedDict):
    """One process and the memory that it holds, bytes."""

    role: str
    name: str
    rss: int
    pss: int | None


class Puzzle(TypedDict, total=False):
    """What makes a point of the routing puzzles."""

    puzzle: str
    topology: str


class Gap(TypedDict, total=False):
    """What becomes of the consumer of messages with a short life."""

    gap: str
    gap_label: str


class Reading(TypedDict, total=False):
    """What makes a point of a group that reads a topic."""

    size: str
    trouble: str
    consumers: int


class Move(TypedDict, total=False):
    """What makes a point of a service that goes from one broker to another."""

    framework: str
    porting: str


class Routed(TypedDict, total=False):
    """What a topology did with the messages of a round."""

    arrived: Mapping[str, Sequence[int]]
    """Queue -> numbers of the messages that lay in it, in order."""
    returned: Sequence[int]
    """Messages that the broker gave back to a publisher that had asked for it."""
    producer: str
    """A fingerprint of all that was published."""
