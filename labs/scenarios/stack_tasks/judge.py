"""What a history shows, row after row: a word and figures. Pure.

yes: it does what the row asks. partly: some of it. no: it does not. unknown: the history cannot say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from labs.scenarios.stack_tasks import checklist as asked
from labs.scenarios.stack_tasks.checklist import History

Table = dict[str, Any]
AHEAD = 5
"""Unimportant tasks that may come before the urgent ones: what a worker with Celery's own prefetch has in hand."""
TASK_EVENTS = {"task-received", "task-started", "task-succeeded"}
TOGETHER = 2
NS_PER_MS, NS_PER_S = 1e6, 1e9


def judged(history: History) -> dict[str, Table]:
    """Every row's outcome and figures by the row's name."""
    return {name: row(history) for name, row in ROWS.items()}


def _when(history: History, what: str, number: int) -> list[int]:
    return [one["ns"] for one in history.events if (one["what"], one["number"]) == (what, number)]


def _word(good: bool, some: bool = False) -> str:
    return "yes" if good else "partly" if some else "no"


def basic(history: History) -> Table:
    """A task runs, once."""
    begun = _when(history, "begun", asked.BASIC)
    done = len(_when(history, "done", asked.BASIC))
    found: Table = {"outcome": _word(done == 1)}
    if begun:
        found["took_ms"] = round((begun[0] - history.answers["basic"]["ns"]) / NS_PER_MS, 1)
    return found


def result(history: History) -> Table:
    """What a task gives back reaches the one who sent it."""
    said = history.answers["result"]
    return {"outcome": _word(said.get("value") == asked.RESULT), "said": said.get("error", "")}


def retry(history: History) -> Table:
    """A task that asks to be tried again is, as often as it asks."""
    tries = [one["retries"] for one in history.events if one["what"] == "tried"]
    good = tries == list(range(asked.FAILS + 1)) and len(_when(history, "done", asked.RETRY)) == 1
    return {"outcome": _word(good), "tries": len(tries)}


def countdown(history: History) -> Table:
    """A task that shall wait does, and runs once."""
    begun = _when(history, "begun", asked.COUNTDOWN)
    if len(begun) != 1:
        return {"outcome": "no", "times": len(begun)}
    waited_s = (begun[0] - history.answers["countdown"]["ns"]) / NS_PER_S
    return {"outcome": _word(waited_s >= asked.COUNTDOWN_S), "waited_s": round(waited_s, 2)}


def priority(history: History) -> Table:
    """Urgent tasks go before unimportant ones, but for what the worker has in hand."""
    order = [one["number"] for one in history.events if one["what"] == "begun"]
    highs = range(asked.HIGH, asked.HIGH + asked.HIGHS)
    if not set(highs) <= set(order):
        return {"outcome": "unknown"}
    last = max(order.index(number) for number in highs)
    ahead = sum(number in range(asked.LOW, asked.LOW + asked.LOWS) for number in order[:last])
    return {"outcome": _word(ahead <= AHEAD), "ahead": ahead, "lows": asked.LOWS}


def ping(history: History) -> Table:
    """A worker that is asked answers: to a ping, and what it is doing."""
    answers = [bool(history.answers[name].get("answers")) for name in ("ping", "inspect")]
    return {"outcome": _word(all(answers), any(answers)), "answers": sum(answers)}


def events(history: History) -> Table:
    """Whoever listens hears that a task was received, started and done."""
    heard = TASK_EVENTS & set(history.answers["events"].get("types", ()))
    return {"outcome": _word(heard == TASK_EVENTS, bool(heard)), "heard": len(heard)}


def second(history: History) -> Table:
    """Two workers work at the same time, not one after the other."""
    numbers = range(asked.SHARED, asked.SHARED + asked.SHARES)
    spans = {who: _spans(history, who, numbers) for who in ("first", "second")}
    if sum(map(len, spans.values())) < len(numbers):
        return {"outcome": "unknown"}
    both = sum(any(a < d and c < b for a, b in spans["first"]) for c, d in spans["second"])
    had = [len(spans[who]) for who in ("first", "second")]
    return {"outcome": _word(both >= TOGETHER), "both": both, "had": had}


def _spans(history: History, worker: str, numbers: Iterable[int]) -> list[tuple[int, int]]:
    """From when to when a worker was at each of these tasks."""
    mine = [one for one in history.events if one["worker"] == worker and one["number"] in numbers]
    begun = {one["number"]: one["ns"] for one in mine if one["what"] == "begun"}
    return [(begun[one["number"]], one["ns"]) for one in mine if one["what"] == "done" and one["number"] in begun]


def _fate(history: History, number: int) -> str:
    """What became of a task that a worker died over: again, lost, or unknown."""
    heir = all(_when(history, "done", sentinel) for sentinel in asked.SENTINELS)
    if not history.dead or not heir or not _when(history, "begun", number):
        return "unknown"
    return "again" if _when(history, "done", number) else "lost"


def _killed(history: History, *numbers: int) -> Table:
    fates = [_fate(history, number) for number in numbers]
    if "unknown" in fates:
        return {"outcome": "unknown"}
    lost = fates.count("lost")
    return {"outcome": _word(not lost, lost < len(fates)), "lost": lost, "of": len(fates)}


def early(history: History) -> Table:
    """A task that was acknowledged before its work, as is Celery's default, over which its worker died."""
    return _killed(history, asked.EARLY)


def late(history: History) -> Table:
    """Two tasks to be acknowledged after their work; behind one of them a later one was done and acknowledged."""
    hidden = _fate(history, asked.HIDDEN)
    return _killed(history, asked.LATE, asked.HIDDEN) | {"hidden": hidden, "twice": _twice(history)}


def _twice(history: History) -> int:
    """Tasks done more than once, of all that a kill touched."""
    numbers = (asked.EARLY, asked.LATE, asked.HIDDEN, asked.AFTER, *asked.SENTINELS)
    return sum(len(_when(history, "done", number)) > 1 for number in numbers)


def rate(history: History) -> Table:
    """Tasks a second that were sent, and that two workers did from the first to the last."""
    sent = history.answers["rate"]
    done = [one["ns"] for one in history.events if one["what"] == "done" and one["number"] >= asked.MANY]
    found: Table = {"sent_per_s": round(sent["sent"] / sent["took_ns"] * NS_PER_S, 1), "done": len(done)}
    span_ns = max(done) - min(done) if len(done) > 1 else 0
    return found | {"per_s": round((len(done) - 1) / span_ns * NS_PER_S, 1) if span_ns else None}


ROWS = {
    one.__name__: one
    for one in (basic, result, retry, countdown, priority, ping, events, second, early, late, rate)
}  # fmt: skip
