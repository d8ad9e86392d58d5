"""R1 to R9, R20, Q1 to Q7, Q19, K1 to K4, K15: a broker under load that ends, starts again and is drained."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache

from labs.brokers.redis.admin import client
from labs.judge.fault_digest import happened
from labs.judge.loss import account, loss_window_s
from labs.judge.promises import Trial
from labs.model.faults import LOAD
from labs.model.observer import UNOBSERVED
from labs.model.profile import Profile, profile
from labs.model.run import Run
from labs.scenarios.fault_run import record_fault
from labs.scenarios.faults import SLOW_MS, Fault
from labs.scenarios.promises.stage import Stage, wait_for
from labs.stack import Arena, Evidence
from labs.stack.proxy import Proxy

HELD_BACK_BYTES = 8000
FULL_S = 1.5


@dataclass(frozen=True)
class SlowThenKill(Fault):
    """Flushes take seconds, and the kill comes while Redis holds answered writes back in its own memory."""

    def place(self, backend: str = "auto") -> tuple[str, str]:
        """Native, on the ledger's disk."""
        return "native", self._first("ledger")

    def strike(self, arena: Arena, network: Proxy | None = None) -> Evidence:
        """Aimed by `aof_buffer_length`: at any other moment nothing is held back."""
        arena.slow_disk(SLOW_MS)
        with client(arena.endpoint) as link:
            held: dict[str, int] = {}

            def enough() -> bool:
                held.update(link.info("persistence"))
                return bool(held["aof_buffer_length"] > HELD_BACK_BYTES)

            wait_for(enough, "writes that Redis holds back", within_s=8.0, every_s=0.002)
            evidence = arena.kill()
        slow = arena.slow_disk(0).text
        return replace(evidence, text=f"{evidence.text}; {held['aof_buffer_length']:,} bytes held back; {slow}")


@dataclass(frozen=True)
class FullThenKill(Fault):
    """The disk is full for a while; then the broker is killed, unless it has ended by itself, and the space is back."""

    def place(self, backend: str = "auto") -> tuple[str, str]:
        """Native, on a small image of its own."""
        return "native", self._first("loop")

    def strike(self, arena: Arena, network: Proxy | None = None) -> Evidence:
        """The evidence is the space left and how the broker ended."""
        full = arena.fill_disk()
        time.sleep(FULL_S)
        ended = arena.is_dead() or arena.kill().text
        arena.free_disk()
        return replace(full, text=f"{full.text}; {ended}")


SPECIAL: Mapping[str, type[Fault]] = {"slow-fsync": SlowThenKill, "disk-full": FullThenKill}
"""Here a lasting fault is followed by a kill: what the broker still has in memory must not count as kept."""


def after_fault(
    stage: Stage,
    profile: str,
    fault: str,
    settings: Mapping[str, object] | None = None,
    waitaof: bool = False,
    quiet_s: float = 0.0,
) -> Trial:
    """Load for some seconds, the fault, a start on what is left, and a full drain.

    The control is the same without the fault; it is done once for all seeds, for nothing in it depends on one.
    `quiet_s`: the load has ended so long before the fault. `waitaof`: Redis confirms when it has flushed.
    """
    using = _changed(profile, tuple(sorted({**(settings or {}), **({"waitaof": True} if waitaof else {})}.items())))
    if not stage.fault:
        return control_of(profile, stage.endpoint.backend)
    kind = SPECIAL.get(fault, Fault)
    struck, load = kind("kill" if fault in SPECIAL else fault, stage.seed), LOAD
    if quiet_s:
        struck = replace(struck, earliest_s=2.5 + quiet_s, latest_s=2.6 + quiet_s)
        load = replace(LOAD, duration_s=2.5)
    return trial_of(record_fault(using, load, struck, UNOBSERVED, backend=stage.endpoint.backend))


def _changed(name: str, more: tuple[tuple[str, object], ...]) -> Profile:
    using = profile(name)
    return replace(using, settings={**using.settings, **dict(more)})


@cache
def control_of(name: str, backend: str) -> Trial:
    """Nothing happens to it, and nothing may be missing."""
    return trial_of(record_fault(profile(name), LOAD, Fault("none"), UNOBSERVED, control=True, backend=backend))


def trial_of(run: Run) -> Trial:
    """What a run with a fault says about a promise."""
    ledger = asdict(account(run))
    counts = {name: int(count) for name, count in ledger.items() if name != "verdict"}
    fault = run.facts.get("fault") or {}
    window_s = loss_window_s(run, int(fault.get("at_ns", 0))) if happened(run) else None
    trouble = run.facts.get("did_not_start", "") and f"did not start: {run.facts['did_not_start']}"
    return Trial(
        counts | {"window_ms": round((window_s or 0.0) * 1000)},
        str(fault.get("text", "")) if happened(run) else "",
        trouble or ("" if run.settled else run.trouble or "not everything could be read back"),
        str(run.facts.get("server", "")),
    )
