"""The verdict rules of C11, C13 and C14 (claims.csv), from the digests of before-the-first-message.

A quantity rises for a broker if its lowest repeat is above the highest of the HTTP call with the same promise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labs.experiments.base import Verdict, Word
from labs.model.digest import Digest
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, enumerated, seconds, span

Points = Mapping[tuple[str, str], Digest]
"""(carrier, guarantee) -> its digest."""


def verdicts(digests: Sequence[Digest]) -> list[Verdict]:
    """One verdict a claim; `undecided here` with the reason where a point is missing or says nothing."""
    points = {(d.settings["carrier"], d.settings["guarantee"]): d for d in digests}
    return [_c11(points), _c13(points), _c14(points)]


def settings_of(point: Digest) -> tuple[int, int]:
    """How many values the client's code sets, and how many our configuration of the server."""
    return len(point.setup["client"]), len(point.setup["server"])


def values(point: Digest, name: str) -> list[float]:
    """A figure of every repeat; empty if one of them cannot say."""
    found = [repeat["figures"][name] for repeat in point.repeats]
    return [] if None in found else found


def _c11(points: Points) -> Verdict:
    later = points.get(("later", "best"))
    if later is None:
        return Verdict("C11", "undecided here", "No asynchronous pair without a broker was run (HTTP 202).")
    lost, jobs = values(later, "lost"), [repeat["jobs"]["jobs"] for repeat in later.repeats]
    if not lost:
        return Verdict("C11", "undecided here", "What became of the jobs behind HTTP 202 is not known.")
    text = "Usually, but not always: a service that answers 202 and works later is asynchronous and has no broker."
    return Verdict(
        "C11", "holds with conditions", f"{text} It also lost {span(lost)} of {span(jobs)} jobs when its worker died."
    )


def _missing(points: Points, guarantee: str) -> str:
    """Which of the points that are compared was not measured; empty if all were."""
    return ", ".join(name for name in ("http", *BROKERS) if (name, guarantee) not in points)


def _c13(points: Points) -> Verdict:
    if missing := _missing(points, "survives"):
        return Verdict(
            "C13", "undecided here", f"Not measured with a promise that survives a killed worker: {missing}."
        )
    base, others = points["http", "survives"], {name: points[name, "survives"] for name in BROKERS}
    for point in (base, *others.values()):
        if values(point, "lost") == [] or any(values(point, "lost")):
            return Verdict("C13", "undecided here", f"{point.settings['label']} did not show that it loses nothing.")
    more = {name: _rises(base, point, "processes") for name, point in others.items()}
    if None in more.values():
        return Verdict("C13", "undecided here", "Not all processes could be seen.")
    client, both = settings_of(base)[0], sum(settings_of(base))
    said = "; ".join(_said(name, point) for name, point in others.items())
    text = (
        f"To lose nothing the HTTP pair is {span(values(base, 'processes'))} processes and {client} settings. {said}."
    )
    if not all(more.values()) or any(sum(settings_of(point)) <= both for point in others.values()):
        return Verdict("C13", "holds with conditions" if any(more.values()) else "never held", text)
    few = [BROKER_NAMES[name] for name, point in others.items() if settings_of(point)[0] <= client]
    if few:
        text += f" The code that uses {enumerated(few)} sets no more than the HTTP caller: the rest is the server's."
        return Verdict("C13", "holds with conditions", text)
    return Verdict("C13", "holds", text)


def _said(name: str, point: Digest) -> str:
    client, server = settings_of(point)
    return f"{BROKER_NAMES[name]}: {span(values(point, 'processes'))} processes, {client} + {server} settings"


def _rises(base: Digest, point: Digest, name: str) -> bool | None:
    """Whether every repeat of the broker is above every one of HTTP's; None if that cannot be said."""
    low, high = values(point, name), values(base, name)
    return min(low) > max(high) if low and high else None


def _c14(points: Points) -> Verdict:
    full = [one for one in ("survives", "best") if not _missing(points, one)]
    if not full:
        return Verdict("C14", "undecided here", f"Not measured with one promise: {_missing(points, 'survives')}.")
    base, others = points["http", full[0]], {name: points[name, full[0]] for name in BROKERS}
    found: dict[str, list[Any]] = {
        name: [_rises(base, point, quantity) for quantity in ("processes", "mb")] for name, point in others.items()
    }
    if any(None in both for both in found.values()):
        return Verdict("C14", "undecided here", "Not all processes could be seen.")
    said = "; ".join(_cost(name, point) for name, point in others.items())
    rose = [all(both) for both in found.values()]
    word: Word = "holds" if all(rose) else "holds with conditions" if any(rose) else "never held"
    text = f"{said}. Without a broker the two services hold {whole(values(base, 'mb'))} MB."
    light = [f"{BROKER_NAMES[name]} {whole(values(others[name], 'mb'))} MB" for name in BROKERS if not found[name][1]]
    if light:
        text += f" Services and broker together hold no more with {', '.join(light)}: its client is that much lighter."
    return Verdict("C14", word, text)


def whole(found: Sequence[float]) -> str:
    """A range of megabytes, rounded."""
    return span(round(value) for value in found)


def _cost(name: str, point: Digest) -> str:
    number = span(values(point, "broker_processes"))
    parts = f"{number} more {'process' if number == '1' else 'processes'}, {whole(values(point, 'broker_mb'))} MB"
    return f"{BROKER_NAMES[name]}: {parts}, ready in {seconds(values(point, 'ready_s'))}"
