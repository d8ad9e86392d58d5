"""The lab about Redis's own queues in short: who keeps what for whom, what it costs to lag, and since when."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import capital, enumerated, how_many, in_words
from labs.show.looks.queues import megabytes, trials, word
from labs.show.short import NOT_RECORDED, Short, sentence


def _names(digests: Sequence[Digest]) -> str:
    """As a sentence has them; a name with a comma in it wants semicolons."""
    return "; ".join(str(one.settings["label"]) for one in digests)


def _known(digests: Sequence[Digest], trial: str) -> list[Digest]:
    return [one for one in digests if word(one, trial) in ("yes", "partly", "no", "mixed")]


def _having(digests: Sequence[Digest], trial: str) -> list[Digest]:
    return [one for one in _known(digests, trial) if word(one, trial) == "yes"]


def four_queues(digests: Sequence[Digest]) -> Short:
    """Which ways keep for a reader that was away and reach all, and at what a subscriber is cut off."""
    monday = (
        "For each message ask one thing: must a reader that was away get it later? If it must, take a stream with a "
        "group for each service; Pub/Sub is for what nobody misses."
    )
    known = _known(digests, "offline")
    if not known:
        return Short(NOT_RECORDED, "", monday)
    kept = _having(digests, "offline")
    both = [one for one in kept if one in _having(digests, "fan_out")]
    answer = (
        f"Of {in_words(len(known))} {'way' if len(known) == 1 else 'ways'} to pass messages on that Redis has itself, "
    )
    answer += f"{how_many(len(kept))} {'keeps' if len(kept) == 1 else 'keep'} every message for a reader that was away"
    answer += f" ({_names(kept)})." if kept else "."
    answer += f" A copy for every service as well: {_names(both) or 'none of them'}."
    return Short(answer, sentence(_cut(digests), _killed(digests)), monday)


def _cut(digests: Sequence[Digest]) -> str:
    """At how many megabytes a slow subscriber is cut off."""
    found = [one for one in _known(digests, "slow") if any(each.get("cut") for each in trials(one, "slow"))]
    if not found:
        return ""
    behind = megabytes([each for one in found for each in trials(one, "slow")], "behind_mb")
    return f"A subscriber that does not read is cut off when {behind} wait for it."


def _killed(digests: Sequence[Digest]) -> str:
    """Who lost something with a killed worker, of those that keep messages at all."""
    keeping = [one for one in _having(digests, "offline") if one in _known(digests, "killed")]
    if not keeping:
        return ""
    losers = [one for one in keeping if one not in _having(digests, "killed")]
    if not losers:
        return "None of those that keep messages lost one with a killed worker."
    return capital(f"{enumerated([_names(losers)])} lost with a killed worker what was in its hands.")
