"""How far the clocks of two machines are apart: asked by round trips, stated with what it may be wrong by.

A monotonic clock starts with its machine, so those of two machines have nothing in common. The answer to a question
was given somewhere between asking and hearing it (Cristian 1989): the quickest round trip bounds the offset best, to
half of what it took, whatever way the answer took longer on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from labs.model.facts import Facts

TOLERATED = 0.1
"""Of the median latency. A fifth is the margin of the rules that compare latencies; two that are each wrong by a tenth
stay within it."""


@dataclass(frozen=True)
class Offset:
    """A clock less ours, ns: `ns`, wrong by `within_ns` at most either way."""

    ns: int
    within_ns: int

    def hull(self, later: Offset) -> Offset:
        """What holds from this measurement to a later one, while clocks drift."""
        low = min(self.ns - self.within_ns, later.ns - later.within_ns)
        high = max(self.ns + self.within_ns, later.ns + later.within_ns)
        return Offset((low + high) // 2, (high - low + 1) // 2)


def measured(trips: Iterable[tuple[int, int, int]]) -> Offset:
    """The offset from round trips (asked, their clock, heard), ns; ours on both sides."""
    asked, theirs, heard = min(trips, key=lambda trip: trip[2] - trip[0])
    return Offset(theirs - (asked + heard) // 2, (heard - asked + 1) // 2)


def identity() -> str:
    """The same text for programs that read one and the same monotonic clock; empty where nobody can say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
    try:
        moved = " ".join(Path("/proc/self/timens_offsets").read_text("ascii").split())
    except OSError:
        moved = ""  # a kernel without namespaces of time
    return f"{boot} {moved}"


def processes() -> str:
    """The same text for programs that see the same processes under the same numbers; empty where nobody can say."""
    try:
        return identity().partition(" ")[0] + str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def wrong_by_ns(facts: Facts) -> int:
    """What the clocks of a run's producer and consumer may be apart beyond what was corrected; 0 on one clock."""
    return int(facts.get("clocks", {}).get("within_ns", 0))


def sentence(told: Facts) -> str:
    """What a run says of its clocks (`facts["clocks"]`), in words."""
    producer, consumer = told["producer"], told["consumer"]
    who = f"producer on worker {producer['worker']}, consumer on worker {consumer['worker']}"
    if not told["within_ns"]:
        return f"{who}: both read one clock."
    apart = (consumer["offset_ns"] - producer["offset_ns"]) / 1e6
    return f"{who}: their clocks are {apart:,.3f} ms apart, known to {told['within_ns'] / 1e6:.3f} ms and corrected."


def on_this_machine(host: str) -> bool:
    """Whether only programs of this machine can reach it."""
    return host == "localhost" or host.startswith("127.") or host == "::1"
