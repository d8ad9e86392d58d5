"""Record a lab: every point of its grid, into the one file that the book reads."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from labs import stack
from labs.experiments.base import Experiment, Settings
from labs.experiments.record_plan import silent
from labs.experiments.rounds import SEED, Rounds, Watcher, made_by
from labs.judge import recording
from labs.judge.latency import NS_PER_MS, end_to_end_ns, percentile
from labs.judge.recording_journal import Journal
from labs.judge.repeats import foreign
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.paths import RECORDED, home
from labs.model.profile import UnknownNameError, profile
from labs.model.run import RunFileError
from labs.model.workload import Workload
from labs.record.recorder import record
from labs.scenarios.bench.guard import turn

PROXY, WARM = "port proxy", "warm-up"
"""Keys of the journal for what belongs to no point."""
PROXY_ROUNDS = 5
PROXY_PLAN = Workload(rate_per_s=1000, duration_s=2, warmup_s=1)


def points(lab: Experiment, repeats: int | None = None, only: Mapping[str, Any] | None = None) -> list[Settings]:
    """The settings of every point, with another number of repeats if given; `only` those with these settings."""
    changed = {"repeats": repeats} if repeats else {}
    found = [lab.settings(point | changed) for point in lab.grid()]
    names = {c.alias or c.name: c.name for c in lab.controls} | {c.name: c.name for c in lab.controls}
    for name, value in (only or {}).items():
        if name not in names:
            raise UnknownNameError("setting", name, sorted(names))
        found = [point for point in found if value in _texts(point[names[name]])]
    if not found:
        asked = ", ".join(f"{name}={value}" for name, value in (only or {}).items())
        raise ValueError(
            f"No point of {lab.name}'s grid has {asked}. All are listed by: labs record {lab.name} --dry-run"
        )
    return found


def _texts(value: Any) -> list[str]:
    """A setting as a command line gives it: one text, or each of a list."""
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


@dataclass(frozen=True)
class Recording:
    """How labs are recorded: on which brokers, into which folder, in which order."""

    backend: str = "auto"
    folder: Path | None = None
    seed: int = SEED
    keep: bool = False
    """The file's other points and its card stay as they are: only some points are measured anew."""
    draft: bool = False
    """Short runs, for a lab that is being written."""

    def path(self, lab: Experiment) -> Path:
        """The lab's recorded file."""
        return (self.folder or RECORDED) / f"{lab.name}.json"

    def rounds(self, lab: Experiment, settings: Sequence[Settings]) -> Rounds:
        """The rounds of these points, as far as an earlier call that was interrupted has come."""
        name = f"{lab.name}-only" if self.keep else lab.name
        return Rounds(lab, settings, Journal.of(name, made_by(lab, self.backend), self.folder), self.seed, self.draft)


def record_lab(rounds: Rounds, how: Recording, watcher: Watcher) -> Path:
    """Measure what is left of the rounds and write the recorded file, which an interrupted recording leaves alone.

    Containers on Linux share this machine's network, so that Docker's port proxy is not measured;
    what the proxy costs is measured once and stands on the file's card.
    """
    lab, path = rounds.lab, how.path(rounds.lab)
    if how.keep and not path.exists():
        raise RunFileError(f"There is no {path} whose other points could be kept. Record the whole lab first.")
    old = recording.load(path) if how.keep else None  # before hours of measuring, not after
    with rounds.journal.held():
        digests, extra = _measured(rounds, how.backend, watcher)
        head = {**digests[0].card, **extra, "recording": rounds.card()}
        digests += lab.elsewhere() if lab.elsewhere else []
        if old:
            fresh = {lab.look.key(one.settings): one for one in digests}
            digests = [fresh.pop(lab.look.key(one.settings), one) for one in old.digests] + list(fresh.values())
            head = dict(old.card)
        recording.save(path, lab.name, digests, head)
        rounds.journal.end()
    return path


def _measured(rounds: Rounds, backend: str, watcher: Watcher) -> tuple[list[Digest], dict[str, Any]]:
    """All points, and what belongs on the file's card besides that of the first."""
    lab, observer = rounds.lab, watcher.begins(0, {})
    host_network = bool(lab.needs) and sys.platform == "linux" and stack.kind_of(backend) == "compose"
    extra = {part.key: part.facts for part in rounds.journal.parts() if part.round == 0}
    if host_network and PROXY not in extra:
        extra[PROXY] = rounds.journal.add(PROXY, 0, port_proxy_ms(observer), 0).facts
    needed = lab.needs if rounds.left() else ()
    with stack.session(
        needed, backend, report=lambda text: observer.progress(0, text), host_network=host_network
    ) as at:
        if lab.warm_up and rounds.left():
            warm = lab.warm_up(observer)
            if WARM not in extra:
                extra[WARM] = rounds.journal.add(WARM, 0, warm, 0).facts
        digests = rounds.run(partial(_measure, lab, backend, list(at.values())), watcher)
    if host_network:
        digests = [replace(one, card={**one.card, "backend": "containers, host networking"}) for one in digests]
    return digests, {name: fact for facts in extra.values() for name, fact in facts.items()}


def _measure(lab: Experiment, backend: str, there: Sequence[Endpoint], point: Settings, own: Observer) -> list[Digest]:
    """One point of one round; where its repeat does not say what other programs used, it is watched from here."""
    asked = point if lab.needs or not lab.controls else point | {"backend": backend}
    if not there:
        return lab.run(asked, own)
    with turn(replace(there[0], pids=tuple(pid for one in there for pid in one.pids))) as took:
        found = lab.run(asked, own)
    used = {"foreign": round(took.foreign, 3)}
    return [
        one
        if any(True for repeat in one.repeats for _ in foreign(repeat))
        else replace(one, repeats=[cast("Repeat", {**repeat, **used}) for repeat in one.repeats])
        for one in found
    ]


def judge_anew(lab: Experiment, folder: Path | None = None, runs: Path | None = None) -> Path:
    """Write the recorded file again from the raw runs that were kept: the same facts, today's rules.

    `runs` is the folder of the raw runs; this machine's own if not given. RunFileError if there are none.
    """
    where = runs or home() / "runs" / lab.name
    paths = sorted(where.glob("*.npz"))
    if lab.judge is None:
        raise ValueError(f"{lab.name} cannot be judged anew from its raw runs. Record it: labs record {lab.name}")
    if not paths:
        raise RunFileError(f"There are no raw runs of {lab.name} in {where}. Record it: labs record {lab.name}")
    order = {lab.look.key(point): at for at, point in enumerate(_flat(points(lab)))}
    found = [one for one in lab.judge(paths) if lab.look.key(one.settings) in order]
    found.sort(key=lambda one: order[lab.look.key(one.settings)])
    path = (folder or RECORDED) / f"{lab.name}.json"
    recording.save(path, lab.name, found, found[0].card)
    return path


def _flat(settings: Sequence[Settings]) -> list[Settings]:
    """A point that names a list of one setting as one that names it."""
    return [{name: one[0] if isinstance(one, list) else one for name, one in point.items()} for point in settings]


def port_proxy_ms(observer: Observer) -> dict[str, dict[str, Any]]:
    """Redis' median latency, ms, through Docker's port proxy and without it; rounds interleaved, one value a round."""
    found: dict[str, list[float]] = {"published_port_ms": [], "host_network_ms": []}
    using = profile("redis-stream-none")
    for number in range(PROXY_ROUNDS):
        for name in sorted(found, reverse=number % 2 == 1):
            observer.progress(0, f"port proxy, round {number + 1}: {name}")
            host = name == "host_network_ms"
            with stack.session(("redis",), "compose", report=silent, own=True, host_network=host) as here:
                run = record(here["redis"], using, PROXY_PLAN)
            found[name].append(round((percentile(end_to_end_ns(run), 0.5) or 0) / NS_PER_MS, 4))
    return {name: {"p50": statistics.median(values), "rounds": values} for name, values in found.items()}
