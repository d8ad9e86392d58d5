"""What is right about bad messages: how long retries wait in all, and which ways heal what heals and end the rest."""

from __future__ import annotations

from labs.pages.exercises.truths import Digests, NoTruth, answer, point
from labs.show.looks.poison import ALL, is_absent, poison_end, truth


@answer
def delays_in_all(digests: Digests, failures: int, least_ms: int, most_ms: int) -> float:
    """All waits of so many retries together, by RabbitMQ's rule. NoTruth where the server has no delayed retry."""
    if is_absent(point(digests, way="rabbitmq-delayed")):
        raise NoTruth("This server has no delayed retry: it came with RabbitMQ 4.3.")
    return float(sum(min(number * least_ms, most_ms) for number in range(1, failures + 1)))


@answer
def heal_and_end(digests: Digests, share: int) -> frozenset[str]:
    """The ways that got done all that only needed time, and made dead letters of the rest. NoTruth of a single way."""
    those = [one for one in digests if one.settings["share"] == share and not is_absent(one)]
    if len(those) < 2:
        raise NoTruth("This run has one way only: run the lab with all of them.")
    return frozenset(
        str(one.settings["way"]) for one in those if truth(one) == ALL and poison_end(one) == "dead letters"
    )
