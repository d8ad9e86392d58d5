"""L2.2 in short: what pool and queue made of a burst, and of more than the workers can do."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, enumerated, percent
from labs.show.looks.burst import QUANTITIES
from labs.show.short import NOT_RECORDED, Short, point

BURST, OVER = {"load": 0.7, "burst": 4}, {"load": 1.2, "burst": 1}
USUAL = {"workers": 16, "accepts": 20}


def burst_or_overload(digests: Sequence[Digest]) -> Short:
    """Who completed how much of a burst, and how the backlog grew when the load stayed."""
    monday = (
        "Find out how many jobs a second your workers can do, and how many come in the busiest minute and on an "
        "average day. A queue helps with the first if the second is lower; and alert on the age of the oldest job."
    )
    bursts = [one for one in digests if {**BURST, **USUAL}.items() <= one.settings.items()]
    over = point(digests, broker="rabbitmq", **OVER, **USUAL) or point(digests, **OVER, **USUAL)
    if not bursts:
        return Short(NOT_RECORDED, "", monday)
    names = enumerated([BROKER_NAMES[str(one.settings["broker"])] for one in bursts])
    asked = ("pool_share", "queue_share", "late_share")
    pool, queue, late = (percent(one.number("figures", name) or 0 for one in bursts) for name in asked)
    answer = f"In bursts at a load of 0.7 the queue of {names} completed {queue} of the jobs. Of all jobs {late} took "
    answer += f"more than a second. A pool of as many HTTP workers answered {pool}."
    return Short(answer, _grown(over), monday)


def _grown(over: Digest | None) -> str:
    if over is None:
        return "What becomes of a load that the workers cannot do is not recorded yet."
    slope = over.number("figures", "slope_per_s") or 0
    if slope <= 0:
        return "At a load of 1.2 no backlog grew while we looked."
    told = f"A queue adds no capacity: at a load of 1.2 its backlog grew by {QUANTITIES['slope_per_s'].text(over)}"
    return f"{told}, and jobs waited the longer the later they came."
