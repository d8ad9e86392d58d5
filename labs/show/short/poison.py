"""The life of a bad message in short: what good ones wait for, and who saves a message that only needed time."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import capital, enumerated, in_words, ms_text
from labs.show.looks.poison import ALL, NONE, is_absent, truth, waits
from labs.show.short import NOT_RECORDED, Short, sentence

MONDAY = (
    "Publish one message that your consumer cannot read to a test queue. Write down how often it is tried, what waits "
    "meanwhile, where it ends, and who is told. Then set a limit, a delay and a place for dead letters that somebody "
    "looks at."
)


def bad_message(digests: Sequence[Digest]) -> Short:
    """Which ways finish what only needed time, and how long a good message waits behind bad ones."""
    bad = [one for one in digests if one.settings["share"] and not is_absent(one)]
    if not bad:
        return Short(NOT_RECORDED, "", MONDAY)
    most = max(one.settings["share"] for one in bad)
    those = [one for one in bad if one.settings["share"] == most]
    saved, lost = ([one for one in those if truth(one) == word] for word in (ALL, NONE))
    own = [one for one in those if one.settings["broker"] == "rabbitmq"] or those  # its rows share what is waited for
    slow, quick = (pick(own, key=lambda one: max(waits(one, "longest_ms"))) for pick in (max, min))
    answer = (
        f"With {most} % bad messages a good one waited up to {_longest(slow)} behind them ({_name(slow)}), and "
        f"{_longest(quick)} the quickest way ({_name(quick)})."
    )
    told = (
        f"{capital(in_words(len(saved)))} of {in_words(len(those))} ways finished every message that only needed time"
    )
    if lost:
        told += f"; none of them was finished with {enumerated([_name(one) for one in lost])}"
    return Short(answer, sentence(f"{told}."), MONDAY)


def _longest(one: Digest) -> str:
    return ms_text(max(waits(one, "longest_ms")))


def _name(one: Digest) -> str:
    return str(one.settings["label"])
