"""Keep it, read it again, in short: who keeps what was acknowledged, and what can be rebuilt from what is kept."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import counted, enumerated, how_many, in_words
from labs.show.looks.keeping import A_PART, ALL_OF_IT, NOTHING, adds_up, counts, outcome
from labs.show.short import NOT_RECORDED, Short

MONDAY = (
    "For each topic, stream or queue write down how far back a service that is added today has to read, and what limit "
    "stands there now. Where someone rebuilds a total from it, no limit by bytes, by age or by key may cut the changes."
)


def read_it_again(digests: Sequence[Digest]) -> Short:
    """How many ways give everything, a part, nothing; and from which a total can be rebuilt."""
    known = [one for one in digests if outcome(one) != "unknown" and counts(one, "again")]
    if not known:
        return Short(NOT_RECORDED, "", MONDAY)
    by = {word: [one for one in known if outcome(one) == word] for word in (ALL_OF_IT, A_PART, NOTHING)}
    answer = f"Of {counted(len(known), 'way')} to keep messages, when all had been acknowledged, "
    answer += f"{how_many(len(by[ALL_OF_IT]))} gave a second reader everything{_those(by[ALL_OF_IT])}, "
    answer += f"{how_many(len(by[A_PART]))} a part, and {how_many(len(by[NOTHING]))} nothing{_those(by[NOTHING])}."
    return Short(answer, _condition(by[A_PART]), MONDAY)


def _those(found: Sequence[Digest]) -> str:
    return f" ({enumerated([_name(one) for one in found])})" if found else ""


def _name(digest: Digest) -> str:
    """As a list in a sentence has it: a RabbitMQ stream, a Kafka topic with retention.ms, a compacted Kafka topic."""
    what, _, how = str(digest.settings["label"]).partition(", ")
    if how == "compacted":
        return f"a compacted {what}"
    return f"a {what}" if how in ("", "as it is made") else f"a {what} with {how}"


def _condition(part: Sequence[Digest]) -> str:
    """Of those that keep a part: whether adding up gives the total, and who has the latest of each key all the same."""
    if not part:
        return "None of them cut the history."
    wrong = [one for one in part if adds_up(one) is False]
    ways = "the one way" if len(part) == 1 else f"the {in_words(len(part))} ways"
    right = how_many(len(part) - len(wrong))
    text = f"Of {ways} that kept a part, {right} gave the right total by adding up."
    states = [_name(one) for one in wrong if counts(one, "balances") == counts(one, "accounts")]
    return f"{text} Every account's last balance was still right with {enumerated(states)}." if states else text
