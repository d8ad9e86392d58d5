"""The rules of C18, C19, C26 and this lab's part of C02 (claims.csv) for kill-the-worker.

A repeat counts only if the death of the worker is proven in it and it is known what became of every job.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.loss_verdicts import KEPT, side, told
from labs.experiments.rules import Said, Undecided, every, passes, points, rounds, rule, seen, too_few
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, NBSP, span

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
    """40 to 44 of 200 in each of 5 repeats"""
    of = span(repeat["jobs"]["jobs"] for repeat in one.repeats)
    return f"{span(repeat['jobs']['lost'] for repeat in one.repeats)} of {of} in each of {len(one.repeats)} repeats"


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
        none = ", ".join(str(one.settings["label"]) for one in found[True])
        some = "; ".join(f"{one.settings['label']} {_counts(one)}" for one in found[False])
        return "holds with conditions", f"No job lost in any repeat: {none}. Lost: {some}."
    text = "Modes that lost something and modes that lost nothing were not both seen"
    raise Undecided(f"{text}. {_why_open(_of_brokers(digests))} A killed broker is for lab L3.2 to judge.")


@rule("C18", of_part=("holds",))
def c18(digests: Sequence[Digest]) -> Said:
    """Whether each broker has a way to lose nothing."""
    ways = {broker: [one for one in _of_brokers(digests) if one.settings["broker"] == broker] for broker in BROKERS}
    safe = {broker: [one for one in found if keeps(one)] for broker, found in ways.items()}
    said = [f"{BROKER_NAMES[broker]}: {', '.join(map(_recovery, found))}" for broker, found in safe.items() if found]
    if without := [BROKER_NAMES[broker] for broker in BROKERS if not safe[broker]]:
        text = f"No way without a loss was seen for {', '.join(without)}. {_why_open(_of_brokers(digests))}"
        raise Undecided(" ".join([text, *said]).strip())
    text = f"Each broker has a way to lose no job in any repeat. Back at work after: {'; '.join(said)}."
    return "holds", f"{text}{_session(safe['kafka'])}"


def _recovery(one: Digest) -> str:
    times = [repeat["redelivery_s"] for repeat in one.repeats]
    number = f"{len(one.repeats)} repeats"
    known = [seconds for seconds in times if seconds is not None]
    return (
        f"{one.settings['label']}, {span(known, '{:.1f}'.format)}{NBSP}s in {number}"
        if known
        else f"{one.settings['label']}"
    )


def _session(kafka: Sequence[Digest]) -> str:
    """What Kafka's time is made of, by the settings of the recording."""
    setup = kafka[0].setup
    if "session_s" not in setup:
        return " Kafka's is the session time-out of its group, which this recording does not name."
    here, usual = setup["session_s"], setup["default_session_s"]
    text = f" Kafka's is its group's session time-out: {here:g}{NBSP}s in this lab, {usual:g}{NBSP}s by the client's"
    return f"{text} default, and with that it takes so much longer."


def _known(digests: Sequence[Digest], *modes: str) -> list[Digest]:
    """The points of these modes, of which every repeat can say."""
    found = every(digests, "mode", modes, f" at prefetch {PREFETCH}", prefetch=PREFETCH)
    if unclear := [mode for mode, one in found.items() if any(map(silent, one.repeats))]:
        raise Undecided(f"It is unknown what became of all jobs with {', '.join(unclear)}.")
    return list(found.values())


@rule("C19", of_part=("holds with conditions", "holds", "no longer holds"))
def c19(digests: Sequence[Digest]) -> Said:
    """A queue with acknowledgements against a caller that retries."""
    queue, direct = _known(digests, ASYNC, SYNC)
    pairs = rounds(*([_lost(repeat) for repeat in one.repeats] for one in (queue, direct)))
    text = f"With a queue and manual acknowledgement {_counts(queue)} jobs were lost, with HTTP and retries"
    text += f" {_counts(direct)}."
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
    gone = "; ".join(f"{one['waiting']['lost']} of {one['waiting']['jobs']}" for one in inside.repeats)
    text = f"Of the jobs that waited in the asyncio.Queue of the killed process were lost, run by run: {gone}."
    if not seen(inside, lambda repeat: repeat["waiting"]["jobs"] == repeat["waiting"]["lost"] > 0):
        raise Undecided(text)
    killed = [one for one in digests if one.lab == BESIDE and one.settings.get("fault") == "kill"]
    safe = [one for one in killed if one.settings["rung"] > 0 and side(one) == KEPT]
    if not safe:
        raise Undecided(f"{text} A broker whose own process was killed, with persistent messages, was not recorded.")
    text += f" For the same fault, the process that holds the queue is killed, {told(safe[0])}. So it is more limited;"
    return "holds with conditions", f"{text} another way to the same it is not, but concurrency inside one process."


RULES = (c02, c18, c19, c26)
