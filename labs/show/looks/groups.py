"""The look of L5.2: a point is a way to read a topic, so many partitions and consumers, and what is special."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labs.model.digest import Digest
from labs.model.text import in_words, seconds, span
from labs.show import Json
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.picture import drawn
from labs.show.quantities import Quantities, Quantity
from labs.show.traces import base_layout

ALL, SOME, ONE = "all of them", "some of them", "one of them"


def each(name: str) -> Callable[[Digest], list[float]]:
    """A figure of each repeat that could say."""
    return lambda digest: digest.each("figures", name)


def whole(name: str) -> Callable[[Digest], list[int]]:
    """A count of each repeat that could say."""
    return lambda digest: [int(value) for value in digest.each("figures", name)]


def truth(digest: Digest) -> str:
    """How many of the consumers got a record done, in every repeat; mixed where they differ."""
    consumers, found = digest.settings["consumers"], set(whole("busy")(digest))
    if not found:
        return "unknown"
    said = {ALL if busy == consumers else ONE if busy == 1 else SOME for busy in found}
    return said.pop() if len(said) == 1 else "mixed"


def _count(name: str, head: str = "") -> Quantity[list[int]]:
    return Quantity(name, whole(name), span, head)


def _time(name: str, head: str = "") -> Quantity[list[float]]:
    return Quantity(name, each(name), seconds, head, none="unknown")


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Read by"),
    _count("busy", "Consumers at work"),
    Quantity("consumers", lambda digest: int(digest.settings["consumers"]), str),
    Quantity("partitions", lambda digest: int(digest.settings["partitions"]), str),
    _time("makespan_s", "All done after"),
    _time("rest_s"),
    _count("tries", "Tries"),
    _count("passed", "Got past the failing one"), _count("behind", "Of so many behind it"),
    _count("overtaken", "Done after a later one of their key"),
    _count("held"), _count("meanwhile"),
    _count("kept", "Still in the log"),
    Quantity("makespan", lambda digest: digest.number("figures", "makespan_s"), lambda value: f"{value:.1f}\u00a0s"),
    Quantity("rest", lambda digest: digest.number("figures", "rest_s"), lambda value: f"{value:.1f}\u00a0s"),
    Quantity("jobs", lambda digest: [sum(one["jobs"].values()) for one in digest.repeats], span),
    Quantity("took", lambda digest: digest.number("took_s"), lambda value: f"{value:.0f}\u00a0s"),
    Quantity("", lambda digest: "; ".join(dict.fromkeys(filter(None, (one["trouble"] for one in digest.repeats)))),
             card="What went wrong"),
))  # fmt: skip


def _title(digest: Digest) -> str:
    """Share group, 1 partition, 4 consumers: all of them worked, and all was done after 1.5 s"""
    if digest.number("figures", "makespan_s") is None:
        return "{label}: not every record was seen done"
    found, consumers = whole("busy")(digest), int(digest.settings["consumers"])
    low, high = min(found), max(found)
    who = f"{in_words(low)} to {in_words(high)}" if low < high else in_words(low)
    all_of = f"all {in_words(consumers)} worked" if low == consumers else f"{who} of {in_words(consumers)} worked"
    return f"{{label}}: {all_of}, and all was done after {{makespan}}"


def _passed(digest: Digest) -> str:
    found = whole("passed")(digest)
    if not found:
        return ""
    if not any(found):
        return " Of the {behind} records behind the failing one none got past it."
    return " Of the {behind} records behind the failing one {passed} got past it."


def _meanwhile(digest: Digest) -> str:
    if not whole("held")(digest):
        return ""
    return " While one consumer held {held} records the others got {meanwhile} done."


def _order(digest: Digest) -> str:
    found = whole("overtaken")(digest)
    if not any(found):
        return " The records of each key were done in their order."
    one = max(found) == 1
    return f" {{overtaken}} {'was' if one else 'were'} done after a later one of the same key."


def _kept(digest: Digest) -> str:
    if not whole("kept")(digest):
        return ""
    return " Afterwards {kept} of {jobs} records could still be read from the topic."


def _completion(digest: Digest) -> list[list[float]]:
    """Each record and when it was done; not where one consumer holds many, for there are more of them."""
    held = str(digest.settings["trouble"]).startswith("hoard")
    return [] if held else list(digest.setup.get("completion", []))


def shapes(digest: Digest) -> View:
    """When each record was done, by its place in the log; and who was at what when."""
    points = _completion(digest)
    way = str(digest.settings["way"])
    meta = {"broker": "kafka" if way == "share" else "sync", "role": "dot", "hollow": False, "line": way}
    meta["name"] = str(digest.settings["label"])
    x, y = [one[0] for one in points], [one[1] / 1000 for one in points]
    dots = {"x": x, "y": y, "text": [f"record {number}" for number in x], "meta": meta}
    return {"traces": {"order": [dots] if points else []}, "pictures": drawn(digest)}


def layouts(digests: Sequence[Digest]) -> dict[str, Json]:
    """Axes of the completion by place in the log."""
    points = [one for digest in digests for one in _completion(digest)]
    quiet = {"zeroline": False, "fixedrange": True, "automargin": False, "gridcolor": "line"}

    def axis(text: str, top: float) -> Json:
        return quiet | {"title": {"text": text, "font": {"size": 12}, "standoff": 8}, "range": [-top / 40, top * 1.05]}

    found = base_layout()
    found |= {
        "shapes": [],
        "annotations": [],
        "xaxis": axis("record, in the order of publishing", max((one[0] for one in points), default=40.0)),
    }
    return {"order": found | {"yaxis": axis("done after, s", max((one[1] / 1000 for one in points), default=5.0))}}


def several(digests: Sequence[Digest]) -> str:
    """Several ways at one setting: each with its time."""
    said = [
        QUANTITIES.said("{label} {makespan}", one) for one in digests if one.number("figures", "makespan_s") is not None
    ]
    return f"Until all records were done: {'; '.join(said)}" if said else "Not every record was seen done"


GROUP_LOOK = Look(
    point=("way", "size", "trouble"),
    charts=(
        Chart("order", "When each record was done, by its place in the log"),
        Chart("lanes", "Who was at which record", "lanes"),
    ),
    quantities=QUANTITIES,
    title=_title,
    sentence=(_title, ".", _passed, _meanwhile, _order, _kept),
    part="{makespan}",
    event="until all records are done",
    lead="until all records were done it took",
    shapes=shapes,
    layouts=layouts,
    several=several,
)
GROUP_GUESS = Guess(
    question="{label}: how many of the consumers get to work?",
    options=(ALL, SOME, ONE),
    truth=truth,
)
