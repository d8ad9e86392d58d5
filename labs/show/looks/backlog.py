"""The look of L7.2: a point is a way and a backlog; publishing onto it, one to five readers, bytes a message."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from labs.model.digest import Digest
from labs.model.text import NBSP, about_per_s, number_text, percent_text, span, three_digits
from labs.show import Json
from labs.show.looks import dots
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.quantities import Quantities, Quantity
from labs.show.traces import Trace, base_layout

READERS = (1, 2, 3, 4, 5)
NOTHING, PART, COPY = "next to nothing", "a part of a message", "a message or more"
SLIGHT, MOST = 0.05, 0.8
"""Up to this part of a message a further reader puts next to nothing on disk, and from that on a whole one."""
ABOUT_NOTHING = 0.5
"""Bytes a message: no more is known of less."""
DRAWN = {
    "rates": ("with_{}", 100.0, "publish rate, % of that with one reader", " %"),
    "written": ("written_{}", 1.0, "bytes to disk for each message", " B"),
}
"""Chart -> the figure for a number of readers, its scale, what its axis is called, its unit."""
KEYS = {"at": "median", "repeat": "one round"}


def figures(digest: Digest, name: str) -> list[float]:
    """A figure of every repeat that can say."""
    return digest.each("figures", name)


def middle(digest: Digest, name: str) -> float | None:
    """Its median."""
    return statistics.median(found) if (found := figures(digest, name)) else None


def share(digest: Digest) -> float | None:
    """What a further reader puts on disk for each message, over the size of that message."""
    found = middle(digest, "each_more")
    return None if found is None else found / digest.settings["body_bytes"]


def truth(digest: Digest) -> str:
    """In a word."""
    found = share(digest)
    return "unknown" if found is None else NOTHING if found <= SLIGHT else PART if found < MOST else COPY


def bytes_text(value: float) -> str:
    """1,012 B; 0.08 B and -0.1 B, which is rounding of what the disk was asked for, are about 0."""
    if abs(value) < ABOUT_NOTHING:
        return "about 0"
    return f"{number_text(round(value) if abs(value) >= 10 else round(value, 1)).removesuffix('.0')}{NBSP}B"


def part_text(value: float) -> str:
    """97 %: a ratio of two measured rates, of which no more is known than that."""
    return f"{100 * value:.0f}{NBSP}%"


def _mb_text(value: float) -> str:
    return f"less than 1{NBSP}MB" if value < 1 else f"{number_text(round(value))}{NBSP}MB"


def _middle(name: str) -> Callable[[Digest], float | None]:
    return lambda digest: middle(digest, name)


def _all(name: str) -> Callable[[Digest], list[float]]:
    return lambda digest: figures(digest, name)


def _parts(found: Sequence[float]) -> str:
    return span(found, part_text)


def _second(digest: Digest) -> float:
    """Of the history the part that a second reader got, in the round in which it got least."""
    return min(one["counts"]["second"] / one["counts"]["there"] for one in digest.repeats)


def paced_at(digest: Digest) -> str:
    """The part of the rate with one reader at which five were measured again; half, where a point does not say it."""
    return str(digest.setup.get("paced_at", "half"))


def _last(name: str) -> Callable[[Digest], str]:
    """Who was the limit in the last round, without the figures behind it."""
    return lambda digest: str(digest.repeats[-1].get(name, "")).partition(" (broker ")[0]


EACH_MORE: Quantity[float] = Quantity(
    "each_more", _middle("each_more"), bytes_text, "To disk by each further reader", none="unknown"
)


def _more(digest: Digest) -> str:
    """What a further reader puts on disk, in words where it is next to nothing."""
    return (
        "" if share(digest) is None else NOTHING if truth(digest) == NOTHING else f"{EACH_MORE.text(digest)} a message"
    )


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Way"),
    Quantity("backlog", lambda digest: str(digest.setup["backlog"]), head="Backlog"),
    Quantity("empty", _middle("empty_per_s"), about_per_s, head="Into an empty place"),
    Quantity("onto", _middle("onto"), part_text, head="Onto the backlog"),
    Quantity("onto_range", _all("onto"), _parts),
    Quantity("catch_up", _middle("catch_up_per_s"), about_per_s, head="Catching up", none="unknown"),
    Quantity("second", _second, percent_text, head="A second reader got"),
    Quantity("with_five", _middle("with_five"), part_text, head="With five readers"),
    Quantity("with_five_range", _all("with_five"), _parts),
    Quantity("paced", _middle("paced"), part_text, head="With five, paced"),
    Quantity("paced_at", paced_at),
    Quantity("paced_range", _all("paced"), _parts),
    Quantity("pace", _middle("pace_per_s"), about_per_s),
    Quantity("one_reader", _middle("per_s_1"), about_per_s),
    Quantity("disk", _middle("disk"), bytes_text, head="On disk, a message", none="not seen from here"),
    Quantity("disk_range", _all("disk"), lambda found: span(found, bytes_text), none="not seen from here"),
    Quantity("memory", _middle("data"), bytes_text, head="Of its data in memory, a message", none="none"),
    Quantity("grown", _all("grown_mb"), lambda found: span(found, _mb_text), "Its processes grew by", none="not seen"),
    Quantity("held", _middle("held_mb"), _mb_text, none="not seen from here"),
    EACH_MORE,
    Quantity("more", _more, none="unknown"),
    Quantity("written_one", _middle("written_1"), bytes_text, none="unknown"),
    Quantity("written_five", _middle("written_5"), bytes_text, none="unknown"),
    Quantity("size", lambda digest: digest.settings["body_bytes"], bytes_text),
    Quantity("messages", lambda digest: int(digest.setup["messages"]), lambda value: f"{value:,}"),
    Quantity("", _last("why"), card="Limit, onto the backlog"),
    Quantity("", _last("said"), card="Limit, five readers unthrottled"),
    Quantity("", _last("limit"), card="Limit, five readers, paced"),
))  # fmt: skip


def _title(digest: Digest) -> str:
    if share(digest) is None:
        return "{label}: onto the backlog publishing kept {onto} of its rate"
    return "{label}: onto the backlog publishing kept {onto} of its rate, and each further reader puts {more} on disk"


def _disk(digest: Digest) -> str:
    return " A message of {size} takes {disk} on disk."


def _memory(digest: Digest) -> str:
    if digest.settings["broker"] == "redis":
        return " In memory it takes {memory}."
    return " The broker’s processes grew by {grown} with the backlog."


def _traces(digest: Digest, chart: str) -> list[Trace]:
    """A line over one to five readers: each repeat's points faint, the medians as marks."""
    name, scale, _, unit = DRAWN[chart]
    at = [number for number in READERS if figures(digest, name.format(number))]
    if not at:
        return []
    values = [statistics.median(figures(digest, name.format(number))) * scale for number in at]
    settings = digest.settings
    meta: Trace = {"broker": settings["broker"], "line": settings["way"], "name": settings["label"].partition(",")[0]}
    meta |= {"hollow": False, "dash": "dash" if settings["way"].endswith("classic") else "solid"}
    meta |= {"hover": "%{text}<extra>%{fullData.name}</extra>"}
    faint = [(number, one * scale) for number in at for one in figures(digest, name.format(number))]
    text = [f"{number} readers: {number_text(three_digits(one))}{unit}" for number, one in zip(at, values, strict=True)]
    return [
        {"x": [x for x, _ in faint], "y": [y for _, y in faint], "meta": meta | {"role": "points"}},
        {"x": at, "y": values, "text": text, "meta": meta | {"role": "median"}},
    ]


def shapes(digest: Digest) -> View:
    """A row of dots, and two lines."""
    onto = middle(digest, "onto")
    row = dots.marks(onto, figures(digest, "onto"), "unknown" if onto is None else part_text(onto))
    return {"dots": row, "traces": {chart: _traces(digest, chart) for chart in DRAWN}}


def layouts(digests: Sequence[Digest]) -> dict[str, Json]:
    """A log axis around one for the dots; linear axes from zero for the lines."""
    axis = {"range": [0.2, 5.0], "unit": ""}
    axis["ticks"] = [[at, f"{at:.0%}".replace("%", f"{NBSP}%")] for at in (0.2, 0.5, 0.8, 2, 5)]
    heads = ("Way", "Publish rate onto the backlog, of that into an empty place (log)")
    return {"dots": dots.layout(heads, axis, KEYS), **{chart: _axes(digests, chart) for chart in DRAWN}}


def _axes(digests: Sequence[Digest], chart: str) -> Json:
    name, scale, said, _ = DRAWN[chart]
    most = max((v * scale for one in digests for n in READERS for v in figures(one, name.format(n))), default=100.0)
    quiet = {"zeroline": False, "fixedrange": True, "automargin": False}
    across = {"title": _head("readers, each with a group of its own"), "range": [0.8, 5.2], "tickvals": [*READERS]}
    up = {"title": _head(said), "range": [0, most * 1.08], "gridcolor": "line"}
    room = {"margin": {"l": 64, "r": 150, "t": 12, "b": 52}, "shapes": [], "annotations": []}
    room |= {"meta": {"narrow": {"l": 52, "r": 96}}}
    return base_layout() | room | {"xaxis": across | quiet | {"showgrid": False}, "yaxis": up | quiet}


def _head(text: str) -> Json:
    return {"text": text, "font": {"size": 12}, "standoff": 8}


BACKLOG_LOOK = Look(
    point=("way", "backlog"),
    charts=(
        Chart("dots", "Publishing onto the backlog", "dots", rows="way"),
        Chart("written", "Bytes to disk for each message, by readers"),
        Chart("rates", "Publishing unthrottled, by readers"),
    ),
    quantities=QUANTITIES,
    title=_title,
    sentence=(
        _title,
        ".",
        " A second reader got {second} of the history.",
        " At {paced_at} of the rate publishing kept {paced} of it with five readers.",
        _disk,
        _memory,
    ),
    part="{onto}",
    event="the publish rate onto the backlog, of that into an empty place",
    lead="onto the backlog publishing kept",
    shapes=shapes,
    layouts=layouts,
    rank="onto",
)
BACKLOG_GUESS = Guess(
    question="{label}: a reader more, with a group of its own. What does it add on disk for every message?",
    options=(NOTHING, PART, COPY),
    truth=truth,
)
