"""Start one native stack through a supervisor and wait until every broker has answered; or stop one, or sweep."""

from __future__ import annotations

import contextlib
import json
import os
import secrets as random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from labs.brokers.base import Endpoint
from labs.stack import native, probe, state
from labs.stack.processes import MARK, MARK_HOME, MARK_OWNER, is_alive, marked, marks, me, owner_lives, send
from labs.stack.processes import who_listens
from labs.stack.state import StackError

READY_S = 90.0
END_S = 40.0
Report = Callable[[str], None]
_NEEDS = {"rabbitmq": ("rabbitmq", "rabbitmq-admin", "epmd", "rabbitmq-dist", "rabbitmq-prometheus")}
_NEEDS |= {"kafka": ("kafka", "kafka-controller")}


class Launch:
    """One native stack from the order to the last broker's first message."""

    def __init__(self, brokers: Sequence[str], owner: str, ports: dict[str, int], report: Report) -> None:
        self.id = random.token_hex(4)
        self.brokers, self.report = list(brokers), report
        place = {"user": state.home() / "data", "session": state.home() / f"session-{self.id}"}
        self.order = {
            "id": self.id,
            "backend": "native",
            "owner": owner,
            "owner_pid": os.getpid(),
            "owner_start": me()["start"],
            "ports": ports,
            "brokers": self.brokers,
            "run": str(run_root() / f"labs-{os.getuid()}-{state.home_tag()}-{self.id}"),
            "data": str(place[owner]),
        }
        self.began = time.monotonic()
        self.ready: dict[str, Endpoint] = {}
        self.told = 0.0
        self.process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LABS_STACK")}
        environment |= {MARK: self.id, MARK_HOME: str(state.home()), "LABS_HOME": str(state.home())}
        environment |= {MARK_OWNER: f"{self.order['owner_pid']}:{self.order['owner_start']}"}
        environment |= {"LABS_CACHE": str(state.cache())}
        log = state.make_folder(state.home() / "log") / "supervisor.log"
        with log.open("ab") as errors:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "labs.stack.supervisor"],
                env=environment | {"PYTHONPATH": str(state.root())},
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
            )

    def say(self, line: str) -> None:
        """Tell the supervisor something; if it is gone, `wait` finds out."""
        inlet: IO[bytes] | None = self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            if inlet and not inlet.closed:
                inlet.write(line.encode() + b"\n")
                inlet.flush()

    def wait(self) -> dict[str, Endpoint]:
        """Every broker, once all have answered. StackError, with nothing left running, if one does not."""
        self.say(json.dumps(self.order))
        while len(self.ready) < len(self.brokers):
            record = state.read_json(state.home() / "stacks" / f"{self.id}.json") or {}
            if self.process.poll() is not None or "failed" in record:
                raise self._failure("the stack's supervisor", str(record.get("failed", "it ended")))
            for broker in self.brokers:
                if broker not in self.ready and broker in record.get("brokers", {}):
                    self._look(broker, record)
            time.sleep(0.05)
        self.say(f"versions {json.dumps({broker: found.version for broker, found in self.ready.items()})}")
        if self.order["owner"] == "user":
            self.say("commit")
        return self.ready

    def _look(self, broker: str, record: dict[str, Any]) -> None:
        entry, seconds = record["brokers"][broker], time.monotonic() - self.began
        if entry["state"] == "dead":
            raise self._failure(broker, f"{entry['why']}. Its last words: {_tail(Path(entry['log']))}")
        try:
            if not entry["pid"]:
                raise probe.NotReady("preparing its data folder")
            version = probe.round_trip(endpoint(broker, record))
        except probe.NotReady as reason:
            if seconds > READY_S:
                raise self._failure(broker, f"no message went round in {READY_S:.0f} s ({reason}).") from reason
            if seconds - self.told >= 3:
                self.told = seconds
                self.report(f"{broker}: starting, {seconds:.0f} s, usually {native.USUAL_S[broker]} s")
            return
        entry["version"] = version
        self.ready[broker] = endpoint(broker, record)
        self.report(f"{broker} {version}: ready on 127.0.0.1:{entry_port(broker, record)} after {seconds:.1f} s")

    def _failure(self, what: str, happened: str) -> StackError:
        return StackError(f"starting {what}", happened, f"Everything was stopped; logs are in {state.home() / 'log'}.")

    def stop(self) -> None:
        """End the stack and wait until it is gone."""
        if self.process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def release(self) -> None:
        """Let the stack stay behind: it is the user's now."""
        deadline = time.monotonic() + 5
        while not (state.read_json(state.home() / "stacks" / f"{self.id}.json") or {}).get("committed"):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise self._failure("the stack", "its supervisor ended at the last moment.")
            time.sleep(0.02)
        if self.process.stdin:
            self.process.stdin.close()
        self.process.returncode = 0  # not ours to wait for any more


def run_root() -> Path:
    """A short folder without a space for run folders."""
    found = tempfile.gettempdir()
    return Path(found) if " " not in found and len(found) < 40 else Path("/tmp")  # noqa: S108 - made with mode 0700


def entry_port(broker: str, record: dict[str, Any]) -> int:
    """The client port of a broker in a stack's record."""
    return int(record["ports"][broker])


def endpoint(broker: str, record: dict[str, Any]) -> Endpoint:
    """What the record says about a broker, as clients want it."""
    entry = record["brokers"][broker]
    user, password = state.secrets().get(broker, ("", "")) if broker in ("redis", "rabbitmq") else ("", "")
    return Endpoint(
        broker=broker,
        host=entry.get("host", "127.0.0.1"),
        port=int(entry.get("port") or entry_port(broker, record)),
        username=user,
        password=password,
        admin_port=int(record["ports"]["rabbitmq-admin"]) if broker == "rabbitmq" else 0,
        pids=tuple(entry["pids"] if "pids" in entry else [entry["pid"]]),
        backend=record["backend"],
        container=entry.get("container", ""),
        version=entry.get("version", ""),
        data_dir=entry.get("data_dir", ""),
    )


def needed_ports(brokers: Sequence[str], ports: dict[str, int]) -> list[int]:
    """The ports that these brokers will listen on."""
    return [ports[name] for broker in brokers for name in _NEEDS.get(broker, (broker,))]


def free_ports(brokers: Sequence[str], owner: str) -> dict[str, int]:
    """Ports for a new stack. The user's stay the same each time; a session moves on to the next free block."""
    base = state.default_base()
    fixed = owner == "user" or "LABS_PORT_BASE" in os.environ
    for block in range(1 if fixed else 200):
        first = base + block * state.BLOCK
        ports = state.ports(first)
        taken = [port for port in needed_ports(brokers, ports) if not state.is_free(port)]
        if not taken:
            return ports
    raise StackError(
        f"starting {', '.join(brokers)}",
        f"port {taken[0]} is taken by {who_listens(taken[0])}, which we did not start.",
        f"End that process, or choose other ports: LABS_PORT_BASE={20_000 + (base + 5_000) % 12_000 // 10 * 10}.",
    )


def _tail(path: Path) -> str:
    with contextlib.suppress(OSError):
        lines = [line.strip() for line in path.read_text(errors="replace").splitlines() if line.strip()]
        return " / ".join(lines[-3:])
    return "none"


def stop_stack(record: dict[str, Any]) -> None:
    """End a native stack by its supervisor, once that is proven to be it."""
    pid, start = record["supervisor"]["pid"], record["supervisor"]["start"]
    if not is_alive(pid, start) or marks(pid).get(MARK) != record["id"]:
        return
    send(pid, signal.SIGTERM)
    deadline = time.monotonic() + END_S
    while is_alive(pid, start) and time.monotonic() < deadline:
        time.sleep(0.05)
    if is_alive(pid, start):
        send(pid, signal.SIGKILL)


def sweep(report: Report) -> None:
    """Remove what killed commands left: processes with our marks, run folders, session data, files. Holds the lock."""
    records = {record["id"]: record for record in state.stacks()}
    kept = set()
    for stack, pids in marked(state.home()).items():
        record = records.get(stack, {})
        head = record.get("supervisor", {"pid": 0, "start": 0.0})
        led = is_alive(head["pid"], head["start"])
        if (led and record.get("committed")) or any(owner_lives(pid) for pid in pids):
            kept.add(stack)
            continue
        _end(stack, report)
    kept |= {record["id"] for record in records.values() if record.get("backend") == "compose"}
    for path in state.stack_files():
        if path.stem not in kept:
            path.unlink(missing_ok=True)
    folders = [*run_root().glob(f"labs-{os.getuid()}-{state.home_tag()}-*"), *state.home().glob("session-*")]
    for folder in folders:
        if folder.name.rpartition("-")[2] not in kept:
            shutil.rmtree(folder, ignore_errors=True)
    for partial in [*state.cache().glob(".partial-*"), *state.cache().glob("debian/.partial-*")]:
        if not Path(f"/proc/{partial.name.rpartition('-')[2]}").exists():
            shutil.rmtree(partial, ignore_errors=True)


def _end(stack: str, report: Report) -> None:
    """A supervisor whose owner died is ending by itself: give it a moment, then end all that carries its mark."""
    report(f"removing what an interrupted command left (stack {stack})")
    deadline = time.monotonic() + 5
    while (pids := marked(state.home()).get(stack, [])) and time.monotonic() < deadline + 10:
        if time.monotonic() > deadline:
            for pid in pids:
                send(pid, signal.SIGKILL)
        time.sleep(0.1)
