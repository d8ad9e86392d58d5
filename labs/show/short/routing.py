"""In short, of the routing puzzles."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import capital, in_words
from labs.show.short import NOT_RECORDED, Short

HEARS = "a publisher hears only of messages that no queue takes, and only if it asks."


def in_short(digests: Sequence[Digest]) -> Short:
    """How many puzzles their bindings solve, and how many usual first tries do not."""
    monday = (
        "Write down for every queue what it wants, publish twenty messages, and count what is missing, stray and gone."
    )
    ends = {
        how: [one.median.get("outcome") == "solved" for one in digests if one.settings.get("topology") == how]
        for how in ("solved", "first")
    }
    if not ends["solved"]:
        return Short(NOT_RECORDED, "", monday)
    good, all_of_them = sum(ends["solved"]), len(ends["solved"])
    answer = f"Bindings alone sent every message where it was wanted in {_some(good)} of {in_words(all_of_them)} "
    answer += "puzzles, and the producer knew nothing of it: it names an exchange, a key and headers."
    wrong = ends["first"].count(False)
    condition = f"{in_words(wrong)} of {in_words(len(ends['first']))} usual first tries misdelivered; {HEARS}"
    return Short(answer, capital(condition if ends["first"] else HEARS), monday)


def _some(number: int) -> str:
    return in_words(number) if number else "none"
