"""The rules of C38 and C39 (claims.csv) for routing-puzzles."""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.rules import Said, Undecided, every, rounds, rule, seen
from labs.experiments.shape_verdicts import c34
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.text import capital, counted, enumerated, in_words
from labs.scenarios.routing.puzzles import PUZZLES

BESIDE = "delivery-shapes"
"""Where both shapes are run, by a client of AMQP 0-9-1."""
SPOKEN = "amqp"


@rule("C38", of_part=("holds",))
def c38(digests: Sequence[Digest]) -> Said:
    """Both shapes where they are run, and what the node itself says it listens for."""
    here = [one for one in digests if one.lab != BESIDE]
    told = {str(one.card.get("protocols", "")) for one in here}
    if not here or any(SPOKEN not in one.split(", ") for one in told):
        raise Undecided("The node was not asked for its protocols, or did not name AMQP.")
    word, text = c34.judge([one for one in digests if one.lab == BESIDE])
    return word, f"{text} Both went over AMQP 0-9-1. The node says that it listens for {'; '.join(sorted(told))}."


@rule("C39", of_part=("holds",))
def c39(digests: Sequence[Digest]) -> Said:
    """All five solved by their bindings, in every round, by the same producer."""
    found = every(digests, "puzzle", PUZZLES, " with the bindings that solve it", topology="solved")
    sent = rounds(*([repeat["producer"] for repeat in one.repeats] for one in found.values()))
    if any(len(set(one)) > 1 for one in sent):
        raise Undecided("Not all puzzles had the same messages in a round, so the producer was not the same.")
    wrong = [PUZZLES[name].title for name, one in found.items() if not seen(one, _right)]
    solved = f"Bindings alone solved {in_words(len(found) - len(wrong))} of {in_words(len(found))} puzzles"
    if wrong:
        raise Undecided(f"{solved} in every round, and not {enumerated(wrong)}.")
    text = f"{solved} in {counted(len(sent), 'round')}. In each round all of them had the same producer and messages."
    return "holds", f"{text} {_first(digests)}".strip()


def _right(repeat: Repeat) -> bool:
    """Every queue got what it wants, once, and nothing else."""
    return not any(repeat["jobs"][name] for name in ("missing", "stray", "doubled"))


def _first(digests: Sequence[Digest]) -> str:
    """What the usual first tries did, where they are recorded."""
    first = [one for one in digests if one.settings.get("topology") == "first"]
    failed = sum(not all(map(_right, one.repeats)) for one in first)
    return capital(f"{in_words(failed)} of {in_words(len(first))} usual first tries did not.") if first else ""


RULES = (c38, c39)
