"""In short, of the cost of switching."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import NBSP
from labs.show.looks.switching import built, feature_words
from labs.show.short import NOT_RECORDED, Short


def _shares(found: Sequence[Digest], name: str) -> str:
    values = sorted({round(one.number(name) or 0) for one in found})
    return " to ".join(str(one) for one in dict.fromkeys((values[0], values[-1]))) + f"{NBSP}%"


def cost_of_switching(digests: Sequence[Digest]) -> Short:
    """What moves to Kafka cost with the clients' own libraries, and what all moves do."""
    monday = (
        "Write the contract first, as tests against a real broker: order, a killed worker, retry, parking, replay. "
        "Run it on the broker that you have before you run it on the one that you want."
    )
    to_kafka = [one for one in digests if str(one.settings.get("porting", "")).endswith("-kafka")]
    if not to_kafka:
        return Short(NOT_RECORDED, "", monday)
    numbers = [value for one in to_kafka for value in built(one)]
    features, verb = feature_words(numbers), "is" if set(numbers) == {1.0} else "are"
    answer = f"Moving the order service to Kafka replaces {_shares(to_kafka, 'gone_pct')} of the file that knows the "
    answer += f"broker; {features} of its contract {verb} then to build again or lost."
    condition = f"Its business knows no broker and stays: of the whole service {_shares(to_kafka, 'whole_pct')} go."
    return Short(answer, condition, monday)
