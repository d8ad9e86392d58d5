"""The verdict rules of C02, C04, C29, C33, C43, C45, C54 and C57 (claims.csv) applied to cells of the loss matrix.

A rule is applied only to cells whose repeats agree; `unknown`, `did not start` and `mixed` decide nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.base import Verdict
from labs.experiments.fault_lab import cell, lost_of, word
from labs.model.digest import Digest

LOST, KEPT = ("some lost", "all lost"), "none lost"
DEFAULTS = ("redis-list-rdb", "kafka-acks-all")
"""What the server of Redis and the client of Kafka do when nothing is set. RabbitMQ leaves it to each message."""
EVENTS = ("stop", "kill", "power")
SAID = {"stop": "a clean stop", "kill": "SIGKILL", "power": "a power cut"}


def said(digests: Sequence[Digest], name: str, fault: str) -> str:
    """One cell in words: `Kafka, acks=all lost 0 of 7,800 to SIGKILL`."""
    found = cell(digests, name, fault)
    if found is None:
        return f"{name} was not measured under {SAID[fault]}"
    outcome = found.median["outcome"]
    if outcome in (*LOST, KEPT, "mixed"):
        return f"{found.settings['label']} lost {lost_of(found)} to {SAID[fault]}"
    return f"{found.settings['label']}: {outcome} after {SAID[fault]}"


def _counted(digests: Sequence[Digest]) -> list[Digest]:
    return [d for d in digests if d.median["outcome"] in (*LOST, KEPT)]


def c02(digests: Sequence[Digest]) -> Verdict:
    """HOLDS if every mode loses 0, CONDITIONAL if some do and some do not, NEVER HELD if all lose."""
    found = _counted(digests)
    losing = [d for d in found if d.median["outcome"] in LOST]
    text = f"Of {len(found)} cells with a count, {len(losing)} lost acknowledged messages."
    if not found:
        return Verdict("C02", "undecided here", "No cell of the loss matrix has a count.")
    if len(losing) == len(found):
        return Verdict("C02", "never held", text)
    return Verdict("C02", "holds with conditions" if losing else "holds", text)


def c04(digests: Sequence[Digest]) -> Verdict:
    """NEVER HELD if a default configuration loses acknowledged messages to a process kill; HOLDS if every cell is 0."""
    guilty = [name for name in DEFAULTS if word(digests, name, "kill") in LOST]
    if guilty:
        return Verdict("C04", "never held", f"{said(digests, guilty[0], 'kill')}, with the settings it comes with.")
    found = _counted(digests)
    if found and len(found) == len(digests) and all(d.median["outcome"] == KEPT for d in found):
        return Verdict("C04", "holds", f"No cell of {len(found)} lost an acknowledged message.")
    return Verdict("C04", "undecided here", "The default settings were not all measured, or a cell has no count.")


def c29(digests: Sequence[Digest]) -> Verdict:
    """The definition is usable if the settings rank differently by clean stop, kill and power cut."""
    names = list(dict.fromkeys(d.settings["profile"] for d in digests))
    whole = [n for n in names if all(word(digests, n, e) in (*LOST, KEPT) for e in EVENTS)]
    kept = {event: {n for n in whole if word(digests, n, event) == KEPT} for event in EVENTS}
    if len(whole) < 2:
        return Verdict("C29", "undecided here", "Too few settings were measured under all three events.")
    counts = ", ".join(f"{len(kept[event])} of {len(whole)} settings survive {SAID[event]}" for event in EVENTS)
    differ = len({frozenset(one) for one in kept.values()}) > 1
    return Verdict("C29", "holds with conditions" if differ else "holds", f"{counts}: one must say recover from what.")


def c33(digests: Sequence[Digest]) -> Verdict:
    """HOLDS if persistent survive and transient do not; CONDITIONAL if the queue type decides as well."""
    transient, persistent = (word(digests, f"rabbitmq-{n}", "kill") for n in ("transient-confirms", "confirms"))
    text = f"{said(digests, 'rabbitmq-transient-confirms', 'kill')}; {said(digests, 'rabbitmq-confirms', 'kill')}."
    if transient != "all lost" or persistent != KEPT:
        return Verdict("C33", "undecided here", text)
    classic, quorum = (word(digests, f"rabbitmq-{n}", "power") for n in ("confirms", "quorum"))
    if classic == quorum:
        return Verdict("C33", "holds", text)
    rest = f"{said(digests, 'rabbitmq-confirms', 'power')}; {said(digests, 'rabbitmq-quorum', 'power')}."
    return Verdict("C33", "holds with conditions", f"{text} By queue type: {rest}")


def c43(digests: Sequence[Digest]) -> Verdict:
    """Only what persistence buys is measured here; its price is a later lab's."""
    names = ("rabbitmq-transient-confirms", "rabbitmq-persistent", "rabbitmq-confirms")
    bought = "; ".join(said(digests, name, "kill") for name in names)
    return Verdict("C43", "undecided here", f"What it buys: {bought}. What it costs is measured by L4.2.")


def c45(digests: Sequence[Digest]) -> Verdict:
    """HOLDS if acks=all survives a kill; CONDITIONAL if weaker acks or a power cut lose."""
    if word(digests, "kafka-acks-all", "kill") != KEPT:
        return Verdict("C45", "undecided here", said(digests, "kafka-acks-all", "kill") + ".")
    weak = [(n, e) for n, e in (("kafka-acks-0", "kill"), ("kafka-acks-1", "kill"), ("kafka-acks-all", "power"))
            if word(digests, n, e) in LOST]  # fmt: skip
    text = "; ".join([said(digests, "kafka-acks-all", "kill"), *(said(digests, *one) for one in weak)])
    return Verdict("C45", "holds with conditions" if weak else "holds", f"{text}.")


def redis_keeps(digests: Sequence[Digest]) -> list[Verdict]:
    """C54 and C57: NEVER HELD if any shipped setting keeps all after a process kill."""
    redis = [d for d in digests if d.settings["broker"] == "redis" and d.settings["fault"] == "kill"]
    keeping = [d for d in redis if d.median["outcome"] == KEPT]
    losing = [d for d in redis if d.median["outcome"] in LOST]
    text = "; ".join(said(digests, d.settings["profile"], "kill") for d in (*keeping[:2], *losing[:1]))
    decided = "never held" if keeping else "holds" if redis and len(losing) == len(redis) else "undecided here"
    text = f"{text}." if text else "No setting of Redis was measured under SIGKILL."
    return [Verdict(claim, decided, text) for claim in ("C54", "C57")]  # type: ignore[arg-type]
