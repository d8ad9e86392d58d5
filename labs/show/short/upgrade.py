"""In short, of the upgrade trap."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import capital, enumerated
from labs.show.short import NOT_RECORDED, Short, point, sentence

MONDAY = "Before you take RabbitMQ 4.3, take Celery 5.7; then start one worker on a copy and let it do a task."
FIXES = (
    ("refuses", "new", "Celery 5.7"),
    ("refuses", "old-told", "two settings of Celery 5.6"),
    ("permits", "old", "a line in RabbitMQ’s configuration"),
)


def in_short(digests: Sequence[Digest]) -> Short:
    """Whether the old worker starts on the new broker, what makes it start, and what that costs."""
    trap = point(digests, server="refuses", client="old")
    if not digests:
        return Short(NOT_RECORDED, "", MONDAY)
    if trap is None:
        return Short("Celery 5.6.3 on RabbitMQ 4.3 is not recorded yet.", "", MONDAY)
    ends = str(trap.median.get("outcome"))
    if ends == "ready":
        return Short("Here it does: Celery 5.6.3 started on RabbitMQ 4.3 as its makers ship it.", "", MONDAY)
    how = "with an error" if ends in ("mixed", "failed") else f"with {ends}"
    answer = f"Not with both at their defaults: RabbitMQ 4.3, as its makers ship it, answered Celery 5.6.3 {how}."
    out = [said for server, client, said in FIXES if _ready(point(digests, server=server, client=client))]
    each = " each" if len(out) > 1 else ""
    ways = (
        f"{capital(enumerated(out))}{each} made a worker start."
        if out
        else "Nothing that was tried made a worker start."
    )
    return Short(sentence(answer, ways), _price(digests), MONDAY)


def _ready(one: Digest | None) -> bool:
    return one is not None and one.median.get("outcome") == "ready"


def _price(digests: Sequence[Digest]) -> str:
    """What exclusive queues cost: the second worker of a name."""
    new = point(digests, server="refuses", client="new")
    cell = new.repeats[-1]["cells"]["Second of its name"] if new else {"state": ""}
    if cell["state"] != "no":
        return ""
    return f"While a worker of 5.7 hangs, one that is started in its place under the same name gets {cell['figure']}."
