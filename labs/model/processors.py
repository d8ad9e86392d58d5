"""The processors that programs may use, which are not those that the machine has: a set of them (affinity), and a quota
of a control group, with how often it stopped them.

Linux tells all of it of every process. Elsewhere, or where a process may not be seen, the machine's own number counts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from labs.model.facts import Facts
from labs.model.text import span

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
WORTH_SAYING = 0.005


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
    says why that is not the whole machine; empty if it is. `cpus` are the processors that they lie on, and `idle` how
    many of those had nothing to do on the mean; None where nobody looked."""

    broker: float
    client: float
    whole: float
    less: str = ""
    cpus: int = 0
    idle: float | None = None


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
    cpus = own.cpus | other.cpus
    whole = min([float(len(cpus)), sum(each), *shared])
    less = _less(own, broker, machine) if whole < machine else ""
    return Room(other.cores, min(1.0, own.cores), whole, less, len(cpus))


def _less(own: Side, broker: Side | None, machine: int) -> str:
    """In words why it is less than the machine has."""
    seen = [own, *([broker] if broker else [])]
    cpus = len(frozenset[int]().union(*(one.cpus for one in seen)))
    why = [f"{cpus} of the machine's {machine} processors by affinity"] if cpus < machine else []
    if lowest := [min(one.quotas.values()) for one in seen if one.quotas]:
        why.append(f"a control group's quota of {min(lowest):.2g} cores")
    return " and ".join(why)


@dataclass(frozen=True)
class Look:
    """What there was at one moment: the room, each quota's periods so far, and what the processors did since boot."""

    room: Room
    cpus: frozenset[int]
    periods: Mapping[str, tuple[int, int]]
    at_s: float
    idle_s: float
    stolen_s: float

    def until(self, later: Look) -> Facts:
        """What a run keeps of the time between two looks: the room with its idle processors, how often the quota that
        held most stopped somebody (periods, stopped ones), and cores that the host of a virtual machine took."""
        took_s = max(later.at_s - self.at_s, 1e-3)
        idle, stolen = (
            max(0.0, (b - a) / took_s) for a, b in ((self.idle_s, later.idle_s), (self.stolen_s, later.stolen_s))
        )
        pairs = [(self.periods.get(name, now), now) for name, now in later.periods.items()]
        passed = [[b - a for a, b in zip(before, now, strict=True)] for before, now in pairs]
        room = self.room._replace(idle=round(min(idle, self.room.cpus), 3))
        held = max(passed, key=lambda one: one[1], default=[0, 0])
        return {"room": list(room), "periods": held, "stolen": round(stolen, 3)}


def look(broker_pids: Sequence[int] = ()) -> Look:
    """Now, for this process and a broker's. One without processes to see is taken to have what we have."""
    own = ours()
    other = side(broker_pids) if broker_pids else own
    cpus = own.cpus | (other.cpus if other else frozenset())
    folders = {**own.quotas, **(other.quotas if other else {})}
    idle_s, stolen_s = _spent_s(cpus)
    held = {name: periods(Path(name)) for name in folders}
    return Look(room(own, other), cpus, held, time.monotonic(), idle_s, stolen_s)


def _spent_s(cpus: frozenset[int]) -> tuple[float, float]:
    """Seconds since boot in which these processors had nothing to do, and those that the host took away."""
    idle = stolen = 0
    try:
        lines = (PROC / "stat").read_text("ascii").splitlines()
    except OSError:
        return 0.0, 0.0
    for line in lines:
        name, *ticks = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in cpus:
            spent = [int(one) for one in ticks] + [0] * 8
            idle, stolen = idle + spent[3] + spent[4], stolen + spent[7]
    return idle / TICKS_PER_S, stolen / TICKS_PER_S


def room_in(facts: Facts) -> Room:
    """The room that a run had, by its facts; of an older one that of this machine."""
    known = facts.get("processors")
    machine = os.cpu_count() or 1
    return Room(*known["room"]) if known else Room(float(machine), 1.0, float(machine), cpus=machine)


def for_card(facts: Facts | None = None, *, pids: Sequence[int] = (), others: Sequence[float | None] = ()) -> Facts:
    """Lines for a run card: the machine's cores, what of them could be used if not all, and what others used of them in
    each repeat. By a run's facts, or by what these processes may use now."""
    known = (facts or {}).get("processors")
    had = look(pids).room if facts is None else room_in(facts)
    found: Facts = {"cores": os.cpu_count()}
    if had.less:
        whole, stopped = known["periods"] if known else (0, 0)
        held = f"; the quota stopped somebody in {stopped} of {whole} periods" if whole else ""
        found["may_use"] = f"{had.whole:.2g} {'core' if had.whole == 1 else 'cores'}: {had.less}{held}"
    if seen := [one for one in others if one is not None]:
        stolen = known.get("stolen", 0) if known else 0
        taken = f", of which the host took {stolen:.2f}" if stolen >= WORTH_SAYING else ""
        found["others"] = f"{span(seen, '{:.2f}'.format)} cores{taken}"
    return found


def said_here(over_s: float = 0.3) -> str:
    """What there is for us now, and how much of it others use, in words; takes `over_s`."""
    first = look()
    time.sleep(over_s)
    told = first.until(look())
    had, machine = Room(*told["room"]), os.cpu_count() or 1
    cores = f"{had.whole:.2g} of {machine} cores ({had.less})" if had.less else f"{machine} cores"
    busy = max(had.cpus - (had.idle or 0.0), 0.0)
    stolen = f", of them {told['stolen']:.2f} taken by the host" if told["stolen"] >= WORTH_SAYING else ""
    return f"{cores}, {busy:.1f} in use now{stolen}"


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
