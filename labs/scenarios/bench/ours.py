"""Our generator as a side, alone and in company, with what may lift its rate: what the limit is judged by."""

from __future__ import annotations

from dataclasses import replace

from labs.judge.lift import IN_FULL, OF_BOTH, WHOSE
from labs.model.observer import Part
from labs.model.profile import profile
from labs.model.text import counted
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Side
from labs.scenarios.bench.concurrent import fanned_out, together
from labs.scenarios.bench.lifting import Liftable, Variant
from labs.scenarios.bench.sides import alone

QUEUES = {
    "redis_pubsub": "channel", "redis_list": "key", "redis_stream": "key", "rabbitmq_stream": "stream",
    "kafka": "partition",
}  # fmt: skip
"""The adapter -> what it calls that in which messages wait; of the others a queue."""
LATE = "each reader begins when its own messages are there, so two would not read at the same time"
COPIES = "with that many subscribers on each of two, the processes alone would fill the machine"


def ours(name: str, lane: str, load: Ceiling, part: Part = "produce") -> Side:
    """Our generator in a closed loop, every message stamped and accounted for; a lost one makes the round void."""
    queue, half = queue_word(name), halved(load)
    more = [_window(load, lambda wider: alone(name, lane, wider, part))]
    if part == "produce":
        more += [
            _client(f"a second publisher to the same {queue}", together(name, lane, half, 2, shared=True)),
            _queue(f"a second {queue} with a publisher of its own", queue, together(name, lane, half, 2)),
        ]
    else:
        both, whose = part == "both", OF_BOTH if queue in IN_FULL else WHOSE
        what = f"a second {queue} with a publisher and a reader of its own"
        second = together(name, lane, half, 2, "both") if both else None
        more += [
            _client(f"a second publisher and a second reader of the same {queue}", None, whose if both else LATE),
            _queue(what, queue, second, "" if both else LATE),
        ]
    return Liftable(alone(name, lane, load, part), more)


def subscribed(name: str, lane: str, load: Ceiling, readers: int) -> Side:
    """Our generator with so many subscribers, each with a ledger of its own."""
    queue, second = queue_word(name), together(name, lane, halved(load), 2, "both") if readers == 1 else None
    return Liftable(
        fanned_out(name, lane, load, readers),
        [
            _window(load, lambda wider: fanned_out(name, lane, wider, readers)),
            _client(f"a second publisher to the same {queue}", None, OF_BOTH),
            _queue(f"a second {queue} with a publisher and a reader of its own", queue, second, COPIES),
        ],
    )


def side_by_side(name: str, lane: str, load: Ceiling, publishers: int) -> Side:
    """So many publishers, each with a queue of its own, begun together."""
    queue, twice = queue_word(name), 2 * publishers
    many = counted(twice, queue)
    return Liftable(
        together(name, lane, load, publishers),
        [
            _window(load, lambda wider: together(name, lane, wider, publishers)),
            _client(f"a second publisher to each {queue}", None, f"there are {twice} publishers only with {many}"),
            Variant(
                "queue", f"{many} with a publisher each", f"{counted(publishers, queue)} were the limit",
                together(name, lane, halved(load), twice),
            ),
        ],
    )  # fmt: skip


def queue_word(name: str) -> str:
    """What a profile's broker calls that in which messages wait."""
    return QUEUES.get(profile(name).adapter, "queue")


def halved(load: Ceiling) -> Ceiling:
    """Half of it for each of two, but no fewer than fill the window ten times."""
    count = min(load.messages, max(load.messages // 2, 10 * load.window))
    return replace(load, messages=count, warmup_messages=load.warmup_messages // 2)


def _window(load: Ceiling, side: object) -> Variant:
    wider = replace(load, window=2 * load.window)
    blame = f"the window of {counted(load.window, 'message')} was the limit"
    return Variant("window", f"a window of {wider.window:,}", blame, side(wider))  # type: ignore[operator]


def _client(what: str, side: Side | None, why_not: str = "") -> Variant:
    return Variant("client", what, "our client was the limit", side, why_not)


def _queue(what: str, queue: str, side: Side | None, why_not: str = "") -> Variant:
    return Variant("queue", what, f"one {queue} was the limit", side, "" if side else why_not)
