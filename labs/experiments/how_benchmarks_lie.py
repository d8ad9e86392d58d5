"""How benchmarks lie: every broker can be made to win. Each point is two charts of the same rounds, one of them unfair.

Each round measures all three brokers plainly, and those that the trick changes once more with the trick. What was
unequal stands in the digest as the setups that were really run.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from labs.experiments.base import Control, Experiment, Option, Settings
from labs.judge.card import about_several, backend_of, broker_of, machine
from labs.judge.repeats import nothing
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.profile import BROKERS, profile
from labs.model.text import BROKER_NAMES
from labs.model.tricks import TRICKS, Setup, Trick, trick
from labs.show.looks import TRICKS_LOOK
from labs.show.short.others import how_benchmarks_lie

if TYPE_CHECKING:
    from labs.experiments.measured_trick import Measured

NAME = "how-benchmarks-lie"
REPEATS = 3


def compared(chosen: Trick, winners: Sequence[str], settings: Settings, observer: Observer) -> dict[str, Digest]:
    """Winner -> its point, all from the same rounds; `repeats` rounds."""
    from labs import stack
    from labs.experiments.measured_trick import round_of

    repeats, rounds = int(settings.get("repeats", 1)), []
    tilted = sorted({b for one in winners for b in BROKERS if chosen.is_tilted(b, one)}, key=BROKERS.index)
    with stack.session(BROKERS, report=partial(observer.progress, 0.0)) as endpoints:
        for at in range(repeats):
            rounds.append(round_of(chosen, endpoints, tilted, observer.part(at, repeats)))
        card = _card(endpoints, repeats)
    return {winner: _digest(chosen, winner, rounds, card) for winner in winners}


def _digest(chosen: Trick, winner: str, rounds: Iterable[Mapping[tuple[str, bool], Measured]], card: Card) -> Digest:
    shown = {"told": chosen.told(winner), "fair": dict(chosen.plain)}
    keys = {"told": {b: (b, chosen.is_tilted(b, winner)) for b in BROKERS}, "fair": {b: (b, False) for b in BROKERS}}
    repeats = [{chart: {b: one[key] for b, key in table.items()} for chart, table in keys.items()} for one in rounds]
    return Digest(
        lab=NAME,
        settings={
            "trick": chosen.name,
            "winner": winner,
            "broker": winner,
            "label": f"{BROKER_NAMES[winner]} by {chosen.by}",
        },
        setups={chart: _each(setups, Setup.conditions) for chart, setups in shown.items()},
        labels={chart: _each(setups, lambda one: profile(one.profile).label) for chart, setups in shown.items()},
        repeats=cast("list[Repeat]", repeats),
        card=card,
        **nothing(()),
    )


def _each(setups: Mapping[str, Setup], ask: Any) -> dict[str, object]:
    return {broker: ask(one) for broker, one in setups.items()}


def _card(endpoints: Mapping[str, Endpoint], repeats: int) -> dict[str, object]:
    several = endpoints.values()
    return {
        "broker": ", ".join(broker_of(one, {}) for one in several),
        "backend": ", ".join(sorted({backend_of(one) for one in several})),
        **about_several(tuple(several)),
        **machine(pids=[pid for one in several for pid in one.pids]),
        "replicas": 1,
        "date": time.strftime("%Y-%m-%d"),
        "repeats": repeats,
    }


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """A point for each broker that is to win."""
    return list(compared(trick(settings["trick"]), settings["winners"], settings, observer).values())


def grid() -> list[Settings]:
    """Each trick once, for all three winners: six measurements a round serve three points."""
    return [{"trick": one.name, "winners": list(BROKERS), "repeats": REPEATS} for one in TRICKS]


LAB = Experiment(
    name=NAME,
    number="L3.5",
    title="How benchmarks lie",
    question="Which broker is the fastest? Whichever you want.",
    short=how_benchmarks_lie,
    controls=(
        Control("trick", "What is unequal", "choice", "batch", tuple(Option(one.name, one.label) for one in TRICKS)),
        Control(
            "winners", "Who is to win", "many", ["rabbitmq"],
            tuple(Option(broker, BROKER_NAMES[broker]) for broker in BROKERS), alias="winner", sets="winner",
        ),
    ),
    grid=grid,
    run=run,
    needs=BROKERS,
    sum_up=nothing,
    point_s=25.0,
    look=TRICKS_LOOK,
)  # fmt: skip
