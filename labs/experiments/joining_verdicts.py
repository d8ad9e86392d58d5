"""The rules of C20 and C21 (claims.csv) for late-joiner.

A repeat counts only if the early reader got every message in it: what the late one missed was there to be had.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.rules import Said, Undecided, by, point, rule, seen
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.profile import BROKERS
from labs.model.text import how_many, in_words
from labs.scenarios.joining import MODES


def known(repeat: Repeat) -> bool:
    """Whether it is proven what the late one got."""
    return repeat["verdict"] == "known"


def untouched(repeat: Repeat) -> bool:
    """The sender ran on, in the same process and from the same file, and was told nothing."""
    sender = repeat["sender"]
    return bool(sender["same_process"] and sender["same_file"] and not sender["told"])


def unaware(repeat: Repeat) -> bool:
    """Nothing in the sender's file speaks of a reader, and none of its connections ends at one."""
    return not repeat["sender"]["mentions"] and repeat["sender"]["direct"] == 0


def unseen(repeat: Repeat) -> bool:
    """Its connections could not be seen."""
    return not repeat["sender"]["mentions"] and repeat["sender"]["direct"] is None


def _modes(digests: Sequence[Digest]) -> list[Digest]:
    """The six ways by a broker, with the payload as it was."""
    found = by(digests, "mode", change="none")
    if missing := [mode.label for name, mode in MODES.items() if mode.broker in BROKERS and name not in found]:
        raise Undecided(f"Not measured with the payload as it was: {'; '.join(missing)}.")
    ours = [one for one in found.values() if one.settings["broker"] in BROKERS]
    if unclear := [one for one in ours if not all(map(known, one.repeats))]:
        raise Undecided(f"What the late one got is not proven in every round: {_labels(unclear)}.")
    return ours


def _labels(digests: Sequence[Digest]) -> str:
    return "; ".join(str(one.settings["label"]) for one in digests)


@rule("C20")
def c20(digests: Sequence[Digest]) -> Said:
    """Whether the sender knows of its readers, and whether a renamed field breaks one all the same."""
    found = _modes(digests)
    dark = [one for one in found if any(map(unseen, one.repeats))]
    if aware := [one for one in found if one not in dark and seen(one, unaware) is False]:
        text = f"The sender's file speaks of its readers, or it is connected to one: {_labels(aware)}."
        return "never held", text
    if unclear := [one for one in found if one in dark or not seen(one, unaware)]:
        raise Undecided(f"Whom the sender is connected to is not known in every round: {_labels(unclear)}.")
    many = in_words(len(found))
    text = f"In {many} ways by a broker the sender's file names no reader, and no connection of it ends at one"
    renamed = point(digests, "A renamed field over a RabbitMQ queue", mode="rabbitmq-queue", change="renamed")
    if not all(map(known, renamed.repeats)):
        raise Undecided(f"{text}. What became of the messages with the renamed field is not proven.")
    if seen(renamed, lambda repeat: _broke(repeat, "strict") == repeat["joined"]["changed"] > 0):
        number = renamed.repeats[0]["joined"]["changed"]
        return (
            "holds with conditions",
            f"{text}. But after one field was renamed a reader could read none of {number} messages.",
        )
    if not seen(renamed, lambda repeat: _broke(repeat, "strict") == 0):
        raise Undecided(f"{text}. Whether a renamed field breaks a reader differs between the rounds.")
    return "holds", f"{text}. A reader could read all with a renamed field."


def _broke(repeat: Repeat, handler: str) -> int:
    """Messages that such a reader, joined late, could not read."""
    return int(repeat["joined"]["late"]["broken"][handler])


@rule("C21")
def c21(digests: Sequence[Digest]) -> Said:
    """Whether the sender has to be touched, and how much of the past the late one gets."""
    found = _modes(digests)
    if changed := [one for one in found if seen(one, untouched) is False]:
        return "never held", f"The sender had to be changed, started anew or told: {_labels(changed)}."
    joined = [
        seen(one, lambda r: untouched(r) and r["joined"]["late"]["after"] == r["joined"]["after"]) for one in found
    ]
    if not all(joined):
        raise Undecided("Not every round shows a late one that got all that came after it joined.")
    text = f"In {in_words(len(found))} ways by a broker a reader joined while the sender ran on untouched"
    full = [one for one in found if seen(one, lambda r: r["joined"]["late"]["history"] == r["joined"]["before"])]
    none = [one for one in found if seen(one, lambda r: r["joined"]["late"]["history"] == 0)]
    number = found[0].repeats[0]["joined"]["before"]
    if none:
        counts = f"{how_many(len(full))} showed it the {number} messages from before, and {how_many(len(none))}"
        counts += " showed it nothing"
        which = f" These showed it all: {_labels(full)}." if full else ""
        which += f" These showed it nothing: {_labels(none)}."
        return "holds with conditions", f"{text}; {counts}.{which}"
    if len(full) < len(found):
        raise Undecided(f"{text}. How much of the past it got differs between the rounds.")
    return "holds", f"{text}, and got all {number} messages from before it joined."


RULES = (c20, c21)
