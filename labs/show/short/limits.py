"""When "non-blocking" blocks, in short: which limits made the publisher wait, which refused it, which said nothing."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import counted, enumerated, in_words, seconds
from labs.show.looks.limits import ERROR, LIMITS_LOOK, LOSES, WAITS, outcome
from labs.show.short import NOT_RECORDED, Short

MONDAY = (
    "Find the line that publishes and ask of it: what does it do when the broker says no, and when it says "
    "nothing? Set a limit on one test queue, stop its reader, and watch which of your dashboards moves first."
)


def when_it_blocks(digests: Sequence[Digest]) -> Short:
    """How many limits the publisher noticed, the longest wait, after how long, and where messages went in silence."""
    if not digests:
        return Short(NOT_RECORDED, "", MONDAY)
    by = {word: [one for one in digests if outcome(one) == word] for word in (WAITS, ERROR, LOSES)}
    answer = (
        f"Yes: of {counted(len(digests), 'publisher')} whose reader stopped, "
        if by[WAITS] or by[ERROR]
        else (f"Not here: of {counted(len(digests), 'publisher')} whose reader stopped, ")
    )
    answer += (
        f"{in_words(len(by[WAITS]))} waited{_longest(by[WAITS])} and {in_words(len(by[ERROR]))} got an error at once."
    )
    answer += _when([*by[WAITS], *by[ERROR]])
    if by[LOSES]:
        those = enumerated([str(one.settings["label"]) for one in by[LOSES]])
        condition = (
            f"The worst limits are those that nobody is told of. Messages were lost without a word with {those}."
        )
    else:
        condition = "No message was lost without the publisher being told."
    return Short(answer, condition, MONDAY)


def _when(noticed: Sequence[Digest]) -> str:
    """After how long it began: a limit has to be reached first."""
    began = [LIMITS_LOOK.quantities["trouble"].number(one) for one in noticed]
    if not any(began):
        return ""
    return f" It began {seconds([one for one in began if one])} after the reader had stopped, when a limit was reached."


def _longest(waited: Sequence[Digest]) -> str:
    """(up to 3.1 s)"""
    if not waited:
        return ""
    most = max(waited, key=lambda one: one.number("longest_ms") or 0)
    return f" (up to {LIMITS_LOOK.quantities['longest'].text(most)})"
