"""What became of a promise, as sentences from its recorded attempts. Each reads right for nothing, one and many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labs.model.profile import profiles
from labs.model.text import BROKER_NAMES, capital, counted, ms_text, span

Row = Mapping[str, Any]
Counts = Sequence[Mapping[str, int]]


def sound(row: Row) -> list[Mapping[str, Any]]:
    """The attempts that say something."""
    return [one for one in row["outcomes"] if one["verdict"] != "unknown"]


def sentence(row: Row) -> str:
    """What happened, how often, and how many attempts say nothing and why."""
    known, idle = sound(row), [one for one in row["outcomes"] if one["verdict"] == "unknown"]
    told = f"{happened(row)} {attempts(len(known))}." if known else happened(row)
    if not idle:
        return told
    why = "; ".join(dict.fromkeys(one["doubt"].rstrip(".") for one in idle))
    of = f"{len(idle)} of {counted(len(row['outcomes']), 'attempt')}"
    return f"{told} {of} {'says' if len(idle) == 1 else 'say'} nothing: {why}.".strip()


def happened(row: Row) -> str:
    """What happened in all attempts that say something, or why there was none; empty if none of them says anything."""
    if row["not_run"]:
        why = row["not_run"].rstrip(".")
        return f"Not tested here: {'it ' if why.startswith(('needs ', 'is ')) else ''}{why}."
    counts = [one["counts"] for one in sound(row)]
    if not counts:
        return ""
    if "disagreed" in row["promise"]:
        return _two_ways(counts)
    asked = {*row["promise"], *row["ranges"]}
    asked |= {"lost"} if "window_ms" in asked else set()
    return " ".join(TOLD[name](row, counts) for name in TOLD if name in asked)


def attempts(number: int) -> str:
    """How often it was so."""
    return {1: "One attempt", 2: "Two attempts, each"}.get(number, f"{number} attempts, each") + " beside its control"


def _values(counts: Counts, name: str) -> list[int]:
    return [one.get(name, 0) for one in counts]


def _of(counts: Counts, part: str, whole: str, done: str, noun: str) -> str:
    """None of the 300, all 300, 3 to 5 of the 300 to 400 messages were lost."""
    parts, wholes = _values(counts, part), _values(counts, whole)
    all_of = span(wholes)
    if not any(wholes):
        return f"No {noun} was there to be {done}."
    if not any(parts):
        return f"None of the {all_of} {noun}s was {done}." if max(wholes) > 1 else f"The only {noun} was not {done}."
    if parts == wholes:
        return f"All {all_of} {noun}s were {done}." if max(wholes) > 1 else f"The only {noun} was {done}."
    some = f"{span(parts)} of the {all_of} {noun}s {'was' if set(parts) == {1} else 'were'} {done}"
    hit = sum(map(bool, parts))
    return f"{some}." if hit == len(parts) else f"{some}, in {hit} of {len(parts)} attempts."


def noun(row: Row) -> str:
    """What a message is that counts as acknowledged: without an acknowledgement it was only sent."""
    using = profiles().get(str(row["arguments"].get("profile")))
    if row["experiment"].startswith("subscriber_"):
        return "published message"
    return "acknowledged message" if using is None or using.promise.acknowledges else "sent message"


def _lost(row: Row, counts: Counts) -> str:
    return _of(counts, "lost", "acknowledged", "lost", noun(row))


def _window(_row: Row, counts: Counts) -> str:
    found = [one.get("window_ms", 0) for one in counts if one.get("lost", 0)]
    if not found:
        return "So no time was lost."
    return f"The oldest lost one had been acknowledged {span(found, lambda value: ms_text(value))} before the fault."


def _some(name: str, one: str, many: str, none: str) -> Callable[[Row, Counts], str]:
    """A sentence of a count on its own: `{}` is the figure."""

    def said(_row: Row, counts: Counts) -> str:
        values = _values(counts, name)
        return none if not any(values) else (one if set(values) == {1} else many).format(span(values))

    return said


TOLD: Mapping[str, Callable[[Row, Counts], str]] = {
    "acknowledged": lambda _row, counts: _of(counts, "acknowledged", "attempted", "acknowledged", "message"),
    "refused": lambda _row, counts: _of(counts, "refused", "attempted", "refused", "message"),
    "returned": lambda _row, counts: _of(counts, "returned", "attempted", "returned to the sender", "message"),
    "lost": _lost,
    "window_ms": _window,
    "unreceived": _some(
        "unreceived",
        "Of {} message PUBLISH had said that nobody got it.",
        "Of {} messages PUBLISH had said that nobody got them.",
        "PUBLISH never said that nobody got a message.",
    ),
    "silent": _some(
        "silent",
        "{} was lost although PUBLISH had counted a receiver.",
        "{} were lost although PUBLISH had counted a receiver.",
        "None was lost for which PUBLISH had counted a receiver.",
    ),
    "duplicated": _some("duplicated", "{} came twice.", "{} came twice.", "None came twice."),
    "redelivered": _some(
        "redelivered",
        "{} was delivered again and marked so.",
        "{} were delivered again and marked so.",
        "None was delivered again.",
    ),
    "reordered": _some("reordered", "{} was out of order.", "{} were out of order.", "None was out of order."),
    "aborted": _some(
        "aborted",
        "A reader of uncommitted messages saw {} aborted copy.",
        "A reader of uncommitted messages saw {} aborted copies.",
        "A reader of uncommitted messages saw no aborted copy.",
    ),
    "acknowledged_in_alarm": _some(
        "acknowledged_in_alarm",
        "{} was confirmed during the alarm.",
        "{} were confirmed during the alarm.",
        "None was confirmed during the alarm.",
    ),
}
"""The counts that a row names, in the order in which they are told."""


def _two_ways(counts: Counts) -> str:
    off = sum(map(bool, _values(counts, "disagreed")))
    agreed = "The two ways agree." if not off else f"The two ways disagree in {off} of {len(counts)}."
    by_ioctl = _of(counts, "lost", "acknowledged", "lost", "message").rstrip(".")
    by_ledger = _of(counts, "lost_by_ledger", "acknowledged_by_ledger", "lost", "message").rstrip(".")
    each = f"By ioctl: {small(by_ioctl)}. By the ledger: {small(by_ledger)}."
    return f"{agreed} {each}"


def small(text: str) -> str:
    """As it stands behind a colon, unless it begins with a name in capitals."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def evidence(one: Mapping[str, Any]) -> str:
    """What proves that the fault happened in an attempt, or why the attempt says nothing."""
    return capital(one["doubt"] or one["happened"])


def expectation(row: Row) -> str:
    """What we had foreseen and why, and where it came out otherwise."""
    foreseen = "kept or broken" if row["expected"] == "sometimes" else str(row["expected"])
    text = f"{capital(foreseen)}, because {row['reason'].rstrip('.')}."
    if row["outcomes"] and not row["as_expected"] and row["word"] != "unknown":
        off = f": {'; '.join(row['surprises'])}" if row["surprises"] else ""
        text += f" It came out otherwise{off}."
    return text


STANCES = {
    "promised": "The makers say so",
    "warned": "The makers say that it is not so",
    "both": "The makers say both",
    "silent": "The makers do not say",
    "ours": "This is about our own tools",
}


def where(row: Row) -> str:
    """Which server it was, what stands behind its version, how it ran, when, and how long it took."""
    server = f"{BROKER_NAMES[row['broker']]} {row['version']}"
    behind = ", ".join(str(row["server"][name]) for name in ("runtime", "origin") if row["server"].get(name))
    how = {"native": "a native process", "compose": "a container"}.get(row["backend"], row["backend"])
    took = counted(round(row["took_s"]), "second")
    return f"{server}{f' ({behind})' if behind else ''}, {how}, {row['date']}, {took}."
