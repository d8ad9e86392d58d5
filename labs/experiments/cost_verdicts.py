"""The rules of C11, C13 and C14 (claims.csv) for before-the-first-message.

A quantity rises for a broker if its lowest repeat is above the highest of the HTTP call with the same promise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labs.experiments.rules import WORDS, Said, Undecided, by, each, every, point, rule
from labs.model.digest import Digest
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, enumerated, seconds, span

PAIRS = ("http", *BROKERS)


def settings_of(point: Digest) -> tuple[int, int]:
    """How many values the client's code sets, and how many our configuration of the server."""
    return len(point.setup["client"]), len(point.setup["server"])


def figures(point: Digest, name: str, unknown: str = "Not all processes could be seen.") -> list[float]:
    """A figure of every repeat."""
    return each(point, "figures", name, unknown=unknown)


def _rises(base: Digest, point: Digest, name: str) -> bool:
    """Whether every repeat of the broker is above every one of HTTP's."""
    return min(figures(point, name)) > max(figures(base, name))


@rule("C11", of_part=("holds with conditions",))
def c11(digests: Sequence[Digest]) -> Said:
    """One asynchronous pair without a broker is enough for the condition."""
    later = point(digests, "an asynchronous pair without a broker (HTTP 202)", carrier="later", guarantee="best")
    lost = figures(later, "lost", "What became of the jobs behind HTTP 202 is not known.")
    text = "Usually, but not always: a service that answers 202 and works later is asynchronous and has no broker."
    of = span(each(later, "jobs", "jobs"))
    return "holds with conditions", f"{text} It also lost {span(lost)} of {of} jobs when its worker died."


@rule("C13", of_part=WORDS)
def c13(digests: Sequence[Digest]) -> Said:
    """Processes and settings that it takes to lose nothing."""
    others = every(digests, "carrier", PAIRS, " with a promise that survives a killed worker", guarantee="survives")
    for one in others.values():
        unproven = f"{one.settings['label']} did not show that it loses nothing."
        if any(figures(one, "lost", unproven)):
            raise Undecided(unproven)
    base = others.pop("http")
    more = [_rises(base, one, "processes") for one in others.values()]
    client, both = settings_of(base)[0], sum(settings_of(base))
    said = "; ".join(_setup(name, one) for name, one in others.items())
    text = (
        f"To lose nothing the HTTP pair is {span(figures(base, 'processes'))} processes and {client} settings. {said}."
    )
    if not all(more) or any(sum(settings_of(one)) <= both for one in others.values()):
        return ("holds with conditions" if any(more) else "never held"), text
    few = [BROKER_NAMES[name] for name, one in others.items() if settings_of(one)[0] <= client]
    if few:
        text += f" The code that uses {enumerated(few)} sets no more than the HTTP caller: the rest is the server's."
    return ("holds with conditions" if few else "holds"), text


def _setup(name: str, point: Digest) -> str:
    client, server = settings_of(point)
    return f"{BROKER_NAMES[name]}: {span(figures(point, 'processes'))} processes, {client} + {server} settings"


@rule("C14", of_part=WORDS)
def c14(digests: Sequence[Digest]) -> Said:
    """Processes and memory, at a promise that all of them were measured with."""
    whole = [one for one in ("survives", "best") if set(PAIRS) <= set(by(digests, "carrier", guarantee=one))]
    others = every(digests, "carrier", PAIRS, " with one promise", guarantee=(whole or ["survives"])[0])
    base = others.pop("http")
    rose = {name: [_rises(base, one, what) for what in ("processes", "mb")] for name, one in others.items()}
    said = "; ".join(_cost(name, one) for name, one in others.items())
    text = f"{said}. Without a broker the two services hold {_whole(figures(base, 'mb'))} MB."
    light = [f"{BROKER_NAMES[name]} {_whole(figures(others[name], 'mb'))} MB" for name in BROKERS if not rose[name][1]]
    if light:
        text += f" Services and broker together hold no more with {', '.join(light)}: its client is that much lighter."
    rises = [all(both) for both in rose.values()]
    return ("holds" if all(rises) else "holds with conditions" if any(rises) else "never held"), text


def _whole(megabytes: Iterable[float]) -> str:
    return span(round(value) for value in megabytes)


def _cost(name: str, point: Digest) -> str:
    number = span(figures(point, "broker_processes"))
    parts = f"{number} more {'process' if number == '1' else 'processes'}, {_whole(figures(point, 'broker_mb'))} MB"
    return f"{BROKER_NAMES[name]}: {parts}, ready in {seconds(figures(point, 'ready_s'))}"


RULES = (c11, c13, c14)
