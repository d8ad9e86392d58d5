"""In short, of the cost of switching."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import NBSP, enumerated
from labs.show.looks.switching import BY, again_words, built, feature_words
from labs.show.short import NOT_RECORDED, Short, sentence


def _shares(found: Sequence[Digest], name: str) -> str:
    values = sorted({round(one.number(name) or 0) for one in found})
    return " to ".join(str(one) for one in dict.fromkeys((values[0], values[-1]))) + f"{NBSP}%"


def _features(found: Sequence[Digest], of: str = "") -> str:
    """two features of its contract have to be reimplemented or are lost; one feature has to be or is lost."""
    numbers = [value for one in found for value in built(one)]
    return f"{feature_words(numbers)}{of} {again_words(numbers)}"


def _libraries(found: Sequence[Digest]) -> str:
    """What the same moves cost with a library that speaks to several brokers."""
    if not found:
        return ""
    names = dict.fromkeys(BY[str(one.settings["framework"])].removeprefix(" by ") for one in found)
    return (
        f"With a library for several brokers ({enumerated(list(names))}) {_shares(found, 'gone_pct')} of the file go, "
        f"and {_features(found)}."
    )


def cost_of_switching(digests: Sequence[Digest]) -> Short:
    """What moves to Kafka cost with the brokers' own clients, and with a library for several brokers."""
    monday = (
        "Write the contract first, as tests against a real broker: order, a killed worker, retry, parking, replay. "
        "Run it on the broker that you have before you run it on the one that you want."
    )
    to_kafka = [one for one in digests if str(one.settings.get("porting", "")).endswith("-kafka")]
    own = [one for one in to_kafka if one.settings["framework"] == "raw"]
    if not own:
        return Short(NOT_RECORDED, "", monday)
    answer = (
        f"Moving the order service to Kafka replaces {_shares(own, 'gone_pct')} of the file that knows the broker; "
        f"{_features(own, ' of its contract')}."
    )
    stays = f"Its business knows no broker and stays: of the whole service {_shares(own, 'whole_pct')} go."
    return Short(answer, sentence(stays, _libraries([one for one in to_kafka if one not in own])), monday)
