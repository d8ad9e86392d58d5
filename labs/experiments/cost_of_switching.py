"""L8.4 The cost of switching: one order service on three brokers, the contract that each keeps, and the lines between.

Claims C72 and C69.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from typing import Any

from labs.experiments import switching_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings
from labs.judge.card import card
from labs.judge.repeats import Summed, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, enumerated
from labs.scenarios.switching import CLIENTS, FRAMEWORKS, MOVES, ROWS, SETS, Move, service_of
from labs.show.looks.switching import SWITCHING_GUESS, SWITCHING_LOOK
from labs.show.short.switching import cost_of_switching

NAME = "cost-of-switching"
REPEATS = 5
FIGURES = ("built", "lost", "gone_pct", "whole_pct")


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest a move; each service that one of them needs is put to the contract once a repeat."""
    from labs import stack

    framework, repeats = settings["framework"], settings.get("repeats", 1)
    moves = [MOVES[name] for name in settings["moves"]]
    needed = [one for one in BROKERS if any(one in (move.old, move.new) for move in moves)]
    backend, report = settings.get("backend", "auto"), partial(observer.progress, 0.0)
    with stack.session(tuple(needed), backend, report=report) as there:
        rounds = [_round(framework, there, observer.part(at, repeats)) for at in range(repeats)]
        return [_digest(framework, move, rounds, there) for move in moves]


def _round(framework: str, there: Mapping[str, Endpoint], observer: Observer) -> dict[str, dict[str, Any]]:
    """Broker -> what its service keeps, and how; and the seconds that it took to see it of all of them."""
    from labs.scenarios.switching.conductor import Site
    from labs.scenarios.switching.conductor import run as put_to_contract
    from labs.scenarios.switching.contract import UNKNOWN
    from labs.scenarios.switching.judge import words

    began_s = time.monotonic()
    python = (python_of(framework, partial(observer.progress, 0.0)),)
    sites = {broker: Site(service_of(framework, broker), here, python) for broker, here in there.items()}
    histories = put_to_contract(list(sites.values()), observer)
    took_s = round(time.monotonic() - began_s, 1)
    found = {broker: words(histories[site]) for broker, site in sites.items()}
    for broker, told in found.items():
        if unseen := [row for row, word in told.items() if word == UNKNOWN]:
            raise BrokerError(
                f"The order service on {BROKER_NAMES[broker]}: nothing is known of {enumerated(unseen)}, for no worker "
                "came to work there, or its kill came too late. Run it again while the machine is less busy."
            )
    return {broker: {"words": told, "took_s": took_s} for broker, told in found.items()}


def python_of(framework: str, report: Callable[[str], None]) -> str:
    """The interpreter that has the framework: ours, or that of a package set, which is fetched if it is not there."""
    from labs.stack import packages

    return str(packages.python(SETS[framework], report)) if framework in SETS else sys.executable


def _clients(framework: str, broker: str) -> str:
    """kombu 5.7.0, confluent-kafka 2.15.1: what the service's file imports, and what that imports."""
    from labs.stack import packages

    pinned = packages.versions(SETS[framework]) if framework in SETS else {}
    return ", ".join(f"{one} {pinned.get(one) or version(one)}" for one in CLIENTS[framework, broker])


def _digest(framework: str, move: Move, rounds: Sequence[Mapping[str, Any]], there: Mapping[str, Endpoint]) -> Digest:
    from labs.scenarios.switching.judge import cost

    costs = cost(service_of(framework, move.old), service_of(framework, move.new))
    repeats = [_repeat(one[move.old], one[move.new], costs) for one in rounds]
    setup = {
        "old": costs.file.old, "gone": costs.file.gone, "new": costs.file.new, "business": costs.business,
        "own": costs.own,
    }  # fmt: skip
    return Digest(
        lab=NAME,
        settings={"framework": framework, "porting": move.name, "label": move.label, "broker": move.new},
        setup=setup,
        repeats=repeats,
        card=_card(framework, move, there, len(rounds)),
        **sum_up(repeats),
    )


def _repeat(old: Mapping[str, Any], new: Mapping[str, Any], costs: Any) -> Repeat:
    from labs.scenarios.switching.judge import built, lost

    was, now = old["words"], new["words"]
    return {
        "trials": {row: {"was": was[row], "outcome": now[row]} for row in ROWS},
        "figures": {
            "built": float(len(built(was, now, costs.same))),
            "lost": float(len(lost(was, now))),
            "gone_pct": round(costs.gone_share * 100, 1),
            "whole_pct": round(costs.whole_share * 100, 1),
        },
        "took_s": new["took_s"],
    }


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """Medians and ranges of what a move costs."""
    known = {name: [one["figures"][name] for one in repeats] for name in FIGURES}
    median: dict[str, Any] = {name: known_median(values, 1) for name, values in known.items()}
    median["took_s"] = known_median([one["took_s"] for one in repeats], 1)
    return {"median": median, "spread": {name: known_range(values) for name, values in known.items()}}


def _card(framework: str, move: Move, there: Mapping[str, Endpoint], repeats: int) -> Card:
    both = [card(there[broker], None, {}, {}, repeats=repeats) for broker in (move.old, move.new)]
    more = {
        "broker": ", ".join(str(one["broker"]) for one in both),
        "client": "; ".join(_clients(framework, broker) for broker in (move.old, move.new)),
        "orders": "8 to 36 a row, and 400 of 100 kB; up to two workers a channel",
        "fault_method": "SIGKILL to a worker in the middle of an order",
    }
    return {**both[1], **more}


def grid() -> list[Settings]:
    """All moves of a framework together: each service is run once for four of them."""
    return [{"framework": one, "moves": list(MOVES), "repeats": REPEATS} for one in FRAMEWORKS]


LAB = Experiment(
    name=NAME,
    number="L8.4",
    title="The cost of switching",
    question="What does it take to move a service from one broker to another?",
    short=cost_of_switching,
    claims=("C69", "C72"),
    controls=(
        Control("framework", "Written with", "choice", "raw", tuple(Option(*one) for one in FRAMEWORKS.items())),
        Control(
            "moves", "Move", "many", ["redis-kafka", "rabbitmq-kafka"],
            tuple(Option(one.name, one.label) for one in MOVES.values()), sets="porting",
        ),
    ),
    grid=grid,
    run=run,
    rules=switching_verdicts.RULES,
    needs=BROKERS,
    sum_up=sum_up,
    point_s=40.0,
    quiet=False,
    look=SWITCHING_LOOK,
    guess=SWITCHING_GUESS,
)  # fmt: skip
