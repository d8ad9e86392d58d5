"""In short, of a task that is run again."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import NBSP, enumerated
from labs.show.looks.twice import often, times
from labs.show.short import NOT_RECORDED, Short, point, sentence

MONDAY = (
    "Set Redis’s visibility_timeout above your longest task, countdown included, and make each task bear a second run."
)


def run_twice(digests: Sequence[Digest]) -> Short:
    """How often the long task is run on Redis, where it is run once, and what hides it."""
    if not digests:
        return Short(NOT_RECORDED, "", MONDAY)
    two = point(digests, way="two")
    answer = f"On Redis a task of {_s(two, 'task_s')} with a visibility time-out of {_s(two, 'lease_s')} was run " + (
        f"{_often(two)}; nothing had failed." if two and _more(two) else f"{_often(two)}."
    )
    once = [name for way, name in ONCE if (found := point(digests, way=way)) and set(times(found)) == {1}]
    told = f"It was run once {enumerated(once)}." if once else ""
    own = point(digests, way="own-looks")
    hidden = (
        "A test of some seconds does not show it: by itself kombu looks about every 100 s."
        if own and set(times(own)) == {1}
        else ""
    )
    return Short(answer, sentence(told, hidden), MONDAY)


ONCE = (("no-lease", "on RabbitMQ"), ("early", "with Celery’s early acknowledgement"))


def _more(one: Digest) -> bool:
    return max(times(one), default=0) > 1


def _often(one: Digest | None) -> str:
    found = dict.fromkeys(often(number) for number in sorted(times(one))) if one else {}
    return " to ".join(found) or "an unknown number of times"


def _s(one: Digest | None, name: str) -> str:
    return f"{one.setup[name]:g}{NBSP}s" if one else "some seconds"
