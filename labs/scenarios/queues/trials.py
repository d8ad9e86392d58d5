"""What is done with each way: seven trials, each on a key of its own, gone afterwards. Nothing is judged here."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from labs.brokers.redis.client import Link
from labs.model.endpoint import BrokerError, Endpoint, UnreachableError
from labs.model.observer import Observer
from labs.record.processes import Worker, await_ready, workers
from labs.scenarios.queues import MESSAGES, TRIALS
from labs.scenarios.queues import worker as at_work
from labs.scenarios.queues.judge import History
from labs.scenarios.queues.shapes import Reader, Shape, in_work, opened

GROUP, OTHER = at_work.GROUP, "others"
SLOW_MESSAGES, SLOW_BYTES = 200, 256 * 1024
"""52 MB: more than the 32 MiB that may wait for a subscriber and what two sockets' buffers take besides."""
READY_WITHIN_S, DIES_WITHIN_S = 20.0, 20.0
SUBSCRIBE = {"pubsub": "SUBSCRIBE", "sharded-pubsub": "SSUBSCRIBE"}


@dataclass(frozen=True)
class Site:
    """Where a trial takes place: the broker, the way, and the key of this trial."""

    endpoint: Endpoint
    way: str
    key: str

    @contextmanager
    def open(self) -> Iterator[Shape]:
        """A connection; the key is gone afterwards."""
        with opened(self.endpoint, self.way, self.key) as shape:
            try:
                yield shape
            finally:
                shape.link.unlink(self.key, in_work(self.key))


def key_of(name: str, trial: str) -> str:
    """The key of a trial."""
    return f"{name}-{trial}"


def keys(name: str) -> list[str]:
    """Every key that the trials of one run make."""
    return [one for trial in TRIALS for one in (key_of(name, trial), in_work(key_of(name, trial)))]


def history(trial: str, site: Site, observer: Observer) -> History:
    """What happened in a trial. A broker's errors are raised."""
    if trial == "killed":
        return _killed(site, observer)
    if trial == "slow" and site.way in SUBSCRIBE:
        return _slow_subscriber(site, observer)
    plain = {"share": _share, "fan_out": _fan_out, "offline": _offline, "slow": _slow, "replay": _replay,
             "backlog": _backlog}  # fmt: skip
    with site.open() as shape:
        return plain[trial](shape)


def _send(shape: Shape, count: int = MESSAGES, size: int = 0) -> list[int]:
    """Send messages with their numbers in them, and give what was answered to each."""
    return [shape.send(body(number, size)) for number in range(count)]


def body(number: int, size: int = 0) -> bytes:
    """A message: its number, filled up with spaces."""
    return b"%d" % number + b" " * max(size - len(str(number)), 0)


def drained(readers: Mapping[str, Reader], most: int = 1) -> dict[str, list[int]]:
    """All that is there for them, taken in turn until none of them gets anything."""
    got: dict[str, list[int]] = {name: [] for name in readers}
    left = dict(readers)
    while left:
        for name, reader in list(left.items()):
            bodies = reader.take(most)
            reader.done()
            got[name] += map(int, bodies)
            if not bodies:
                del left[name]
    return got


def _share(shape: Shape) -> History:
    with shape.reader(GROUP, "first") as first, shape.reader(GROUP, "second") as second:
        _send(shape)
        return History(MESSAGES, drained({"first": first, "second": second}))


def _fan_out(shape: Shape) -> History:
    with shape.reader(GROUP, "first") as first, shape.reader(OTHER, "second") as second:
        _send(shape)
        return History(MESSAGES, drained({"first": first, "second": second}))


def _offline(shape: Shape) -> History:
    with shape.reader(GROUP, "first"):
        pass  # it was there once, and has gone
    answers = _send(shape)
    facts = {} if shape.keeps else {"heard": float(sum(answers))}
    with shape.reader(GROUP, "first") as again:
        return History(MESSAGES, drained({"first": again}), facts=facts)


def _slow(shape: Shape) -> History:
    """A reader that reads nothing until all is sent."""
    with shape.reader(GROUP, "first") as reader:
        before = _memory(shape)
        _send(shape, SLOW_MESSAGES, SLOW_BYTES)
        held = _memory(shape) - before
        return History(SLOW_MESSAGES, drained({"first": reader}, 4), facts={"held_mb": round(held / 1e6, 3)})


def _memory(shape: Shape) -> int:
    return int(shape.link.info("memory")["used_memory"])


def _slow_subscriber(site: Site, observer: Observer) -> History:
    """A subscriber that reads nothing until all is sent, or until PUBLISH says that it is gone."""
    late = Link(site.endpoint)
    with site.open() as shape:
        late.open()
        try:
            late.ask(SUBSCRIBE[site.way], site.key)
            published = 0
            while published < SLOW_MESSAGES and shape.send(body(published, SLOW_BYTES)):
                published += 1
                observer.check("while a subscriber fell behind")
            cut = published < SLOW_MESSAGES
            got = _read_out(late, published)
        finally:
            late.close()
    behind = (published - len(got)) * SLOW_BYTES / 1e6
    facts = {"behind_mb": round(behind, 3) if cut else None, "heard": float(published)}
    return History(SLOW_MESSAGES, {"first": got}, cut=cut, facts=facts)


def _read_out(late: Link, published: int) -> list[int]:
    """What still comes to it, until all has come or its connection ends."""
    got: list[int] = []
    try:
        while len(got) < published:
            got += [int(answer[2]) for answer in late.answers(8)]
    except UnreachableError:
        pass  # the server has closed it: that is what was to be seen
    return got


def _replay(shape: Shape) -> History:
    with shape.reader(GROUP, "first") as first:
        _send(shape)
        read = drained({"first": first}, 16)["first"]
    if len(read) < MESSAGES:
        raise BrokerError(
            f"Reading {MESSAGES} messages for the first time gave {len(read)}: nothing is known. Run it again."
        )
    with shape.reader(OTHER, "late") as late:
        return History(MESSAGES, drained({"late": late}, 16))


def _backlog(shape: Shape) -> History:
    with shape.reader(GROUP, "first"):
        _send(shape)
        return History(MESSAGES, {}, told=shape.waiting(GROUP))


def _killed(site: Site, observer: Observer) -> History:
    """A worker dies of SIGKILL in the middle of a message; another one takes over."""
    with site.open() as shape, workers(at_work.EFFECTS + MESSAGES, at_work.STOP) as group:
        board = group.board
        ready = lambda: bool(board[at_work.READY])  # noqa: E731 - a worker's own word
        one = group.start("worker", at_work.main, site.way, site.endpoint, site.key, ready=ready)
        await_ready([one], READY_WITHIN_S, observer, "the first message")
        _send(shape)
        held = _hit(one, board, observer)
        with shape.reader(GROUP, "second") as second:
            second.recover()
            took = drained({"second": second})["second"]
        first = [at for at in range(MESSAGES) for _ in range(board[at_work.EFFECTS + at])]
        dead = one.exit_code == -signal.SIGKILL
    return History(MESSAGES, {"first": first, "second": took}, dead=dead, facts={"held": float(held)})


def _hit(one: Worker, board: Any, observer: Observer) -> int:
    """Kill it when it has a message in its hands; how many that were. BrokerError where it never had."""
    give_up_s = time.monotonic() + DIES_WITHIN_S
    while not board[at_work.HELD]:
        observer.check("before the worker is killed")
        if one.done or time.monotonic() > give_up_s:
            said = one.said() or f"it had none in its hands after {DIES_WITHIN_S:g} s"
            raise BrokerError(f"The worker that was to be killed over a message: {said}. Run it again.")
        time.sleep(at_work.LOOK_S)
    one.kill()
    return 1
