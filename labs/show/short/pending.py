"""L6.4 in short: with which ways every message is done, which leave some undone, and what frees the memory."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import counted, how_many, in_words
from labs.show.looks.pending import FORGOTTEN, GONE, ONCE, TWICE, counts, figures, kilobytes, known, truth
from labs.show.short import NOT_RECORDED, Short, sentence

MONDAY = (
    "On each stream run `XPENDING` and `XLEN`, and write down who claims what a dead worker held, after how long, and "
    "what trims. The time has to be longer than your longest job, and a limit longer than your longest outage."
)
NAMES = {
    "never": "nobody claims",
    "soon": "a claim comes too soon",
    "late": "a claim waits long enough",
    "deleted": "each entry is deleted when it is acknowledged",
    "maxlen": "`MAXLEN` is exact",
    "maxlen-about": "`MAXLEN` is approximate",
    "evicted": "keys are evicted",
}


MANY = 4
"""So many ways a sentence can name."""
COUNTED = {TWICE: "twice", FORGOTTEN: "forgotten", GONE: "gone"}


def pending_claimed(digests: Sequence[Digest]) -> Short:
    """Which of the ways do all, which twice, which leave some; and what an acknowledgement frees."""
    sure = [one for one in digests if known(one) and truth(one) != "unknown"]
    if not sure:
        return Short(NOT_RECORDED, "", MONDAY)
    by = {word: [one for one in sure if truth(one) == word] for word in (ONCE, TWICE, FORGOTTEN, GONE)}
    words = {TWICE: "done twice", FORGOTTEN: "left pending", GONE: "gone undone"}
    told = [f"{_where(by[word], sure)} {_most(by[word], word)} {said}." for word, said in words.items() if by[word]]
    ways = "one way" if len(sure) == 1 else f"{in_words(len(sure))} ways"
    answer = f"Of {ways} to run a stream’s workers, {how_many(len(by[ONCE]))} did every message once."
    return Short(sentence(answer, *told), sentence(_memory(sure)), MONDAY)


def _where(those: Sequence[Digest], sure: Sequence[Digest]) -> str:
    """`Where nobody claims,`; many are counted and not named: no sentence carries seven of them."""
    if len(those) > MANY:
        return f"With {in_words(len(those))} of them," if len(those) < len(sure) else "With all of them,"
    *first, last = (NAMES[str(one.settings["way"])] for one in those)
    return f"Where {', '.join(first)} or {last}," if first else f"Where {last},"


def _most(those: Sequence[Digest], word: str) -> str:
    """2 of 200 messages were; of several ways, or of rounds that differ, the most: up to 130 of 200 messages were."""
    found = [count for one in those for count in counts(one, COUNTED[word])]
    most = (
        f"{max(found):,} of {counted(max(counts(those[0], 'sent')), 'message')} {'was' if max(found) == 1 else 'were'}"
    )
    return most if min(found) == max(found) else f"up to {most}"


def _memory(sure: Sequence[Digest]) -> str:
    """What the stream took when all was acknowledged, and when it was trimmed."""
    whole = [one for one in sure if one.settings["way"] == "late" and any(counts(one, "entries_end"))]
    if not whole or not figures(whole[0], "bytes_acked"):
        return "What the memory of an acknowledged stream is, is not recorded yet."
    before, after = (
        kilobytes([statistics.median(found)]) if (found := figures(whole[0], name)) else "an unknown amount"
        for name in ("bytes_acked", "bytes_trimmed")
    )
    return f"With everything acknowledged the stream still took {before}; `XTRIM` left {after}."
