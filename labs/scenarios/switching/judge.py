"""What a move from one broker to another costs: row by row by what each side's contract showed, and line by line.

by itself: broker and library keep it. own code: it is kept, and is not once our own code for it is cut out. no: it is
not kept. unknown: nothing was seen. Pure, but for reading the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labs.scenarios.switching import BUSINESS, ROWS, Service
from labs.scenarios.switching.contract import NO, UNKNOWN, YES, History, judge
from labs.scenarios.switching.counting import Diff, code, diff, own_code

ITSELF, OWN = "by itself", "own code"
Words = dict[str, str]
"""Row -> one of the four."""


def words(histories: Mapping[str, Mapping[str, History]]) -> Words:
    """What a service keeps, and how, by the histories of its whole file and of what is left without our own code."""
    found: Words = {}
    for row in ROWS:
        whole = judge(row, histories["whole"][row])
        plain = judge(row, histories["plain"][row]) if row in histories.get("plain", {}) else whole
        if UNKNOWN in (whole, plain):
            found[row] = UNKNOWN
        else:
            found[row] = NO if whole == NO else ITSELF if plain == YES else OWN
    return found


@dataclass(frozen=True)
class Cost:
    """What the files say of a move."""

    file: Diff
    """Of the service's file alone."""
    business: int
    """Lines of the business, which knows no broker and stays as it is."""
    own: dict[str, int]
    """Row -> lines of our own that the new file has for it."""
    same: tuple[str, ...]
    """Rows whose own lines are the old file's, word by word."""

    @property
    def gone_share(self) -> float:
        """Of the service's file."""
        return self.file.share

    @property
    def whole_share(self) -> float:
        """Of file and business together."""
        return self.file.gone / (self.file.old + self.business)


def cost(old: Service, new: Service) -> Cost:
    """Counted from the files."""
    before, after = (one.path.read_text("utf-8") for one in (old, new))
    mine, others = own_code(after), own_code(before)
    same = tuple(row for row, lines in mine.items() if others.get(row) == lines)
    own = {row: len(lines) for row, lines in mine.items()}
    return Cost(diff(before, after), len(code(BUSINESS.read_text("utf-8"))), own, same)


def built(old: Words, new: Words, same: tuple[str, ...] = ()) -> list[str]:
    """The rows that the new service keeps by code of its own that the old one has not."""
    return [row for row in ROWS if new[row] == OWN and row not in same and old[row] != UNKNOWN]


def lost(old: Words, new: Words) -> list[str]:
    """The rows that the old service kept and the new one does not."""
    return [row for row in ROWS if old[row] in (ITSELF, OWN) and new[row] == NO]
