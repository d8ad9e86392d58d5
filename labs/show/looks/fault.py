"""The look of a fault lab: a point is a profile and a fault; a matrix of outcomes, and the bill of the chosen points.

`unknown` and `did not start` are outcomes of their own: neither is a number of lost messages.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Sequence

from labs.model.digest import Digest
from labs.model.faults import NAMES
from labs.model.profile import profiles
from labs.model.text import count_of, ms_text, percent, seconds, span, three_digits
from labs.model.text import counted as counted_noun
from labs.show import Json
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.fault_facts import (
    CAPTION,
    LOSSES,
    UNPROVEN,
    counts,
    judged,
    losing,
    outcome,
    proof,
    reason,
    summary,
    through_the_hardest,
    times,
    title,
)
from labs.show.quantities import Quantities, Quantity

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


def head(digest: Digest) -> str:
    """The fault as its column is called."""
    kind = str(digest.settings["fault"])
    return HEADS.get(kind, kind)


def counted(digest: Digest) -> str:
    """What the ledger counts as promised; where a profile has no confirmation, that the call returned."""
    known = profiles().get(digest.settings["profile"])
    return "acknowledged" if known is None or known.promise.acknowledges else "sent"


def lost_text(digest: Digest) -> str:
    """85 to 527, unknown in 1 of 3; empty where no repeat could count."""
    there, whole = judged(digest), digest.repeats
    if not there:
        return ""
    words = Counter(repeat["outcome"] for repeat in whole if repeat not in there)
    rest = "".join(f", {word} in {number} of {len(whole)}" for word, number in words.items())
    return span(counts("lost")(digest)) + rest


def agree(digest: Digest) -> str:
    """3 of 3 agree, 1 run; what each repeat said where they disagree: none lost in 2, some lost in 1."""
    said = [repeat["outcome"] for repeat in digest.repeats]
    if outcome(digest) == "mixed":
        return ", ".join(f"{word} in {number}" for word, number in Counter(said).items())
    return f"{said.count(outcome(digest))} of {len(said)} agree" if len(said) > 1 else "1 run"


def lost_of(digest: Digest) -> str:
    """all, none, 340 of 2,905, up to 1 of 3,436; empty where no repeat could count."""
    if not judged(digest):
        return ""
    if outcome(digest) in ("all lost", "none lost"):
        return outcome(digest).removesuffix(" lost")
    lost, whole = counts("lost")(digest), counts("acknowledged")(digest)
    return count_of(lost, whole, "message").removesuffix("s").removesuffix(" message")


def loss(digest: Digest) -> str:
    """none of 2,905 acknowledged messages, all 2,905, 340 of them; empty where no repeat could count."""
    there = counts("lost")(digest), counts("acknowledged")(digest)
    return count_of(*there, f"{counted(digest)} message") if judged(digest) else ""


def rates(digest: Digest) -> list[float]:
    """Acknowledged until the fault, by the seconds until then."""
    known = [(repeat["ledger"]["acknowledged"], repeat["fault"]["at_s"]) for repeat in judged(digest)]
    return [three_digits(count / at_s) for count, at_s in known if at_s]


def each(digest: Digest) -> str:
    """Every repeat's own count."""
    return ", ".join(f"{r['ledger']['lost']:,}" if r["outcome"] in LOSSES else r["outcome"] for r in digest.repeats)


def _said_window(digest: Digest) -> str:
    oldest = times("loss_window_s")(digest)
    one = " The oldest lost one had been {counted} {oldest} before the fault."
    return one if any(oldest) else ""


def _said_sent(digest: Digest) -> str:
    said = " This setting acknowledges nothing, so a message counts once its call has returned."
    return said if counted(digest) == "sent" else ""


def _said_agree(digest: Digest) -> str:
    """How the repeats disagree, and how many cannot say."""
    if outcome(digest) == "mixed":
        return " Of {of_repeats}: {agree}."
    few = len(judged(digest)) < len(digest.repeats) and judged(digest)
    return f" Only {len(judged(digest))} of {{of_repeats}} can say." if few else ""


def _said_why(digest: Digest) -> str:
    return "" if outcome(digest) != "unknown" else " {reason}" if reason(digest) else UNPROVEN


def _middle(name: str) -> Callable[[Digest], float | None]:
    """The median of a time over the judged repeats that could say it, s; None where none could."""
    return lambda digest: statistics.median(found) if (found := times(name)(digest)) else None


def _s_text(value: float) -> str:
    return ms_text(value * 1000)


def _count(name: str, title: str = "") -> Quantity[list[int]]:
    return Quantity(name, counts(name), span, title, none=outcome)


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Setting"),
    Quantity("event", lambda digest: NAMES.get(digest.settings["fault"], head(digest))),
    Quantity("happened", head, head="What happened"),
    Quantity("outcome", outcome, head="Outcome"),
    Quantity("", lambda digest: [one["ledger"]["acknowledged"] for one in digest.repeats], span, "Acknowledged"),
    Quantity("lost", lost_text, head="Lost", none=outcome),
    Quantity("lost_share", lambda digest: [r["lost_share"] for r in judged(digest)], percent, "Share", none=outcome),
    Quantity("window", times("loss_window_s"), seconds, "Lost span"),
    _count("duplicated", "Twice"), _count("recovered", "Recovered"), _count("unconfirmed", "Unconfirmed"),
    Quantity("recovery", times("recovery_s"), seconds, "Back after"),
    Quantity("agree", agree, head="Repeats"),
    _count("attempted"), _count("delivered"), _count("reordered"), _count("acknowledged"),
    Quantity("lost_counts", counts("lost"), span),
    Quantity("lost_of", lost_of, none=outcome), Quantity("loss", loss, none=outcome),
    Quantity("oldest", _middle("loss_window_s"), _s_text), Quantity("back", _middle("recovery_s"), _s_text),
    Quantity("of_repeats", lambda digest: counted_noun(len(digest.repeats), "repeat")),
    Quantity("counted", counted),
    Quantity("rate", rates, lambda values: f"{span(values)}/s"),
    Quantity("took", lambda digest: [repeat["took_s"] for repeat in digest.repeats], seconds),
    Quantity("method", lambda digest: str(digest.card.get("fault_method", ""))),
    Quantity("reason", reason),
    Quantity("", proof, card="Proof of the fault"),
    Quantity("", each, card="Lost in each repeat"),
))  # fmt: skip


def cell(digest: Digest) -> Json:
    """A cell of the matrix: the outcome's word, of how many where it is not all or none, and how many repeats agree."""
    some = lost_of(digest) if outcome(digest) not in ("all lost", "none lost") else ""
    return {"word": outcome(digest), "lines": [line for line in (some, agree(digest)) if line]}


def bill(digest: Digest) -> list[Json]:
    """What was attempted, acknowledged, survived and lost: the median as the bar, the range as the text."""
    ledgers, none = [repeat["ledger"] for repeat in digest.repeats], "" if judged(digest) else outcome(digest)
    kept = [one["ledger"]["acknowledged"] - one["ledger"]["lost"] - one["ledger"]["unknown"] for one in judged(digest)]
    counted_as = {name: [one[name] for one in ledgers] for name in ("attempted", "acknowledged")}
    lines = {"attempted": counted_as["attempted"], counted(digest): counted_as["acknowledged"]}
    lines |= {"survived": kept, "lost": counts("lost")(digest)}
    found = [
        {"name": name, "value": statistics.median(values) if values else None, "text": span(values) if values else none}
        for name, values in lines.items()
    ]
    times_of = {"lost span": "window", "back after": "recovery"}
    texts = {name: none or QUANTITIES[asked].cell(digest) for name, asked in times_of.items()}
    return found + [{"name": name, "value": None, "text": text} for name, text in texts.items()]


def shapes(digest: Digest) -> View:
    """A cell of the matrix with its bill, and what a guess is about."""
    return {"cell": cell(digest), "bill": bill(digest), "counted": PROMISED[counted(digest)]}


def layouts(digests: Sequence[Digest]) -> dict[str, Json]:
    """The heads of the matrix in the order from mild to hard, of which a page shows those that have a point; and in
    which cells a server is not of the version that most cells of its broker have."""
    asked = {
        f"{one.settings['profile']}|{one.settings['fault']}": (
            str(one.settings["broker"]),
            str(one.card.get("broker", "")),
        )
        for one in digests
    }
    usual = {broker: text for (broker, text), _ in reversed(Counter(asked.values()).most_common())}
    others = {key: text for key, (broker, text) in asked.items() if text != usual[broker]}
    return {"matrix": {"heads": [list(one) for one in HEADS.items()], "others": others}, "bill": {}}


def summed_up(digests: Sequence[Digest]) -> str:
    """In how many cells messages were lost, how many settings kept all through the hardest event, and what is open."""
    _, kept_all = through_the_hardest(digests)
    if not kept_all:
        return ""
    left = sum(not judged(digest) for digest in digests)
    said = f"Messages were lost in {losing(digests)}; {kept_all}."
    return said + (f" {counted_noun(left, 'cell')} {'has' if left == 1 else 'have'} no outcome." if left else "")


FAULT_LOOK = Look(
    point=("profile", "fault"),
    charts=(
        Chart("matrix", "What each setting lost", "matrix", rows="profile", columns="fault"),
        Chart("bill", "The bill", "bill"),
    ),
    quantities=QUANTITIES,
    title=title,
    sentence=(
        title, ".", _said_agree, _said_window, " The broker answered again after {back}.", _said_sent, _said_why,
    ),
    part="{outcome}",
    event="{event}",
    shapes=shapes,
    layouts=layouts,
    caption=CAPTION,
    promise="this book expects it to survive",
    several=summary,
)  # fmt: skip
LOSS_GUESS = Guess(
    question="{label}, then {event}. What becomes of the messages {counted}?",
    options=LOSSES,
    truth=outcome,
    summary=summed_up,
)
