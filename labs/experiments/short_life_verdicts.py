"""The rule of C62 (claims.csv) for short-life.

The p99 is that of a consumer that reads all the time, the stale share that of one that stands still for twice the life
of a message; both of the same way and of the same rounds.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import partial

from labs.experiments.bounds import Bound
from labs.experiments.rules import Said, Undecided, Word, each, every, passes, points, rounds, rule
from labs.model.digest import Digest
from labs.model.text import enumerated, ms_text, percent
from labs.scenarios.fleeting import WAYS

IF: Word = "holds with conditions"
NEAR = Bound(IF, "what another broker’s p99, and likewise its stale share, is above that of Redis", "at most", 20, "%")
Round = dict[str, tuple[float, float]]
"""Way -> its p99 in ms and its stale share, of one round."""


def _of(name: str) -> str:
    return WAYS[name].broker


def others(mine: str) -> list[str]:
    """The ways of the other brokers."""
    return [name for name in WAYS if _of(name) != _of(mine)]


def lowest(one: Round, mine: str) -> bool:
    """Whether a way has the lowest p99 of all, and no way of another broker has a lower stale share."""
    p99, stale = one[mine]
    return all(p99 < one[name][0] and stale <= one[name][1] for name in others(mine))


def near(one: Round, mine: str) -> bool:
    """Whether a way of another broker comes near to it in both."""
    p99, stale = one[mine]
    more = 1 + NEAR.limit / 100
    return any(NEAR(100 * (one[name][0] / p99 - 1)) and one[name][1] <= more * stale for name in others(mine))


def _table(digests: Sequence[Digest]) -> list[Round]:
    """Round by round what the ways did. Undecided where one is missing, or cannot say."""
    calm = every(digests, "way", WAYS, " with a consumer that reads all the time", gap="none")
    still = every(digests, "way", WAYS, " with a consumer that stands still", gap="pause")
    unclear = [one for one in (*calm.values(), *still.values()) if any(r["verdict"] != "known" for r in one.repeats)]
    if unclear:
        names = enumerated([str(one.settings["label"]) for one in unclear])
        raise Undecided(f"What became of the messages is not proven in every round: {names}.")
    p99, stale = (
        rounds(*(each(found[name], "figures", step) for name in WAYS))
        for found, step in ((calm, "p99_ms"), (still, "stale_share"))
    )
    return [{name: (ms[at], share[at]) for at, name in enumerate(WAYS)} for ms, share in rounds(p99, stale)]


def _told(table: Sequence[Round], name: str) -> str:
    """With Redis Pub/Sub the p99 was 0.9 ms, and 15 % were stale after the consumer had stood still."""
    middle = statistics.median(one[name][0] for one in table)
    stale = percent(one[name][1] for one in table)
    return f"{WAYS[name].label} had a p99 of {ms_text(middle)}, and {stale} were stale."


def _loss(digests: Sequence[Digest], name: str) -> str:
    """What it dropped, which is the other half of the claim: some loss is acceptable, and this is how much it was."""
    shares = {
        gap: [value for one in points(digests, way=name, gap=gap) for value in one.each("figures", "dropped_share")]
        for gap in ("pause", "crash")
    }
    if not all(shares.values()):
        return ""
    still, crash = (percent(shares[gap]) for gap in ("pause", "crash"))
    return (
        f" The loss to accept: {WAYS[name].label} dropped {still} of all messages when its consumer stood still, and "
        f"{crash} when it was killed."
    )


@rule("C62", bounds=(NEAR,))
def c62(digests: Sequence[Digest]) -> Said:
    """Whether Redis has the lowest p99 and the lowest stale share, and whether another broker comes near."""
    table = _table(digests)
    ours = [name for name in WAYS if _of(name) == "redis"]
    text = " ".join(_told(table, name) for name in WAYS)
    sides = {name: passes(table, partial(lowest, mine=name), text) for name in ours}
    first = next((name for name in ours if sides[name]), None)
    if first is None:
        why = "No way of Redis has both the lowest p99 and the lowest stale share in enough rounds."
        raise Undecided(f"{why} {text}")
    by = {name: passes(table, partial(near, mine=name), text) for name in ours if sides[name]}
    text = f"{WAYS[first].label} has the lowest p99 and no broker a lower stale share. {text}{_loss(digests, first)}"
    if any(side is False for side in by.values()):
        return "holds", text
    if all(by.values()):
        return IF, f"{text} Another broker comes near in both."
    raise Undecided(text)


RULES = (c62,)
