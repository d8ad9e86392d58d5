"""What a fault lab's repeats say: which of them can be judged, their outcome, counts and times, and of many cells how
many came out how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from labs.model.digest import Digest, Table
from labs.model.faults import ENDING, NAMES
from labs.model.text import counted, enumerated, in_words


class Outcome(NamedTuple):
    """What is said of an outcome: what a number of cells did, and the title of one point."""

    did: str
    title: str


_LOST = "{label}: {event} lost {loss}"
OUTCOMES = {
    "none lost": Outcome("lost nothing", _LOST),
    "all lost": Outcome("lost everything", _LOST),
    "some lost": Outcome("lost some messages", _LOST),
    "did not start": Outcome("did not start again", "{label}: the broker did not start again after {event}"),
    "mixed": Outcome("came out differently from repeat to repeat", "{label}: the repeats disagree on {event}"),
    "unknown": Outcome("cannot be judged", "{label}: what {event} cost is unknown"),
}
"""Every outcome, in the order in which a sentence about many cells names them."""
LOSSES = ("none lost", "some lost", "all lost")
"""Those that say what was lost, from best to worst: the answers of the guess."""
CAPTION = (
    "outcomes. Lost span: how long before the event the oldest lost message had been acknowledged. Twice: messages "
    "read more than once. Recovered: messages that were never acknowledged and were there all the same. Back after: "
    "from the broker’s start until it answered"
)
UNPROVEN = " Nothing is called lost: the fault is not proven, or not all could be read back."


def judged(digest: Digest) -> list[Table]:
    """The repeats that say what was lost: the fault happened, the broker came back, the run settled."""
    return [repeat for repeat in digest.repeats if repeat["outcome"] in LOSSES]


def outcome(digest: Digest) -> str:
    """The word of the point; `mixed` where the repeats disagree."""
    return str(digest.median["outcome"])


def counts(fate: str) -> Callable[[Digest], list[int]]:
    """A count of the ledger in each judged repeat."""
    return lambda digest: [repeat["ledger"][fate] for repeat in judged(digest)]


def times(name: str) -> Callable[[Digest], list[float]]:
    """A time in each judged repeat that could say it, s."""
    return lambda digest: [repeat[name] for repeat in judged(digest) if repeat[name] is not None]


def summary(digests: Sequence[Digest]) -> str:
    """The finding of several points: how many of them have which outcome."""
    words, whole = Counter(outcome(digest) for digest in digests), len(digests)
    if len(words) == 1:
        return f"{'Both' if whole == 2 else f'All {in_words(whole)}'} cells {OUTCOMES[words.popitem()[0]].did}"
    return f"Of {in_words(whole)} cells, " + enumerated(
        [f"{in_words(words[word])} {one.did}" for word, one in OUTCOMES.items() if words[word]]
    )


def kept(one: Digest | None) -> bool:
    """Whether no repeat that could count lost a message."""
    return one is not None and bool(judged(one)) and not any(counts("lost")(one))


def lost(one: Digest | None) -> bool:
    """Whether a repeat lost a message."""
    return one is not None and any(counts("lost")(one))


def losing(digests: Sequence[Digest]) -> str:
    """19 of 39 cells, one of them in 1 of 3 rounds: how many lost messages, of those that can be judged."""
    known = [one for one in digests if judged(one)]
    whole = [one for one in known if lost(one)]
    partly = [f"one of them in {sum(map(bool, found))} of {len(one.repeats)} rounds"
              for one in whole if not all(found := counts("lost")(one))]  # fmt: skip
    some = partly[0] if len(partly) == 1 else f"{in_words(len(partly))} of them in some rounds only" if partly else ""
    return ", ".join(filter(None, [f"{len(whole) or 'none'} of {counted(len(known), 'cell')}", some]))


def through_the_hardest(digests: Sequence[Digest]) -> tuple[list[Digest], str]:
    """The cells that kept all through the hardest event; and 9 of 13 settings kept all of them through a power cut."""
    known = [one for one in digests if judged(one) and one.settings["fault"] in ENDING]
    if not known:
        return [], ""
    fault = max((str(one.settings["fault"]) for one in known), key=ENDING.index)
    hard = [one for one in known if one.settings["fault"] == fault]
    safe = [one for one in hard if kept(one)]
    return safe, f"{len(safe)} of {counted(len(hard), 'setting')} kept all of them through {NAMES[fault]}"


def proof(digest: Digest) -> str:
    """What the fault left behind that shows it happened."""
    faults = [repeat.get("fault") or {} for repeat in digest.repeats]
    return "; ".join(f"{one.get('method', '')}: {one['evidence']}" for one in faults if one.get("evidence")) or "none"


def reason(digest: Digest) -> str:
    """Why an outcome is unknown, in the broker's own first line."""
    return next((str(repeat["trouble"]).splitlines()[0] for repeat in digest.repeats if repeat["trouble"]), "")


def title(digest: Digest) -> str:
    """The finding of one point, by its outcome."""
    return OUTCOMES.get(outcome(digest), OUTCOMES["unknown"]).title
