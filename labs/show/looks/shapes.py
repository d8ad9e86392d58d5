"""The look of delivery shapes: a point is a shape with so many consumers, drawn as message by consumer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labs.judge.delivery import overtaken
from labs.model.digest import Digest, Table
from labs.model.shapes import EACH_GROUP, EVERYONE, GROUPS, ONE, SHAPES, UNKNOWN, Crew
from labs.model.text import capital, count_of, counted, enumerated, in_words, span, was
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.pictures.base import NS_PER_MS, About
from labs.show.pictures.items import Item, State
from labs.show.pictures.lanes import Lanes
from labs.show.quantities import Quantities, Quantity

CHART = Chart("dots", "Who got which message", "lanes")
EITHER = "one consumer, and there is one group"
"""With one group nobody can tell `in all` from `of each group`: no guess is counted."""
INKS, FILLS = ("kafka", "rabbitmq", "sync"), ("square", "triangle", "circle")
LATE = "after a later one of its key"


def crew_of(digest: Digest) -> Crew:
    """Who was there."""
    return Crew(digest.settings["groups"], digest.settings["members"])


def outcome(digest: Digest) -> str:
    """To whom each message went in every repeat; mixed where they differ."""
    return str(digest.median["outcome"])


def counts(name: str) -> Callable[[Digest], list[int]]:
    """A count of deliveries in each repeat that was seen to its end."""
    return lambda digest: [one["deliveries"][name] for one in digest.repeats if one["outcome"] != UNKNOWN]


def idle(digest: Digest) -> list[int]:
    """Consumers without a message, a repeat each."""
    return counts("idle")(digest)


def shares_work(digest: Digest) -> bool:
    """Whether several consumers share messages: only then can their order be lost among them."""
    return SHAPES[str(digest.settings["mode"])].shared != "consumer"


def kept_order(digest: Digest) -> bool:
    """Whether no message was done after a later one of its key, in any repeat."""
    found = counts("overtaken")(digest)
    return bool(found) and not any(found)


def truth(digest: Digest) -> str:
    """To whom each message went; of one group no guess is counted where two words say the same."""
    found = outcome(digest)
    return EITHER if found == ONE and digest.settings["groups"] == 1 else found


def dots(digest: Digest) -> Lanes:
    """The first repeat: a lane a consumer, a dot a message, the groups by colour and sign."""
    crew, repeat = crew_of(digest), digest.repeats[0]
    done = list(zip(*repeat["done"], strict=True))
    late = overtaken(done, crew, SHAPES[str(digest.settings["mode"])].shared)
    names = [f"consumer {name}" for name in crew.names]
    states = [State(f"group {one}", ink, "solid", sign, plain=True)
              for one, ink, sign in zip(GROUPS, INKS, FILLS, strict=True)][: crew.groups]  # fmt: skip
    states.append(State(LATE, "never", "solid", "x"))
    items = []
    for (message, consumer), is_late in zip(done, late, strict=True):
        at_ns = (message + 1) * NS_PER_MS
        state = LATE if is_late else f"group {crew.group(consumer)}"
        items.append(Item(names[consumer], f"message {message + 1}", at_ns, at_ns, state))
    about = About(title=f"{digest.settings['label']}: {_went(digest)}")
    return Lanes(tuple(names), tuple(states), tuple(items), noun=("message", "messages"), about=about,
                 along="number of the message")  # fmt: skip


def _went(digest: Digest) -> str:
    """each message went to one consumer of each group"""
    found = outcome(digest)
    if found == UNKNOWN:
        return "who got which message is unknown"
    if found == "mixed":
        said = dict.fromkeys(one["outcome"] for one in digest.repeats)
        return f"the rounds differ: each message went to {'; '.join(said)}"
    if truth(digest) == EITHER:
        return f"each message went to one of the {in_words(len(crew_of(digest).names))} consumers"
    return f"each message went to {found}"


def _busy(digest: Digest) -> str:
    """0 to 60: the messages that a consumer had."""
    return span(number for one in digest.repeats for number in one["counts"].values())


def _share(name: str) -> Callable[[Digest], str]:
    def text(digest: Digest) -> str:
        found = counts(name)(digest)
        return count_of(found, counts("owed")(digest), "delivery", "deliveries") if found else ""

    return text


def _idle(digest: Digest) -> str:
    """How many consumers had nothing; nothing where each had something."""
    found, size = idle(digest), len(crew_of(digest).names)
    if not any(found):
        return ""
    return f" {capital(count_of(found, [size] * len(found), 'consumer'))} had nothing to do."


def _order(digest: Digest) -> str:
    found = counts("overtaken")(digest)
    if not found:
        return ""
    if not any(found):
        return " The messages of each key were done in their order."
    return f" {capital(_share('overtaken')(digest))} {was(found)} done after a later one of the same key."


def _lost(digest: Digest) -> str:
    """Only where something is missing or came twice to the same."""
    words = {"missing": "missing", "again": "there a second time"}
    found = {name: counts(name)(digest) for name in words}
    said = [f"{_share(name)(digest)} {was(one)} {words[name]}" for name, one in found.items() if any(one)]
    return f" {capital(enumerated(said))}." if said else ""


def _title(digest: Digest) -> str:
    return f"{{label}}, {{crew}}: {_went(digest)}"


def _crew(digest: Digest) -> str:
    crew = crew_of(digest)
    said = f"{counted(crew.groups, 'group')} of {in_words(crew.members)}"
    if not digest.settings.get("partitions"):
        return said
    return f"{said} on {counted(digest.settings['partitions'], 'partition')}"


def _count(name: str, head: str = "") -> Quantity[list[int]]:
    return Quantity(name, counts(name), span, head, none="unknown")


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Shape"),
    Quantity("crew", _crew, head="Consumers"),
    Quantity("went", lambda digest: EITHER if truth(digest) == EITHER else outcome(digest), head="A message went to"),
    Quantity("each", _busy, head="Messages a consumer"),
    _count("missing", "Missing"), _count("again", "Twice"), _count("idle", "Idle"),
    Quantity("overtaken", counts("overtaken"), span, "Out of order", none="unknown"),
    _count("messages"), _count("owed"),
    Quantity("late", _share("overtaken")),
    Quantity("order", lambda digest: "kept" if kept_order(digest) else "broken" if counts("overtaken")(digest) else ""),
    Quantity("took", lambda digest: span(one["took_s"] for one in digest.repeats)),
))  # fmt: skip


def shapes(digest: Digest) -> View:
    """The picture, and which control does nothing to it."""
    still = [] if SHAPES[str(digest.settings["mode"])].partitioned else ["partitions"]
    return {"pictures": {CHART.name: dots(digest).to_json()}, "unmoved_by": still}


def applying(settings: Table) -> Table:
    """Without partitions where there are none."""
    shape = SHAPES[str(settings["mode"])]
    return {name: value for name, value in settings.items() if name != "partitions" or shape.partitioned}


def summary(digests: Sequence[Digest]) -> str:
    """How many of several shapes gave a message to whom."""
    found = [(to, sum(outcome(one) == to for one in digests)) for to in (ONE, EACH_GROUP, EVERYONE)]
    said = [f"{in_words(number)} to {to}" for to, number in found if number]
    return f"By {in_words(len(digests))} shapes a message goes with {enumerated(said or ['none to one kind'])}"


SHAPE_LOOK = Look(
    applies=applying,
    point=("mode", "groups", "members", "partitions"),
    charts=(CHART,),
    quantities=QUANTITIES,
    title=_title,
    sentence=(_title, ".", _idle, _order, _lost),
    part="{went}",
    event="each message goes to",
    shapes=shapes,
    several=summary,
)
SHAPE_GUESS = Guess(
    question="{label}: to whom does each message go?",
    options=(ONE, EACH_GROUP, EVERYONE),
    truth=truth,
)
