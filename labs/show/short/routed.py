"""L7.3 in short: what is left of the rate with many bindings, with many patterns, and what a filter throws away."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import percent
from labs.show.looks.routed import shares, wasted
from labs.show.short import NOT_RECORDED, Short

MONDAY = (
    "Count the bindings of your busiest exchange, and with PUBSUB NUMPAT the patterns that your Redis has. "
    "Then count for one reader of a shared topic how many of its messages it throws away."
)
MUCH = 0.7
"""What is left, from which on routing costs little."""


def routing_at_rate(digests: Sequence[Digest]) -> Short:
    """A thousand of each, beside the rate without routing in the same run."""
    found = {str(one.settings["way"]): one for one in digests}
    topic, pattern, kept = (found.get(name) for name in ("topic-1000", "pattern-1000", "filter"))
    if topic is None or pattern is None:
        return Short(NOT_RECORDED, "", MONDAY)
    left = [min(shares(one)) for one in (topic, pattern)]
    said = ["little" if share >= MUCH else "much" for share in left]
    answer = (
        f"A thousand topic bindings cost RabbitMQ {said[0]}: {percent(shares(topic))} of the rate without routing was "
        f"left. A thousand patterns cost Redis {said[1]}: {percent(shares(pattern))} was left."
    )
    if kept is None:
        return Short(answer, "What a filter in the reader throws away is not recorded yet.", MONDAY)
    condition = f"Kafka does not route: a reader that wanted one message in ten threw {percent(wasted(kept))} away."
    return Short(answer, condition, MONDAY)
