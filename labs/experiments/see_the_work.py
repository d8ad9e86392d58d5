"""L2.5b See the work, police the work: what a running broker tells of the work in it, and whom it lets publish.

It judges no claim: share-the-work, on the same page, looks at its points for C03 and C24.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.judge.card import card
from labs.judge.repeats import nothing
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.profile import BROKERS, profile
from labs.scenarios.seeing import GAP_S, HELD, MODES, WAITING, Mode, mode_of
from labs.show.looks.seeing import SEEING_LOOK

if TYPE_CHECKING:
    from labs.scenarios.seeing import Seen

NAME = "see-the-work"
REPEATS = 5


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: the mode with work planted in it, asked and policed."""
    from labs.scenarios.seeing.conductor import look

    mode, repeats = mode_of(settings["mode"]), settings.get("repeats", 1)
    with place(mode.broker, observer) as endpoint:
        if endpoint is None:
            raise ValueError(f"{mode.name} needs a broker")
        found = [look(mode, endpoint, observer.part(at, repeats, mode.label)) for at in range(repeats)]
        on_card = _card(mode, endpoint, found)
    return [digest(mode, found, on_card)]


def digest(mode: Mode, found: Sequence[Seen], on_card: Card) -> Digest:
    """One point of the lab from what its runs found."""
    repeats = [_repeat(one) for one in found]
    named = {"mode": mode.name, "label": mode.label, "broker": mode.broker, "profile": mode.profile}
    return Digest(lab=NAME, settings={**named}, repeats=repeats, card=on_card, **nothing(repeats))  # type: ignore[typeddict-item]


def _repeat(seen: Seen) -> Repeat:
    from labs.scenarios.seeing.judge import cells

    return {"cells": cells(seen)}


def _card(mode: Mode, endpoint: Endpoint, found: Sequence[Seen]) -> dict[str, object]:
    planted = f"{HELD} messages taken and not finished, {WAITING} sent {GAP_S:g} s later and waiting"
    return card(endpoint, profile(mode.profile), found[-1].facts, {"planted": planted}, repeats=len(found))


LAB = Experiment(
    name=NAME,
    number="L2.5b",
    title="See the work, police the work",
    question="What does a running broker tell of the work in it, and whom does it refuse?",
    controls=(
        Control("mode", "Mode", "choice", "rabbitmq-queue", tuple(Option(m.name, m.label) for m in MODES.values())),
    ),
    grid=lambda: [{"mode": name, "repeats": REPEATS} for name in MODES],
    run=run,
    needs=BROKERS,
    sum_up=nothing,
    point_s=6.0,
    quiet=False,
    look=SEEING_LOOK,
)
