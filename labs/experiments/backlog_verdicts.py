"""The rules of C65 and C66 (claims.csv) for big-backlog.

A rate is held against another of the same run. Where our own processes and the broker together had taken the machine, a
rate that stayed is still one that stayed, but one that fell says nothing of the broker.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labs.experiments.bounds import Bound
from labs.experiments.rules import Said, Undecided, each, passes, point, rule, seen
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.text import counted, enumerated, span
from labs.scenarios.backlog import WAYS
from labs.show.looks.backlog import BACKLOG_LOOK, paced_at, part_text

KAFKA, STREAM = "kafka-topic", "rabbitmq-stream"
BIG = {"backlog": "big"}
ONTO = Bound("holds", "Kafka's publish rate onto the backlog, of that into an empty topic,", "above", 80, "%")
PACED = Bound("holds", "what five groups cost of Kafka's publish rate", "below", 20, "%")
SAME = 1.05
"""What goes to disk for a message with five groups, over that with one: more than this is growth, less is rounding."""
FULL = ("client-bound", "machine-bound")


def _figures(one: Digest, name: str) -> list[float]:
    return each(one, "figures", name, unknown=f"{one.settings['label']}: not every round could say it.")


def whole(repeat: Repeat) -> bool:
    """Whether a second reader got the whole history, each message once and in its order."""
    counts = repeat["counts"]
    return counts["second"] == counts["there"] > 0


def _fast(
    one: Digest, name: str, kept: Callable[[float], bool], full: Callable[[Repeat], bool], text: str
) -> bool | None:
    """Whether enough of a rate was kept; Undecided where it fell and the machine had no processor left."""
    side = passes(_figures(one, name), kept, text)
    if not side and any(map(full, one.repeats)):
        raise Undecided(f"The machine had no processor left, so a rate that fell says nothing of the broker. {text}")
    return side


def _kept_onto(ratio: float) -> bool:
    return ONTO(100 * ratio)


def _kept_paced(ratio: float) -> bool:
    return PACED(100 * (1 - ratio))


def _no_growth(ratio: float) -> bool:
    return ratio <= SAME


def _taken(one: Digest, full: Callable[[Repeat], bool]) -> str:
    """In how many rounds everything together had taken the machine: who was the limit then."""
    number = sum(map(full, one.repeats))
    if not number:
        return " In no round was the machine taken whole."
    return f" In {number} of {counted(len(one.repeats), 'round')} the machine had no processor left."


def _ratio(one: Digest, name: str) -> str:
    return span(_figures(one, name), part_text)


def _onto_full(repeat: Repeat) -> bool:
    return repeat["machine_full"]


def _paced_full(repeat: Repeat) -> bool:
    return repeat["stamp"] in FULL


@rule("C65", bounds=(ONTO,))
def c65(digests: Sequence[Digest]) -> Said:
    """Publishing onto a large backlog, and a second reader of the history; RabbitMQ's stream beside it."""
    kafka, stream = (
        point(digests, f"{WAYS[name].label} with the big backlog", way=name, **BIG) for name in (KAFKA, STREAM)
    )
    text = f"Onto {kafka.setup['backlog']} Kafka kept {_ratio(kafka, 'onto')} of its rate into an empty topic"
    text += f", and a second reader got {_history(kafka)}.{_taken(kafka, _onto_full)}"
    text += f" RabbitMQ's stream kept {_ratio(stream, 'onto')}, and a second reader got {_history(stream)}."
    fast, all_of_it = _fast(kafka, "onto", _kept_onto, _onto_full, text), seen(kafka, whole)
    if fast is None or all_of_it is None:
        raise Undecided(text)
    return ("holds" if fast and all_of_it else "never held"), text


def _history(one: Digest) -> str:
    side = seen(one, whole)
    words = {True: "the whole history in every round", False: "less than the whole history", None: "it in some rounds"}
    return words[side]


@rule("C66", bounds=(PACED,))
def c66(digests: Sequence[Digest]) -> Said:
    """Five groups against one, at PACE of the rate that one allows; the other ways by the same test."""
    those = {name: point(digests, f"{way.label} with the big backlog", way=name, **BIG) for name, way in WAYS.items()}
    kafka = those.pop(KAFKA)
    said = _ratio(kafka, "paced")
    text = f"At {paced_at(kafka)} of the rate that one group allows, Kafka kept {said} of it with five groups"
    text += f", and each further group put {_more(kafka)} on disk.{_taken(kafka, _paced_full)}"
    text += f" Unthrottled, Kafka kept {_ratio(kafka, 'with_five')}: there publisher and readers take the processor"
    text += " from it and from each other."
    fast = _fast(kafka, "paced", _kept_paced, _paced_full, text)
    same = passes(_figures(kafka, "growth"), _no_growth, text)
    if fast is None or same is None:
        raise Undecided(text)
    too = [str(one.settings["label"]) for one in those.values() if _passes_too(one)]
    text += "".join(
        f" {one.settings['label']} kept {_ratio(one, 'paced')} and put {_more(one)} there." for one in those.values()
    )
    if not (fast and same):
        return "never held", text
    return ("holds with conditions", f"{text} So it holds of {enumerated(too)} as well.") if too else ("holds", text)


def _passes_too(one: Digest) -> bool:
    return bool(passes(_figures(one, "paced"), _kept_paced, "") and passes(_figures(one, "growth"), _no_growth, ""))


def _more(one: Digest) -> str:
    return BACKLOG_LOOK.quantities["more"].text(one)


RULES = (c65, c66)
