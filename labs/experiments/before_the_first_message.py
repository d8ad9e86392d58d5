"""L1.3 What does a broker cost before the first message? Processes, memory, time, settings, lines, and what it buys.

One pair of services, one message, then rest; the same pair's jobs with one worker killed. Claims C11, C13, C14.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import cast

from labs.experiments import cost_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings
from labs.experiments.kill_the_worker import FAULT_METHOD, hit
from labs.judge.card import card
from labs.judge.repeats import Summed, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.scenarios.jobs import mode_of, settings_of
from labs.scenarios.pairs import CARRIERS, GUARANTEES, PAIRS, SURVIVES, WHY_NOT, Pair
from labs.show.looks import COST_LOOK
from labs.show.short.others import before_the_first_message

NAME = "before-the-first-message"
REPEATS = 5
PREFETCH = 10
HTTP_CLIENT = f"httpx {version('httpx')}, uvicorn {version('uvicorn')}"
STAGES = {"start": 0.0, "first": 0.4, "settle": 0.5, "kill": 0.65}
"""Where in a run's progress its stages begin."""


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest a carrier, each broker started for it alone, once a repeat."""
    asked, guarantee = settings["carriers"], settings["guarantee"]
    pairs = [PAIRS[carrier, guarantee] for carrier in asked if (carrier, guarantee) in PAIRS]
    if not pairs:
        [why] = [WHY_NOT[carrier, guarantee] for carrier in asked]
        raise ValueError(f"{CARRIERS[asked[0]]}: nothing {GUARANTEES[guarantee]}, because {why}.")
    repeats, found = settings.get("repeats", 1), []
    for at, pair in enumerate(pairs):
        facts = []
        for turn in range(repeats):
            part = observer.part(at * repeats + turn, len(pairs) * repeats, pair.label)
            facts.append(_once(pair, settings.get("backend", "auto"), settings.get("seed", 1) + turn, part))
        found.append(digest(pair, [one for one, _ in facts], facts[-1][1] | {"repeats": repeats}))
    return found


def _once(pair: Pair, backend: str, seed: int, observer: Observer) -> tuple[Repeat, dict[str, object]]:
    """What one start of everything gave, and the run card's facts."""
    from labs import stack
    from labs.scenarios.jobs.conductor import evidence
    from labs.scenarios.jobs.judge import judge
    from labs.scenarios.jobs.producer import Plan
    from labs.scenarios.pairs.memory import settled
    from labs.scenarios.pairs.running import running

    began_s = time.monotonic()
    with _place(pair, backend, observer) as place:
        observer.progress(STAGES["first"], "one message")
        with running(pair, place, observer) as at_work:
            observer.progress(STAGES["settle"], "coming to rest")
            pids = {"sender": [at_work.sender], "receiver": [at_work.receiver]}
            rows, calm = settled(lambda: pids | {"broker": stack.processes_of(place)}, observer)
        killed = hit(NAME, mode_of(pair.mode), _site(pair, place), Plan(seed), PREFETCH, observer.slice(STAGES["kill"]))
    tally, death = judge(killed), killed.death
    found: Repeat = {
        "ready_s": place.ready_s,
        "first_s": round(at_work.first_s, 3),
        "weights": rows,
        "calm": calm,
        "seen": not pair.has_broker or bool(place.pids),
        "seed": seed,
        "jobs": {name: getattr(tally, name) for name in ("jobs", "once", "twice", "lost", "unknown", "told")},
        "verdict": tally.verdict,
        "trouble": killed.trouble,
        "fault": {"kind": "kill", "method": "SIGKILL", "evidence": evidence(death) if death else ""},
        "took_s": round(time.monotonic() - began_s, 1),
    }
    return found, _card(pair, place, killed.facts)


@contextmanager
def _place(pair: Pair, backend: str, observer: Observer) -> Iterator[Endpoint]:
    """A broker that nobody else uses, fresh and with empty data; a port of loopback where there is none."""
    from labs import stack
    from labs.scenarios.pairs.running import nowhere

    def report(text: str) -> None:
        observer.check("while the broker started")
        observer.progress(STAGES["start"], text)

    if not pair.has_broker:
        yield nowhere()
        return
    host = sys.platform == "linux" and stack.kind_of(backend) == "compose"
    with stack.session((pair.broker,), backend, report=report, own=True, host_network=host) as found:
        yield found[pair.broker]


def _site(pair: Pair, place: Endpoint) -> Endpoint | None:
    return place if pair.has_broker else None


def summed(repeat: Repeat) -> dict[str, float | None]:
    """The figures of one repeat: processes and megabytes of all and of the broker alone; None where it cannot be seen.

    A megabyte is a million bytes.
    """
    from labs.scenarios.pairs.memory import shared_out, total

    rows, seen = repeat["weights"], repeat["seen"]
    beside = [row for row in rows if row["role"] == "broker"]
    pss = shared_out(rows)
    return {
        "processes": len(rows) if seen else None,
        "mb": round(total(rows) / 1e6, 1) if seen else None,
        "broker_processes": len(beside) if seen else None,
        "broker_mb": round(total(beside) / 1e6, 1) if seen else None,
        "services_mb": round((total(rows) - total(beside)) / 1e6, 1),
        "pss_mb": round(pss / 1e6, 1) if seen and pss is not None else None,
        "ready_s": repeat["ready_s"],
        "first_s": repeat["first_s"],
        "to_first_s": round(repeat["ready_s"] + repeat["first_s"], 3),
        "lost": repeat["jobs"]["lost"] if repeat["verdict"] != "unknown" else None,
        "twice": repeat["jobs"]["twice"],
    }


def digest(pair: Pair, repeats: Sequence[Repeat], on_card: Card) -> Digest:
    """One point of the lab: the facts of each repeat, and their medians."""
    from labs import stack

    whole = [cast("Repeat", {**one, "figures": summed(one)}) for one in repeats]
    lines = stack.config_lines(pair.broker) if pair.has_broker else []
    killed = settings_of(mode_of(pair.mode), PREFETCH)
    return Digest(
        lab=NAME,
        settings={
            "carrier": pair.carrier,
            "guarantee": pair.guarantee,
            "label": pair.label,
            "broker": pair.broker,
            "mode": pair.mode,
        },
        setup={"client": pair.settings, "server": lines, "lines": pair.lines, "killed": killed},
        repeats=whole,
        card=on_card,
        **sum_up(whole),
    )


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """Medians and ranges of what each repeat counted."""
    known = {name: [one["figures"][name] for one in repeats] for name in repeats[0]["figures"]}
    median = {name: known_median(values) for name, values in known.items()}
    median["took_s"] = known_median([one["took_s"] for one in repeats], 1)
    return {"median": median, "spread": {name: known_range(values) for name, values in known.items()}}


def _card(pair: Pair, place: Endpoint, facts: Mapping[str, object]) -> dict[str, object]:
    from labs.scenarios.jobs.producer import Plan

    host = place.backend == "compose" and sys.platform == "linux"
    more = {
        "conditions": "a broker of its own, started on empty data and used by nobody else",
        "jobs": f"{Plan(0).jobs} jobs, one worker killed over them ({mode_of(pair.mode).label})",
        "fault_method": FAULT_METHOD,
    }
    if host:
        more["backend"] = "containers, host networking"
    if not pair.has_broker:
        return card(None, None, facts, {"client": HTTP_CLIENT, **more}, repeats=1)
    return card(replace(place, pids=()), None, facts, more, repeats=1)  # its processes have ended


def grid() -> list[Settings]:
    """Every pair."""
    return [{"carriers": [pair.carrier], "guarantee": pair.guarantee, "repeats": REPEATS} for pair in PAIRS.values()]


LAB = Experiment(
    name=NAME,
    number="L1.3",
    title="Before the first message",
    question="What does a broker cost before the first message?",
    short=before_the_first_message,
    claims=("C11", "C13", "C14"),
    controls=(
        Control(
            "carriers",
            "Broker",
            "many",
            list(CARRIERS),
            tuple(Option(*one) for one in CARRIERS.items()),
            sets="carrier",
        ),
        Control("guarantee", "Promise", "choice", SURVIVES, tuple(Option(*one) for one in GUARANTEES.items())),
    ),
    grid=grid,
    run=run,
    rules=cost_verdicts.RULES,
    why_not=WHY_NOT,
    needs=(),
    sum_up=sum_up,
    point_s=11.0,
    look=COST_LOOK,
)
