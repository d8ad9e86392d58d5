"""Start one native stack through a supervisor and wait until every broker has answered."""

from __future__ import annotations

import contextlib
import json
import os
import secrets as random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from labs.model import environ, paths
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.stack import allowed, native, probe, registry, state
from labs.stack.last_words import cause_in
from labs.stack.native import suites
from labs.stack.processes import MARK, MARK_HOME, MARK_OWNER, is_alive, me, send, start_of
from labs.stack.state import OtherLoginError
from labs.stack.sweep import run_folder, run_root

READY_S = 90.0
END_S = 40.0
Report = Callable[[str], None]


class Launch:
    """One native stack from the order to the last broker's first message."""

    def __init__(
        self,
        brokers: Sequence[str],
        owner: str,
        ports: dict[str, int],
        report: Report,
        *,
        disk: str = "plain",
        settings: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        allowed.check_limits(brokers)
        if disk == "plain":
            allowed.check_room(brokers, paths.home())
        self.id = random.token_hex(4)
        self.brokers, self.report = list(brokers), report
        folder = {"user": paths.home() / suites.data_folder(), "session": paths.home() / f"session-{self.id}"}[owner]
        self.order = {
            "id": self.id,
            "backend": "native",
            "owner": owner,
            "owner_pid": os.getpid(),
            "owner_start": me()["start"],
            "ports": ports,
            "brokers": self.brokers,
            "run": str(run_folder(self.id)),
            "folder": str(folder),
            "data": str(folder if disk == "plain" else folder / "data"),
            "disk": disk,
            "settings": dict(settings or {}),
        }
        self.began = time.monotonic()
        self.ready: dict[str, Endpoint] = {}
        self.told = 0.0
        self.process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        environment = environ.without("LABS_STACK")
        environment |= {MARK: self.id, MARK_HOME: str(paths.home()), "LABS_HOME": str(paths.home())}
        environment |= {MARK_OWNER: f"{self.order['owner_pid']}:{self.order['owner_start']}"}
        environment |= {"LABS_CACHE": str(paths.cache())}
        log = state.make_folder(paths.home() / "log") / "supervisor.log"
        with log.open("ab") as errors:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "labs.stack.supervisor"],
                env=environment | {"PYTHONPATH": str(paths.PROJECT)},
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
            record = state.read_json(state.stack_file(self.id)) or {}
            if self.process.poll() is not None or "failed" in record:
                if parts := record.get("failed_parts"):
                    raise StackError(*parts[:3], broker=parts[3])
                raise self._failure("the stack's supervisor", str(record.get("failed", "it ended")))
            for broker in self.brokers:
                if broker not in self.ready and broker in record.get("brokers", {}):
                    self._look(broker, record)
            time.sleep(0.05)
        self.say(f"versions {json.dumps({broker: found.version for broker, found in self.ready.items()})}")
        if self.order["owner"] == "user":
            self.say("commit")
        return self.ready

    def _look(self, broker: str, record: Facts) -> None:
        entry, seconds = record["brokers"][broker], time.monotonic() - self.began
        if entry["state"] == "dead":
            raise self._failure(broker, f"{entry['why']}. It said: {cause_in(Path(entry['log']), entry['log_from'])}")
        try:
            if not entry["pid"]:
                raise probe.NotReady("preparing its data folder")
            version = probe.round_trip(registry.endpoint(broker, record))
        except probe.OtherLogin as reason:
            raise OtherLoginError(broker, entry["data_dir"]) from reason
        except probe.NotReady as reason:
            if seconds > READY_S or self._full():
                raise self._failure(broker, f"no message went round in {seconds:.0f} s ({reason}).") from reason
            if seconds - self.told >= 3:
                self.told = seconds
                self.report(f"{broker}: starting, {seconds:.0f} s, usually {native.USUAL_S[broker]} s")
            return
        entry["version"], seconds = version, time.monotonic() - self.began
        self.ready[broker] = replace(registry.endpoint(broker, record), ready_s=round(seconds, 3))
        self.report(f"{broker} {version}: ready on 127.0.0.1:{record['ports'][broker]} after {seconds:.1f} s")

    def _failure(self, what: str, happened: str) -> StackError:
        full = self._full()
        to_do = "Free some space. " if full else ""
        to_do += f"Everything was stopped; logs are in {paths.home() / 'log'}."
        return StackError(f"starting {what}", happened + full, to_do, broker=what if what in self.brokers else "")

    def _full(self) -> str:
        if self.order["disk"] != "plain":  # it may be filled on purpose
            return ""
        return allowed.full(self.brokers, [paths.home()]) or allowed.full([], [run_root()])

    def stop(self) -> None:
        """End the stack and wait until it is gone, whether or not it was released."""
        if self.process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        pid, deadline = self.process.pid, time.monotonic() + END_S
        start = start_of(pid)
        if is_alive(pid, start):
            send(pid, signal.SIGTERM)
        while is_alive(pid, start):
            if time.monotonic() > deadline:
                send(pid, signal.SIGKILL)
            time.sleep(0.02)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        self.process.returncode = 0

    def release(self) -> None:
        """Let the stack stay behind: it is the user's now."""
        deadline = time.monotonic() + 5
        while not (state.read_json(state.stack_file(self.id)) or {}).get("committed"):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise self._failure("the stack", "its supervisor ended at the last moment.")
            time.sleep(0.02)
        if self.process.stdin:
            self.process.stdin.close()
        self.process.returncode = 0  # not ours to wait for any more
