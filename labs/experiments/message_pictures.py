"""Moving pictures from recorded runs: `python -m labs.experiments.message_pictures power-cut` measures and writes one.

Each dot is a message of a raw run, at the times that the run has of it; the raw runs stay in .labs/runs. A chapter adds
its own picture as an entry of PICTURES: the stages, and what makes each scene.
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from labs.experiments import queue_picture, rebalance_pictures
from labs.experiments.backlog_picture import backlog
from labs.judge.loss import account
from labs.model.faults import LOAD, NAMES
from labs.model.observer import UNOBSERVED
from labs.model.paths import PROJECT, new_run_file, write_text
from labs.model.profile import profile
from labs.model.run import NEVER, Run, first_rows
from labs.model.workload import Ceiling
from labs.scenarios.rebalance import WAYS
from labs.show.pictures.base import About, Mark, PictureError
from labs.show.pictures.messages import Fate, Message, Messages, Scene

FOLDER = PROJECT / "book" / "pictures"
PER_S, SEED = 80.0, 3
"""Of the power cut: few enough messages that a reader can see each."""
SHOWN_NS = 12_000_000
"""Of the window: long enough for many answers to a window of 1."""
FEW = 6
"""So many flushes are marked one by one."""


def after_the_cut(run: Run, name: str, ink: str, card: Mapping[str, Any]) -> Scene:
    """A run whose power was cut: sent, confirmed, on the disk once a flush after it was over and the message was there
    afterwards; lost if it was confirmed and was not. PictureError where the run cannot say."""
    fault = run.facts["fault"]
    if not run.settled or "flushed_before_ns" not in fault.get("facts", {}):
        raise PictureError(f"{name}: it did not settle, or no flush was seen; use the fsync ledger")
    struck_ns = int(fault["at_ns"])
    end_ns = max(struck_ns, int(run["confirmed_ns"].max()))
    done = sorted(struck_ns - before for before in fault["facts"]["flushed_before_ns"])
    there = first_rows(run) != NEVER
    found = []
    for at in np.flatnonzero((run["sent_ns"] != NEVER) & (run["sent_ns"] <= end_ns)):
        sent, confirmed = int(run["sent_ns"][at]), int(run["confirmed_ns"][at])
        if confirmed == NEVER:
            found.append(Message((sent, None, None)))
            continue
        flush = bisect_left(done, sent)
        if there[at] and flush == len(done):
            raise PictureError(f"{name}: message {at} was there afterwards and no flush was seen after it was sent")
        fate: Fate = "kept" if there[at] else "lost"
        found.append(Message((sent, confirmed, max(done[flush], confirmed) if there[at] else None), fate))
    marks = [Mark(one, "flush") for one in done if 0 <= one <= end_ns] if len(done) <= FEW else []
    return Scene(name, ink, tuple(found), end_ns, (*marks, Mark(struck_ns, NAMES["power"])), _ledger(run, card))


def from_the_middle(run: Run, name: str, ink: str, card: Mapping[str, Any], lasts_ns: int = SHOWN_NS) -> Scene:
    """A stretch from the middle of a run on, when it has warmed up: what was under way at its beginning, and what was
    sent and confirmed in it; what is still under way at its end is in the first stage."""
    sent = run["sent_ns"][run["sent_ns"] != NEVER]
    start = int(sent[len(sent) // 2])
    begins, ends = run["sent_ns"] - start, run["confirmed_ns"] - start
    shown = (run["sent_ns"] != NEVER) & (begins <= lasts_ns) & ((run["confirmed_ns"] == NEVER) | (ends >= 0))
    found = []
    for at in np.flatnonzero(shown):
        done = run["confirmed_ns"][at] != NEVER and ends[at] <= lasts_ns
        found.append(Message((max(int(begins[at]), 0), int(ends[at]) if done else None)))
    return Scene(name, ink, tuple(found), lasts_ns, (), _ledger(run, card))


def _ledger(run: Run, card: Mapping[str, Any]) -> dict[str, Any]:
    """The run card and the counts of the whole run, by which the dots can be checked."""
    counts = asdict(account(run))
    return {**card, "ledger": {name: counts[name] for name in ("attempted", "acknowledged", "delivered", "lost")}}


def _cut(using: str, name: str) -> Scene:
    """One run on a broker of our own whose power is cut, by the fsync ledger: it knows when each flush was over."""
    from labs.judge.fault_digest import bill
    from labs.scenarios.fault_run import record_fault
    from labs.scenarios.faults import Fault

    chosen, load = profile(using), replace(LOAD, name="few", rate_per_s=PER_S)
    run = record_fault(chosen, load, Fault("power", SEED, disk="ledger"), UNOBSERVED, backend="native")
    run.save(new_run_file("power-cut", chosen.name))
    return after_the_cut(run, name, chosen.broker, bill("power-cut", {"fault": "power"}, [run], chosen).card)


def _window(window: int, batch: int, messages: int) -> Scene:
    """One closed loop with frames of our own; persistent messages to a classic queue, each confirmed."""
    from labs import stack
    from labs.brokers import on_lane
    from labs.judge.card import card
    from labs.record.recorder import record

    chosen = profile("rabbitmq-confirms")
    with stack.session((chosen.broker,), "native", report=lambda _text: None) as found:
        here = found[chosen.broker]
        load = Ceiling(name="window", messages=messages, window=window, batch=batch)
        run = record(here, on_lane(chosen, "fast"), load, UNOBSERVED, "produce")
        run.save(new_run_file("window", chosen.name))
        more = {"window": window, "batch": batch, "payload_bytes": load.body_bytes, "client": "own frames, fast lane"}
        lines = card(here, chosen, run.facts, more, repeats=1)
    return from_the_middle(run, f"Window {window:,}", chosen.broker, lines)


@dataclass(frozen=True)
class Film:
    """A moving picture: the stages of a message, what is said of it, and what measures each scene."""

    stages: tuple[str, ...]
    about: About
    scenes: Sequence[Callable[[], Scene]]


PICTURES: Mapping[str, Film] = {
    "power-cut": Film(
        ("sent", "confirmed", "on the disk"),
        About(
            under=f"Three settings get {PER_S:g} messages a second, then the power is cut. One dot is one message.",
            command="python -m labs.experiments.message_pictures power-cut",
        ),
        (
            lambda: _cut("redis-list-everysec", "Redis list, AOF everysec"),
            lambda: _cut("rabbitmq-confirms", "RabbitMQ classic queue, persistent"),
            lambda: _cut("rabbitmq-quorum", "RabbitMQ quorum queue"),
        ),
    ),
    "window": Film(
        ("sent", "confirmed"),
        About(
            under=f"{SHOWN_NS / 1e6:g} ms of two runs: persistent messages to one queue of RabbitMQ, a dot each.",
            command="python -m labs.experiments.message_pictures window",
        ),
        (lambda: _window(1, 1, 500), lambda: _window(100, 20, 5000)),
    ),
    "backlog": Film(
        ("handed in", "begun", "done"),
        About(
            under="One queue of RabbitMQ, two workers, eight seconds of arrivals. One dot is one job.",
            command="python -m labs.experiments.message_pictures backlog",
        ),
        (
            lambda: backlog("Bursts, load 0.7", 0.7, 4),
            lambda: backlog("Overload, load 1.2", 1.2, 1),
        ),
    ),
    "queue": Film(
        ("sent", "confirmed", "with the consumer", "acknowledged"),
        About(
            title="A confirmed message waits until it is handed out, and leaves when it is acknowledged",
            under=f"One queue of RabbitMQ. A consumer comes after {queue_picture.LATER_S:g} s and may hold "
            f"{queue_picture.PREFETCH} messages. One dot is one message.",
            command="python -m labs.experiments.message_pictures queue",
        ),
        (lambda: queue_picture.queue("A queue with confirms"),),
    ),
    "rebalance": Film(
        ("published", "done"),
        About(
            title="Records pile up wherever the group has not agreed yet who does them",
            under="Six partitions and three members of a group. A fourth joins, one leaves, one is killed. "
            f"One dot is one record in {rebalance_pictures.EACH}.",
            command="python -m labs.experiments.message_pictures rebalance",
        ),
        tuple(partial(rebalance_pictures.scene, name, way.label) for name, way in WAYS.items()),
    ),
}  # fmt: skip


def main(given: Sequence[str]) -> int:
    """Measure the runs of a picture and write it, with their run cards."""
    if len(given) != 1 or given[0] not in PICTURES:
        print(f"Say which picture: {', '.join(PICTURES)}", file=sys.stderr)
        return 2
    film = PICTURES[given[0]]
    made = Messages(film.stages, tuple(scene() for scene in film.scenes), film.about)
    write_text(FOLDER / f"{given[0]}.json", json.dumps(made.to_json(), ensure_ascii=False) + "\n")
    print(made.sentence)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
