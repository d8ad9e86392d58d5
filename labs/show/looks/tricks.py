"""The look of a lab about tricks: a point is one comparison, drawn as somebody would who wants a winner, and evenly.

Both charts come from the same rounds. Whoever copies the first one copies that it misleads.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from functools import partial

from labs.judge.lift import limit_of
from labs.model.digest import Digest
from labs.model.figures import Shown
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, NBSP, change, times
from labs.model.tricks import TRICKS
from labs.show import Json
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.trick_words import ahead, client, small_print, trick_of, unequal_text, value_text
from labs.show.quantities import Quantities, Quantity
from labs.show.sentences import CLOSE, plainly

CHARTS = ("told", "fair")
WARNING = "Misleading on purpose: what is compared here is not alike"
PLACES = ("first", "second", "third")


def _shown(digest: Digest, chart: str) -> list[Mapping[str, Shown]]:
    """Broker -> its figure in that chart, one table a repeat."""
    return [one["told"] if chart == "told" else one["fair"] for one in digest.repeats]


def values(digest: Digest, chart: str, broker: str) -> list[float]:
    """A broker's figures in that chart, one a repeat that could say."""
    found = [one[broker]["value"] for one in _shown(digest, chart)]
    return [value for value in found if value is not None]


def value(digest: Digest, chart: str, broker: str) -> float | None:
    """The median of the repeats; None unless each could say."""
    found = values(digest, chart, broker)
    return statistics.median(found) if found and len(found) == len(digest.repeats) else None


def ranked(digest: Digest, chart: str) -> list[str]:
    """The brokers that have a figure in that chart, the best one first."""
    sign = -1 if trick_of(digest).more_is_better else 1
    known = {broker: value(digest, chart, broker) for broker in digest.setups[chart]}
    return sorted((b for b, v in known.items() if v is not None), key=lambda b: sign * (known[b] or 0))


def lead(digest: Digest, chart: str) -> float | None:
    """How many times better the first is than the second, the median of the repeats' ratios."""
    order = ranked(digest, chart)
    if len(order) < 2:
        return None
    pairs = zip(values(digest, chart, order[0]), values(digest, chart, order[1]), strict=True)
    up = trick_of(digest).more_is_better
    found = [(a / b if up else b / a) for a, b in pairs if a and b]
    return statistics.median(found) if found else None


def _lead(digest: Digest) -> str:
    ratio = lead(digest, "told")
    return "an unknown number of" if ratio is None else times(ratio)


def wins(digest: Digest) -> bool | None:
    """Whether the trick made its broker win; None where one figure is not known."""
    order = ranked(digest, "told")
    return order[0] == digest.settings["winner"] if len(order) == len(digest.setups["told"]) else None


def place(digest: Digest) -> str:
    """Where the broker stands when all are measured alike."""
    order, winner = ranked(digest, "fair"), digest.settings["winner"]
    return PLACES[order.index(winner)] if len(order) == len(PLACES) else "in no known place"


def headline(digest: Digest) -> str:
    """The title that the misleading chart would carry in an advertisement."""
    order = ranked(digest, "told")
    if len(order) < 2:
        return "Too few samples for a comparison"
    first, second = (BROKER_NAMES[broker] for broker in order[:2])
    ahead = f"{_lead(digest)} times"
    if trick_of(digest).more_is_better:
        return f"{first} is {ahead} as fast as {second}"
    return f"{first} answers {ahead} sooner than {second}"


def alike(digest: Digest) -> str:
    """Who leads when all are measured alike and by how much, whether our client was the limit, what was unequal even
    then."""
    ratio, left = lead(digest, "fair"), unequal_text(digest, "fair")
    if ratio is None:
        return "nothing can be said"
    first, second = ranked(digest, "fair")[:2]
    bound = client_bound(digest, "fair", first)
    found, ours = f"{BROKER_NAMES[first]} leads {ahead(ratio)}", ", and even that is our client’s limit"
    if ratio < CLOSE:
        near = f"are within {(CLOSE - 1) * 100:.0f}{NBSP}% of each other"
        found, ours = (
            f"{BROKER_NAMES[first]} and {BROKER_NAMES[second]} {near}",
            ", and our client limits the first",
        )
    found += ours if bound else ""
    return found + ("" if left == "nothing" else f"; not all was alike: {left}")


def _name(digest: Digest, chart: str, broker: str) -> str:
    """The broker's name, in the even chart only where our client was not the limit: else the client's."""
    bound = chart == "fair" and client_bound(digest, chart, broker)
    return f"{client(digest, chart, broker)} (the client’s limit)" if bound else BROKER_NAMES[broker]


def client_bound(digest: Digest, chart: str, broker: str) -> bool:
    """Whether our own client was the limit, or ran out of CPU where nobody looked for it."""
    return limit_of([one[broker] for one in _shown(digest, chart)]).ours


def limit(digest: Digest, broker: str) -> str:
    """What was the limit of a broker's rate when all are measured alike; of a latency, what the last repeat says."""
    rounds = [one[broker] for one in _shown(digest, "fair")]
    if trick_of(digest).how in ("rate", "cold"):
        return limit_of(rounds).said
    return plainly(rounds[-1]["limit"])


def figure(digest: Digest, chart: str) -> Json:
    """One of the two charts on a common scale from zero. The misleading one has bars where more is better, as an
    advertisement would; the even one has dots on an axis with ticks, each repeat among them."""
    most = max((value(digest, one, b) or 0 for one in CHARTS for b in digest.setups[one]), default=0) or 1
    told, unit = chart == "told", trick_of(digest).unit
    rows = [
        {
            "series": broker,
            "label": _name(digest, chart, broker),
            "share": round((value(digest, chart, broker) or 0) / most, 4),
            "repeats": [] if told else [round(min(one / most, 1.0), 4) for one in values(digest, chart, broker)],
            "text": value_text(digest, value(digest, chart, broker)),
            "note": small_print(digest, chart, broker),
            "hollow": chart == "fair" and client_bound(digest, chart, broker),
        }
        for broker in digest.setups[chart]
    ]
    stalled = "; each broker stands still for 100 ms in each second" if trick_of(digest).how == "omission" else ""
    return {
        "title": headline(digest) if told else f"Measured alike, {alike(digest)}",
        "subtitle": f"{WARNING}{stalled}" if told else f"From the same rounds{stalled}",
        "unit": unit,
        "tone": "misleading" if told else "",
        "mark": "bar" if told and trick_of(digest).more_is_better else "dot",
        "ticks": [] if told else [[round(at / most, 4), value_text(digest, at) if at else "0"] for at in _ticks(most)],
        "rows": rows,
    }


def _ticks(most: float) -> list[float]:
    """Zero and a few round figures up to the highest."""
    power = 10.0 ** math.floor(math.log10(most))
    step = next(power * by for by in (0.2, 0.5, 1, 2, 5) if most / (power * by) < 4.5)
    return [step * number for number in range(math.floor(most / step + 1e-9) + 1)]


def _value(digest: Digest, chart: str, broker: str) -> str:
    return value_text(digest, value(digest, chart, broker))


def _range(digest: Digest, chart: str, broker: str) -> str:
    found = values(digest, chart, broker)
    return f"{value_text(digest, min(found))} to {value_text(digest, max(found))}" if len(found) > 1 else ""


def _of(broker: str) -> list[Quantity[str]]:
    """What stands in a broker's row, and its small print for the card."""
    heads = {"told": ("In the misleading chart", "Range"), "fair": ("Measured alike", "Range alike")}
    found = []
    for chart, (head, spread) in heads.items():
        found.append(Quantity(f"{broker}.{chart}", partial(_value, chart=chart, broker=broker), head=head))
        found.append(Quantity(f"{broker}.{chart}.range", partial(_range, chart=chart, broker=broker), head=spread))
    return [*found, Quantity(f"{broker}.limit", partial(limit, broker=broker), head="Limit, measured alike")]


def _print(chart: str, said: str, broker: str) -> Quantity[str]:
    get = partial(small_print, chart=chart, broker=broker)
    return Quantity("", get, card=f"{BROKER_NAMES[broker]}, {said}")


def _of_winner(chart: str) -> Quantity[str]:
    return Quantity(chart, lambda digest: _value(digest, chart, digest.settings["winner"]))


QUANTITIES = Quantities(
    (
        Quantity("label", lambda digest: str(digest.settings["label"])),
        Quantity("factor", lambda digest: f"{_lead(digest)} times" if wins(digest) else "does not win"),
        _of_winner("told"), _of_winner("fair"), Quantity("lead", lambda digest: ahead(lead(digest, "told"))),
        Quantity("place", place), Quantity("unequal", unequal_text), Quantity("headline", headline),
        Quantity("alike", alike), Quantity("by", lambda digest: trick_of(digest).by),
        Quantity("trick", lambda digest: trick_of(digest).label.lower()),
        Quantity("winner", lambda digest: BROKER_NAMES[digest.settings["winner"]]),
        *(one for broker in BROKERS for one in _of(broker)),
        Quantity("", unequal_text, card="Unequal in the misleading chart"),
        *(_print(chart, said, broker) for chart, said in zip(CHARTS, ("as shown", "alike"), strict=True)
          for broker in BROKERS),
    ),
    lines={
        BROKER_NAMES[broker]: [f"{broker}.{cell}" for cell in ("told", "told.range", "fair", "fair.range", "limit")]
        for broker in BROKERS
    },
    corner="Broker",
)  # fmt: skip


def title(digest: Digest) -> str:
    """What the trick did, and what is left of it."""
    won = wins(digest)
    if won is None:
        return "whether {by} put {winner} ahead cannot be said: there were too few samples"
    said = "put {winner} ahead {lead}" if won else "did not put {winner} ahead"
    bound = ", and our client was the limit" if client_bound(digest, "fair", digest.settings["winner"]) else ""
    return f"{{by}} {said}; measured alike it came {{place}}{bound}"


def _own(digest: Digest) -> str:
    """What the trick did to the winner's own figure, where it did something."""
    told, fair = (QUANTITIES[chart].text(digest) for chart in CHARTS)
    return f" The trick takes {{winner}}’s own figure {change(fair, told)}." if told != fair else ""


def shapes(digest: Digest) -> View:
    """The two charts."""
    return {"bars": {chart: figure(digest, chart) for chart in CHARTS}}


def _look(point: tuple[str, ...]) -> Look:
    charts = (
        Chart("told", "The misleading chart", "bars", early=True),
        Chart("fair", "The same rounds, measured alike", "bars"),
    )
    return Look(
        point, charts, QUANTITIES, title,
        sentence=(
            title, ".", lambda digest: "" if unequal_text(digest) == "nothing" else " {unequal}.", _own,
            " Measured alike, {alike}.",
        ),
        part="ahead {lead}, {place} measured alike", event="{by}", shapes=shapes,
    )  # fmt: skip


TRICKS_LOOK = _look(("trick", "winner"))
SPOT_LOOK = _look(("case",))
SPOT_GUESS = Guess(
    question="{label}: which trick makes the winner?",
    options=tuple(one.label for one in TRICKS),
    truth=lambda digest: str(trick_of(digest).label),
)
