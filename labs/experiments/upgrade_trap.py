"""L8.2 The upgrade trap: which Celery starts on which RabbitMQ, and what the fix costs.

It judges no claim: one-app-three-brokers, in the same chapter, looks at its points for C70.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from labs.experiments.base import Control, Experiment, Option, Settings
from labs.judge.card import card
from labs.judge.repeats import Summed
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.scenarios.upgrade import CLIENTS, SERVERS, Client, Server, server_of
from labs.show.looks.upgrade import UPGRADE_LOOK
from labs.show.short.upgrade import in_short

if TYPE_CHECKING:
    from labs.scenarios.upgrade import Seen

NAME = "upgrade-trap"
ROUNDS = 5


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """A digest a Celery: each chosen one against the chosen RabbitMQ, which is started once."""
    from labs import stack
    from labs.scenarios.upgrade.running import broker, look

    server, repeats = server_of(settings["server"]), settings.get("repeats", 1)
    clients = [CLIENTS[name] for name in settings["clients"]]
    stack.spare("rabbitmq", "setting what a RabbitMQ refuses")
    found: dict[str, list[Seen]] = {one.name: [] for one in clients}
    cards: dict[str, Card] = {}
    observer.progress(0.0, f"starting {server.label}")
    backend = stack.kind_of(settings.get("backend", "auto"))
    with broker(server, backend, partial(observer.progress, 0.0)) as endpoint:
        for at in range(repeats * len(clients)):
            one = clients[at % len(clients)]
            found[one.name].append(look(endpoint, one, observer.part(at, repeats * len(clients), one.label)))
            cards[one.name] = _card(endpoint, one, found[one.name])
    return [digest(server, one, found[one.name], cards[one.name]) for one in clients]


def digest(server: Server, client: Client, found: Sequence[Seen], on_card: Card) -> Digest:
    """One point of the lab from what its runs heard."""
    repeats = [_repeat(one) for one in found]
    named = {"server": server.name, "client": client.name, "broker": "rabbitmq"}
    chosen = {**named, "label": f"{client.label} on {server.short}"}
    setup = {"settings": dict(client.settings), "lines": list(server.lines), "said": found[-1].start.error}
    return Digest(lab=NAME, settings=chosen, setup=setup, repeats=repeats, card=on_card, **sum_up(repeats))  # type: ignore[arg-type]


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """Whether all repeats ended alike."""
    ends = {one["outcome"] for one in repeats}
    return {"median": {"outcome": ends.pop() if len(ends) == 1 else "mixed"}, "spread": {}}


def _repeat(seen: Seen) -> Repeat:
    from labs.scenarios.upgrade.judge import cells, outcome

    second = seen.second.code if seen.second else None
    return {
        "outcome": outcome(seen),
        "cells": cells(seen),
        "figures": {"ready_s": seen.ready_s, "errors": seen.start.errors, "start": seen.start.code, "second": second},
        "said": seen.start.error or (seen.second.error if seen.second else ""),
    }


def _card(endpoint: Endpoint, client: Client, found: Sequence[Seen]) -> dict[str, object]:
    from labs.stack import packages

    pinned = packages.versions(client.packages)
    more = {
        "client": ", ".join(f"{name} {pinned[name]}" for name in ("celery", "kombu", "amqp")),
        "worker": "one process (the solo pool), remote control and events as Celery has them",
        "told": ", ".join(f"{name}={value}" for name, value in client.settings.items()) or "nothing",
        "transient queues": found[-1].permitted,
    }
    return card(endpoint, None, {}, more, repeats=len(found))


LAB = Experiment(
    name=NAME,
    number="L8.2",
    title="The upgrade trap",
    question="Does a Celery worker still start when RabbitMQ is upgraded under it?",
    short=in_short,
    controls=(
        Control("server", "RabbitMQ", "choice", "refuses", tuple(Option(s.name, s.label) for s in SERVERS.values())),
        Control(
            "clients",
            "Celery",
            "many",
            ["old", "new"],
            tuple(Option(c.name, c.label) for c in CLIENTS.values()),
            sets="client",
        ),
    ),
    grid=lambda: [{"server": name, "clients": list(CLIENTS), "repeats": ROUNDS} for name in SERVERS],
    run=run,
    needs=(),
    sum_up=sum_up,
    point_s=25.0,
    quiet=False,
    look=UPGRADE_LOOK,
)
