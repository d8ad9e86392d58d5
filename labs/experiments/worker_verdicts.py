"""The rules of C18, C19, C26 and this lab's part of C02 (claims.csv) for kill-the-worker.

A repeat counts only if the death of the worker is proven in it and it is known what became of every job.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from labs.experiments.loss_verdicts import KEPT, side, told
from labs.experiments.rules import Said, Undecided, every, passes, points, rounds, rule, seen, too_few
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, NBSP, capital, count_of, enumerated, in_words, ms_text

PREFETCH = 10
ASYNC, SYNC, INSIDE = "rabbitmq-manual-ack", "http-retry", "asyncio-queue"
BESIDE = "loss-matrix"
"""Where the process is killed that holds the queue itself: what C26 compares an asyncio.Queue with."""


def silent(repeat: Repeat) -> bool:
    """Whether a repeat cannot say what it lost."""
    return repeat["verdict"] == "unknown" or bool(repeat["jobs"]["unknown"])


def _lost(repeat: Repeat) -> float:
    """What it lost; NaN, which is on no side of anything, where it cannot say."""
    return float("nan") if silent(repeat) else repeat["jobs"]["lost"]


def keeps(one: Digest) -> bool | None:
    """Whether nothing was lost, in enough repeats; None where they do not agree, are too few or cannot say."""
    if too_few(len(one.repeats)) or any(map(silent, one.repeats)):
        return None
    return seen(one, lambda repeat: _lost(repeat) == 0)


def _counts(one: Digest) -> str:
    """none of 200 jobs, 42 of 200 jobs"""
    lost, jobs = ([repeat["jobs"][name] for repeat in one.repeats] for name in ("lost", "jobs"))
    return count_of(lost, jobs, "job")


def _of_brokers(digests: Sequence[Digest]) -> list[Digest]:
    return [one for one in points(digests, prefetch=PREFETCH) if one.settings["broker"] in BROKERS]


def _why_open(digests: Sequence[Digest]) -> str:
    few = max((len(one.repeats) for one in digests), default=0)
    return too_few(few) if digests else "No mode was run."


@rule("C02", of_part=("holds with conditions",))
def c02(digests: Sequence[Digest]) -> Said:
    """Only whether modes differ: a killed broker is another lab's."""
    found = {side: [one for one in _of_brokers(digests) if keeps(one) is side] for side in (True, False)}
    if found[True] and found[False]:
        none = "; ".join(str(one.settings["label"]) for one in found[True])
        some = " ".join(capital(f"{one.settings['label']} lost {_counts(one)}.") for one in found[False])
        text = f"{_ways(len(found[True]))} lost no job in any repeat: {none}."
        return "holds with conditions", f"{text} {_ways(len(found[False]))} lost some. {some}"
    text = "Ways that lost jobs and ways that lost none were not both seen"
    why = f"{_why_open(_of_brokers(digests))} {text}".strip()
    raise Undecided(f"{why}. What a killed broker does is for the loss matrix to judge.")


def _ways(number: int) -> str:
    return capital(f"{in_words(number)} {'way' if number == 1 else 'ways'} to hand out jobs")


@rule("C18", of_part=("holds",))
def c18(digests: Sequence[Digest]) -> Said:
    """Whether each broker has a way to lose nothing."""
    ways = {broker: [one for one in _of_brokers(digests) if one.settings["broker"] == broker] for broker in BROKERS}
    safe = {broker: [one for one in found if keeps(one)] for broker, found in ways.items()}
    said = "".join(_recoveries(BROKER_NAMES[broker], found) for broker, found in safe.items() if found)
    if without := [BROKER_NAMES[broker] for broker in BROKERS if not safe[broker]]:
        text = f"{_why_open(_of_brokers(digests))} No way without a loss was seen for {enumerated(without)}.".strip()
        raise Undecided(text + said)
    return "holds", f"Each broker has a way to lose no job in any repeat.{said}{_session(safe['kafka'])}"


def _recoveries(broker: str, found: Sequence[Digest]) -> str:
    """After how long a job went on that a dead worker had had, way by way."""
    known = [(one, one.each("redelivery_s")) for one in found]
    told = [f"{ms_text(statistics.median(s) * 1000)} ({one.settings['label']})" for one, s in known if s]
    return f" With {broker} a dead worker's job went on after {enumerated(told)}." if told else ""


def _session(kafka: Sequence[Digest]) -> str:
    """What Kafka's time is made of, by the settings of the recording."""
    setup = kafka[0].setup
    if "session_s" not in setup:
        return " Kafka waits for the session time-out of its group, which this recording does not name."
    here, usual = setup["session_s"], setup["default_session_s"]
    text = f" Kafka waits for its group's session time-out: {here:g}{NBSP}s in this lab"
    return f"{text}, {usual:g}{NBSP}s by the client's default."


def _known(digests: Sequence[Digest], *modes: str) -> list[Digest]:
    """The points of these modes, of which every repeat can say."""
    found = every(digests, "mode", modes, f" at prefetch {PREFETCH}", prefetch=PREFETCH)
    if unclear := [mode for mode, one in found.items() if any(map(silent, one.repeats))]:
        raise Undecided(f"What became of all jobs is unknown with {enumerated(unclear)}.")
    return list(found.values())


@rule("C19", of_part=("holds with conditions", "holds", "no longer holds"))
def c19(digests: Sequence[Digest]) -> Said:
    """A queue with acknowledgements against a caller that retries."""
    queue, direct = _known(digests, ASYNC, SYNC)
    pairs = rounds(*([_lost(repeat) for repeat in one.repeats] for one in (queue, direct)))
    text = "When a worker was killed, a queue with manual acknowledgement lost "
    text += f"{_counts(queue)}, and a caller over HTTP that retries lost {_counts(direct)}."
    if passes(pairs, lambda pair: pair[0] > pair[1], text):
        return "no longer holds", text
    if passes(pairs, lambda pair: pair[0] == pair[1] == 0, text):
        return "holds with conditions", f"{text} So a caller that retries with a key is as safe."
    if passes(pairs, lambda pair: pair[1] > 0 == pair[0], text):
        return "holds", text
    raise Undecided(text)


@rule("C26", of_part=("holds with conditions",))
def c26(digests: Sequence[Digest]) -> Said:
    """What waited inside the process that died, and what became of a queue whose own process died elsewhere."""
    [inside] = _known(digests, INSIDE)
    lost, jobs = ([one["waiting"][name] for one in inside.repeats] for name in ("lost", "jobs"))
    text = f"With its process an asyncio.Queue lost {count_of(lost, jobs, 'waiting job')}."
    if not seen(inside, lambda repeat: repeat["waiting"]["jobs"] == repeat["waiting"]["lost"] > 0):
        raise Undecided(text)
    killed = [one for one in digests if one.lab == BESIDE and one.settings.get("fault") == "kill"]
    safe = [one for one in killed if one.settings["rung"] > 0 and side(one) == KEPT]
    if not safe:
        raise Undecided(f"{text} A broker whose own process was killed, with persistent messages, was not recorded.")
    text += f" {told(safe[0])}: there too the process is killed that holds the queue."
    text += " So an asyncio.Queue is more limited."
    return "holds with conditions", f"{text} It is concurrency inside one process, and no other way to the same."


RULES = (c02, c18, c19, c26)
