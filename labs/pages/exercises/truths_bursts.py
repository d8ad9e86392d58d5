"""What is right about bursts and overloads: which number of workers is enough."""

from __future__ import annotations

from collections.abc import Sequence

from labs.pages.exercises.truths import Digests, NoTruth, answer, number, point


@answer
def fewest_workers(digests: Digests, counts: Sequence[int], within_ms: float) -> str:
    """The smallest of these numbers of workers with which the p99 of RabbitMQ's jobs is within that, at a load of 1.2.
    NoTruth where none of them is enough."""
    known = {one: point(digests, broker="rabbitmq", load=1.2, workers=one, accepts=20) for one in counts}
    enough = [one for one, digest in known.items() if number(digest, "figures.queue_p99_ms") < within_ms]
    if not enough:
        raise NoTruth("In this run no number of workers was enough: the machine was busy. Run it again.")
    return str(min(enough))
