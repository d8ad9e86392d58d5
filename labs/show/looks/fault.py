"""The look of a fault lab: a point is a profile and a fault; a matrix of outcomes, and the bill of the chosen points.

`unknown` and `did not start` are outcomes of their own: neither is a number of lost messages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from labs.model.digest import Digest, Table
from labs.model.faults import NAMES
from labs.model.profile import profiles
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.ranges import middle, percent, seconds, span

HEADS = {
    "stop": "clean stop",
    "kill": "SIGKILL",
    "power": "power cut",
    "freeze": "freeze",
    "cut": "network cut",
    "disk-full": "full disk",
    "memory-full": "full memory",
    "slow-fsync": "slow disk",
}
"""Fault -> the head of its column, from mild to hard and then those that the broker survives."""
PROMISED = {
    "acknowledged": "that the broker had acknowledged",
    "sent": "for which the call had returned (this setting acknowledges nothing)",
}
LOSSES = ("none lost", "some lost", "all lost")
COLUMNS = (
    "Setting", "What happened", "Outcome", "Acknowledged", "Lost", "Share", "Window", "Twice", "Recovered",
    "Unconfirmed", "Back after", "Repeats",
)  # fmt: skip


def judged(digest: Digest) -> list[Table]:
    """The repeats that say what was lost: the fault happened, the broker came back, the run settled."""
    return [repeat for repeat in digest.repeats if repeat["outcome"] in LOSSES]


def counts(digest: Digest, fate: str) -> list[int]:
    """A count of the ledger in each judged repeat."""
    return [repeat["ledger"][fate] for repeat in judged(digest)]


def event(digest: Digest) -> str:
    """The fault as a sentence names it."""
    kind = str(digest.settings["fault"])
    return NAMES.get(kind, HEADS.get(kind, kind))


def head(digest: Digest) -> str:
    """The fault as its column is called."""
    kind = str(digest.settings["fault"])
    return HEADS.get(kind, kind)


def counted(digest: Digest) -> str:
    """What the ledger counts as promised; where a profile has no confirmation, that the call returned."""
    known = profiles().get(digest.settings["profile"])
    return "acknowledged" if known is None or known.promise.acknowledges else "sent"


def outcome(digest: Digest) -> str:
    """The word of the point; `mixed` where the repeats disagree."""
    return str(digest.median["outcome"])


def lost_text(digest: Digest) -> str:
    """85 to 527, unknown in 1 of 3; the outcome's word where no repeat could count."""
    there, whole = judged(digest), digest.repeats
    if not there:
        return outcome(digest)
    words = Counter(repeat["outcome"] for repeat in whole if repeat not in there)
    rest = "".join(f", {word} in {number} of {len(whole)}" for word, number in words.items())
    return span(counts(digest, "lost")) + rest


def agree_text(digest: Digest) -> str:
    """3 of 3 agree, 1 run; what each repeat said where they disagree."""
    said = [repeat["outcome"] for repeat in digest.repeats]
    if outcome(digest) == "mixed":
        return ", ".join(f"{number} {word}" for word, number in Counter(said).items())
    return f"{said.count(outcome(digest))} of {len(said)} agree" if len(said) > 1 else "1 run"


def title(digest: Digest) -> str:
    """The finding of one point."""
    label, what = digest.settings["label"], event(digest)
    promised, word = f"{span(counts(digest, 'acknowledged'))} {counted(digest)} messages", outcome(digest)
    return {
        "none lost": f"{label}: {what} lost none of {promised}",
        "some lost": f"{label}: {what} lost {span(counts(digest, 'lost'))} of {promised}",
        "all lost": f"{label}: {what} lost all of {promised}",
        "did not start": f"{label}: the broker did not start again after {what}",
        "mixed": f"{label}: the repeats disagree on {what}",
    }.get(word, f"{label}: what {what} cost is unknown")


def summary(digests: Sequence[Digest]) -> str:
    """The finding of several points: how many of them have which outcome."""
    if len(digests) == 1:
        return title(digests[0])
    words = Counter(outcome(digest) for digest in digests)
    return f"Of {len(digests)} points: " + ", ".join(f"{number} {word}" for word, number in words.most_common())


def sentence(digest: Digest) -> str:
    """What the point says, for a screen reader and under the chart: never a loss where nothing was proven."""
    text = f"{title(digest)} ({agree_text(digest)})"
    if any(windows := [repeat["loss_window_s"] for repeat in judged(digest)]):
        text += f"; the oldest of them had been {counted(digest)} {seconds(windows)} before"
    if any(repeat["recovery_s"] is not None for repeat in judged(digest)):
        text += f"; it answered again after {seconds(repeat['recovery_s'] for repeat in judged(digest))}"
    if counted(digest) == "sent":
        text += ". This setting has no acknowledgement: what counts is that the call returned"
    return f"{text}.{_why_unknown(digest)}"


def _why_unknown(digest: Digest) -> str:
    if outcome(digest) != "unknown":
        return ""
    reason = next((str(repeat["trouble"]).splitlines()[0] for repeat in digest.repeats if repeat["trouble"]), "")
    return (
        f" {reason}" if reason else " Nothing is called lost: the fault is not proven, or not all could be read back."
    )


def trouble(digest: Digest) -> str:
    """What went wrong, in the broker's own last lines; each text once."""
    return "\n\n".join(dict.fromkeys(str(repeat["trouble"]) for repeat in digest.repeats if repeat.get("trouble")))


def cell(digest: Digest) -> dict[str, Any]:
    """A cell of the matrix: the outcome's word, the counts, and how many repeats agree."""
    how_many = "all" if outcome(digest) == "all lost" else span(counts(digest, "lost"))
    lines = [f"{how_many} of {span(counts(digest, 'acknowledged'))}"] if judged(digest) else []
    return {"word": outcome(digest), "lines": [*lines, agree_text(digest)]}


def bill(digest: Digest) -> list[dict[str, Any]]:
    """What was attempted, acknowledged, survived and lost: the median as the bar, the range as the text."""
    found = judged(digest)
    whole = [repeat["ledger"] for repeat in digest.repeats]
    kept = [one["acknowledged"] - one["lost"] - one["unknown"] for one in (repeat["ledger"] for repeat in found)]
    nothing = "" if found else outcome(digest)
    windows, back = ([repeat[name] for repeat in found] for name in ("loss_window_s", "recovery_s"))
    return [
        _line("attempted", [one["attempted"] for one in whole]),
        _line(counted(digest), [one["acknowledged"] for one in whole]),
        _line("survived", kept, nothing),
        _line("lost", [repeat["ledger"]["lost"] for repeat in found], nothing),
        {"name": "loss window", "value": None, "text": nothing or seconds(windows)},
        {"name": "back after", "value": None, "text": nothing or seconds(back)},
    ]


def _line(name: str, values: Sequence[int], instead: str = "") -> dict[str, Any]:
    return {"name": name, "value": middle(values), "text": instead or span(values)}


def row(digest: Digest) -> list[str]:
    """The point as one row of the data table; COLUMNS names the cells."""
    found = judged(digest)
    texts = [span(counts(digest, name)) for name in ("duplicated", "recovered", "unconfirmed")]
    return [
        digest.settings["label"],
        head(digest),
        outcome(digest),
        span(repeat["ledger"]["acknowledged"] for repeat in digest.repeats),
        lost_text(digest) if found else "–",
        percent(repeat["lost_share"] for repeat in found),
        seconds(repeat["loss_window_s"] for repeat in found),
        *texts,
        seconds(repeat["recovery_s"] for repeat in found),
        agree_text(digest),
    ]


def _measured(digest: Digest) -> list[list[str]]:
    """The card's last lines: what proves the fault, and every repeat's own count."""
    faults = [repeat.get("fault") or {} for repeat in digest.repeats]
    proof = "; ".join(f"{one.get('method', '')}: {one['evidence']}" for one in faults if one.get("evidence"))
    each = ", ".join(f"{r['ledger']['lost']:,}" if r["outcome"] in LOSSES else r["outcome"] for r in digest.repeats)
    return [["Proof of the fault", proof or "none"], ["Lost in each repeat", each]]


def view(digest: Digest) -> View:
    """A cell of the matrix with its bill."""
    return {
        "label": digest.settings["label"],
        "title": title(digest),
        "part": outcome(digest),
        "event": event(digest),
        "counted": PROMISED[counted(digest)],
        "traces": {},
        "sentence": sentence(digest),
        "rows": [row(digest)],
        "measured": _measured(digest),
        "cell": cell(digest),
        "bill": bill(digest),
        "trouble": trouble(digest),
    }


def heads(_digests: Sequence[Digest]) -> dict[str, dict[str, Any]]:
    """The heads of the matrix in the order from mild to hard; a page shows those that have a point."""
    return {"matrix": {"heads": [list(head) for head in HEADS.items()]}, "bill": {}}


def rate(digest: Digest) -> str:
    """1,430/s: acknowledged until the fault, by the seconds until then; three digits, a range where repeats differ."""
    known = [(repeat["ledger"]["acknowledged"], repeat["fault"]["at_s"]) for repeat in judged(digest)]
    rates = [float(f"{count / at_s:.3g}") for count, at_s in known if at_s]
    return f"{span(rates)}/s" if rates else "–"


def _over(name: str) -> Callable[[Digest], str]:
    return lambda digest: span(counts(digest, name)) if judged(digest) else outcome(digest)


QUANTITIES: dict[str, Callable[[Digest], str]] = {
    **{name: _over(name) for name in ("attempted", "delivered", "duplicated", "reordered", "recovered", "unconfirmed")},
    "acknowledged": _over("acknowledged"),
    "lost": lost_text,
    "lost_of": lambda digest: cell(digest)["lines"][0] if judged(digest) else outcome(digest),
    "lost_share": lambda digest: (
        percent(r["lost_share"] for r in judged(digest)) if judged(digest) else outcome(digest)
    ),
    "window": lambda digest: seconds(repeat["loss_window_s"] for repeat in judged(digest)),
    "recovery": lambda digest: seconds(repeat["recovery_s"] for repeat in judged(digest)),
    "rate": rate,
    "took": lambda digest: seconds(repeat["took_s"] for repeat in digest.repeats),
    "outcome": outcome,
    "agree": agree_text,
    "method": lambda digest: str(digest.card.get("fault_method", "–")),
}

FAULT_LOOK = Look(
    point=("profile", "fault"),
    charts=(Chart("matrix", "What each setting lost", "matrix", rows="profile", columns="fault"),
            Chart("bill", "The bill", "bill")),
    columns=COLUMNS,
    view=view,
    layouts=heads,
    quantities=QUANTITIES,
    caption="outcomes",
    promise="said to survive",
    several=summary,
)  # fmt: skip
LOSS_GUESS = Guess(
    question="{label}, then {event}. What becomes of the messages {counted}?",
    options=LOSSES,
    truth=outcome,
)
