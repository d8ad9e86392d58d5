"""The look of L4.4b: a row a kind of queue, a column a feature, as the running RabbitMQ showed it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labs.model.digest import Digest, Table
from labs.model.queue_features import BROUGHT, NEVER_THERE, number
from labs.model.text import NBSP, span
from labs.show.looks.base import Chart
from labs.show.looks.picture import grid_look
from labs.show.pictures.grid import Capability, Cell, Quantity, Setup, State
from labs.show.quantities import Quantity as Said

STATES: dict[str, State] = {"yes": "yes", "partly": "partly", "no": "no", "absent": "absent"}
HEADS = {
    "ttl": "Time to live", "ttl_head": "Leaves from the middle", "priority": "Priority", "dead_letter": "Dead letter",
    "limit": "Delivery limit", "default_limit": "Limit by default", "nack_counts": "basic.nack counts",
    "retry_delay": "Retry delay",
}  # fmt: skip
LACKED = (
    "By RabbitMQ’s release notes quorum queues have had a time to live since 3.10 and a default delivery limit of 20 "
    "since 4.0. Strict priorities and delayed retry came to them with 4.3, and an older server lacks these rows."
)


def trials(digest: Digest, name: str) -> list[Table]:
    """What each repeat keeps of a trial."""
    return [one["trials"][name] for one in digest.repeats]


def word(digest: Digest, name: str) -> str:
    """What all repeats agree on; mixed where they do not."""
    found = {str(one["outcome"]) for one in trials(digest, name)}
    return found.pop() if len(found) == 1 else "mixed"


def brought(digest: Digest, name: str) -> str:
    """Why a feature is not there: no version has it on this kind of queue, or a newer one brought it; else empty."""
    where = (str(digest.settings["queue"]), name)
    if where in NEVER_THERE:
        return "no version has it on such a queue"
    came = BROUGHT.get(where, "")
    running = str(digest.setup.get("version", ""))
    return f"came with {came}" if came and number(running) < number(came) else ""


def _deliveries(found: Sequence[Table]) -> str:
    if not all("deliveries" in one for one in found):
        return ""
    return f"{span(one['deliveries'] for one in found)} deliveries"


def _back(found: Sequence[Table]) -> str:
    known = [one.get("back_ms") for one in found]
    return "" if None in known or not known else span(known, lambda value: f"{value:.0f}{NBSP}ms")


FIGURES: dict[str, Callable[[Sequence[Table]], str]] = {
    "limit": _deliveries, "default_limit": _deliveries, "nack_counts": _deliveries, "retry_delay": _back,
}  # fmt: skip


def cell_of(name: str) -> Callable[[Digest], Cell]:
    """The cell of a trial; grey where no version, or only a newer one, has it."""

    def get(digest: Digest) -> Cell:
        found, why = word(digest, name), brought(digest, name)
        if found == "absent" or (why and found != "yes"):
            return Cell("absent", reason=why or "the server refuses to declare such a queue")
        if found not in STATES or name not in FIGURES:
            return Cell(STATES.get(found, "mixed"))
        return Cell(STATES[found], figure=FIGURES[name](trials(digest, name)))

    return get


def row(digest: Digest) -> Setup:
    """What the row of a point is called."""
    return Setup(str(digest.settings["label"]), "", "rabbitmq")


TABLE = tuple(Quantity(Capability(head), cell_of(name)) for name, head in HEADS.items())
MORE = (
    Said("version", lambda digest: str(digest.setup.get("version", ""))),
    Said("default_deliveries", lambda digest: _deliveries(trials(digest, "default_limit"))),
    Said("limit_deliveries", lambda digest: _deliveries(trials(digest, "limit"))),
    Said("nack_deliveries", lambda digest: _deliveries(trials(digest, "nack_counts"))),
    Said("back", lambda digest: _back(trials(digest, "retry_delay"))),
    Said("took_s", lambda digest: digest.number("took_s"), lambda value: f"{value:g}{NBSP}s"),
)  # fmt: skip
FEATURES_LOOK = grid_look(
    ("queue",), Chart("grid", "What the running RabbitMQ does", "grid", rows="queue"), TABLE, row,
    noun=("kind of queue", "kinds of queue"), more=MORE,
)  # fmt: skip
