"""The digests of one point, a round each -> the point with all rounds as its repeats. Pure.

Medians, ranges and words come from the repeats by the lab's own `sum_up`, as if one run had measured them all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from labs.judge.repeats import SumUp, median_of
from labs.judge.soundness import left_out
from labs.model.digest import Card, Digest
from labs.model.text import span

COUNTS = ("disturbed_runs_left_out",)
"""Lines of a card that count what happened in each round."""


def merged(parts: Sequence[Digest], sum_up: SumUp) -> Digest:
    """One point from the digests of its rounds, in their order. A void round is left out as long as one is not."""
    sound = [one for one in parts if not one.void] or list(parts)
    repeats = [repeat for one in sound for repeat in one.repeats]
    void = "" if not sound[0].void else sound[0].void
    card = _card(parts, sound, len(repeats))
    whole = replace(sound[-1], repeats=repeats, card=card, void=void, **sum_up(repeats))
    return replace(whole, floor_ms=_floor(sound), refused=_refused(sound))


def _floor(parts: Sequence[Digest]) -> Mapping[str, float | None]:
    floors = [one.floor_ms for one in parts if one.floor_ms]
    return median_of(floors) if floors else {}


def _refused(parts: Sequence[Digest]) -> dict[str, object]:
    """All refusals; of how many messages, where a round without one knows how many it sent."""
    told = [one.refused for one in parts if one.refused]
    if not told:
        return {}
    ledgers = [repeat.get("ledger", {}) for one in parts if not one.refused for repeat in one.repeats]
    of = sum(one["of"] for one in told) + sum(one.get("attempted", 0) for one in ledgers)
    return {"count": sum(one["count"] for one in told), "of": of, "first": told[0]["first"]}


def _card(parts: Sequence[Digest], sound: Sequence[Digest], repeats: int) -> Card:
    """The last round's lines, with what the rounds add up to or differ in."""
    cards = [one.card for one in sound]
    card: dict[str, object] = {**cards[-1], "repeats": repeats}
    for name in COUNTS:
        counts = [count for one in cards if isinstance(count := one.get(name), int)]
        card |= {name: sum(counts)} if counts else {}
    dates = sorted({str(one["date"]) for one in cards if one.get("date")})
    card |= {"date": dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"} if dates else {}
    card |= {"others": said} if (said := _others(cards)) else {}
    void = [one.void for one in parts if one.void]
    return card | left_out(void, len(parts)) if len(void) < len(parts) else card


def _others(cards: Sequence[Card]) -> str:
    """What other programs used, in cores, over all rounds: the cards have it in words, each for its own."""
    said = [str(one["others"]) for one in cards if one.get("others")]
    if len(said) < 2:
        return said[0] if said else ""
    used = [float(number) for text in said for number in re.findall(r"\d+\.\d+", text.partition(" cores")[0])]
    taken = [float(number) for text in said for number in re.findall(r"took (\d+\.\d+)", text)]
    host = f", of which the host took {max(taken):.2f} at most" if taken else ""
    return f"{span(used, '{:.2f}'.format)} cores{host}"
