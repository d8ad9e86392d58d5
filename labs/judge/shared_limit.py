"""Runs that shared one broker at the same time: who had no CPU left. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labs.judge.limit import Cores, Stamp, cpu_cores, saturation
from labs.judge.saturation import NO_THREADS
from labs.judge.threads import Busiest
from labs.judge.throughput import common_ns
from labs.model.processors import Room
from labs.model.run import Run


def reading_cores(heard: Sequence[Run]) -> Cores:
    """Mean cores used by the broker, the one producer and each reader."""
    found = [cpu_cores(run) for run in heard]
    readers = {f"consumer {at}": cores["consumer"] for at, cores in enumerate(found, 1)}
    return {role: found[0][role] for role in ("broker", "producer")} | readers


def producing_cores(runs: Sequence[Run]) -> Cores:
    """Mean cores used by the broker and each run's producer while all of the runs were at work."""
    began, ended = common_ns(runs)
    starts = [run.facts["start_ns"] for run in runs]
    found = [cpu_cores(run, (began - start, ended - start)) for run, start in zip(runs, starts, strict=True)]
    producers = {f"producer {at}": cores["producer"] for at, cores in enumerate(found, 1)}
    return {"broker": found[0]["broker"]} | producers


def limit(
    cores: Cores, broker: str, room: Room | None = None, threads: Mapping[str, Busiest] = NO_THREADS
) -> tuple[Stamp, str]:
    """Who had no CPU left, over all clients: each against a core, all together against the machine."""
    clients = [used for role, used in cores.items() if role != "broker"]
    return saturation(broker, cores, clients, unseen=None in cores.values(), room=room, threads=threads)
