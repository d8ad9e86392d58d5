"""Run cards in a file: what many points share stands there once, and each point names it.

    "facts": {"machine": {"processor": ...}, "server": {"runtime": ...}, "server 2": {...}}
    a point's card: {"see": ["machine", "server 2"], "broker": "Redis 8.0.6", ...}

In memory every card is whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labs.judge.card import MACHINE, SERVER
from labs.model.digest import Card

SHARED = {"machine": MACHINE, "server": SERVER}
"""Group -> the lines that stand in it together. A flush is measured anew for each start of a broker, and so is none."""


def folded(cards: Sequence[Card]) -> tuple[list[Card], dict[str, Card]]:
    """The cards without what they share, and that by its name. An older card, which has none of it, stays as it is."""
    facts: dict[str, Card] = {}
    return [_folded(card, facts) for card in cards], facts


def _folded(card: Card, facts: dict[str, Card]) -> Card:
    own, see = dict(card), []
    for group, names in SHARED.items():
        part = {name: own.pop(name) for name in names if name in own}
        if part:
            alike = (name for name, known in facts.items() if name.startswith(group) and known == part)
            see.append(next(alike, None) or _new(group, part, facts))
    return {"see": see, **own} if see else card


def _new(group: str, part: Card, facts: dict[str, Card]) -> str:
    count = sum(name.startswith(group) for name in facts)
    name = f"{group} {count + 1}" if count else group
    facts[name] = part
    return name


def unfolded(card: Card, facts: Mapping[str, Card]) -> Card:
    """The whole card. ValueError where it names what the file has not."""
    own = dict(card)
    see = own.pop("see", [])
    known = {name: one for name, one in facts.items() if isinstance(one, Mapping)} if isinstance(facts, Mapping) else {}
    if not isinstance(see, list) or not all(isinstance(name, str) and name in known for name in see):
        raise ValueError(f"a card names {see} and the file's facts are {', '.join(known) or 'none'}")
    found: dict[str, object] = {}
    for name in see:
        found |= known[name]
    return found | own
