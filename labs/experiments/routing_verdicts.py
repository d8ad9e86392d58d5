"""The rule of C39 (claims.csv) for routing-puzzles."""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.rules import Said, Undecided, every, rounds, rule, seen
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.text import capital, counted, enumerated, in_words
from labs.scenarios.routing.puzzles import PUZZLES


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


RULES = (c39,)
