"""The processors that programs may use, which are not those that the machine has: a set of them (affinity), and a quota
of a control group, with how often it stopped them.

Linux tells all of it of every process. Elsewhere, or where a process may not be seen, the machine's own number counts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

PROC = Path("/proc")


@dataclass(frozen=True)
class Side:
    """What the processes of one side may use: their processors, and each control group with a quota, in cores."""

    cpus: frozenset[int]
    quotas: Mapping[str, float]

    @property
    def cores(self) -> float:
        """As many as it can have at the same time."""
        return min([float(len(self.cpus)), *self.quotas.values()])


class Room(NamedTuple):
    """Cores that can be had: by the broker, by one client, which is one thread of work, and by all together. `less`
    says why that is not the whole machine; empty if it is."""

    broker: float
    client: float
    whole: float
    less: str = ""


def side(pids: Sequence[int]) -> Side | None:
    """What these processes may use; None where none of them can be seen."""
    cpus: set[int] = set()
    quotas: dict[str, float] = {}
    for pid in pids:
        try:
            cpus |= os.sched_getaffinity(pid)
        except (OSError, AttributeError):
            continue
        for folder in groups(pid):
            cores = quota(folder)
            if cores is not None:
                quotas[str(folder)] = cores
    return Side(frozenset(cpus), quotas) if cpus else None


def ours() -> Side:
    """What this process and those that it starts may use."""
    return side([os.getpid()]) or Side(frozenset(range(os.cpu_count() or 1)), {})


def room(own: Side, broker: Side | None) -> Room:
    """What there is for a broker and its clients. One that cannot be seen is taken to have the whole machine."""
    machine = os.cpu_count() or 1
    other = broker or Side(frozenset(range(machine)), {})
    shared = [cores for folder, cores in own.quotas.items() if folder in other.quotas]
    each = [
        min([float(len(one.cpus)), *(cores for folder, cores in one.quotas.items() if folder not in rest.quotas)])
        for one, rest in ((own, other), (other, own))
    ]
    whole = min([float(len(own.cpus | other.cpus)), sum(each), *shared])
    return Room(other.cores, min(1.0, own.cores), whole, _less(own, broker, machine) if whole < machine else "")


def _less(own: Side, broker: Side | None, machine: int) -> str:
    """In words why it is less than the machine has."""
    seen = [own, *([broker] if broker else [])]
    cpus = len(frozenset[int]().union(*(one.cpus for one in seen)))
    why = [f"{cpus} of the machine's {machine} processors by affinity"] if cpus < machine else []
    if lowest := [min(one.quotas.values()) for one in seen if one.quotas]:
        why.append(f"a control group's quota of {min(lowest):.2g} cores")
    return " and ".join(why)


def as_facts(broker_pids: Sequence[int]) -> dict[str, Any]:
    """What a run keeps of it: the room, and of each control group with a quota its periods until now."""
    own, other = ours(), side(broker_pids)
    folders = {**own.quotas, **(other.quotas if other else {})}
    return {"room": list(room(own, other)), "periods": {name: list(periods(Path(name))) for name in folders}}


def since(before: Mapping[str, Any]) -> dict[str, Any]:
    """The same with the periods that have passed since: [periods, throttled ones] of the group most held up."""
    passed = []
    for name, (whole, stopped) in before["periods"].items():
        now = periods(Path(name))
        passed.append([now[0] - whole, now[1] - stopped])
    return {"room": before["room"], "periods": max(passed, key=lambda one: one[1], default=[0, 0])}


def room_in(facts: Mapping[str, Any]) -> Room:
    """The room that a run had, by its facts; of an older one that of this machine."""
    known = facts.get("processors")
    machine = float(os.cpu_count() or 1)
    return Room(*known["room"]) if known else Room(machine, 1.0, machine)


def on_card(facts: Mapping[str, Any]) -> dict[str, str]:
    """What a run card says where a run could not use the whole machine; nothing where it could."""
    known, had = facts.get("processors"), room_in(facts)
    if not known or not (had.less or known["periods"][1]):
        return {}
    whole, stopped = known["periods"]
    held = f"; the quota stopped somebody in {stopped} of {whole} periods" if whole else ""
    return {"may_use": f"{had.whole:.2g} {'core' if had.whole == 1 else 'cores'}: {had.less}{held}"}


def groups(pid: int) -> list[Path]:
    """The folders of the control groups that limit a process, its own first, then those above."""
    try:
        mounts = _mounts((PROC / "self" / "mountinfo").read_text("utf-8", "replace"))
        lines = (PROC / str(pid) / "cgroup").read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    found: list[Path] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        mount = mounts.get("cpu" if "cpu" in controllers.split(",") else controllers or "unified")
        if mount:
            found += _upwards(*mount, path)
    return found


def _mounts(mountinfo: str) -> dict[str, tuple[Path, str]]:
    """Where control groups are mounted and which part of their tree that is: version 2, and version 1's `cpu`."""
    found: dict[str, tuple[Path, str]] = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, (kind, *rest) = before.split(), after.split()
        place = Path(fields[4].encode().decode("unicode_escape")), fields[3]
        if kind == "cgroup2":
            found.setdefault("unified", place)
        elif kind == "cgroup" and "cpu" in rest[-1].split(","):
            found.setdefault("cpu", place)
    return found


def _upwards(place: Path, root: str, path: str) -> list[Path]:
    """From a group to the top of what is mounted."""
    inside = path.removeprefix(root.rstrip("/")) if path.startswith(root) else ""
    parts = [part for part in inside.split("/") if part and part != ".."]
    return [place.joinpath(*parts[:length]) for length in range(len(parts), -1, -1)]


def quota(folder: Path) -> float | None:
    """The cores that a control group may use on the mean; None where it has no quota."""
    try:
        limit, period = (folder / "cpu.max").read_text("ascii").split()
        return None if limit == "max" else int(limit) / int(period)
    except (OSError, ValueError):
        pass
    try:
        names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
        used, whole = (int((folder / name).read_text("ascii")) for name in names)
        return used / whole if used > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None


def periods(folder: Path) -> tuple[int, int]:
    """(periods in which the group wanted to run, those in which its quota stopped it) since it was made."""
    try:
        lines = (folder / "cpu.stat").read_text("ascii").splitlines()
    except OSError:
        return 0, 0
    told = dict(line.split(maxsplit=1) for line in lines if " " in line)
    return int(told.get("nr_periods", 0)), int(told.get("nr_throttled", 0))
