"""What all fault labs are: their controls, one point as runs with seeds, and how each run is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from labs.experiments.base import Control, Experiment, Option, Settings
from labs.judge.fault_digest import sum_up
from labs.model.digest import Digest
from labs.model.faults import LOAD, NAMES
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import Profile, profile
from labs.model.run import Run, load
from labs.model.workload import Workload
from labs.show.looks import FAULT_LOOK, LOSS_GUESS

SEEDS = 3
MATRIX = (
    "redis-list-none",
    "redis-list-rdb",
    "redis-list-no",
    "redis-list-everysec",
    "redis-list-always",
    "rabbitmq-transient-confirms",
    "rabbitmq-persistent",
    "rabbitmq-confirms",
    "rabbitmq-quorum-transient",
    "rabbitmq-quorum",
    "kafka-acks-0",
    "kafka-acks-1",
    "kafka-acks-all",
    "kafka-flush",
)
"""One profile a row of the loss matrix, weakest promise first within each broker."""
DISKS = {"": "the best that this machine can do", "loop": "ext4 shutdown, root", "ledger": "fsync ledger, no root"}


def fault_lab(
    name: str,
    *,
    profiles: Sequence[str],
    faults: Sequence[str],
    default: str | Sequence[str],
    load: Workload = LOAD,
    seeds: int = SEEDS,
    **lab: Any,
) -> Experiment:
    """A lab whose controls are a broker's setting, what happens to it, and how power is cut; `lab` is the rest of it.

    Where `default` names several settings they are run side by side, and these alone are recorded. A claim that is
    measured reads five `seeds`.
    """

    def run(settings: Settings, observer: Observer) -> list[Digest]:
        asked = settings["profile"]
        chosen = [profile(one) for one in ([asked] if isinstance(asked, str) else asked)]
        return measured(name, chosen, settings, observer, load=load)

    return Experiment(
        name=name,
        controls=tuple(_controls(profiles, faults, default)),
        grid=lambda: (
            points(profiles, faults, seeds) if isinstance(default, str) else side_by_side(default, faults, seeds)
        ),
        point_s=16.0,
        quiet=False,
        run=run,
        needs=(),
        judge=partial(judged, name),
        sum_up=sum_up,
        look=FAULT_LOOK,
        guess=LOSS_GUESS,
        **lab,
    )


def _controls(profiles: Sequence[str], faults: Sequence[str], default: str | Sequence[str]) -> Iterator[Control]:
    options = tuple(Option(one, profile(one).label) for one in profiles)
    if isinstance(default, str):
        yield Control("profile", "Setting", "choice", default, options, alias="setting")
    else:
        yield Control("profile", "Settings", "many", list(default), options, alias="setting")
    yield Control("fault", "What happens", "choice", "kill", tuple(Option(kind, NAMES[kind]) for kind in faults))
    yield Control("disk", "Power is cut by", "choice", "", tuple(Option(*one) for one in DISKS.items()))


def points(profiles: Sequence[str], faults: Sequence[str], seeds: int = SEEDS) -> list[Settings]:
    """Every setting by every fault, so many seeds each; weakest fault first, so that a row fills from the left."""
    return [{"profile": name, "fault": fault, "repeats": seeds} for name in profiles for fault in faults]


def side_by_side(profiles: Sequence[str], faults: Sequence[str], seeds: int = SEEDS) -> list[Settings]:
    """The same where a reader may choose several settings; only Redis can run out of memory."""
    can = [one for one in points(profiles, faults, seeds) if one["fault"] != "memory-full" or "redis" in one["profile"]]
    return [one | {"profile": [one["profile"]]} for one in can]


def measured(
    lab: str, chosen: Sequence[Profile], settings: Settings, observer: Observer, *, load: Workload = LOAD
) -> list[Digest]:
    """One point a profile, each with `repeats` seeds (1, 2, ...); raw runs are kept on disk."""
    from labs.judge.fault_digest import bill
    from labs.scenarios.fault_run import record_fault
    from labs.scenarios.faults import Fault

    repeats = settings.get("repeats", 1)
    steps, found = len(chosen) * repeats, []
    for at, using in enumerate(chosen):
        runs = []
        for turn in range(repeats):
            seed = settings.get("seed", 1) + turn
            fault = Fault(settings["fault"], seed, disk=settings.get("disk", ""))
            part = observer.part(at * repeats + turn, steps, f"{using.label}, seed {seed}")
            runs.append(_kept(lab, record_fault(using, load, fault, part, backend=settings.get("backend", "auto"))))
        found.append(bill(lab, {"fault": settings["fault"]}, runs, using))
    return found


def judged(lab: str, paths: Iterable[Path]) -> list[Digest]:
    """The digests of raw runs that were kept; of the same profile, fault and seed the newest counts."""
    from labs.judge.fault_digest import bill

    newest: dict[tuple[str, str], dict[int, Run]] = {}
    for path in sorted(paths):
        run = load(path)
        newest.setdefault((run.profile, run.facts["fault"]["kind"]), {})[run.facts["seed"]] = run
    return [
        bill(lab, {"fault": kind}, [runs[seed] for seed in sorted(runs)], profile(name))
        for (name, kind), runs in newest.items()
    ]


def _kept(lab: str, run: Run) -> Run:
    run.save(new_run_file(lab, run.profile))
    return run
