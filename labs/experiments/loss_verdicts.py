"""The rules of C02, C04, C29, C33, C43, C45, C54 and C57 (claims.csv) for cells of the loss matrix.

A cell counts only if its repeats agree; `unknown`, `did not start` and `mixed` decide nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.rules import Said, Undecided, points, rule
from labs.model.digest import Digest
from labs.model.faults import ENDING, NAMES

LOST, KEPT = ("some lost", "all lost"), "none lost"
DEFAULTS = ("redis-list-rdb", "kafka-acks-all")
"""What the server of Redis and the client of Kafka do when nothing is set. RabbitMQ leaves it to each message."""


def outcome(digests: Sequence[Digest], name: str, fault: str) -> str:
    """What became of that setting's messages; `not measured` if that is so."""
    found = points(digests, profile=name, fault=fault)
    return str(found[0].median["outcome"]) if found else "not measured"


def said(digests: Sequence[Digest], name: str, fault: str) -> str:
    """One cell in words: `Kafka, acks=all lost 0 of 7,800 to SIGKILL`."""
    found = points(digests, profile=name, fault=fault)
    if not found:
        return f"{name} was not measured under {NAMES[fault]}"
    word, label = outcome(found, name, fault), found[0].settings["label"]
    if word not in (*LOST, KEPT, "mixed"):
        return f"{label}: {word} after {NAMES[fault]}"
    ledgers = [repeat["ledger"] for repeat in found[0].repeats]
    lost, of = (sum(one[what] for one in ledgers) for what in ("lost", "acknowledged"))
    return f"{label} lost {lost:,} of {of:,} to {NAMES[fault]}"


def _with(digests: Sequence[Digest], *outcomes: str) -> list[Digest]:
    return [one for one in digests if one.median["outcome"] in outcomes]


@rule("C02", of_part=("holds with conditions",))
def c02(digests: Sequence[Digest]) -> Said:
    """HOLDS if every mode loses 0, CONDITIONAL if some do and some do not, NEVER HELD if all lose."""
    found, losing = _with(digests, *LOST, KEPT), _with(digests, *LOST)
    if not found:
        raise Undecided("No cell of the loss matrix has a count.")
    text = f"Of {len(found)} cells with a count, {len(losing)} lost acknowledged messages."
    if len(losing) == len(found):
        return "never held", text
    return ("holds with conditions" if losing else "holds"), text


@rule("C04", of_part=("never held",))
def c04(digests: Sequence[Digest]) -> Said:
    """NEVER HELD if a default configuration loses acknowledged messages to a process kill; HOLDS if every cell is 0."""
    if guilty := [name for name in DEFAULTS if outcome(digests, name, "kill") in LOST]:
        return "never held", f"{said(digests, guilty[0], 'kill')}, with the settings it comes with."
    if digests and len(_with(digests, KEPT)) == len(digests):
        return "holds", f"No cell of {len(digests)} lost an acknowledged message."
    raise Undecided("The default settings were not all measured, or a cell has no count.")


@rule("C29", of_part=("holds with conditions",))
def c29(digests: Sequence[Digest]) -> Said:
    """The definition is usable if the settings rank differently by clean stop, kill and power cut."""
    names = list(dict.fromkeys(one.settings["profile"] for one in digests))
    whole = [name for name in names if all(outcome(digests, name, event) in (*LOST, KEPT) for event in ENDING)]
    if len(whole) < 2:
        raise Undecided("Too few settings were measured under all three events.")
    kept = {event: {name for name in whole if outcome(digests, name, event) == KEPT} for event in ENDING}
    counts = ", ".join(f"{len(one)} of {len(whole)} settings survive {NAMES[event]}" for event, one in kept.items())
    differ = len({frozenset(one) for one in kept.values()}) > 1
    return ("holds with conditions" if differ else "holds"), f"{counts}: one must say recover from what."


@rule("C33", of_part=("holds with conditions",))
def c33(digests: Sequence[Digest]) -> Said:
    """HOLDS if persistent survive and transient do not; CONDITIONAL if the queue type decides as well."""
    transient, persistent, quorum = (f"rabbitmq-{name}" for name in ("transient-confirms", "confirms", "quorum"))
    text = f"{said(digests, transient, 'kill')}; {said(digests, persistent, 'kill')}."
    if outcome(digests, transient, "kill") != "all lost" or outcome(digests, persistent, "kill") != KEPT:
        raise Undecided(text)
    if outcome(digests, persistent, "power") == outcome(digests, quorum, "power"):
        return "holds", text
    rest = f"{said(digests, persistent, 'power')}; {said(digests, quorum, 'power')}."
    return "holds with conditions", f"{text} By queue type: {rest}"


@rule("C43")
def c43(digests: Sequence[Digest]) -> Said:
    """Only what persistence buys is measured here; its price is a later lab's."""
    names = ("rabbitmq-transient-confirms", "rabbitmq-persistent", "rabbitmq-confirms")
    bought = "; ".join(said(digests, name, "kill") for name in names)
    raise Undecided(f"What it buys: {bought}. What it costs is measured by L4.2.")


@rule("C45", of_part=("holds with conditions",))
def c45(digests: Sequence[Digest]) -> Said:
    """HOLDS if acks=all survives a kill; CONDITIONAL if weaker acks or a power cut lose."""
    told = [said(digests, "kafka-acks-all", "kill")]
    if outcome(digests, "kafka-acks-all", "kill") != KEPT:
        raise Undecided(f"{told[0]}.")
    weaker = (("kafka-acks-0", "kill"), ("kafka-acks-1", "kill"), ("kafka-acks-all", "power"))
    told += [said(digests, *one) for one in weaker if outcome(digests, *one) in LOST]
    return ("holds with conditions" if len(told) > 1 else "holds"), f"{'; '.join(told)}."


def redis_keeps(digests: Sequence[Digest]) -> Said:
    """NEVER HELD if any shipped setting keeps all after a process kill."""
    redis = points(digests, broker="redis", fault="kill")
    keeping, losing = _with(redis, KEPT), _with(redis, *LOST)
    told = [said(digests, one.settings["profile"], "kill") for one in (*keeping[:2], *losing[:1])]
    text = f"{'; '.join(told)}." if told else "No setting of Redis was measured under SIGKILL."
    if not keeping and (not redis or len(losing) < len(redis)):
        raise Undecided(text)
    return ("never held" if keeping else "holds"), text


c54, c57 = (rule(claim, of_part=("never held",))(redis_keeps) for claim in ("C54", "C57"))
