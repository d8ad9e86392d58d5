"""What other programs took of the processors while points were measured, by what each of their rounds kept of it.

Ours are this process, the processes that it started and theirs, and the brokers. All else is others': what else ran on
the machine, and the kernel's own threads.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from labs.judge.repeats import foreign
from labs.model.digest import Card, Digest
from labs.model.text import counted, span

LOUD, NOT_RECORDED = 0.3, "not recorded"
"""Cores that others used in a round: a page whose recording saw more says so by itself."""


def in_rounds(digests: Iterable[Digest]) -> list[float]:
    """The most that each repeat saw of them; nothing of a repeat that does not say."""
    repeats = (repeat for digest in digests for repeat in digest.repeats)
    return [max(used) for repeat in repeats if (used := [*foreign(repeat)])]


def on_card(digest: Digest) -> Card:
    """The point's card with what others used in its rounds, where it does not say so itself."""
    card, used = digest.card, in_rounds([digest])
    if "others" in card or "cores" not in card:
        return card
    return {**card, "others": f"{span(used, '{:.2f}'.format)} cores" if used else NOT_RECORDED}


def _some(used: Sequence[float]) -> str:
    """In how many rounds it was much."""
    loud = sum(one > LOUD for one in used)
    return f"{loud:,} of {counted(len(used), 'round')}"


def line(digests: Sequence[Digest]) -> str:
    """What a page says of it; empty where it was little in every round, and where no round knows."""
    used = in_rounds(digests)
    if not used or max(used) <= LOUD:
        return ""
    if (middle := statistics.median(used)) <= LOUD:
        return f"While this was recorded, other programs used up to {max(used):.2f} cores in {_some(used)}."
    cores = {whole for one in digests if isinstance(whole := one.card.get("cores"), int)}
    of = f" of the machine's {cores.pop()} cores" if len(cores) == 1 else " cores"
    between = "" if len(used) == 1 else f" ({span(used, '{:.2f}'.format)})"
    return (
        f"While this was recorded, other programs used {middle:.2f}{of} in the median round{between}. "
        "Times and rates may be worse for it."
    )
