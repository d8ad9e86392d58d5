"""The look of the lab about one Celery application: a row a broker, a column a question of the checklist."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from labs.model.digest import Digest, Table
from labs.model.text import NBSP, enumerated, ms_span, rate_text, seconds, span
from labs.show.looks.base import Chart, Guess
from labs.show.looks.picture import grid_look
from labs.show.pictures.grid import Capability, Cell, Quantity, Setup, State
from labs.show.quantities import Quantity as Said

ROW_NAMES = {
    "basic": "a basic task", "result": "its result", "retry": "retries", "countdown": "a countdown",
    "priority": "priorities", "ping": "ping and inspect", "events": "events", "second": "a second worker",
    "early": "a kill before Celery’s early acknowledgement", "late": "recovery after a kill",
}  # fmt: skip
CHECKLIST = tuple(ROW_NAMES)[:8]
"""The rows of C70; what a kill loses stands beside them."""
STATES: dict[str, State] = {"yes": "yes", "partly": "partly", "no": "no", "unknown": "unknown"}
BOTH, PING, TASKS = "both", "only the task", "neither"


def rows(digest: Digest, name: str) -> list[Table]:
    """What each repeat keeps of a row."""
    return [one["trials"].get(name, {"outcome": "unknown"}) for one in digest.repeats]


def word(digest: Digest, name: str) -> str:
    """What all repeats agree on; mixed where they do not."""
    found = {one["outcome"] for one in rows(digest, name)}
    return found.pop() if len(found) == 1 else "mixed"


def each(digest: Digest, row: str, name: str) -> list[float]:
    """A figure of a row in every repeat that has it."""
    return [one[name] for one in rows(digest, row) if one.get(name) is not None]


def _took(digest: Digest) -> str:
    return ms_span(each(digest, "basic", "took_ms")) if each(digest, "basic", "took_ms") else ""


def _waited(digest: Digest) -> str:
    return seconds(found) if (found := each(digest, "countdown", "waited_s")) else ""


def _tries(digest: Digest) -> str:
    return f"{span(each(digest, 'retry', 'tries'))} tries" if each(digest, "retry", "tries") else ""


def _ahead(digest: Digest) -> str:
    found = [one for one in rows(digest, "priority") if "ahead" in one]
    return f"{span(one['ahead'] for one in found)} of {found[0]['lows']} went first" if found else ""


def _share(digest: Digest) -> str:
    """Who did how many, in the first repeat that tells."""
    found = [one["had"] for one in rows(digest, "second") if "had" in one]
    return " + ".join(str(number) for number in found[0]) if found else ""


def _lost(name: str) -> Callable[[Digest], str]:
    def get(digest: Digest) -> str:
        found = [one for one in rows(digest, name) if "lost" in one]
        return f"{span(one['lost'] for one in found)} of {found[0]['of']} lost" if found else ""

    return get


def cell(name: str, figure: Callable[[Digest], str] = lambda _digest: "") -> Callable[[Digest], Cell]:
    """The cell of a row of the checklist, with its figure."""
    return lambda digest: Cell(STATES.get(word(digest, name), "mixed"), figure=figure(digest))


TABLE = (
    Quantity(Capability("Basic task", "runs a basic task", "run a basic task"), cell("basic", _took)),
    Quantity(Capability("Result"), cell("result")),
    Quantity(Capability("Retry"), cell("retry", _tries)),
    Quantity(Capability("Countdown"), cell("countdown", _waited)),
    Quantity(Capability("Priority"), cell("priority", _ahead)),
    Quantity(Capability("Ping", "answers a ping", "answer a ping"), cell("ping")),
    Quantity(Capability("Events", "sends events", "send events"), cell("events")),
    Quantity(Capability("Second worker", "has work for a second worker", "have work for a second worker"),
             cell("second", _share)),
    Quantity(Capability("Early ack"), cell("early", _lost("early"))),
    Quantity(Capability("Late ack"), cell("late", _lost("late"))),
)  # fmt: skip
CHART = Chart("grid", "What a Celery application keeps", "grid", rows="way")


def _row(digest: Digest) -> Setup:
    return Setup(str(digest.settings["label"]), "", str(digest.settings["broker"]))


def _rate(name: str) -> Callable[[Digest], str]:
    return lambda digest: span(each(digest, "rate", name), rate_text)


MORE = (
    Said("ahead", lambda digest: span(each(digest, "priority", "ahead"))),
    Said("waited", _waited),
    Said("tries", lambda digest: span(each(digest, "retry", "tries"))),
    Said("sent_per_s", _rate("sent_per_s")),
    Said("per_s", _rate("per_s")),
    Said("late_lost", lambda digest: span(each(digest, "late", "lost"))),
    Said("twice", lambda digest: span(each(digest, "late", "twice"))),
    Said("hidden", lambda digest: {"lost": "lost", "again": "run again"}.get(_hidden(digest), "unknown")),
    Said("rounds", lambda digest: len(digest.repeats), str),
    Said("took_s", lambda digest: digest.number("took_s"), lambda value: f"{value:g}{NBSP}s"),
)


def _hidden(digest: Digest) -> str:
    """What became of the late task behind which a later one was done: in every repeat alike, or nothing."""
    found = {str(one.get("hidden", "")) for one in rows(digest, "late")}
    return found.pop() if len(found) == 1 else ""


TASKS_LOOK = replace(
    grid_look(("way",), CHART, TABLE, _row, noun=("broker", "brokers"), more=MORE),
    lead="A ping was answered:",
    part="{ping}",
)


def truth(digest: Digest) -> str:
    """Whether a task ran, and whether its worker answered a ping."""
    found = (word(digest, "basic"), word(digest, "ping"))
    return {("yes", "yes"): BOTH, ("yes", "no"): PING, ("no", "no"): TASKS}.get(found, "unknown")


def summary(digests: Sequence[Digest]) -> str:
    """All brokers in a sentence."""
    runs = [str(one.settings["label"]) for one in digests if truth(one) in (BOTH, PING)]
    deaf = [str(one.settings["label"]) for one in digests if truth(one) == PING]
    said = f"The task ran on {enumerated(runs)}." if runs else "The task ran nowhere."
    return said + (f" No worker answered a ping on {enumerated(deaf)}." if deaf else "")


TASKS_GUESS = Guess(
    "{label}: Celery 5.7 sends a task and pings the worker. What works?", (BOTH, PING, TASKS), truth, summary
)
