"""Deliveries in the order in which they were done -> who owed what to whom, and which came out of order."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.shapes import IN_A_ROW, Crew, Sharing

Delivery = tuple[int, int]
"""Message and consumer, by their numbers."""


def unit_of(consumer: int, crew: Crew, shared: Sharing) -> int:
    """The number of those who share their work with a consumer: all, its group, or it alone."""
    return {"all": 0, "group": consumer // crew.members, "consumer": consumer}[shared]


def units(crew: Crew, shared: Sharing) -> int:
    """How many of them there are: each is to have every message once."""
    return {"all": 1, "group": crew.groups, "consumer": crew.groups * crew.members}[shared]


def overtaken(done: Sequence[Delivery], crew: Crew, shared: Sharing) -> list[bool]:
    """Delivery by delivery whether a later message of the same key had been done before, by the same unit. What is
    done once more is not late: it was done before."""
    latest: dict[tuple[int, int], int] = {}
    seen: set[Delivery] = set()
    late = []
    for message, consumer in done:
        unit = unit_of(consumer, crew, shared)
        key, first = (unit, message // IN_A_ROW), (message, unit) not in seen
        late.append(first and message < latest.get(key, message))
        latest[key] = max(message, latest.get(key, message))
        seen.add((message, unit))
    return late
