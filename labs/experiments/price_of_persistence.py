"""L4.2: the price of persistence. RabbitMQ's queue, transient and persistent, by how many may wait for an answer.

With a reader that keeps up as well: what is acknowledged before it was written need not be written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from labs.experiments.base import Verdict
from labs.experiments.rate_lab import Way, on_line, points, rate_lab, way
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
    if None in pair or any(one.median["client_bound"] for one in pair if one):
        return None
    transient, other = (float(one.median["per_s"]) for one in pair if one)
    return transient / other if other else None


def verdict(digests: Sequence[Digest]) -> list[Verdict]:
    """C43 by its rule."""
    found = points(digests)
    known = {(kind, window): slowdown(found, kind, window) for kind in ("persistent", "quorum") for window in WINDOWS}
    sure = {key: value for key, value in known.items() if value is not None}
    if len(sure) < len(known):
        return [Verdict("C43", "undecided here", f"{len(sure)} of {len(known)} comparisons can be made.")]
    told = "; ".join(
        f"{KINDS[kind][0]}, window {window:,}: {value:.2g} times slower" for (kind, window), value in sure.items()
    )
    wide = [value for (kind, window), value in sure.items() if kind == "persistent" and window >= WIDE]
    if min(wide) >= DEAR:
        return [Verdict("C43", "holds", f"{told}.")]
    if max(sure.values()) < CHEAP:
        return [Verdict("C43", "no longer holds", f"{told}.")]
    if max(sure.values()) >= DEAR:
        return [Verdict("C43", "holds with conditions", f"{told}.")]
    return [Verdict("C43", "undecided here", f"{told}: between the rule's bounds.")]


LAB = rate_lab(
    "price-of-persistence",
    "L4.2",
    "The price of persistence",
    "What does it cost RabbitMQ to write a message down, and does it depend on how you wait?",
    claims=("C43",),
    ways=tuple(_ways()),
    default="persistent-100",
    others=(),
    axis="messages without an answer",
    verdict=verdict,
    of_part={"C43": ("holds with conditions",)},
    look=PRICE_LOOK,
)
