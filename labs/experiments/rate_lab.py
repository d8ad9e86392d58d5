"""What the rate labs share: ways of sending, each run in a closed loop until somebody has no more to give.

Published figures stand beside them with their source.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from labs.experiments.base import Control, Experiment, Option, Settings
from labs.experiments.rate_figures import repeat_of, sum_up
from labs.experiments.rate_rounds import LIVE_S, RECORDED_S, TRIAL, length, one_round, undisturbed, warm
from labs.experiments.rules import Undecided
from labs.judge.card import broker_cpu, card
from labs.judge.soundness import left_out
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Chosen, Middle
from labs.model.observer import Observer, Part
from labs.model.profile import profile
from labs.model.published import published
from labs.model.text import span
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Figure, Setting, Side
from labs.show.looks import RATE_LOOK, Look
from labs.show.looks.rate import unheld
from labs.show.looks.rate_lines import along

ROUNDS, FEWER = 5, 3
"""Rounds of a way that a claim reads, and of any other."""
PUBLISHED = "published:"
LIFT = Control(
    "lift", "Limit", "box", "", (Option("", "not looked for"), Option("1", "Look for the limit: four times as long"))
)
"""Whether each round also measures what may lift the rate. A recording always does."""


@dataclass(frozen=True)
class Way:
    """One way of sending. Its label names the client and the method and never the broker, whose name a point earns."""

    name: str
    label: str
    profile: str
    side: Side
    lane: str = "idiomatic"
    load: Ceiling | None = None
    body_bytes: int = 100
    client: str = ""
    """The client or tool by name, where it is not that of the idiomatic lane."""
    line: str = ""
    """The line that this way is a point of, by a name that is not the broker's; empty if of none."""
    along: int = 0
    """Where on that line; the lab's `axis` says in what unit."""
    rounds: int = ROUNDS
    """In a recording; FEWER where no claim reads the way."""
    read: bool = False
    """Whether somebody reads while it sends; its rate is then that of the messages that arrived."""

    @property
    def broker(self) -> str:
        """Whose broker it is."""
        return profile(self.profile).broker


def one_by_one(messages: int) -> Ceiling:
    """Each message waits for the answer to the one before."""
    return Ceiling(messages=messages, window=1, batch=1)


def way(name: str, label: str, using: str, lane: str, load: Ceiling, part: Part = "produce") -> Way:
    """A way that our own generator goes."""

    def side(setting: Setting) -> Figure:
        from labs.scenarios.bench.ours import ours

        return ours(using, lane, load, part)(setting)

    client = "" if lane == "idiomatic" else "own frames, fast lane"
    return Way(name, label, using, side, lane, load, load.body_bytes, client, read=part == "both")


def on_line(line: str, along: int, one: Way) -> Way:
    """The way as a point of a line."""
    return replace(one, line=line, along=along)


def fewer(ways: Sequence[Way], *names: str) -> tuple[Way, ...]:
    """The ways, of which these, that no claim reads, are recorded in fewer rounds."""
    return tuple(replace(one, rounds=FEWER) if one.name in names else one for one in ways)


def tool_way(name: str, label: str, using: str, side: Side, client: str) -> Way:
    """A way that a vendor's tool goes."""
    return Way(name, label, using, side, "vendor's tool", None, 100, client)


def measured(lab: str, chosen: Way, settings: Settings, observer: Observer) -> Digest:
    """One way, `repeats` times after one try that does not count."""
    from labs import stack

    repeats, part = int(settings.get("repeats", 1)), observer.silently()
    with stack.session((chosen.broker,), report=partial(observer.progress, 0.0)) as endpoints:
        here = endpoints[chosen.broker]
        figures, void = list[Figure](), list[str]()
        trial = undisturbed(chosen, Setting(here, TRIAL, part), [])  # what is left out of it does not count anyway
        lasts = length(chosen, trial.value, RECORDED_S if settings.get("recorded") else LIVE_S)
        for number in range(repeats):
            observer.progress((number + 0.5) / (repeats + 0.5), f"{chosen.label}, {number + 1} of {repeats}")
            order = _order(chosen, settings, number)
            figures.append(one_round(chosen, Setting(here, 1.0, part, order, lasts), void))
        on_card = _card(chosen, here, figures) | left_out(void, len(figures) + len(void))
        return _digest(lab, chosen, figures, on_card)


def _order(chosen: Way, settings: Settings, number: int) -> str:
    """By what the order of a round's variants is drawn; empty where nobody looks for the limit."""
    seed = settings.get("seed") or secrets.randbits(32)
    return f"{chosen.name} {seed} {number}" if settings.get("lift") else ""


def _digest(lab: str, chosen: Way, figures: Sequence[Figure], on_card: Card) -> Digest:
    using, repeats = profile(chosen.profile), [repeat_of(one) for one in figures]
    return Digest(
        lab=lab,
        settings={
            "way": chosen.name,
            "label": chosen.label,
            "broker": using.broker,
            "profile": using.name,
            "rung": using.rung,
            "lane": chosen.lane,
            "body_bytes": chosen.body_bytes,
            **({"line": chosen.line, "along": chosen.along} if chosen.line else {}),
            **({"read": True} if chosen.read else {}),
        },
        repeats=repeats,
        card=on_card,
        **sum_up(repeats),
    )


def _card(chosen: Way, endpoint: Endpoint, figures: Sequence[Figure]) -> dict[str, object]:
    load, others = chosen.load, [one.foreign for one in figures]
    counted = [one.more["counted_s"] for one in figures if "counted_s" in one.more]
    how = {"window": load.window, "batch": load.batch} if load else {"command": figures[-1].said}
    client = {"client": chosen.client} if chosen.client else {}
    more = {"payload_bytes": chosen.body_bytes, **how, **client, **broker_cpu(endpoint)}
    if counted:
        more["counted"] = f"{span(counted, '{:.1f}'.format)} s, after a warm-up that does not count"
    return card(endpoint, profile(chosen.profile), {}, more, repeats=len(figures), others=others)


def said_elsewhere(lab: str, names: Sequence[str]) -> list[Digest]:
    """Published figures as points: no repeats, a source and its conditions on the card."""
    found = []
    for name in names:
        one = published()[name]
        settings: Chosen = {"way": PUBLISHED + name, "label": one.label, "broker": one.broker, "published": True}
        source = {"broker": one.label, "source": one.source, "conditions": one.conditions}
        median: Middle = {"per_s": one.per_s, "client_bound": False, "limit": one.conditions}
        found.append(Digest(lab=lab, settings=settings, repeats=[], median=median, card=source))
    return found


def rate_lab(
    name: str,
    *,
    ways: Sequence[Way],
    default: str,
    others: Sequence[str] = (),
    axis: str = "",
    look: Look = RATE_LOOK,
    **lab: Any,
) -> Experiment:
    """A lab whose one control is the way of sending; `lab` is the rest of it.

    `others` are published figures, `axis` is what its lines run along.
    """
    known = {one.name: one for one in ways}
    brokers = tuple(dict.fromkeys(one.broker for one in ways))
    options = (*(Option(one.name, one.label) for one in ways), *map(_nothing_to_run, others))

    def run(settings: Settings, observer: Observer) -> list[Digest]:
        chosen = known.get(settings["way"])
        if chosen is None:
            raise ValueError(f"{settings['way']} was published by others: there is nothing to run here")
        return [measured(name, chosen, settings, observer)]

    return Experiment(
        name=name,
        controls=(Control("way", "Way of sending", "choice", default, options), LIFT),
        grid=lambda: [{"way": one.name, "repeats": one.rounds, "lift": "1"} for one in ways],
        run=run,
        warm_up=partial(warm, known) if "kafka" in brokers else None,
        elsewhere=partial(said_elsewhere, name, tuple(others)),
        needs=brokers,
        ways=tuple(ways),
        sum_up=sum_up,
        point_s=22.0,
        far=True,
        only_here=partial(_only_here, known),
        look=along(look, axis, [(one.line, one.broker) for one in ways]) if axis else look,
        **lab,
    )


def _nothing_to_run(name: str) -> Option:
    return Option(PUBLISHED + name, published()[name].label, "published by others: nothing to run here")


def _only_here(ways: Mapping[str, Way], settings: Settings) -> str:
    chosen, able = ways.get(settings["way"]), ", ".join(one.name for one in ways.values() if one.load)
    if chosen is None or chosen.load:
        return ""
    return f"{chosen.label}: a vendor's tool runs on this machine only. With --executor go: {able}."


def per_s(digest: Digest) -> float:
    """Messages a second, the median of the repeats."""
    return float(digest.median["per_s"])


def fastest(digests: Iterable[Digest], why: str = "No way was run.") -> Digest:
    """The point with the highest rate, of those whose publishers the broker did not stop; Undecided says `why` there
    is none."""
    if (found := max(unheld(list(digests)), key=per_s, default=None)) is None:
        raise Undecided(why)
    return found
