"""The checklist against one broker: what is asked, row after row, and the history that is judged afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from labs.model.endpoint import Endpoint
from labs.model.observer import Observer
from labs.scenarios.stack_tasks import LEASE_S, Way
from labs.scenarios.stack_tasks.going import Going, going
from labs.scenarios.stack_tasks.settings import KILLED, high, low

Table = dict[str, Any]
BASIC, RESULT, RETRY, COUNTDOWN, HELD, LOW, HIGH, SHARED, MANY = 1, 2, 3, 4, 10, 20, 40, 60, 1000
EARLY, LATE, HIDDEN, AFTER, SENTINELS = 80, 81, 82, 83, (84, 85)
"""Numbers of tasks: the log has no other names for them."""
FAILS, COUNTDOWN_S, HELD_S = 2, 2.0, 1.5
LOWS, HIGHS, SHARES, RATED = 9, 3, 16, 100
SHARE_S = 0.25
WITHIN_S = 15.0
"""A row that has not come about by then has failed: ten times what it takes where it passes."""
ANSWER_S, FLOOD_S, SETTLE_S = 2.0, 3.0, 0.5
"""For a ping; for the tasks that are counted; for an acknowledgement to arrive."""
JOINS_S = {"kafka": 4.0}
"""What a group of consumers takes to share its partitions anew. Meanwhile the first worker is still at what it had
fetched, and looks as if it shared."""
GRACE_S = {"redis": LEASE_S * 2 + 2.0, "rabbitmq": LEASE_S * 2 + 2.0, "kafka": 1.0}
"""How long a task may take to come back after the heir has done a later one. Kafka's heir reads in order: what it has
passed it does not read again."""


@dataclass
class History:
    """What happened: the log of all workers, what the client was answered, and whether the worker died of its kill."""

    events: list[Table] = field(default_factory=list)
    answers: dict[str, Table] = field(default_factory=dict)
    dead: bool = False


def run(way: Way, endpoint: Endpoint, observer: Observer) -> History:
    """Ask all rows. BrokerError where client or workers do not come up; a row that fails is part of the history."""
    history = History()
    with going(way, endpoint, observer) as at:
        at.start("first")
        at.ask("watch")
        at.await_ready("first")
        for fraction, (name, row) in enumerate(STEPS.items()):
            observer.check(f"before {name}")
            observer.progress((fraction + 1) / (len(STEPS) + 1), name)
            history.answers |= row(at)
        history.dead = history.answers.pop("dead")["yes"]
        history.events = at.events()
    return history


def _single(at: Going) -> dict[str, Table]:
    """A task that runs, one whose result comes back, one that is tried again, one that waits."""
    basic = at.ask("send", task="work", number=BASIC)
    at.until(lambda: at.done(BASIC), WITHIN_S)
    at.ask("send", task="work", number=RESULT)
    result = at.ask("result", number=RESULT, within_s=WITHIN_S)
    sent = at.ask("send", task="work", number=COUNTDOWN, countdown=COUNTDOWN_S)
    at.ask("send", task="flaky", number=RETRY, more=[FAILS])
    at.until(lambda: at.done(RETRY, COUNTDOWN), WITHIN_S)
    return {"basic": basic, "result": result, "countdown": sent}


def _priority(at: Going) -> dict[str, Table]:
    """While the worker is held, unimportant tasks and then urgent ones: in which order are they done?"""
    at.ask("send", task="work", number=HELD, more=[HELD_S])
    at.until(lambda: any(one["number"] == HELD for one in at.events()), WITHIN_S)
    at.ask("many", task="work", first=LOW, count=LOWS, priority=low(at.way))
    at.ask("many", task="work", first=HIGH, count=HIGHS, priority=high(at.way))
    wanted = (*range(LOW, LOW + LOWS), *range(HIGH, HIGH + HIGHS))
    at.until(lambda: at.done(*wanted), WITHIN_S)
    return {}


def _control(at: Going) -> dict[str, Table]:
    """Does a worker answer when it is asked, and does it tell what it does?"""
    ping = at.ask("ping", within_s=ANSWER_S)
    inspect = at.ask("inspect", within_s=ANSWER_S)
    return {"ping": ping, "inspect": inspect, "events": at.ask("events", number=RESULT)}


def _second(at: Going) -> dict[str, Table]:
    """A second worker joins; some tasks that each wait. And a worker comes up that is to be killed."""
    at.start("second")
    at.start("killed", KILLED, concurrency=4)
    at.await_ready("second")
    at.await_ready("killed")
    at.until(lambda: False, JOINS_S.get(at.way.broker, 0.0))
    at.ask("many", task="work", first=SHARED, count=SHARES, more=[SHARE_S])
    at.until(lambda: at.done(*range(SHARED, SHARED + SHARES)), WITHIN_S)
    return {}


def _kill(at: Going) -> dict[str, Table]:
    """A worker dies over a task acknowledged early, one acknowledged late, and one behind which a later one is done."""
    killed, hidden = (f"{at.run}-{one}" for one in KILLED)
    held = ((EARLY, "hold", killed), (LATE, "hold_late", killed), (HIDDEN, "hold_late", hidden))
    for number, task, queue in held:
        at.ask("send", task=task, number=number, queue=queue)
        at.until(lambda n=number: any(one["number"] == n for one in at.events()), WITHIN_S)  # type: ignore[misc]
    at.ask("send", task="work_late", number=AFTER, queue=hidden)
    at.until(lambda: at.done(AFTER), WITHIN_S)
    at.until(lambda: False, SETTLE_S)
    dead = at.kill("killed")
    at.start("heir", KILLED, concurrency=4)
    at.await_ready("heir")
    for number, queue in zip(SENTINELS, (killed, hidden), strict=True):
        at.ask("send", task="work_late", number=number, queue=queue)
    at.until(lambda: at.done(*SENTINELS), WITHIN_S)
    at.until(lambda: at.done(LATE, HIDDEN), GRACE_S[at.way.broker])
    return {"dead": {"yes": dead}}


def _rate(at: Going) -> dict[str, Table]:
    """As many as go through two workers in a while."""
    sent = at.ask("many", task="work", first=MANY, count=RATED, within_s=FLOOD_S)
    at.until(lambda: at.done(*range(MANY, MANY + sent["sent"])), FLOOD_S)
    return {"rate": sent}


STEPS = {
    "single tasks": _single,
    "priorities": _priority,
    "remote control": _control,
    "a second worker": _second,
    "a kill": _kill,
    "the rate": _rate,
}
