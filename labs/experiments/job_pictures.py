"""L2.3 in three pictures: who did which job (lanes), what waited meanwhile (timeline), which way keeps what (grid).

`python -m labs.experiments.job_pictures rabbitmq-manual-ack 10` measures one run with a killed worker and writes the
first two into book/pictures; the grid comes from the recorded digests of kill-the-worker.
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labs.model.digest import Digest, Recording
from labs.model.figures import Repeat
from labs.model.paths import PROJECT, home, write_text
from labs.model.run import NEVER
from labs.model.text import BROKER_NAMES, seconds, span
from labs.model.workload import NS_PER_S
from labs.show.pictures.base import About, Mark, Span
from labs.show.pictures.grid import Capability, Cell, Grid, Setup, State, grid
from labs.show.pictures.grid import Quantity as Column
from labs.show.pictures.items import Item
from labs.show.pictures.items import State as ItemState
from labs.show.pictures.lanes import Lanes
from labs.show.pictures.panels import Line
from labs.show.pictures.timeline import Quantity, Timeline, timeline

if TYPE_CHECKING:
    from labs.scenarios.jobs.facts import JobRun

FOLDER = PROJECT / "book" / "pictures"
NAME = "kill-the-worker"
STEP_NS = 100_000_000
PROMPT_S = 1.0
USUAL = 10
WORKERS = {1: "worker 1", 2: "worker 2"}
ONCE, AGAIN, CUT, HELD = "done", "done a second time", "cut off by the kill", "taken and never begun"
STATES = (
    ItemState(ONCE, "ink-soft", "solid", plain=True),
    ItemState(AGAIN, "conditions", "striped", "diamond"),
    ItemState(CUT, "never", "solid", "x"),
    ItemState(HELD, "no-longer", "pale", "circle"),
)


def _killed(run: JobRun) -> list[Mark]:
    """The kill and the moment at which another worker was subscribed, as far as they happened."""
    from labs.scenarios.jobs.event_log import Kind

    ready = run.events(Kind.READY, 2)[1]
    marks = [Mark(run.death.dead_ns, "worker 1 killed")] if run.death else []
    return marks + [Mark(int(at), "worker 2 ready") for at in ready[:1]]


def lanes(run: JobRun, about: About) -> Lanes:
    """A lane a worker, a bar a delivery: from when it was taken (thin) and begun until the worker went on or let go."""
    from labs.scenarios.jobs.event_log import Kind

    items: list[Item] = []
    known: set[int] = set()
    for worker, lane in WORKERS.items():
        began, done, freed = (_times(run, kind, worker) for kind in (Kind.BEGUN, Kind.DONE, Kind.RELEASED))
        starts = sorted(began.values())
        for job, taken_ns in _times(run, Kind.TAKEN, worker).items():
            start_ns, state = began.get(job), AGAIN if job in known else ONCE
            after = starts[bisect_right(starts, start_ns) :][:1] if start_ns is not None else []
            ends = [at for at in (*after, freed.get(job, NEVER)) if job in done and at != NEVER]
            end_ns = min(ends, default=done.get(job))
            if worker == 1 and run.death and end_ns is None:
                state, end_ns = HELD if start_ns is None else CUT, run.death.dead_ns
                start_ns = end_ns if start_ns is None else start_ns
            if start_ns is not None:
                items.append(Item(lane, f"job {job}", start_ns, end_ns, state, min(taken_ns, start_ns)))
        known |= set(done)
    marks = [Mark(m.at_ns, m.text.split(" ", 2)[2], m.text.rsplit(" ", 1)[0]) for m in _killed(run)]
    return Lanes(tuple(WORKERS.values()), STATES, tuple(items), tuple(marks), ("delivery", "deliveries"), "took", about)


def _times(run: JobRun, kind: int, worker: int) -> dict[int, int]:
    """Job -> when the worker first wrote this down."""
    jobs, at_ns = run.events(kind, worker)
    return {int(job): int(ns) for job, ns in zip(jobs[::-1], at_ns[::-1], strict=True)}


def waiting(run: JobRun) -> list[Line]:
    """Jobs that had been accepted and whose effect was not there yet, at each change."""
    done = _first_done(run)
    accepted = run["accepted_ns"][run["accepted_ns"] != NEVER]
    steps = sorted([(int(at), 1) for at in accepted] + [(at, -1) for at in done.values()])
    points, level = [(0, 0.0)], 0
    for at_ns, change in steps:
        level += change
        points.append((at_ns, float(max(level, 0))))  # an effect may be there before the yes has come back
    return [Line("waiting", tuple(points), "rabbitmq" if "rabbitmq" in run.mode else "ink")]


def flow(run: JobRun) -> list[Line]:
    """Jobs handed in and done in each tenth of a second, as a rate per second."""
    done = np.array(sorted(_first_done(run).values()), np.int64)
    sent = np.sort(run["sent_ns"][run["sent_ns"] != NEVER])
    edges = np.arange(0, max(int(x.max()) for x in (sent, done) if len(x)) + STEP_NS, STEP_NS)
    lines = []
    for name, times, ink, dash in (("handed in", sent, "ink-soft", "dash"), ("done", done, "ink", "solid")):
        counts = np.histogram(times, edges)[0]
        per_s = counts * (NS_PER_S / STEP_NS)
        middles = edges[:-1] + STEP_NS // 2
        points = tuple(
            (int(at), float(one)) for at, one in zip(middles, per_s, strict=True) if at <= times[-1] + STEP_NS
        )
        lines.append(Line(name, points, ink, dash))
    return lines


def took(run: JobRun) -> list[Line]:
    """From when a job was due to when its effect was there, ms, at the moment of the effect."""
    points = sorted((at, (at - int(run["due_ns"][job])) / 1_000_000) for job, at in _first_done(run).items())
    return [Line("a job", tuple(points), "ink")]


def _first_done(run: JobRun) -> dict[int, int]:
    from labs.scenarios.jobs.event_log import Kind

    jobs, at_ns = run.events(Kind.DONE)
    first: dict[int, int] = {}
    for job, ns in zip(jobs, at_ns, strict=True):
        first.setdefault(int(job), int(ns))
    return first


QUANTITIES = (
    Quantity("jobs waiting", "", waiting, shape="steps"),
    Quantity("jobs handed in and done", "/s", flow),
    Quantity("from due to done", "ms", took, scale="log", shape="dots"),
)


def course(run: JobRun, about: About) -> Timeline:
    """The same run over time, with the stretch in which there was no worker."""
    marks = _killed(run)
    gap = [Span(marks[0].at_ns, marks[1].at_ns, "no worker")] if len(marks) == 2 else []
    return timeline(QUANTITIES, run, marks, gap, about=about)


def _judged(digest: Digest) -> list[Repeat]:
    return [repeat for repeat in digest.repeats if repeat["verdict"] != "unknown" and not repeat["jobs"]["unknown"]]


def _none(digest: Digest, fate: str, word: str) -> Cell:
    """Whether a fate befell no job in any repeat; `mixed` where the repeats disagree."""
    found = [repeat["jobs"][fate] for repeat in _judged(digest)]
    if not found:
        return Cell("unknown", reason="no repeat can say")
    state: State = "yes" if not any(found) else "no" if all(found) else "mixed"
    of = f"of {span(repeat['jobs']['jobs'] for repeat in _judged(digest))} jobs"
    words = {"yes": "none", "no": word, "mixed": "repeats differ"}
    return Cell(state, words[state], span(found) if any(found) else "", of if any(found) else "")


def _lost(digest: Digest) -> Cell:
    return _none(digest, "lost", "lost")


def _twice(digest: Digest) -> Cell:
    return _none(digest, "twice", "twice")


def _on(digest: Digest) -> Cell:
    """Whether the dead worker's job was finished by another within PROMPT_S."""
    found = [repeat["redelivery_s"] for repeat in _judged(digest)]
    known = [one for one in found if one is not None]
    if not known:
        return Cell("no", "never", reason="no job of the dead worker was done by another")
    state: State = "yes" if max(known) <= PROMPT_S else "no" if min(known) > PROMPT_S else "mixed"
    return Cell(state, {"yes": "at once", "no": "late", "mixed": "repeats differ"}[state], seconds(known))


def _told(digest: Digest) -> Cell:
    """Whether the sender got an error for each job that was lost."""
    pairs = [(repeat["jobs"]["told"], repeat["jobs"]["lost"]) for repeat in _judged(digest) if repeat["jobs"]["lost"]]
    if not pairs:
        return Cell("absent", "nothing to tell", reason="no job was lost")
    state: State = "yes" if all(t == n for t, n in pairs) else "no" if not any(t for t, _ in pairs) else "partly"
    of = f"{span(t for t, _ in pairs)} of {span(n for _, n in pairs)}"
    return Cell(state, {"yes": "told", "no": "not told", "partly": "of some"}[state], of)


WAYS = (
    Column(Capability("Jobs lost", "loses nothing", "lose nothing"), _lost),
    Column(Capability("Done twice", "does nothing twice", "do nothing twice"), _twice),
    Column(Capability("Goes on", "goes on within a second", "go on within a second"), _on),
    Column(Capability("Sender told"), _told),
)


def ways(recorded: Recording) -> Grid:
    """The recorded file of kill-the-worker -> each way at the usual prefetch, by what it keeps when a worker dies."""
    found: dict[Setup, Digest | None] = {}
    for digest in recorded.digests:
        settings = digest.settings
        if settings["prefetch"] == USUAL:
            broker = settings["broker"]
            name = settings["label"].removeprefix(f"{BROKER_NAMES.get(broker, '')}, ").removeprefix("Redis ")
            group, ink = BROKER_NAMES.get(broker, "No broker"), broker if broker in BROKER_NAMES else ""
            found[Setup(name, group, ink)] = digest
    about = About(
        under="Ways to hand out jobs. The worker is killed in the middle of one, and another takes over.",
        condition=f"with {USUAL} jobs taken at once where a way takes several",
        command=f"labs run {NAME}",
        card={**recorded.digests[0].card, "broker": "", "client": "", "rung": "", "durability": {}},
    )
    return grid(WAYS, found, noun=("way", "ways"), about=about)


def main(given: Sequence[str]) -> int:
    """Measure one run and write both pictures of it, each with its run card."""
    from labs.experiments.kill_the_worker import LAB as KILL_THE_WORKER
    from labs.model.observer import Observer
    from labs.scenarios.jobs.facts import load

    mode, prefetch = given[0], int(given[1])
    digest = KILL_THE_WORKER.run(KILL_THE_WORKER.settings({"mode": mode, "prefetch": prefetch}), Observer())[0]
    run = load(max((home() / "runs" / NAME).glob("*.npz")))
    about = About(
        under=f"{digest.settings['label']}: {len(run['due_ns'])} jobs, the worker is killed in the middle of one.",
        condition=f"with {prefetch} jobs taken at once",
        command=f"labs run {NAME} --set mode={mode} --set prefetch={prefetch}",
        card=digest.card,
    )
    for name, made in (("lanes", lanes(run, about)), ("timeline", course(run, about))):
        write_text(FOLDER / f"{NAME}-{name}.json", json.dumps(made.to_json(), ensure_ascii=False) + "\n")
        print(made.sentence)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
