"""L4.2: the price of persistence. RabbitMQ's queue, transient and persistent, by how many may wait for an answer.

With a reader that keeps up as well: what is acknowledged before it was written need not be written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from labs.experiments.rate_lab import Way, on_line, per_s, rate_lab, way
from labs.experiments.rules import Said, Undecided, by, rule
from labs.model.digest import Digest
from labs.model.workload import Ceiling
from labs.show.looks import PRICE_LOOK

WINDOWS = (1, 10, 100, 1000)
KINDS = {
    "transient": ("transient", "rabbitmq-transient-confirms"),
    "persistent": ("persistent", "rabbitmq-confirms"),
    "quorum": ("quorum queue", "rabbitmq-quorum"),
}
MESSAGES = {1: 1500, 10: 8000, 100: 40_000, 1000: 60_000}
READ_AT = (1, 100)
"""The windows at which a reader keeps up as well."""
WIDE, DEAR, CHEAP = 100, 2.0, 1.25
"""The numbers of the rule in claims.csv."""


def _ways() -> Iterator[Way]:
    for kind, (label, using) in KINDS.items():
        for window in WINDOWS:
            yield on_line(label, window, way(f"{kind}-{window}", _said(label, window), using, "fast", _load(window)))
        for window in READ_AT:
            name, said = f"{kind}-{window}-read", f"{_said(label, window)}, with a reader"
            one = way(name, said, using, "fast", _load(window), "both")
            yield on_line(f"{label}, with a reader", window, one)


def _load(window: int) -> Ceiling:
    return Ceiling(messages=MESSAGES[window], window=window, batch=max(window // 5, 1))


def _said(label: str, window: int) -> str:
    return f"{label}, {'one by one' if window == 1 else f'{window:,} without an answer'}"


def slowdown(found: Mapping[str, Digest], kind: str, window: int) -> float | None:
    """Transient rate over that of `kind` at the same window; None where one is missing or our client was the limit."""
    pair = [found.get(f"{name}-{window}") for name in ("transient", kind)]
    rates = [per_s(one) for one in pair if one and not one.median["client_bound"]]
    return rates[0] / rates[1] if len(rates) == 2 and rates[1] else None


@rule("C43", of_part=("holds with conditions",))
def c43(digests: Sequence[Digest]) -> Said:
    """How much slower persistent is at each window."""
    found, pairs = by(digests, "way"), [(kind, window) for kind in ("persistent", "quorum") for window in WINDOWS]
    slower = {pair: value for pair in pairs if (value := slowdown(found, *pair)) is not None}
    if len(slower) < len(pairs):
        raise Undecided(f"{len(slower)} of {len(pairs)} comparisons can be made.")
    text = "; ".join(
        f"{KINDS[kind][0]}, window {window:,}: {value:.2g} times slower" for (kind, window), value in slower.items()
    )
    if min(slower["persistent", window] for window in WINDOWS if window >= WIDE) >= DEAR:
        return "holds", f"{text}."
    if max(slower.values()) < CHEAP:
        return "no longer holds", f"{text}."
    if max(slower.values()) < DEAR:
        raise Undecided(f"{text}: between the rule's bounds.")
    return "holds with conditions", f"{text}."


LAB = rate_lab(
    "price-of-persistence",
    number="L4.2",
    title="The price of persistence",
    question="What does it cost RabbitMQ to write a message down, and does it depend on how you wait?",
    claims=("C43",),
    ways=tuple(_ways()),
    default="persistent-100",
    axis="messages without an answer",
    rules=(c43,),
    look=PRICE_LOOK,
)
