"""In short: what the recorded points of a lab say in three sentences, a function a lab. The words follow the figures.

A lab names its function as `short=`; a page shows it right under its title. Text between backticks is shown as code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, enumerated

NOT_RECORDED = "Not recorded yet, so there is no answer: run it on your machine."
CLOSE = 1.1
"""Two figures that are less than this many times apart are called level."""


@dataclass(frozen=True)
class Short:
    """What a reader in a hurry takes away: the answer, its one condition, what to do on Monday."""

    answer: str
    condition: str
    monday: str


InShort = Callable[[Sequence[Digest]], Short]
"""Pure: the points of a recording, some or none of them, to three sentences."""


def point(digests: Iterable[Digest], **settings: object) -> Digest | None:
    """The first with these settings."""
    return next((one for one in digests if settings.items() <= one.settings.items()), None)


def absent(names: Iterable[str]) -> str:
    """`Kafka is not recorded yet.`, with a space before it; empty where nothing is missing."""
    missing = list(names)
    verb = "is" if len(missing) == 1 else "are"
    return f" {enumerated(missing)} {verb} not recorded yet." if missing else ""


def named(brokers: Iterable[str]) -> list[str]:
    """Redis, RabbitMQ, Kafka: as a sentence has them."""
    return [BROKER_NAMES.get(one, one) for one in brokers]


def sentence(*parts: str) -> str:
    """The parts that say something, one space between them."""
    return " ".join(part.strip() for part in parts if part.strip())
