"""The late joiner in short: who gets the history, and what sender and readers share beside an address."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import counted, enumerated
from labs.show.looks.joining import NOTHING, WHOLE, broke, judged, told, truth
from labs.show.short import NOT_RECORDED, Short, sentence

MONDAY = (
    "For each topic, queue or channel write down how far back a service that is added today could read, and who reads "
    "which field. If nobody knows the readers, add the new field beside the old one and take none away."
)


NAMES = {
    "http-push": "HTTP push",
    "redis-pubsub": "Redis Pub/Sub",
    "redis-stream": "a Redis stream",
    "rabbitmq-queue": "a RabbitMQ queue bound late",
    "rabbitmq-stream": "a RabbitMQ stream",
    "kafka-earliest": "Kafka from earliest",
    "kafka-latest": "Kafka from latest",
}


def late_joiner(digests: Sequence[Digest]) -> Short:
    """Which ways give the whole history and which nothing, and whom a renamed field breaks."""
    found = {str(one.settings["mode"]): one for one in digests if one.settings["change"] == "none" and judged(one)}
    if not found:
        return Short(NOT_RECORDED, "", MONDAY)
    words = {name: truth(one) for name, one in found.items()}
    parts = [_who(words, word, text) for word, text in ((WHOLE, "everything"), (NOTHING, "nothing"))]
    rest = [NAMES[name] for name, word in words.items() if word not in (WHOLE, NOTHING)]
    parts += [f"a part, or not the same in every round, with {enumerated(rest)}" if rest else ""]
    told_so = "; ".join(one for one in parts if one)
    answer = f"Whether a late joiner sees the past depends on where the messages lie. It got {told_so}."
    return Short(answer, _condition(digests, found), MONDAY)


def _who(words: dict[str, str], word: str, text: str) -> str:
    names = [NAMES[name] for name, found in words.items() if found == word]
    return f"{text} with {enumerated(names)}" if names else ""


def _condition(digests: Sequence[Digest], found: dict[str, Digest]) -> str:
    """Which senders had to know of the late one, and what a renamed field did."""
    aware = [NAMES[name] for name, one in found.items() if any(told(one))]
    joining = f"The sender had to be told its address with {enumerated(aware)}" if aware else "No sender was told of it"
    joining += " and with no other." if aware and len(aware) < len(found) else "."
    renamed = [one for one in digests if one.settings["change"] == "renamed" and judged(one)]
    if not renamed:
        return joining
    broken = sum(min(broke(one, "strict")) > 0 for one in renamed)
    if broken == len(renamed):
        payload = "But renaming one field broke the readers that need it by its old name, whatever carried it."
    else:
        payload = f"Renaming one field broke its readers with {broken} of {counted(len(renamed), 'way')}."
    return sentence(joining, payload)
