"""Run -> who was the bottleneck. A point that the client bounds says nothing about the broker.

The generator's own lateness is part of every latency, because that counts from the due time. So each latency is held
against the same without it, percentile by percentile: where they differ much, the figure is the generator's.
"""

from __future__ import annotations

import numpy as np

from labs.judge.latency import NS_PER_MS, end_to_end_ns, percentile, service_ns, timetable
from labs.judge.lift import HELD_UP
from labs.judge.loss import refusal
from labs.judge.saturation import (
    BUSY,
    FOREIGN_CORES,
    UNSEEN,
    Cores,
    Stamp,
    all_taken,
    by_client,
    ceiling,
    clients_cores,
    exhausted,
    full_thread,
    others_cores,
    saturation,
    used_text,
)
from labs.judge.soundness import stood_still
from labs.judge.threads import Busiest, busiest
from labs.model.processors import Room, room_in
from labs.model.run import HELD, NEVER, Column, Run, chunks, first_rows
from labs.model.workload import NS_PER_S, Ceiling

__all__ = [
    "BUSY", "FOREIGN_CORES", "UNSEEN", "Cores", "Stamp", "bottleneck", "busiest_threads", "cpu_cores", "disturbed",
    "exhausted", "saturation", "still_waiting", "void", "worked_s", "worker_busy", "young",
]  # fmt: skip

LATE_SHARE = 0.1
"""Of the period: a message that late is still sent in its turn."""
BACKLOG_SHARE = 0.1
BEHIND = 1.05
"""Times its planned duration: a producer that takes longer cannot keep the rate."""
LATE_OF_LATENCY = 0.2
"""Of the latency without it: the margin of the rules that compare latencies (claims.csv)."""
THROTTLED = 0.1
"""Of the periods of a control group: more than that in which its quota stopped somebody is a limit."""
YOUNG_CPU_S = {"kafka": 30.0}
"""Processor time after which a broker has warmed up. Kafka's Java compiles what it runs often: at 1,000 messages/s its
latency fell for about that long and then stayed."""


def cpu_cores(run: Run, between_ns: tuple[int, int] | None = None) -> Cores:
    """Mean cores used while messages were sent (or between two times), by role; `foreign` is what others on the machine
    used.

    None where it could not be seen (a broker inside a virtual machine, too few samples).
    """
    roles = {role: run[f"cpu_{role}_ns"] for role in ("broker", "producer", "consumer", "machine")}
    at, window = run["cpu_at_ns"], _sampled(run, between_ns or _measured_ns(run))
    if len(window) < 2:
        return dict.fromkeys((*roles, "foreign"), None)
    cores = {role: _cores(column[window], at[window]) for role, column in roles.items()}
    ours = [cores[role] for role in ("broker", "producer", "consumer") if role != "producer" or not _reading_alone(run)]
    whole = cores["machine"]
    known = whole is not None and None not in ours
    return cores | {"foreign": max((whole or 0) - sum(x or 0 for x in ours), 0) if known else None}


def _sampled(run: Run, between_ns: tuple[int, int]) -> Column:
    """Which samples of processor time lie between two times."""
    found: Column = np.flatnonzero((run["cpu_at_ns"] >= between_ns[0]) & (run["cpu_at_ns"] <= between_ns[1]))
    return found


def _reading_alone(run: Run) -> bool:
    """The producer had ended before anything was judged."""
    return run.facts.get("part") == "consume"


def _measured_ns(run: Run) -> tuple[int, int]:
    """When what is judged began and ended: the timetable, or of a closed loop its own events."""
    if not isinstance(run.workload, Ceiling):
        return 0, int(run["due_ns"][-1])
    delivered = run["delivered_ns"]
    if _reading_alone(run) and len(delivered):
        return int(delivered.min()), int(delivered.max())
    ended = max(int(run[name].max(initial=0)) for name in ("sent_ns", "confirmed_ns", "delivered_ns"))
    return 0, ended


def _cores(used_ns: Column, at_ns: Column) -> float | None:
    """Between the first and the last sample that there is; None where processes have ended that had used more."""
    known = np.flatnonzero(used_ns != NEVER)
    if len(known) < 2:
        return None
    first, end = known[0], known[-1]
    used = float(used_ns[end] - used_ns[first])
    # The machine's is a sum over processes, and one that has ended takes its time away with it.
    return None if used < 0 else used / float(at_ns[end] - at_ns[first])


def _too_late(run: Run) -> str:
    """Why the generator's lateness is too large a part of what it measured; empty if it is not."""
    rate_per_s = timetable(run).rate_per_s
    took, planned = int(run["sent_ns"].max() - run["sent_ns"][0]), int(run["due_ns"][-1])
    if took > BEHIND * planned > 0:
        rate = len(run["sent_ns"]) / took * NS_PER_S
        return f"the producer sent {rate:,.0f}/s, {rate_per_s:,g} were asked for"
    response_ns, service = end_to_end_ns(run), service_ns(run)
    for name, quantile in (("median", 0.5), ("p99", 0.99)):
        whole, without = percentile(response_ns, quantile), percentile(service, quantile)
        if whole is None or without is None:
            continue
        if whole - without > max(LATE_SHARE * NS_PER_S / rate_per_s, LATE_OF_LATENCY * without):
            parts = f"{whole / NS_PER_MS:.2f} ms instead of {without / NS_PER_MS:.2f}"
            return f"the producer's own lateness makes the {name} {parts}"
    return ""


def worker_busy(run: Run) -> str:
    """Which of our two workers had no CPU left, with its figure; empty if none."""
    return _busy(cpu_cores(run), room_in(run.facts))


def _busy(cores: Cores, room: Room) -> str:
    for role in ("producer", "consumer"):
        used = cores[role]
        if used is not None and used > BUSY * room.client:
            whole = "a core" if room.client == 1 else f"the {room.client:.2g} cores that it may use"
            return f"the {role} used {used:.2f} of {whole}"
    return ""


def void(run: Run) -> str:
    """Why nothing was measured; empty if something was."""
    names = ("sent_ns", "confirmed_ns", "refused_ns", "delivered_ns")
    return stood_still(run.facts.get("pauses", ()), [run[name] for name in names])


def throttled(run: Run) -> str:
    """How a quota of a control group stopped broker or clients; empty if it did not, or hardly."""
    known = run.facts.get("processors")
    whole, stopped = known["periods"] if known else (0, 0)
    return (
        f"{room_in(run.facts).less} stopped them in {stopped} of {whole} periods" if stopped > THROTTLED * whole else ""
    )


def bottleneck(run: Run, broker: str) -> tuple[Stamp, str]:
    """The stamp of a run and the reason for it, in words with the figures."""
    if why := void(run):
        return "void", why
    if why := refusal(run):
        return "refused", why
    if why := throttled(run):
        return "machine-bound", why
    if held := run.facts.get(HELD, ""):
        return "broker-bound", f"{HELD_UP}: {held}"
    return (_of_closed if isinstance(run.workload, Ceiling) else _of_open)(run, broker)


def _of_closed(run: Run, broker: str) -> tuple[Stamp, str]:
    cores = cpu_cores(run)
    if len(_sampled(run, _measured_ns(run))) < 2:
        return "unknown", "it was over before anybody's CPU use could be seen"
    if unseen := _unseen(run, cores):
        return "unknown", f"not all CPU use could be seen from here ({', '.join(unseen)} on other machines)"
    return ceiling(cores, broker, room_in(run.facts), busiest_threads(run))


def busiest_threads(run: Run) -> dict[str, Busiest]:
    """Role -> its busiest thread while messages were sent."""
    return busiest(run, _measured_ns(run))


def _of_open(run: Run, broker: str) -> tuple[Stamp, str]:
    cores, room = cpu_cores(run), room_in(run.facts)
    used, behind = cores["broker"], _behind(run)
    if why := _busy(cores, room):
        return "client-bound", why
    clients, others = clients_cores(cores), others_cores(cores, room)
    threads = busiest_threads(run)
    full = exhausted(broker, used, 0.0, clients, room=room, others=others, threads=threads)
    if full == "machine-bound":
        return full, f"{all_taken(cores, room)} ({used_text(used, by_client(cores))})"
    if why := _too_late(run):
        return "client-bound", why
    if used is None:  # a broker elsewhere: what made the messages wait may be the way to it
        return "unknown", f"{behind}, and what held them up cannot be said: {UNSEEN}" if behind else UNSEEN
    if full == "broker-bound":
        one = full_thread(threads, room)
        return full, f"{one.words} was full" if one else f"the broker used {used:.2f} cores"
    return ("broker-bound", behind) if behind else ("valid", "neither the clients nor the broker were saturated")


def _behind(run: Run) -> str:
    """How the messages waited longer and longer behind clients that had time; empty if they did not."""
    if _backlog_grew(run):
        return "the backlog grew while messages were sent"
    waiting = still_waiting(run)
    return (
        f"{waiting:.0%} of the messages had not arrived when the last one was sent" if waiting > BACKLOG_SHARE else ""
    )


def _unseen(run: Run, cores: Cores) -> list[str]:
    """Who of a run with far workers used processor time that nobody here could count."""
    roles = ("broker", "producer") if run.facts.get("part") == "produce" else ("broker", "producer", "consumer")
    return [role for role in roles if cores[role] is None] if run.facts.get("executor") else []


def still_waiting(run: Run) -> float:
    """Share of the messages taken that had not arrived when the last one was sent: how far the reader was behind. What
    was refused waits for nothing."""
    sent = run["sent_ns"][(run["sent_ns"] != NEVER) & (run["refused_ns"] == NEVER)]
    if not len(sent):
        return 0.0
    first, last_ns = first_rows(run), sent.max()
    rows = (first[part] for part in chunks(len(first)))
    there = sum(int((run["delivered_ns"][some[some != NEVER]] <= last_ns).sum()) for some in rows)
    return max(1 - there / len(sent), 0.0)


def _backlog_grew(run: Run) -> bool:
    """Whether the last quarter waited four times as long as the first, and 100 ms more: steady growth makes seven."""
    latency = end_to_end_ns(run)
    if len(latency) < 40:
        return False
    quarters = np.array_split(latency, 4)
    before, after = float(np.median(quarters[0])), float(np.median(quarters[3]))
    return after > 4 * before and after > before + 100 * NS_PER_MS


def worked_s(run: Run) -> float | None:
    """Processor time that the broker had used when the run began, s; None where it could not be seen."""
    known = run["cpu_broker_ns"][run["cpu_broker_ns"] != NEVER]
    return float(known[0]) / NS_PER_S if len(known) else None


def young(run: Run, broker: str) -> bool:
    """Whether the broker had not warmed up when the run began: it is then slower than it will be."""
    worked = worked_s(run)
    return worked is not None and worked < YOUNG_CPU_S.get(broker, 0)


def disturbed(run: Run) -> bool:
    """Whether others took so much of the processor that the run is to be done again (measuring.md 8.7).

    Asks only for what the broker does not decide, so that leaving out such a run does not choose a result.
    """
    return (cpu_cores(run)["foreign"] or 0) > FOREIGN_CORES
