"""L2.3 Kill the worker: what becomes of the jobs when the process that does them dies in the middle of one?

Eleven ways to hand work to a process. Claims C18, C19, C26 and a part of C02.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labs.experiments import worker_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.judge import soundness
from labs.judge.card import card
from labs.judge.repeats import Summed, agreement, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat, figure
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import BROKERS, profile
from labs.model.workload import NS_PER_S
from labs.scenarios.jobs import MODES, Mode, mode_of, settings_of
from labs.show.looks import JOBS_GUESS, JOBS_LOOK
from labs.show.short.others import kill_the_worker

if TYPE_CHECKING:
    from labs.scenarios.jobs.facts import JobRun
    from labs.scenarios.jobs.judge import Tally
    from labs.scenarios.jobs.producer import Plan

NAME = "kill-the-worker"
PREFETCH = (1, 10, 50)
SEEDS = 5
FAULT_METHOD = "SIGKILL to the worker's process, its death read from its exit status"
LOCAL_CLIENT = "Python's own http.server and asyncio"
TRIES = 3
"""Of a run whose kill missed: it fell between two jobs, or into the other half of one than the seed says."""


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: the chosen mode, once a seed."""
    from labs.scenarios.jobs.producer import Plan

    mode, repeats = mode_of(settings["mode"]), settings.get("repeats", 1)
    runs: list[tuple[JobRun, float]] = []
    with place(mode.broker if mode.profile else "", observer) as endpoint:
        for at in range(repeats):
            start_s = time.monotonic()
            plan, part = Plan(settings.get("seed", 1) + at), observer.part(at, repeats, mode.label)
            found = hit(NAME, mode, endpoint, plan, settings["prefetch"], part)
            runs.append((found, time.monotonic() - start_s))
        on_card = _card(mode, endpoint, [one for one, _ in runs])
    return [digest(mode, settings["prefetch"], runs, on_card)]


def hit(lab: str, mode: Mode, endpoint: Endpoint | None, plan: Plan, prefetch: int, observer: Observer) -> JobRun:
    """A run whose kill fell where the seed says, or else the last one tried; every run's facts are kept."""
    from labs.scenarios.jobs.conductor import run as run_jobs
    from labs.scenarios.jobs.judge import judge, void

    for attempt in range(TRIES):
        found = run_jobs(mode, endpoint, plan, prefetch, observer)
        found.facts["attempts"] = attempt + 1
        found.save(new_run_file(lab, mode.name))
        if found.trouble or (judge(found).aimed and not void(found)):
            break
    return found


def digest(mode: Mode, prefetch: int, runs: Sequence[tuple[JobRun, float]], on_card: Card) -> Digest:
    """One point of the lab from its runs and the seconds that each took."""
    from labs.scenarios.jobs.judge import judge, refused_unasked, void

    counted = soundness.counted(runs, lambda one: void(one[0]), lambda one: refused_unasked(one[0]))
    repeats = [_repeat(one, judge(one), took_s) for one, took_s in counted.runs]
    found = Digest(
        lab=NAME,
        settings={
            "mode": mode.name,
            "label": mode.label,
            "broker": mode.broker,
            "prefetch": prefetch,
            "batches": mode.batches,
        },
        setup=_setup(mode, prefetch),
        repeats=repeats,
        card=on_card,
        **sum_up(repeats),
    )
    return counted.told_by(found)


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """What became of the jobs over the repeats, on what they agree, and how long it took until they went on."""
    known = {name: [figure(r, "jobs", name) for r in repeats] for name in ("jobs", "once", "twice", "lost", "told")}
    known |= {name: [figure(r, name) for r in repeats] for name in ("redelivery_s", "restart_s")}
    median = agreement(repeats) | {name: known_median(values, 3) for name, values in known.items()}
    median["took_s"] = known_median([r["took_s"] for r in repeats], 1)
    return {"median": median, "spread": {name: known_range(values) for name, values in known.items()}}


def _setup(mode: Mode, prefetch: int) -> dict[str, object]:
    """What the worker's code sets, and of Kafka after how long of silence it counts as dead."""
    from labs.scenarios.jobs.on_kafka import session_s

    return {"killed": settings_of(mode, prefetch), **(session_s() if mode.broker == "kafka" else {})}


def _repeat(run: JobRun, tally: Tally, took_s: float) -> Repeat:
    from labs.scenarios.jobs.conductor import evidence

    death = run.death
    return {
        "seed": run.seed,
        "outcome": tally.outcome,
        "verdict": tally.verdict,
        "jobs": {name: getattr(tally, name) for name in ("jobs", "once", "twice", "lost", "unknown", "told")},
        "waiting": {"jobs": tally.waiting, "lost": tally.waiting_lost},
        "held": tally.held,
        "redelivery_s": _rounded(tally.redelivery_s),
        "restart_s": _rounded(tally.restart_s),
        "took_s": round(took_s, 1),
        "trouble": run.trouble,
        "fault": {
            "kind": "kill",
            "method": "SIGKILL",
            "at_s": round(death.asked_ns / NS_PER_S, 3) if death else None,
            "evidence": f"{evidence(death)}; jobs in its hands: {tally.held}" if death else "",
        },
    }


def _rounded(value_s: float | None) -> float | None:
    return None if value_s is None else round(value_s, 3)


def _card(mode: Mode, endpoint: Endpoint | None, runs: Sequence[JobRun]) -> dict[str, object]:
    from labs.scenarios.jobs.producer import BODY_BYTES, Plan
    from labs.scenarios.jobs.work import WORK_S

    plan = Plan(0)
    more = {
        "payload_bytes": BODY_BYTES,
        "jobs": f"{plan.jobs}, one every {plan.every_ns / 1e6:g} ms, each takes {WORK_S * 1000:g} ms",
        "prefetch": "taken and acknowledged together" if mode.batches else "this mode has none: one job at a time",
        "fault_method": FAULT_METHOD,
        "disturbed_runs_left_out": sum(run.facts["attempts"] - 1 for run in runs),
    }
    if not endpoint:
        more["client"] = LOCAL_CLIENT
    using = profile(mode.profile) if endpoint else None
    return card(endpoint, using, runs[-1].facts, more, repeats=len(runs))


def grid() -> list[Settings]:
    """Every mode at prefetch 10; RabbitMQ's manual acknowledgement also at 1 and 50. Each with ROUNDS seeds."""
    points = [(name, 10) for name in MODES] + [("rabbitmq-manual-ack", number) for number in (1, 50)]
    return [{"mode": mode, "prefetch": prefetch, "repeats": SEEDS} for mode, prefetch in points]


LAB = Experiment(
    name=NAME,
    number="L2.3",
    title="Kill the worker",
    question="What becomes of the jobs when the worker dies in the middle of one?",
    short=kill_the_worker,
    claims=("C02", "C18", "C19", "C26"),
    controls=(
        Control("mode", "Way", "choice", "redis-blpop", tuple(Option(m.name, m.label) for m in MODES.values())),
        Control("prefetch", "Jobs taken at once", "choice", 10, tuple(Option(n, f"{n}") for n in PREFETCH)),
    ),
    grid=grid,
    run=run,
    rules=worker_verdicts.RULES,
    beside=(worker_verdicts.BESIDE,),
    needs=BROKERS,
    sum_up=sum_up,
    point_s=7.0,
    quiet=False,
    look=JOBS_LOOK,
    guess=JOBS_GUESS,
)
