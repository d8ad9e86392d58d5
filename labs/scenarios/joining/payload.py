"""The payload of a message, its next version, and three readers of it: what both sides agree on beside an address.

A reader takes the amount out of a message or raises UnreadableError, in words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

OLD, NEW = "amount", "total"
"""The field that is renamed, and its new name."""


class UnreadableError(ValueError):
    """A reader cannot make out what it needs."""


def written(number: int, change: str = "none") -> bytes:
    """Message `number`: with the old field, with the new one in its place, or with both."""
    cents = 100 + number
    fields = {"none": (OLD,), "renamed": (NEW,), "beside": (OLD, NEW)}[change]
    return json.dumps({"number": number, **dict.fromkeys(fields, cents)}).encode()


def number_of(body: bytes) -> int:
    """Which message it is."""
    return int(json.loads(body)["number"])


def strict(message: Mapping[str, Any]) -> int:
    """Needs the field by its name, and lets others be."""
    if OLD not in message:
        raise UnreadableError(f"there is no field {OLD!r}")
    return int(message[OLD])


def closed(message: Mapping[str, Any]) -> int:
    """Checks the message against a list of its fields: one that is not on it is an error."""
    if unknown := sorted(set(message) - {"number", OLD}):
        raise UnreadableError(f"unknown fields: {', '.join(unknown)}")
    return strict(message)


def tolerant(message: Mapping[str, Any]) -> int:
    """Takes the field by either name, and lets others be."""
    for name in (OLD, NEW):
        if name in message:
            return int(message[name])
    raise UnreadableError(f"there is neither {OLD!r} nor {NEW!r}")


HANDLERS: dict[str, Callable[[Mapping[str, Any]], int]] = {"strict": strict, "closed": closed, "tolerant": tolerant}
"""In the order of their bits in `broken`."""


def broken(body: bytes) -> int:
    """Which of the readers cannot read a message: a bit each."""
    found, message = 0, json.loads(body)
    for at, handler in enumerate(HANDLERS.values()):
        try:
            handler(message)
        except UnreadableError:
            found |= 1 << at
    return found
