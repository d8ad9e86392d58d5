"""The look of L2.4: a point is a way to join late and what becomes of the payload; what the late one got of it, and
what it could read."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import partial

from labs.model.digest import Digest, Table
from labs.model.text import capital, count_of, counted, in_words, percent, seconds, span
from labs.show import Json
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.quantities import Quantities, Quantity

WHOLE, NOTHING, PART = "all of them", "none of them", "some of them"
OUTCOMES = {"all of it": WHOLE, "none of it": NOTHING, "a part of it": PART}
"""What a run's tally calls it -> what a reader guesses."""
FATES = {
    "history": "from before it joined, received",
    "missed": "from before it joined, missed",
    "after": "from after it joined, received",
    "gone": "from after it joined, missed",
}
HANDLERS = {"strict": "Strict reader", "closed": "Closed reader", "tolerant": "Tolerant reader"}
WHATS = {
    "strict": "a reader that needs the field by its old name",
    "closed": "a reader that refuses fields it does not know",
    "tolerant": "a reader that takes either name",
}
SAID = {"renamed": "One field is renamed", "beside": "The field gets a second name beside the old one"}


def judged(digest: Digest) -> list[Table]:
    """The repeats that can say: the early reader got everything, and nothing more came to the late one."""
    return [repeat for repeat in digest.repeats if repeat["verdict"] == "known"]


def joined(digest: Digest, name: str) -> list[int]:
    """A count of the late one in each judged repeat."""
    return [repeat["joined"]["late"][name] for repeat in judged(digest)]


def sizes(digest: Digest, name: str) -> list[int]:
    """How many messages there were, in each judged repeat: `before`, `after` or `changed`."""
    return [repeat["joined"][name] for repeat in judged(digest)]


def broke(digest: Digest, handler: str) -> list[int]:
    """Messages that such a reader could not read, in each judged repeat."""
    return [repeat["joined"]["late"]["broken"][handler] for repeat in judged(digest)]


def told(digest: Digest) -> list[int]:
    """Addresses that the sender had to be told for the late one."""
    return [repeat["sender"]["told"] for repeat in judged(digest)]


def shares(digest: Digest) -> list[float]:
    """The share of the history in each judged repeat."""
    pairs = zip(joined(digest, "history"), sizes(digest, "before"), strict=True)
    return [had / whole for had, whole in pairs if whole]


def truth(digest: Digest) -> str:
    """What the late one got of the history; `unknown` or `mixed` where the repeats cannot say or differ."""
    found = {OUTCOMES.get(repeat["outcome"], "unknown") for repeat in digest.repeats}
    return found.pop() if len(found) == 1 else "mixed"


def strip(digest: Digest) -> list[Json]:
    """The parts of a bar in the order of time, each with its share of all messages: medians over the repeats."""
    if not any(sizes(digest, "before") + sizes(digest, "after")):
        return []
    had, came = joined(digest, "history"), joined(digest, "after")
    before, after = sizes(digest, "before"), sizes(digest, "after")
    found = {"history": had, "missed": _less(before, had), "after": came, "gone": _less(after, came)}
    texts = {"history": f"{span(had)} of {span(before)} from before", "after": f"{span(came)} of {span(after)} after"}
    whole = statistics.median(before) + statistics.median(after)
    return [
        {"fate": fate, "share": round(statistics.median(found[fate]) / whole, 4), "text": texts.get(fate, "")}
        for fate in FATES
    ]


def _less(wholes: Sequence[int], parts: Sequence[int]) -> list[int]:
    return [whole - part for whole, part in zip(wholes, parts, strict=True)]


def sender_word(digest: Digest) -> str:
    """Whether the sender stayed as it was."""
    if not judged(digest):
        return ""
    if any(told(digest)):
        return "told an address"
    same = all(one["sender"]["same_process"] and one["sender"]["same_file"] for one in judged(digest))
    return "untouched" if same else "changed"


def _history(digest: Digest) -> str:
    return count_of(joined(digest, "history"), sizes(digest, "before"), "message") if judged(digest) else ""


def _after(digest: Digest) -> str:
    return count_of(joined(digest, "after"), sizes(digest, "after"), "message") if judged(digest) else ""


def _title(digest: Digest) -> str:
    if not judged(digest):
        return "{label}: what the late joiner got is unknown"
    return "{label}: the late joiner got {history_of} from before it joined"


def _then(digest: Digest) -> str:
    return " and {after_of} that came after" if judged(digest) else ""


def _sender(digest: Digest) -> str:
    """Whether anybody had to touch the sender."""
    if not judged(digest):
        return ""
    if any(told(digest)):
        return " The sender ran on, but had to be told the late joiner’s address."
    return " The sender ran on in the same process and was told nothing." if sender_word(digest) == "untouched" else ""


def _odd(digest: Digest) -> str:
    """What should not be: messages that came twice or out of order."""
    again, late = (joined(digest, name) for name in ("doubled", "reordered"))
    found = [f"{span(again)} came twice"] if any(again) else []
    found += [f"{span(late)} came after a later one"] if any(late) else []
    return f" Of its messages {' and '.join(found)}." if found else ""


def _change(digest: Digest) -> str:
    """What a changed field breaks."""
    change = digest.settings["change"]
    if change == "none" or not judged(digest):
        return ""
    broken = [WHATS[name] for name in HANDLERS if any(broke(digest, name))]
    many = counted(max(sizes(digest, "changed")), "message")
    if not broken:
        return f" {SAID[change]} in the last {many}, and every reader could read them."
    fine = [WHATS[name] for name in HANDLERS if not any(broke(digest, name))]
    read = f" {capital(' and '.join(fine))} could read all." if fine else ""
    return f" {SAID[change]} in the last {many}. {capital(' and '.join(broken))} could not read them.{read}"


def _few(digest: Digest) -> str:
    known, whole = len(judged(digest)), len(digest.repeats)
    return f" Only {known} of {counted(whole, 'repeat')} can say." if 0 < known < whole else ""


def _proof(digest: Digest) -> str:
    """What shows that the sender is the one that it was."""
    if not judged(digest):
        return ""
    sender = judged(digest)[-1]["sender"]
    same = f"{'the same' if sender['same_process'] else 'another'} process"
    file = f"{'the same' if sender['same_file'] else 'another'} file, SHA-256 {sender['file'][:12]}"
    direct = "not seen" if sender["direct"] is None else sender["direct"]
    return f"{same}; {file}; connections to a reader: {direct}"


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Way"),
    Quantity("change", lambda digest: str(digest.settings["change_label"]), head="Payload"),
    Quantity("history", lambda digest: joined(digest, "history"), span, "History", none="unknown"),
    Quantity("before", lambda digest: sizes(digest, "before"), span, "Of"),
    Quantity("share", shares, percent, none="unknown"),
    Quantity("received", lambda digest: joined(digest, "after"), span, "After joining", none="unknown"),
    Quantity("after", lambda digest: sizes(digest, "after"), span, "Of that"),
    Quantity("doubled", lambda digest: joined(digest, "doubled"), span, "Twice"),
    Quantity("reordered", lambda digest: joined(digest, "reordered"), span, "Out of order"),
    Quantity("told", told, span, "Addresses told"),
    *(Quantity(f"{name}_broken", partial(broke, handler=name), span, f"{head} breaks")
      for name, head in HANDLERS.items()),
    Quantity("changed", lambda digest: sizes(digest, "changed"), span),
    Quantity("history_of", _history, none="unknown"),
    Quantity("after_of", _after, none="unknown"),
    Quantity("sender", sender_word, head="Sender", none="unknown"),
    Quantity("mentions", lambda digest: ", ".join(judged(digest)[-1]["sender"]["mentions"]) if judged(digest) else "",
             none="none"),
    Quantity("took", lambda digest: [repeat["took_s"] for repeat in digest.repeats if "took_s" in repeat], seconds),
    Quantity("outcome", lambda digest: str(digest.median["outcome"])),
    Quantity("", _proof, card="Sender before and after"),
))  # fmt: skip


def shapes(digest: Digest) -> View:
    """What the late one got, as a bar."""
    return {"strip": strip(digest), "aside": QUANTITIES["share"].cell(digest, "unknown")}


def layouts(_digests: Sequence[Digest]) -> dict[str, Json]:
    """What the columns of the bars are called, and the parts in their order."""
    names = ["Way to join", "What the late joiner got", "Of the history"]
    return {"history": {"heads": names, "fates": [list(one) for one in FATES.items()]}}


def summary(digests: Sequence[Digest]) -> str:
    """The finding of several points: who got the history, who got nothing of it."""
    words = [truth(digest) for digest in digests]
    whole, nothing = words.count(WHOLE), words.count(NOTHING)
    text = (
        f"Of {in_words(len(digests))} ways to join late, {in_words(whole) if whole else 'none'} gave all of the history"
    )
    return f"{text} and {in_words(nothing) if nothing else 'none'} gave nothing of it"


JOINING_LOOK = Look(
    point=("mode", "change"),
    charts=(Chart("history", "What the late joiner got", "strips", rows="mode"),),
    quantities=QUANTITIES,
    title=_title,
    sentence=(_title, _then, ".", _few, _odd, _sender, _change),
    part=lambda digest: "{share} of the history" if judged(digest) else "unknown",
    event="a service joins late",
    shapes=shapes,
    layouts=layouts,
    several=summary,
)  # fmt: skip
JOINING_GUESS = Guess(
    question="{label}: messages are published, then a new service joins. How many of them does it get?",
    options=(WHOLE, NOTHING, PART),
    truth=truth,
)
