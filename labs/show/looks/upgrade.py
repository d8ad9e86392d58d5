"""The look of the upgrade trap: a grid, a row a Celery on a RabbitMQ, with what its workers did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from labs.model.digest import Digest
from labs.show.looks.base import Chart
from labs.show.looks.picture import grid_look
from labs.show.looks.seeing import cell_of, states
from labs.show.pictures.grid import Capability, Cell, Quantity, Setup
from labs.show.quantities import Quantity as Number

WORKER, TASK, PING, SECOND = "Worker ready", "Task done", "Answers a ping", "Second of its name"
STARTS, RETRIES, ENDS, DIFFERS = "starts", "is refused and tries again", "is refused and ends", "differs by round"


def cell(column: str) -> Callable[[Digest], Cell]:
    """The cell of a column, with the bare code of what the broker replied: its name is too long for a narrow screen."""

    def get(digest: Digest) -> Cell:
        found = cell_of(column)(digest)
        return replace(found, figure=found.figure.partition(" ")[0])

    return get


DID = {
    STARTS: "was ready",
    RETRIES: "was refused and tried again",
    ENDS: "was refused and ended",
    DIFFERS: "was not the same in every round",
}
TABLE = (
    Quantity(Capability(WORKER, "starts a worker", "start a worker"), cell(WORKER)),
    Quantity(Capability(TASK), cell(TASK)),
    Quantity(Capability(PING), cell(PING)),
    Quantity(
        Capability(SECOND, "starts a second one while the first hangs", "start a second one while the first hangs"),
        cell(SECOND),
    ),
)


def name(digest: Digest) -> str:
    """A Celery on a RabbitMQ, as a sentence has it; a control's options have a comma."""
    return str(digest.settings["label"]).replace(", two settings", " with two settings")


def start(digest: Digest) -> str:
    """What the worker did: the same in every repeat, or it differs."""
    found = {
        STARTS if one["outcome"] == "ready" else RETRIES if one["figures"]["start"] is None else ENDS
        for one in digest.repeats
    }
    return found.pop() if len(found) == 1 else DIFFERS


def second_code(digest: Digest) -> str:
    """The exit code of the second worker, in the last repeat."""
    found = digest.repeats[-1]["figures"]["second"]
    return "–" if found is None else f"{found}"


def sentence(digest: Digest) -> str:
    """What became of the worker, of a ping, and of a second one of its name."""
    worker, ping, second = (cell_of(one)(digest) for one in (WORKER, PING, SECOND))
    said = f"A worker of {{label}} {DID[start(digest)]}" + (f" ({worker.figure})." if worker.figure else ".")
    said += {"yes": " A ping was answered.", "no": " A ping had no answer."}.get(ping.state, "")
    if second.state == "no":
        return f"{said} While it hung, a second one of its name was refused ({second.figure or second.reason})."
    return f"{said} While it hung, a second one of its name was ready." if second.state == "yes" else said


GRID = grid_look(
    ("server", "client"),
    Chart("grid", "Celery workers on RabbitMQ before and after 4.3", "grid", rows="client"),
    TABLE,
    lambda digest: Setup(name(digest), "", "rabbitmq"),
    noun=("combination", "combinations"),
    more=(
        Number("start", start),
        Number("second_code", second_code),
        Number("ping_reply", lambda digest: cell_of(PING)(digest).figure or "–"),
        Number("second_reply", lambda digest: cell_of(SECOND)(digest).figure or "–"),
        Number("server", lambda digest: str(digest.card["broker"])),
        Number("shipped", lambda digest: str(digest.card["transient queues"]).rpartition(", ")[2].replace("_", " ")),
        Number("said", lambda digest: " ".join(str(digest.repeats[-1]["said"]).split())),
        Number("refused", lambda digest: float(states(digest, WORKER).count("no")), "{:.0f}".format),
    ),
)
UPGRADE_LOOK = replace(
    GRID,
    title=lambda digest: f"{{label}}: the worker {start(digest)}",
    sentence=(sentence,),
    lead="A worker",
    part=start,
)
