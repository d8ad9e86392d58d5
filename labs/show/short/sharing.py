"""Share the work in short: which ways keep up with the ideal when one worker is slow, and which wait for it."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import counted, enumerated, how_many
from labs.show.looks.sharing import BAD, NEAR, ratio, ratio_text, ratios
from labs.show.short import NOT_RECORDED, Short, point

MONDAY = (
    "Look up the prefetch of your consumers. Where jobs take long and workers differ, start with 1 and raise it while "
    "the time until all jobs are done does not grow."
)


def share_the_work(digests: Sequence[Digest]) -> Short:
    """Those near the ideal, those far from it with the worst, and what a least-connections balancer does."""
    known = [(one, value) for one in digests if (value := ratio(one)) is not None]
    if not known:
        return Short(NOT_RECORDED, "", MONDAY)
    near = [str(one.settings["label"]) for one, _ in known if max(ratios(one)) <= NEAR]
    mostly = [str(one.settings["label"]) for one, value in known if value <= NEAR < max(ratios(one))]
    far = [value for _, value in known if value > BAD]
    worst, most = max(known, key=lambda pair: pair[1])
    answer = f"With one of three workers five times slower, {how_many(len(near))} of {counted(len(known), 'way')} to "
    named = f" ({'; '.join(near)})" if near else ""
    answer += f"share the jobs took about the ideal time in every round{named}."
    answer += f" {'; '.join(mostly)} did so in most rounds." if mostly else ""
    if far:
        answer += f" {worst.settings['label']} took {ratio_text(most)} times the ideal."
    return Short(answer, _condition(digests), MONDAY)


def _condition(digests: Sequence[Digest]) -> str:
    """What tells the two groups apart, as far as it was seen."""
    pull, push = (point(digests, mode=f"rabbitmq-prefetch-{n}") for n in (1, 200))
    told = [
        f"{ratio_text(value)} times the ideal with a prefetch of {number}"
        for one, number in ((pull, 1), (push, 200))
        if one and (value := ratio(one)) is not None
    ]
    said = "What counts is how many jobs a worker holds that it has not begun."
    said += f" The same RabbitMQ queue took {enumerated(told)}." if len(told) == 2 else ""
    return said + _share_group(digests)


def _share_group(digests: Sequence[Digest]) -> str:
    """What Kafka's other kind of group did, where more of its members than one had the same partition."""
    one = point(digests, mode="kafka-share-1")
    if one is None or (value := ratio(one)) is None:
        return ""
    return f" A Kafka share group of three at one partition took {ratio_text(value)} times the ideal at the median."
