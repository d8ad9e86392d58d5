"""The rule of C67 (claims.csv): the five features of its checklist, asked of the running RabbitMQ by feature-rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from labs.experiments.rules import Said, Undecided, every, rule, seen
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.queue_features import CHECKLIST, QUEUES
from labs.model.text import capital, enumerated, in_words
from labs.show.looks.features import HEADS, LACKED

BESIDE = "feature-rows"


@rule("C67", of_part=("holds",))
def c67(digests: Sequence[Digest]) -> Said:
    """All five pass on one kind of queue or the other, in every round."""
    found = every([one for one in digests if one.lab == BESIDE], "queue", QUEUES, " for its features")
    passed = {kind: [name for name in CHECKLIST if seen(one, partial(_passes, name))] for kind, one in found.items()}
    here = [name for name in CHECKLIST if any(name in names for names in passed.values())]
    server = str(found["quorum"].card.get("broker", "RabbitMQ"))
    text = f"{server} passes {in_words(len(here))} of {in_words(len(CHECKLIST))} rows of the checklist"
    if lacking := [name for name in CHECKLIST if name not in here]:
        raise Undecided(f"{text}; it lacks {_named(lacking)}. {LACKED}")
    kinds = [
        f"{kind} queues lack {_named(missing)}"
        for kind, names in passed.items()
        if (missing := [n for n in CHECKLIST if n not in names])
    ]
    more = f" {capital(enumerated(kinds))}." if kinds else " Both kinds of queue pass all of them."
    return "holds", f"{text}, in every round.{more} {LACKED}"


def _passes(name: str, repeat: Repeat) -> bool:
    return bool(repeat["trials"][name]["outcome"] == "yes")


def _named(names: Sequence[str]) -> str:
    return enumerated([HEADS[name].lower() for name in names])


RULES = (c67,)
