"""What several test files make: a command that is run, runs that nobody measured, the words of a page."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import Any

import numpy as np

from labs.model.run import NEVER, Run, empty_columns
from labs.model.workload import NS_PER_S, Ceiling, Workload
from labs.scenarios.calls.board import Outcome
from labs.scenarios.calls.facts import CallRun
from labs.scenarios.calls.plan import Plan
from labs.scenarios.jobs.event_log import Kind
from labs.scenarios.jobs.facts import Death, JobRun

MS = 1_000_000
SECOND = Workload(rate_per_s=1000, duration_s=1, warmup_s=0)
TWO_SECONDS = Workload(rate_per_s=1000, duration_s=2, warmup_s=0)


def labs(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command line as a user has it, with these variables set."""
    command = [sys.executable, "-m", "labs", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ | variables, check=False)


def make_run(
    sent: list[int], confirmed: list[int], delivered: list[int], *, settled: bool = True, messages: int = 1000
) -> Run:
    """An open loop in which these messages were sent, confirmed and, in this order, delivered."""
    columns = empty_columns(np.arange(messages, dtype=np.int64) * 1_000_000)
    columns["sent_ns"][sent] = columns["due_ns"][sent] + 10
    columns["confirmed_ns"][confirmed] = columns["due_ns"][confirmed] + 20
    order = np.array(delivered, np.int64)
    columns |= {"delivered_sequence": order, "delivered_ns": np.arange(len(order), dtype=np.int64) * 1_000_000 + 50}
    columns |= {"delivered_due_ns": np.zeros_like(order), "delivered_again": np.zeros_like(order)}
    return Run("memory", SECOND, columns, settled)


KILLED = Death(pid=4711, asked_ns=100 * MS, dead_ns=101 * MS, exit_code=-signal.SIGKILL)
"""In every made run below the worker is killed 100 ms after the start."""


Event = tuple[Kind, int, int, int]
"""Kind, job, worker, ms."""


FIRST_IN_WORK: list[Event] = [
    (Kind.TAKEN, 0, 1, 50), (Kind.BEGUN, 0, 1, 50), (Kind.DONE, 0, 1, 55), (Kind.RELEASED, 0, 1, 60),
    (Kind.TAKEN, 1, 1, 95), (Kind.BEGUN, 1, 1, 95),
]  # fmt: skip
"""Job 0 is done and released; the worker dies over job 1, before its effect."""


def job_run(
    events: list[Event], *, accepted: tuple[int, ...] = (1, 2, 3), refused: tuple[int, ...] = (NEVER,) * 3,
    death: Death | None = KILLED, drained: bool = True,
) -> JobRun:  # fmt: skip
    """Three jobs, handed in and answered at the ms given; a negative one means never."""
    table = np.array(events, np.int64).reshape(-1, 4)
    answers = {"accepted_ns": accepted, "refused_ns": refused}
    columns = {name: np.where(np.array(at) < 0, NEVER, np.array(at) * MS) for name, at in answers.items()}
    columns |= {"due_ns": np.array([0, 1, 2]) * MS, "sent_ns": np.array([0, 1, 2]) * MS, "tries": np.ones(3, np.int64)}
    columns |= {"event_kind": table[:, 0], "event_job": table[:, 1], "event_worker": table[:, 2]}
    columns["event_ns"] = table[:, 3] * MS
    return JobRun("redis-blpop", 1, 1, columns, death, drained)


def closed_run(
    sent_ms: list[int], confirmed_ms: list[int], delivered_ms: list[int], warmup: int = 0, part: str = "both"
) -> Run:
    """A closed loop with these times; -1 is never."""
    sent = np.array([NEVER if ms < 0 else ms * MS for ms in sent_ms], np.int64)
    columns = empty_columns(sent) | {"sent_ns": sent}
    columns["confirmed_ns"] = np.array([NEVER if ms < 0 else ms * MS for ms in confirmed_ms], np.int64)
    order = np.array([number for number, ms in enumerate(delivered_ms) if ms >= 0], np.int64)
    times = np.array([ms * MS for ms in delivered_ms if ms >= 0], np.int64)
    columns |= {"delivered_sequence": order, "delivered_ns": times}
    columns |= {"delivered_due_ns": np.zeros_like(order), "delivered_again": np.zeros_like(order)}
    plan = Ceiling(messages=len(sent), window=10, batch=1, warmup_messages=warmup)
    return Run("memory", plan, columns, settled=True, facts={"part": part})


def open_run(
    latency_ns: int = 1_000_000, late_ns: int = 1000, cores: tuple[float, ...] = (0.2, 0.2, 0.2, 0.7), growth: float = 0
) -> Run:
    """An open loop in which each message took that long, and each role used that many cores."""
    columns = empty_columns(TWO_SECONDS.due_ns())
    due = columns["due_ns"]
    columns |= {
        "sent_ns": due + late_ns,
        "confirmed_ns": due + late_ns + 100,
        "delivered_sequence": np.arange(len(due)),
    }
    columns["delivered_ns"] = due + latency_ns + (np.arange(len(due)) * growth).astype(np.int64)
    columns |= {"delivered_due_ns": due, "delivered_again": np.zeros_like(due)}
    at = np.arange(0, 2 * NS_PER_S, NS_PER_S // 10)
    columns["cpu_at_ns"] = at
    for role, used in zip(("broker", "producer", "consumer", "machine"), cores, strict=True):
        columns[f"cpu_{role}_ns"] = (at * used).astype(np.int64)
    return Run("redis-stream-everysec", TWO_SECONDS, columns, True)


PARTS = "exercise|at-a-glance|in-short|mondays|guess|repeat|take-along|quiz|lab-panel|claim|drawing"


def prose(text: str) -> str:
    """What a reader reads as text: no directives, code, roles, addresses or numbers of lists and headings."""
    text = re.sub(rf"(?ms)^(`{{3,}})(\{{({PARTS})\}}|sh|python|toml|text).*?^\1\s*$", "", text)
    text = re.sub(r"`+[^`\n]*\n?[^`\n]*`+", "", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return re.sub(r"(?m)^(#+ )?\d+\. ", "", text)


HUNDRED = Workload(rate_per_s=100, duration_s=1, warmup_s=0)
"""A hundred messages, one every ten milliseconds."""


STRUCK = {"kind": "kill", "method": "SIGKILL", "at_ns": 800_000_000, "text": "pid 7 died", "sent_then": 80}


def struck_run(delivered: list[int], **changed: Any) -> Run:
    """80 sent and acknowledged at once, then the fault; what was there afterwards."""
    columns = empty_columns(HUNDRED.due_ns())
    sent = np.where(np.arange(100) < 80, columns["due_ns"], NEVER)
    columns |= {"sent_ns": sent, "confirmed_ns": sent.copy()}
    columns |= {"delivered_sequence": np.array(delivered, np.int64), "delivered_ns": np.full(len(delivered), 10**9)}
    facts = {"fault": STRUCK, "seed": 1, "took_s": 5.0} | changed.get("facts", {})
    return Run(
        "redis-list-always", HUNDRED, columns, changed.get("settled", True), True, changed.get("trouble", ""), facts
    )


AWAY = Plan(callers=6, calls=6, rate_per_s=30, returns_s=1.0, hasty_s=0.3, patience_s=8.0)


def call_run(plan: Plan, rows: list[tuple[int, int, int, Outcome, int]], **facts: Any) -> CallRun:
    """Rows of due, start, returned (ms; negative is never), outcome, done."""
    table = np.array([[*row[:3], row[4]] for row in rows], np.int64).reshape(-1, 4)
    times = np.where(table < 0, NEVER, table * MS)
    columns = dict(zip(("due_ns", "start_ns", "returned_ns", "done_ns"), times.T, strict=True))
    return CallRun("http-kept", plan, columns | {"outcome": np.array([row[3] for row in rows])}, True, facts=facts)
