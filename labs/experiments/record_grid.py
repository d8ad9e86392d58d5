"""Record a lab: every point of its grid, into the one file that the book reads."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from labs import stack
from labs.experiments.base import Experiment, Settings
from labs.judge import recording
from labs.judge.latency import NS_PER_MS, end_to_end_ns, percentile
from labs.model.digest import Digest
from labs.model.observer import Observer
from labs.model.paths import RECORDED, home
from labs.model.profile import UnknownNameError, profile
from labs.model.run import RunFileError
from labs.model.workload import Workload
from labs.record.recorder import record

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


def record_lab(
    lab: Experiment,
    settings: Sequence[Settings],
    observer: Observer,
    *,
    backend: str = "auto",
    folder: Path | None = None,
    keep: bool = False,
) -> Path:
    """Measure all points and write the recorded file at the end; an interrupted recording changes nothing.

    With `keep` the file's other points and its card stay as they are: only some points are measured anew.

    Containers on Linux share this machine's network, so that Docker's port proxy is not measured;
    what the proxy costs is measured once and stands on the file's card.
    """
    path = (folder or RECORDED) / f"{lab.name}.json"
    if keep and not path.exists():
        raise RunFileError(f"There is no {path} whose other points could be kept. Record the whole lab first.")
    old = recording.load(path) if keep else None  # before hours of measuring, not after
    digests, extra = _measured(lab, settings, observer, backend)
    head = {**digests[0].card, **extra}
    digests += lab.elsewhere() if lab.elsewhere else []
    if old:
        fresh = {lab.look.key(one.settings): one for one in digests}
        digests = [fresh.pop(lab.look.key(one.settings), one) for one in old.digests] + list(fresh.values())
        head = dict(old.card)
    recording.save(path, lab.name, digests, head)
    return path


def _measured(
    lab: Experiment, settings: Sequence[Settings], observer: Observer, backend: str
) -> tuple[list[Digest], dict[str, Any]]:
    """All points, and what belongs on the file's card besides that of the first."""
    host_network = bool(lab.needs) and sys.platform == "linux" and stack.kind_of(backend) == "compose"
    extra: dict[str, Any] = port_proxy_ms(observer) if host_network else {}
    digests: list[Digest] = []
    with stack.session(lab.needs, backend, report=lambda text: observer.progress(0, text), host_network=host_network):
        if lab.warm_up:
            extra |= lab.warm_up(observer)
        for at, point in enumerate(settings):
            asked = point if lab.needs or not lab.controls else point | {"backend": backend}
            digests += lab.run(asked, observer.part(at, len(settings)))
    if host_network:
        digests = [replace(one, card={**one.card, "backend": "containers, host networking"}) for one in digests]
    return digests, extra


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
    for turn in range(PROXY_ROUNDS):
        for name in sorted(found, reverse=turn % 2 == 1):
            observer.progress(0, f"port proxy, round {turn + 1}: {name}")
            host = name == "host_network_ms"
            with stack.session(("redis",), "compose", report=_silent, own=True, host_network=host) as here:
                run = record(here["redis"], using, PROXY_PLAN)
            found[name].append(round((percentile(end_to_end_ns(run), 0.5) or 0) / NS_PER_MS, 4))
    return {name: {"p50": statistics.median(values), "rounds": values} for name, values in found.items()}


def _silent(_text: str) -> None:
    """Starting and stopping ten containers is not worth ten lines."""
