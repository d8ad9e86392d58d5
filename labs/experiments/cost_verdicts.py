"""The rules of C11, C13 and C14 (claims.csv) for before-the-first-message.

A quantity rises for a broker if, round by round, it is above that of the HTTP call with the same promise.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from labs.experiments.rules import Said, Undecided, by, each, every, passes, point, rounds, rule, seen
from labs.model.digest import Digest
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, count_of, counted, enumerated, ms_text, number_text
from labs.show.looks.cost import counted_settings

PAIRS = ("http", *BROKERS)


def settings_of(one: Digest) -> tuple[int, int]:
    """How many values the code sets that is killed, and how many our configuration of the server, addresses and ports
    aside. Undecided where the recording counts other code."""
    killed, server = counted_settings(one)
    if killed is None:
        raise Undecided("This recording counts the settings of other code than that which is killed.")
    return killed, server


def figures(one: Digest, name: str, unknown: str = "Not all processes could be seen.") -> list[float]:
    """A figure of every repeat."""
    return each(one, "figures", name, unknown=unknown)


def _rises(base: Digest, one: Digest, name: str) -> bool | None:
    """Whether it is above HTTP's in enough rounds."""
    pairs = rounds(figures(base, name), figures(one, name))
    mine, http = _mid(b for _, b in pairs), _mid(a for a, _ in pairs)
    text = f"{one.settings['label']} has {mine} {NAMES[name]}, HTTP {http}."
    return passes(pairs, lambda pair: pair[1] > pair[0], text)


@rule("C11", of_part=("holds with conditions",))
def c11(digests: Sequence[Digest]) -> Said:
    """One asynchronous pair without a broker is enough for the condition."""
    later = point(digests, "an asynchronous pair without a broker (HTTP 202)", carrier="later", guarantee="best")
    lost = figures(later, "lost", "What became of the jobs behind HTTP 202 is not known.")
    if not seen(later, lambda repeat: repeat["jobs"]["once"] > 0):
        raise Undecided("The pair behind HTTP 202 did no job in some repeat.")
    text = "Usually, but not always: a service that answers 202 and works later is asynchronous and has no broker."
    gone = count_of([int(one) for one in lost], [int(one) for one in each(later, "jobs", "jobs")], "job")
    return "holds with conditions", f"{text} When its worker died, it lost {gone}."


@rule("C13", of_part=("holds",))
def c13(digests: Sequence[Digest]) -> Said:
    """Processes and settings that it takes to lose nothing."""
    others = every(digests, "carrier", PAIRS, " with a promise that survives a killed worker", guarantee="survives")
    for one in others.values():
        unproven = f"{one.settings['label']} did not show that it loses nothing."
        if not passes(figures(one, "lost", unproven), lambda lost: lost == 0, unproven):
            raise Undecided(unproven)
    base = others.pop("http")
    text = f"HTTP loses nothing with {_setup(base)}."
    text += f" It takes {enumerated([f'{_setup(one)} with {BROKER_NAMES[name]}' for name, one in others.items()])}."
    servers = enumerated([f"{settings_of(one)[1]} with {BROKER_NAMES[name]}" for name, one in others.items()])
    text += f" Of the settings {servers} are the server's, the others those of the killed code; addresses do not count."
    more = [
        _rises(base, one, "processes") and sum(settings_of(one)) > sum(settings_of(base)) for one in others.values()
    ]
    if not all(more):
        raise Undecided(text)
    return "holds", text


def _setup(one: Digest) -> str:
    number = statistics.median_low(figures(one, "processes"))
    return f"{counted(int(number), 'process', 'processes')} and {counted(sum(settings_of(one)), 'setting')}"


@rule("C14", of_part=("holds",))
def c14(digests: Sequence[Digest]) -> Said:
    """Processes and memory, at a promise that all of them were measured with."""
    whole = [one for one in ("survives", "best") if set(PAIRS) <= set(by(digests, "carrier", guarantee=one))]
    others = every(digests, "carrier", PAIRS, " with one promise", guarantee=(whole or ["survives"])[0])
    base = others.pop("http")
    said = enumerated([_cost(name, one) for name, one in others.items()])
    text = f"Beside the two services {said}. Without a broker these hold {_whole(figures(base, 'mb'))} MB."
    ready = enumerated([f"{BROKER_NAMES[name]} after {_ready(one)}" for name, one in others.items()])
    text += f" Ready are {ready}."
    rises = {name: [_rises(base, one, what) for what in ("processes", "mb")] for name, one in others.items()}
    light = [f"{BROKER_NAMES[name]} {_whole(figures(others[name], 'mb'))} MB" for name in BROKERS if not rises[name][1]]
    if light:
        text += f" Services and broker together hold no more with {enumerated(light)}: its client is that much lighter."
    if not all(all(both) for both in rises.values()):
        raise Undecided(text)
    return "holds", text


def _whole(megabytes: Iterable[float]) -> str:
    return f"{round(statistics.median(megabytes)):,}"


def _mid(values: Iterable[float]) -> str:
    return number_text(statistics.median(values))


def _cost(name: str, one: Digest) -> str:
    number = int(statistics.median_low(figures(one, "broker_processes")))
    held = f"{_whole(figures(one, 'broker_mb'))} MB"
    return f"{BROKER_NAMES[name]} has {counted(number, 'process', 'processes')} of {held}"


def _ready(one: Digest) -> str:
    return ms_text(statistics.median(figures(one, "ready_s")) * 1000)


NAMES = {"processes": "processes", "mb": "MB"}
"""What the figures that rise are called in a sentence."""


RULES = (c11, c13, c14)
