"""What follows from what a trial has seen: a word for each feature. Pure.

yes: it does what its documentation says. no: it does something else. absent: the server does not know the command or
its option.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Table = dict[str, Any]
Seen = Mapping[str, Any]
YES, NO, ABSENT = "yes", "no", "absent"
"""The stage has entries 0 to 3: 0 is acknowledged, 1 and 2 are pending, 3 is unread; 4 comes later."""


def _is(**wanted: list[int]) -> Callable[[Seen], bool]:
    """Whether exactly these entries were seen."""
    return lambda seen: all(seen.get(name) == numbers for name, numbers in wanted.items())


JUDGES: Mapping[str, Callable[[Seen], bool]] = {
    "xautoclaim": _is(got=[1, 2], pending=[1, 2]),
    "told-gone": _is(gone=[1], pending=[2]),
    "xackdel": _is(there=[0, 2, 3], pending=[2]),
    "xdelex": _is(there=[1, 2, 3], pending=[1, 2]),
    "xtrim-acked": _is(there=[1, 2, 3], pending=[1, 2]),
    "xadd-acked": _is(there=[1, 2, 3, 4], pending=[1, 2]),
    "readgroup-claim": _is(got=[1, 2, 3], pending=[1, 2, 3]),
    "xnack": _is(got=[1], pending=[1, 2]),
}


def judged(feature: str, seen: Seen) -> Table:
    """What a repeat keeps of a trial: its word, and what was seen."""
    word = ABSENT if "refused" in seen else YES if JUDGES[feature](seen) else NO
    return {"outcome": word, **seen}
