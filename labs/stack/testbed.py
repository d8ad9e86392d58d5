"""A broker to break: on data of its own, with verbs that hurt it, each of which brings back evidence that it did.

Evidence comes from whoever saw it: the supervisor that waited for the dead process, the kernel's table of
processes, the file system that refused a write.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.model.workload import NS_PER_S
from labs.stack import backends, disks, origin, probe, registry, state
from labs.stack import sweep as sweeping
from labs.stack.last_words import cause_in
from labs.stack.native.launch import Launch
from labs.stack.processes import awaited, family, send
from labs.stack.protocol import stand_still

DIES_S, STOPS_S, STARTS_S, ANSWERS_S = 10.0, 60.0, 90.0, 60.0
Report = Callable[[str], None]


class NotStarted(StackError):  # noqa: N818 - an outcome, not a failure of ours
    """The broker did not come back on its own data; `log` holds its last words."""

    def __init__(self, tried: str, happened: str, log: str) -> None:
        super().__init__(tried, happened, f"Its last words: {log or 'none'}")
        self.log = log


@dataclass(frozen=True)
class Evidence:
    """That a fault happened: what was done, how, when (ns, monotonic), and who saw it."""

    kind: str
    method: str
    at_ns: int
    text: str
    facts: Facts = field(default_factory=dict)


class Arena:
    """One broker of ours with everything that can be done to it. One caller at a time."""

    def __init__(self, launch: Launch, broker: str) -> None:
        self._launch, self.broker, self._asked = launch, broker, 0
        self.disk = str(launch.order["disk"])
        self._frozen: list[int] = []
        self._about: Facts = {}

    @property
    def endpoint(self) -> Endpoint:
        """Where the broker is now; its pid changes with each start."""
        return replace(registry.endpoint(self.broker, self._record()), about=self._about)

    def introduce(self) -> None:
        """Ask the server what it is, once, while it runs and nothing has been done to it."""
        self._about = origin.known(self.endpoint).about

    def _record(self) -> Facts:
        found = state.read_json(state.stack_file(self._launch.id))
        if not isinstance(found, dict):
            raise StackError(f"asking about {self.broker}", "its supervisor has ended.", "Start a new run.")
        return found

    def _entry(self) -> Facts:
        entry: Facts = self._record()["brokers"][self.broker]
        return entry

    def _ask(self, verb: str, amount: int = 0) -> Facts:
        self._asked += 1
        asked = {"number": self._asked, "verb": verb, "broker": self.broker, "amount": amount}
        self._launch.say(f"do {json.dumps(asked)}")
        number, tried = str(self._asked), f"{verb} {self.broker}"
        answer: Facts | None = awaited(lambda: self._record().get("answers", {}).get(number), ANSWERS_S, 0.005)
        if answer is None:
            raise StackError(tried, f"no answer within {ANSWERS_S:.0f} s.", "Start a new run.")
        if not answer["ok"]:
            raise StackError(tried, answer["happened"], answer["to_do"])
        return dict(answer)

    def is_dead(self) -> str:
        """How the broker ended, in words; empty while it runs."""
        entry = self._entry()
        return str(entry["why"]) if entry["state"] == "dead" else ""

    def sync(self) -> None:
        """All that the broker has written until now survives a power cut."""
        self._ask("sync")

    def _ended(self, number: signal.Signals, kind: str, patience_s: float) -> Evidence:
        """Signal the server and wait until its parent has seen it die."""
        pid, at_ns = self._entry()["pid"], time.monotonic_ns()
        self._alive(kind)
        for one in family(pid) if number == signal.SIGKILL else [pid]:
            send(one, number)
        if not (why := awaited(self.is_dead, patience_s, 0.005)):
            raise StackError(f"{kind} {self.broker}", f"pid {pid} is still there.", "Kill it instead.")
        took_s = (self._entry()["ended_ns"] - at_ns) / NS_PER_S
        return Evidence(kind, number.name, at_ns, f"pid {pid}: {why}, {took_s:.3f} s later", {"pid": pid})

    def _alive(self, kind: str) -> None:
        if self._frozen:
            raise StackError(f"{kind} {self.broker}", "a fault is active: it is frozen.", "Thaw it first.")
        if why := self.is_dead():
            raise StackError(f"{kind} {self.broker}", f"it does not run: {why}.", "Start it first.")

    def stop(self) -> Evidence:
        """Ask it to end and wait until it has (SIGTERM)."""
        return self._ended(signal.SIGTERM, "stop", STOPS_S)

    def kill(self) -> Evidence:
        """End it at once, as a crash would (SIGKILL). What it gave to the kernel stays."""
        return self._ended(signal.SIGKILL, "kill", DIES_S)

    def cut_power(self) -> Evidence:
        """End it and forget all that was not flushed: stop, cut, kill, in this order."""
        self._alive("power")
        facts = self._ask("cut")
        lost = f"{facts['dropped_bytes']:,} bytes dropped" if "dropped_bytes" in facts else "a write after it gave EIO"
        text = f"pid {facts['pids'][0]}: {facts['why']}; {lost}"
        at_ns = int(facts.pop("at_ns"))
        if "flushed_at_ns" in facts:
            facts["flushed_before_ns"] = [at_ns - done for done in facts.pop("flushed_at_ns")]
        return Evidence("power", disks.METHODS[self.disk], at_ns, text, facts)

    def freeze(self) -> Evidence:
        """Its processes stand still (SIGSTOP) until `thaw`."""
        self._alive("freeze")
        self._frozen = family(self._entry()["pid"])
        at_ns = time.monotonic_ns()
        try:
            stand_still(self._frozen, f"freeze {self.broker}", DIES_S)
        except StackError:
            self.thaw()
            raise
        return Evidence("freeze", "SIGSTOP", at_ns, f"pid {self._frozen[0]} stands still (state T)")

    def thaw(self) -> None:
        """Let it go on (SIGCONT)."""
        for pid in self._frozen:
            send(pid, signal.SIGCONT)
        self._frozen = []

    def fill_disk(self, leave_bytes: int = 0) -> Evidence:
        """Fill its own small disk."""
        self._alive("disk-full")
        at_ns, facts = time.monotonic_ns(), self._ask("fill", leave_bytes)
        text = f"{facts['free_bytes']:,} bytes left free on an image of {disks.IMAGE_BYTES >> 20} MiB"
        return Evidence("disk-full", "a ballast file", at_ns, text, facts)

    def free_disk(self) -> None:
        """Give the space back."""
        self._ask("free")

    def slow_disk(self, wait_ms: float) -> Evidence:
        """Every flush waits so long first; 0 ends it. The facts count the flushes that have waited so far."""
        at_ns, facts = time.monotonic_ns(), self._ask("slow", int(wait_ms * 1e6))
        text = f"{facts['slowed']} of {facts['flushes']} flushes have waited"
        return Evidence("slow-fsync", "preloaded fsync", at_ns, text, facts)

    def start(self) -> float:
        """Start it again on its own data; seconds until a message went round. NotStarted if it does not come back."""
        self._frozen = []
        began = time.monotonic()
        self._ask("start")
        while True:
            if why := self.is_dead():
                raise NotStarted(f"starting {self.broker} again", f"{why}.", self.last_words())
            reason = "still starting"
            try:
                if self._entry()["pid"]:
                    version = probe.round_trip(self.endpoint)
                    self._launch.say(f"versions {json.dumps({self.broker: version})}")
                    self.await_record()
                    return time.monotonic() - began
            except probe.NotReady as not_yet:
                reason = str(not_yet)
            if time.monotonic() - began > STARTS_S:
                happened = f"no message went round in {STARTS_S:.0f} s ({reason})."
                raise NotStarted(f"starting {self.broker} again", happened, self.last_words())
            time.sleep(0.05)

    def await_record(self) -> None:
        """Until the supervisor has written down what we told it: only then does the endpoint know its version."""
        awaited(lambda: self._entry()["state"] != "running", ANSWERS_S, 0.005)

    def last_words(self) -> str:
        """Why the broker ended, out of its log."""
        entry = self._entry()
        return cause_in(Path(entry["log"]), entry["log_from"])


@contextmanager
def native_arena(
    broker: str, *, disk: str = "plain", settings: Sequence[str] = (), report: Report = print
) -> Iterator[Arena]:
    """A broker of our own to break, as a native process on `disk`; it and its data are gone afterwards."""
    if reason := disks.why_not(disk):
        raise StackError(f"making a disk of kind {disk}", reason, "`labs doctor` lists what this machine can do.")
    with state.locked(report):
        sweeping.sweep(report)
        launch = backends.native_launch(broker, report, disk=disk, settings={broker: list(settings)})
        arena = Arena(launch, broker)
        try:
            launch.wait()
            arena.await_record()
            arena.introduce()
        except BaseException:
            launch.stop()
            raise
    try:
        yield arena
    finally:
        launch.stop()
