"""The rules of C70 and C71 (claims.csv): what a Celery application keeps on which broker."""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.rules import WORDS, Said, Undecided, every, point, points, rule, seen
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.text import BROKER_NAMES, enumerated, in_words
from labs.show.looks.stack_tasks import CHECKLIST, ROW_NAMES

STABLE = ("redis", "rabbitmq")
LIMITS = ("ping", "events", "second", "priority", "late")
"""What C71's rule calls remote control, events, second worker, priority and crash recovery."""
MANY = 2
TRAP, TWICE = "upgrade-trap", "run-twice"
BESIDE = (TRAP, TWICE)
"""The labs of C70's two traps. They do not vote: its rule asks for the checklist, and these stand beside the word."""


def _fails(one: Digest, rows: Sequence[str]) -> list[str]:
    """The rows that enough rounds do not pass; Undecided where rounds differ too much to say."""
    found = {name: seen(one, lambda repeat, name=name: _good(repeat, name)) for name in rows}  # type: ignore[misc]
    if torn := [ROW_NAMES[name] for name, said in found.items() if said is None]:
        raise Undecided(f"On {one.settings['label']} the rounds do not agree on {enumerated(torn)}.")
    return [name for name, said in found.items() if not said]


def _good(repeat: Repeat, row: str) -> bool:
    return bool(repeat["trials"].get(row, {}).get("outcome") == "yes")


def _names(rows: Sequence[str]) -> str:
    return enumerated([ROW_NAMES[name] for name in rows])


@rule("C70", of_part=WORDS)
def c70(digests: Sequence[Digest]) -> Said:
    """All eight rows of the checklist on both brokers; the traps are told with it."""
    word, text = _checklist([one for one in digests if one.lab not in BESIDE])
    return word, text + _traps(digests)


def _traps(digests: Sequence[Digest]) -> str:
    """What was recorded of the two, each only if every round shows it."""
    refused = [one for one in points(digests, server="refuses", client="old") if one.lab == TRAP]
    again = [one for one in points(digests, way="two") if one.lab == TWICE]
    told = ""
    if any(all(each["outcome"] != "ready" for each in one.repeats) for one in refused):
        told += " One trap is the release: a worker of Celery 5.6.3 was refused by RabbitMQ 4.3 as its makers ship it."
    if any(all(each["trials"]["task"]["outcome"] == "again" for each in one.repeats) for one in again):
        told += " Another is the visibility time-out: a task that took longer was run again on Redis."
    return told


def _checklist(digests: Sequence[Digest]) -> Said:
    found = {name: _fails(one, CHECKLIST) for name, one in every(digests, "way", STABLE).items()}
    rows = in_words(len(CHECKLIST))
    if not any(found.values()):
        passed = enumerated([BROKER_NAMES[name] for name in found])
        return "holds", f"{passed} pass all {rows} rows of the checklist with Celery 5.7."
    failed = [f"{BROKER_NAMES[name]} fails {_names(rows)}" for name, rows in found.items() if rows]
    return "holds with conditions", f"Of the {rows} rows of the checklist, {enumerated(failed)}."


@rule("C71", of_part=WORDS)
def c71(digests: Sequence[Digest]) -> Said:
    """Whether a basic task runs on Kafka, and what of the rest does not."""
    kafka = point(digests, "Kafka", way="kafka")
    if _fails(kafka, ("basic",)):
        return "holds", "A basic task did not run on Kafka."
    failed = _fails(kafka, LIMITS)
    text = f"A basic task was done on Kafka, which the sentence leaves out. Of {in_words(len(LIMITS))} things"
    text += f" that a Celery application may need, {in_words(len(failed))} failed there"
    text += f": {_names(failed)}." if failed else "."
    return ("holds with conditions" if len(failed) >= MANY else "no longer holds"), text


RULES = (c70, c71)
