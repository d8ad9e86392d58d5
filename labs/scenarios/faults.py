"""What happens to a broker, and when. Only brokers that are proven ours are touched."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from labs import stack
from labs.brokers.redis.admin import Client, client
from labs.model.endpoint import Endpoint
from labs.model.faults import NAMES
from labs.model.profile import UnknownNameError
from labs.model.workload import NS_PER_S
from labs.stack.proxy import Proxy


@contextlib.contextmanager
def freezing(endpoint: Endpoint, every_s: float = 1.0, frozen_s: float = 0.1) -> Iterator[list[tuple[int, int]]]:
    """While inside, stop all processes of a broker for `frozen_s` at the start of every `every_s`.

    Gives the list of (frozen_ns, thawed_ns) on the monotonic clock, filled as it happens. The
    broker runs again when the context is left, whatever happened.
    """
    freezes: list[tuple[int, int]] = []
    done = threading.Event()

    def work(tell: Callable[[int], None]) -> None:
        due_ns = time.monotonic_ns()
        while not done.is_set():
            start_ns = time.monotonic_ns()
            tell(signal.SIGSTOP)
            time.sleep(frozen_s)
            tell(signal.SIGCONT)
            freezes.append((start_ns, time.monotonic_ns()))
            due_ns += int(every_s * NS_PER_S)
            done.wait(max(due_ns - time.monotonic_ns(), 0) / NS_PER_S)

    with stack.held(endpoint) as tell:
        worker = threading.Thread(target=work, args=(tell,), daemon=True)
        worker.start()
        try:
            yield freezes
        finally:
            done.set()
            worker.join(every_s + frozen_s + 1)
            tell(signal.SIGCONT)


SLOW_MS = 3000.0
"""Of each flush on the slow disk: longer than the two seconds that Redis holds writes back for a flush under way."""


@dataclass(frozen=True)
class Fault:
    """What happens to a broker under load, and when: `at_s` after the start is drawn from the seed.

    `disk` says which power cut: loop, ledger, or empty for the best that this machine can do.
    """

    kind: str
    seed: int = 1
    earliest_s: float = 2.5
    latest_s: float = 3.4
    lasts_s: float = 2.0
    disk: str = ""

    def __post_init__(self) -> None:
        if self.kind not in NAMES:
            raise UnknownNameError("fault", self.kind, list(NAMES))

    @property
    def at_s(self) -> float:
        """When it happens, seconds after the start of the load."""
        return round(random.Random(self.seed).uniform(self.earliest_s, self.latest_s), 3)

    def place(self, backend: str = "auto") -> tuple[str, str]:
        """The backend and the kind of disk for it, for example ("compose", "loop").

        Containers where an engine has the images and can do it; else native. StackError where neither can.
        """
        kind = stack.kind_of(backend)
        if kind == "compose" and self.kind not in ("power", "disk-full", "slow-fsync") and self.disk in ("", "plain"):
            return kind, "plain"
        if kind == "compose" and self.kind == "power" and self.disk in ("", "loop") and not stack.no_disk("loop"):
            return kind, "loop"
        if kind == "compose" and backend == "compose":
            raise stack.StackError(
                f"preparing {NAMES[self.kind]} in a container",
                "only native brokers can have it.",
                "Use native brokers.",
            )
        wanted = {"power": ("loop", "ledger"), "disk-full": ("loop",), "slow-fsync": ("ledger",)}
        return "native", self._first(*((self.disk,) if self.disk else wanted.get(self.kind, ("plain",))))

    def _first(self, *kinds: str) -> str:
        reasons = {kind: stack.no_disk(kind) for kind in kinds}
        found = next((kind for kind, reason in reasons.items() if reason is None), "")
        if not found:
            why = " ".join(str(reason) for reason in reasons.values())
            raise stack.StackError(f"preparing {NAMES[self.kind]}", why, "`labs doctor` says which faults can be had.")
        return found

    def strike(self, arena: stack.Arena, network: Proxy | None = None) -> stack.Evidence:
        """Let it happen; the evidence that it did. `network` is what lies between the client and the broker."""
        verbs: dict[str, Callable[[], stack.Evidence]] = {
            "stop": arena.stop,
            "kill": arena.kill,
            "power": arena.cut_power,
            "freeze": arena.freeze,
            "cut": lambda: _silenced(network),
            "memory-full": lambda: _full_memory(arena.endpoint),
            "disk-full": arena.fill_disk,
            "slow-fsync": lambda: arena.slow_disk(SLOW_MS),
        }
        return verbs[self.kind]()

    def heal(self, arena: stack.Arena, network: Proxy | None = None) -> str:
        """End a lasting fault; what there is to say about it afterwards."""
        if self.kind == "freeze":
            arena.thaw()
        elif self.kind == "cut" and network:
            network.heal()
            return f"{network.held_bytes:,} bytes waited"
        elif self.kind == "memory-full":
            return _memory_back(arena.endpoint)
        elif self.kind == "disk-full":
            arena.free_disk()
        elif self.kind == "slow-fsync":
            return arena.slow_disk(0).text
        return ""


def _silenced(network: Proxy | None) -> stack.Evidence:
    if network is None:
        raise stack.StackError("cutting the network", "the client was not connected through it.", "Use record_fault.")
    at_ns = time.monotonic_ns()
    network.silence()
    return stack.Evidence("cut", "silence between client and broker", at_ns, "nothing passes in either direction")


def _asked(endpoint: Endpoint) -> Client:
    """A connection to a Redis, of all brokers the only one that lets its memory limit be moved while it runs."""
    if endpoint.broker != "redis":
        raise stack.StackError(
            f"filling the memory of {endpoint.broker}",
            "its limit cannot be moved while it runs.",
            "Choose a setting of Redis; RabbitMQ's memory alarm is promise Q18: labs promises Q18",
        )
    return client(endpoint)


def _full_memory(endpoint: Endpoint) -> stack.Evidence:
    with _asked(endpoint) as link:
        used, at_ns = link.info("memory")["used_memory"], time.monotonic_ns()
        link.config_set("maxmemory", used)
    return stack.Evidence("memory-full", "maxmemory", at_ns, f"the limit is what is in use, {used:,} bytes")


def _memory_back(endpoint: Endpoint) -> str:
    """Lift the limit; how many commands had been refused for it."""
    with _asked(endpoint) as link:
        refused = link.info("errorstats").get("errorstat_OOM", {}).get("count", 0)
        link.config_set("maxmemory", 0)
    return f"{refused:,} commands refused"
