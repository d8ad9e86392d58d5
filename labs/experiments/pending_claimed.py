"""L6.4 Pending, claimed, forgotten: what becomes of the messages of a Redis stream, and what the server keeps of them.

Seven ways to claim, to delete and to trim, while a worker dies, a job is slow and nobody reads for a second. The
condition of claim C63.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from labs.experiments import pending_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.judge import soundness
from labs.judge.card import card
from labs.judge.repeats import Summed, agreement, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.scenarios.pending import (
    AWAY_FROM_S,
    AWAY_TO_S,
    BODY_BYTES,
    HOLDS,
    MESSAGES,
    PER_S,
    SLOW,
    SLOW_S,
    WAYS,
    WORKERS,
    Way,
    way_of,
)
from labs.show.looks.pending import CHART, PENDING_GUESS, PENDING_LOOK
from labs.show.short.pending import pending_claimed

if TYPE_CHECKING:
    from labs.scenarios.pending.facts import PendingRun

NAME = "pending-claimed"
REPEATS = 5
COUNTS = ("gone_unread", "claims", "told_gone", "answered_0", "most_ghosts", "pending_end", "entries_end", "no_group")
FIGURES = ("bytes_acked", "bytes_trimmed", "again_s", "lag_end")


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: the chosen way, once a repeat."""
    from labs.scenarios.pending.conductor import run as run_pending

    way, repeats = way_of(settings["way"]), settings.get("repeats", 1)
    runs: list[tuple[PendingRun, float]] = []
    with _server(way, observer) as endpoint:
        for at in range(repeats):
            start_s = time.monotonic()
            found = run_pending(way, endpoint, observer.part(at, repeats, way.label))
            found.save(new_run_file(NAME, way.name))
            runs.append((found, time.monotonic() - start_s))
        return [digest(way, runs, _card(endpoint, [one for one, _ in runs]))]


@contextmanager
def _server(way: Way, observer: Observer) -> Iterator[Endpoint]:
    """A Redis; where it is to evict keys, one that nobody else uses, and never one of the reader's."""
    from labs import stack

    if not way.evicts:
        with place("redis", observer) as endpoint:
            assert endpoint  # it is named
            yield endpoint
        return
    stack.spare("redis", "filling its memory until it evicts keys")
    with stack.session(("redis",), own=True, report=partial(observer.progress, 0.0)) as endpoints:
        yield endpoints["redis"]


def digest(way: Way, runs: Sequence[tuple[PendingRun, float]], on_card: Card) -> Digest:
    """One point of the lab from its runs and the seconds that each took; the picture is of the last."""
    from labs.experiments.pending_pictures import course
    from labs.scenarios.pending.judge import void

    counted = soundness.counted(runs, lambda one: void(one[0]))
    repeats = [_repeat(one, took_s) for one, took_s in counted.runs]
    last = counted.runs[-1][0]
    found = Digest(
        lab=NAME,
        settings={"way": way.name, "label": way.label, "broker": "redis"},
        setup={name: last.facts[name] for name in ("policy", "sent_after", "has_group") if name in last.facts},
        repeats=repeats,
        card=on_card,
        pictures={CHART: course(last, way).to_json()},
        **sum_up(repeats),
    )
    return counted.told_by(found)


def _repeat(run: PendingRun, took_s: float) -> Repeat:
    from labs.scenarios.pending.judge import judge

    bill = judge(run)
    lost = bill.fates["forgotten"] + bill.fates["gone"] + bill.fates["unread"]
    return {
        "outcome": bill.outcome,
        "verdict": "unknown" if not bill.known else "broken" if lost else "kept",
        "counts": {"sent": MESSAGES, **bill.fates, **{name: getattr(bill, name) for name in COUNTS}},
        "figures": {name: getattr(bill, name) for name in FIGURES},
        "fault": {"kind": "kill", "method": "SIGKILL to the worker’s process", "evidence": run.evidence},
        "trouble": run.trouble,
        "took_s": round(took_s, 1),
    }


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """On what the repeats agree, and the medians and ranges of what each counted."""
    names = repeats[0]["counts"] if repeats else ()
    known: dict[str, list[float | None]] = {name: [one["counts"][name] for one in repeats] for name in names}
    known |= {name: [one["figures"][name] for one in repeats] for name in FIGURES}
    median = agreement(repeats) | {name: known_median(values, 3) for name, values in known.items()}
    median["took_s"] = known_median([one["took_s"] for one in repeats], 1)
    return {"median": median, "spread": {name: known_range(values) for name, values in known.items()}}


def _card(endpoint: Endpoint, runs: Sequence[PendingRun]) -> dict[str, object]:
    more = {
        "payload_bytes": BODY_BYTES,
        "messages": f"{MESSAGES}, {PER_S} a second; numbers {' and '.join(map(str, SLOW))} take {SLOW_S:g} s of work",
        "workers": f"{WORKERS} processes; one is killed with {HOLDS} messages in its hands, the others stand still "
        f"from {AWAY_FROM_S:g} s to {AWAY_TO_S:g} s",
    }
    return card(endpoint, None, runs[-1].facts, more, repeats=len(runs))


LAB = Experiment(
    name=NAME,
    number="L6.4",
    title="Pending, claimed, forgotten",
    question="What becomes of a message that was read and never acknowledged, and what frees the memory?",
    short=pending_claimed,
    claims=("C63",),
    controls=(Control("way", "Way", "choice", "late", tuple(Option(o.name, o.label) for o in WAYS.values())),),
    grid=lambda: [{"way": name, "repeats": REPEATS} for name in WAYS],
    run=run,
    rules=pending_verdicts.RULES,
    beside=(pending_verdicts.BESIDE,),
    needs=("redis",),
    sum_up=sum_up,
    point_s=6.0,
    quiet=False,
    look=PENDING_LOOK,
    guess=PENDING_GUESS,
)
