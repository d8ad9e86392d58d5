"""The look of a lab about tricks: a point is one comparison, drawn as somebody would who wants a winner, and evenly.

Both charts come from the same rounds. Whoever copies the first one copies that it misleads.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, times
from labs.model.tricks import TRICKS
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.trick_words import client, small_print, trick_of, unequal_text, value_text
from labs.show.sentences import CLOSE

CHARTS = ("told", "fair")
COLUMNS = ("Broker", "In the misleading chart", "Range", "Measured alike", "Range alike", "Limit, measured alike")
WARNING = "Misleading on purpose: what is compared here is not alike"
PLACES = ("first", "second", "third")


def values(digest: Digest, chart: str, broker: str) -> list[float]:
    """A broker's figures in that chart, one a repeat that could say."""
    found = [repeat[chart][broker]["value"] for repeat in digest.repeats]
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


def lead(digest: Digest, chart: str) -> list[float]:
    """How many times better the first is than the second, a ratio a repeat; empty where no two are known."""
    order = ranked(digest, chart)
    if len(order) < 2:
        return []
    pairs = zip(values(digest, chart, order[0]), values(digest, chart, order[1]), strict=True)
    up = trick_of(digest).more_is_better
    return [(a / b if up else b / a) for a, b in pairs if a and b]


def lead_text(digest: Digest, chart: str) -> str:
    """76, the median of the repeats' ratios."""
    found = lead(digest, chart)
    return times(statistics.median(found)) if found else "an unknown number of"


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
    if trick_of(digest).more_is_better:
        return f"{first} is {lead_text(digest, 'told')} times as fast as {second}"
    return f"{first} answers {lead_text(digest, 'told')} times sooner than {second}"


def title(digest: Digest) -> str:
    """What the trick did, and what is left of it."""
    name, how = BROKER_NAMES[digest.settings["winner"]], trick_of(digest).by
    won = wins(digest)
    if won is None:
        return f"{name} by {how}: too few samples to say"
    said = f"wins by {how}, {lead_text(digest, 'told')} times ahead" if won else f"does not win even by {how}"
    bound = ", where the client was the limit" if client_bound(digest, "fair", digest.settings["winner"]) else ""
    return f"{name} {said}; measured alike it is {place(digest)}{bound}"


def sentence(digest: Digest) -> str:
    """What the point says, in words: the trick, the factor, what was unequal, what is so."""
    winner = digest.settings["winner"]
    told, fair = (value_text(digest, value(digest, chart, winner)) for chart in CHARTS)
    text = f"{title(digest)}. The trick: {trick_of(digest).label.lower()}. Unequal: {unequal_text(digest)}."
    if told != fair:
        text += f" {BROKER_NAMES[winner]}’s own figure: {told} in the misleading chart, {fair} measured alike."
    return f"{text} Measured alike: {leader_text(digest)}."


def leader_text(digest: Digest) -> str:
    """Who leads when all are measured alike, by how much, and what was unequal even then."""
    order, left = ranked(digest, "fair"), unequal_text(digest, "fair")
    ratios = lead(digest, "fair")
    if not ratios:
        return "nothing can be said"
    close = statistics.median(ratios) < CLOSE
    first, second = (_name(digest, "fair", broker) for broker in order[:2])
    ahead = f"{first} leads, {lead_text(digest, 'fair')} times the next"
    nobody = f"{first} and {second} are within {(CLOSE - 1) * 100:.0f} % of each other"
    rest = "" if left == "nothing" else f", although not all was alike: {left}"
    return (nobody if close else ahead) + rest


def _name(digest: Digest, chart: str, broker: str) -> str:
    """The broker's name, in the even chart only where our client was not the limit: else the client's."""
    bound = chart == "fair" and client_bound(digest, chart, broker)
    return f"{client(digest, chart, broker)} (the client’s limit)" if bound else BROKER_NAMES[broker]


def client_bound(digest: Digest, chart: str, broker: str) -> bool:
    """Whether our own client was the limit in most repeats."""
    found = [str(repeat[chart][broker]["stamp"]) for repeat in digest.repeats]
    return found.count("client-bound") * 2 > len(found)


def figure(digest: Digest, chart: str) -> dict[str, Any]:
    """One of the two charts as bars on a common scale from zero; dots where the figures are percentiles."""
    most = max((value(digest, one, b) or 0 for one in CHARTS for b in digest.setups[one]), default=0) or 1
    told, unit = chart == "told", trick_of(digest).unit
    rows = [
        {
            "series": broker,
            "label": _name(digest, chart, broker),
            "share": round((value(digest, chart, broker) or 0) / most, 4),
            "text": value_text(digest, value(digest, chart, broker)),
            "note": small_print(digest, chart, broker),
            "hollow": chart == "fair" and client_bound(digest, chart, broker),
        }
        for broker in digest.setups[chart]
    ]
    stalled = "; each broker stands still for 100 ms in each second" if trick_of(digest).how == "omission" else ""
    return {
        "title": headline(digest) if told else f"Measured alike: {leader_text(digest)}",
        "subtitle": f"{WARNING}{stalled}" if told else f"From the same rounds{stalled}",
        "unit": unit,
        "tone": "misleading" if told else "",
        "mark": "bar" if trick_of(digest).more_is_better else "dot",
        "rows": rows,
    }


def _range(digest: Digest, chart: str, broker: str) -> str:
    found = values(digest, chart, broker)
    return f"{value_text(digest, min(found))} to {value_text(digest, max(found))}" if len(found) > 1 else "–"


def rows(digest: Digest) -> list[list[str]]:
    """A row a broker for the data table; COLUMNS names the cells."""
    found = []
    for broker in digest.setups["fair"]:
        cells = [BROKER_NAMES[broker]]
        for chart in CHARTS:
            cells += [value_text(digest, value(digest, chart, broker)), _range(digest, chart, broker)]
        found.append([*cells, digest.repeats[-1]["fair"][broker]["limit"]])
    return found


def view(digest: Digest) -> View:
    """One comparison: two charts, and in words what was unequal."""
    return {
        "label": digest.settings["label"],
        "title": title(digest),
        "part": f"{lead_text(digest, 'told')} times, measured alike {place(digest)}",
        "event": trick_of(digest).by,
        "traces": {},
        "sentence": sentence(digest),
        "rows": rows(digest),
        "measured": [
            ["Unequal in the misleading chart", unequal_text(digest)],
            *([f"{BROKER_NAMES[b]}, as shown", small_print(digest, "told", b)] for b in digest.setups["told"]),
            *([f"{BROKER_NAMES[b]}, alike", small_print(digest, "fair", b)] for b in digest.setups["fair"]),
        ],
        "bars": {chart: figure(digest, chart) for chart in CHARTS},
        "trouble": "",
    }


def _of_winner(chart: str) -> Callable[[Digest], str]:
    return lambda digest: value_text(digest, value(digest, chart, digest.settings["winner"]))


QUANTITIES: dict[str, Callable[[Digest], str]] = {
    "factor": lambda digest: f"{lead_text(digest, 'told')} times" if wins(digest) else "does not win",
    "told": _of_winner("told"),
    "fair": _of_winner("fair"),
    "place": place,
    "unequal": unequal_text,
    "headline": headline,
    "alike": leader_text,
}


def _look(point: tuple[str, ...]) -> Look:
    charts = (
        Chart("told", "The misleading chart", "bars", early=True),
        Chart("fair", "The same rounds, measured alike", "bars"),
    )
    return Look(
        point, charts, COLUMNS, view, lambda _digests: {}, QUANTITIES, several=lambda digests: title(digests[0])
    )


TRICKS_LOOK = _look(("trick", "winner"))
SPOT_LOOK = _look(("case",))
SPOT_GUESS = Guess(
    question="{label}: which trick makes the winner?",
    options=tuple(one.label for one in TRICKS),
    truth=lambda digest: str(trick_of(digest).label),
)
