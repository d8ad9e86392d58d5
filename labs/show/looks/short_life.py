"""The look of L7.1: a point is a way to send what is soon worthless, and what becomes of the consumer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labs.model.digest import Digest
from labs.model.figures import figure
from labs.model.text import ms_text, percent, percent_text, span
from labs.show import Json
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.picture import drawn
from labs.show.quantities import Quantities, Quantity

CHART = "course"
FATES = {
    "once": ("fresh", "came fresh"),
    "timed_out": ("stale", "came stale"),
    "gone": ("thrown", "thrown away by the consumer"),
    "lost": ("gone", "never came"),
}
"""Part of a bar, by the names that colours have -> what a run calls it, and what a reader is told."""
SOME = 0.005
"""Up to here hardly anything is stale: one message may be in somebody's hands."""
MUCH = 0.05
OPTIONS = ("none, or hardly any", "up to 5 %", "more than 5 %")
GAP_SAID = {"none": "", "pause": ", consumer stands still", "crash": ", consumer killed"}


def said_of(label: str, gap: str) -> str:
    """Kafka, consumer killed: what is not as usual is said."""
    return f"{label}{GAP_SAID[gap]}"


def figures(name: str) -> Callable[[Digest], list[float]]:
    """A figure of each repeat that could say."""
    return lambda digest: digest.each("figures", name)


def middle(name: str) -> Callable[[Digest], float | None]:
    """The median over the repeats."""
    return lambda digest: digest.number("figures", name)


def counted(name: str) -> Callable[[Digest], list[int]]:
    """A count of each repeat."""
    return lambda digest: [one["counts"][name] for one in digest.repeats]


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Way"),
    Quantity("fresh", figures("fresh_share"), percent, "Fresh"),
    Quantity("stale", figures("stale_share"), percent, "Stale"),
    Quantity("thrown", figures("thrown_share"), percent, "Thrown away"),
    Quantity("gone", figures("gone_share"), percent, "Never came"),
    Quantity("dropped", figures("dropped_share"), percent),
    Quantity("p50", middle("p50_ms"), ms_text, "Median age", none="too few"),
    Quantity("p99", middle("p99_ms"), ms_text, "p99", none="too few"),
    Quantity("oldest", middle("oldest_ms"), ms_text, "Oldest handled"),
    Quantity("stale_share", middle("stale_share"), percent_text),
    Quantity("fresh_share", middle("fresh_share"), percent_text),
    Quantity("dropped_share", middle("dropped_share"), percent_text),
    Quantity("sent", counted("sent"), span),
    Quantity("stale_number", counted("stale"), span),
    Quantity("dropped_number", counted("dropped"), span),
    Quantity("doubled", counted("doubled"), span, "Twice"),
))  # fmt: skip


def strip(digest: Digest) -> list[Json]:
    """The parts of a bar, each with its share of the messages: sums over the repeats."""
    whole = sum(one["counts"]["sent"] for one in digest.repeats) or 1
    sums = {fate: sum(one["counts"][name] for one in digest.repeats) for fate, (name, _) in FATES.items()}
    return [
        {
            "fate": fate,
            "share": round(number / whole, 4),
            "text": f"{percent_text(number / whole)} {FATES[fate][1]}",
        }
        for fate, number in sums.items()
        if number
    ]


def known(digest: Digest) -> bool:
    """Whether every repeat can say what became of each message."""
    return digest.median.get("verdict") == "known"


def shapes(digest: Digest) -> View:
    """A point as a picture over time, and as a bar."""
    aside = f"{QUANTITIES['stale'].text(digest)} stale" if known(digest) else "unknown"
    return {"pictures": drawn(digest), "strip": strip(digest), "aside": aside}


def layouts(_digests: Sequence[Digest]) -> dict[str, Json]:
    """Heads of the bars, and their parts in order."""
    heads = ["Way, and its consumer", "What became of the messages", "Stale"]
    return {"fates": {"heads": heads, "fates": [[fate, said] for fate, (_, said) in FATES.items()]}}


def _age(digest: Digest) -> str:
    return " Half of those handled were {p50} old, the oldest {oldest}." if digest.number("figures", "p50_ms") else ""


def _twice(digest: Digest) -> str:
    return " {doubled} came twice." if any(counted("doubled")(digest)) else ""


def _title(digest: Digest) -> str:
    if not known(digest):
        return "{label}: what became of the messages is not proven"
    return "{label}: {fresh} came fresh, {stale} stale, {dropped} were dropped"


def truth(digest: Digest) -> str:
    """How much of all was handled stale; unknown where a repeat cannot say."""
    found = figure(digest.median, "figures", "stale_share")
    if found is None or not known(digest):
        return "unknown"
    return OPTIONS[0] if found <= SOME else OPTIONS[1] if found <= MUCH else OPTIONS[2]


SHORT_LIFE_LOOK = Look(
    point=("way", "gap"),
    charts=(
        Chart("fates", "What became of the messages", "strips", rows="way"),
        Chart(CHART, "How old they were, and what became of them", "timeline"),
    ),
    quantities=QUANTITIES,
    title=_title,
    sentence=(_title, ".", _age, _twice),
    part="{stale}",
    event="messages live for half a second",
    lead="the share that was handled stale is",
    rank="stale_share",
    shapes=shapes,
    layouts=layouts,
)
SHORT_LIFE_GUESS = Guess(
    question="{label}: a message is worth something for half a second. How many of all does the consumer handle stale?",
    options=OPTIONS,
    truth=truth,
)
