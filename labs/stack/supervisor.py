"""The parent of one stack's brokers: it keeps its file, and ends all of them when their owner is gone.

`python -m labs.stack.supervisor` reads what to start as one line of JSON. A stack of owner `session` ends when its
owner closes our standard input or dies in whatever way. One of owner `user` does so only until its owner has said
`commit`; from then on it stays until SIGTERM. If this process is killed, the kernel kills the brokers.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.model.kernel import adopt_orphans, die_with_parent
from labs.model.paths import give_back, home
from labs.stack import disks, native, protocol
from labs.stack.allowed import raise_limits
from labs.stack.processes import family, is_alive, me, send, start_of
from labs.stack.state import ending_file, make_folder, stack_file, write_json

GRACE_S = 20.0  # for a clean stop of brokers whose data is kept


class Supervisor:
    """One stack: its programs, its file, its end."""

    def __init__(self, order: Facts) -> None:
        self.order = order
        data = Path(order["data"])
        self.place = native.Place(order["ports"], Path(order["run"]), data, order.get("settings", {}))
        self.folder = Path(order.get("folder") or order["data"])
        self.disk: disks.Plain = disks.DISKS[order.get("disk", "plain")](self.folder, data)
        self.file = stack_file(order["id"])
        self.record: Facts = {**order, "supervisor": me(), "committed": False, "brokers": {}}
        self.left: dict[str, list[Sequence[str]]] = {}
        self.programs: dict[str, native.Program] = {}
        self.servers: dict[int, str] = {}
        self.helpers: dict[int, str] = {}
        self.ending = False

    def save(self) -> None:
        """Let the others see how it stands."""
        if not self.ending:
            write_json(self.file, self.record)

    def begin(self) -> None:
        """Start every program; what goes wrong is written down for the owner to read."""
        make_folder(self.file.parent)
        self.save()
        make_folder(self.folder)
        make_folder(self.place.data)
        self.disk.begin()
        native.prepare(self.place)
        make_folder(home() / "log")
        for broker in self.order["brokers"]:
            self.start(broker)

    def start(self, broker: str) -> None:
        """Start a broker on the data that is there."""
        log = home() / "log" / f"{broker}-{self.order['id']}.log"
        written = log.stat().st_size if log.exists() else 0  # by the same broker before it was broken
        entry = {"state": "starting", "pid": 0, "start": 0.0, "why": "", "log": str(log), "log_from": written}
        self.record["brokers"][broker] = entry | {"data_dir": str(self.place.data / broker)}
        program = native.program(broker, self.place)
        self.programs[broker], self.left[broker] = program, list(program.steps)
        for command in program.helpers:
            self.helpers[self.spawn(program, command)] = broker
        self.step(broker)

    def step(self, broker: str) -> None:
        """Run the program's next step; the last one is the server."""
        pid = self.spawn(self.programs[broker], self.left[broker].pop(0))
        self.servers[pid] = broker
        if not self.left[broker]:
            self.record["brokers"][broker].update(state="running", pid=pid, start=start_of(pid))
        self.save()

    def spawn(self, program: native.Program, command: Sequence[str]) -> int:
        """Start one command in a session of its own, so that a Ctrl-C meant for the owner does not reach it."""
        with Path(self.record["brokers"][program.broker]["log"]).open("ab") as log:
            try:
                child = subprocess.Popen(
                    list(command),
                    env=program.env | self.disk.env(self.place.run),
                    cwd=self.place.run / "home",
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                )
            except OSError as error:
                happened = f"{command[0]} cannot be run ({error.strerror})."
                tried, cure = f"starting {program.broker}", "`labs doctor` says what is missing."
                raise StackError(tried, happened, cure, broker=program.broker) from error
        with contextlib.suppress(BrokenPipeError), child.stdin or contextlib.nullcontext() as inlet:
            if inlet:
                inlet.write(program.stdin.encode())
        child.returncode = 0  # reaped by `reap`, which also sees the orphans
        return child.pid

    def reap(self) -> None:
        """Collect the dead; a step that ended starts the next, a server that ended is reported with its broker."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                if broker := self.servers.pop(pid, ""):
                    self.ended(broker, os.waitstatus_to_exitcode(status))
                self.helpers.pop(pid, None)

    def ended(self, broker: str, code: int) -> None:
        """A step or a server has ended."""
        if self.ending:
            return
        if code == 0 and self.left[broker]:
            self.step(broker)
            return
        how = f"ended with exit code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
        self.record["brokers"][broker].update(state="dead", why=f"it {how}", ended_ns=time.monotonic_ns())
        for pid in [pid for pid, owner in self.helpers.items() if owner == broker]:
            send(pid, signal.SIGKILL)
        self.save()

    def hear(self, line: str) -> bool:
        """What the owner says; False when it is time to end."""
        word, _, rest = line.partition(" ")
        if word == "versions":
            for broker, version in json.loads(rest).items():
                self.record["brokers"][broker].update(state="ready", version=version)
        elif word == "commit":
            self.record["committed"] = True
        elif word == "do":
            asked = json.loads(rest)
            self.record["answers"] = {str(asked["number"]): protocol.answer(self, asked)}
        else:
            return False
        self.save()
        return True

    def end(self) -> None:
        """Stop everything and remove every trace; data that is the user's gets a clean stop first."""
        self.ending = True
        ending_file(self.order["id"]).touch()
        if self.order["owner"] == "user":
            self.put_back()
            for pid in self.servers:
                send(pid, signal.SIGCONT)
                send(pid, signal.SIGTERM)
            deadline = time.monotonic() + GRACE_S
            while self.servers and time.monotonic() < deadline:
                time.sleep(0.05)
                self.reap()
        while len(children := family(os.getpid())) > 1:
            for pid in children[1:]:
                send(pid, signal.SIGKILL)
            self.reap()
            time.sleep(0.02)
        shutil.rmtree(self.place.run, ignore_errors=True)
        self.disk.end()
        if self.order["owner"] == "session":
            shutil.rmtree(self.folder, ignore_errors=True)
            for entry in self.record["brokers"].values():
                if entry["state"] != "dead":  # the log of one that died is evidence
                    Path(entry["log"]).unlink(missing_ok=True)
        give_back()
        self.file.unlink(missing_ok=True)
        ending_file(self.order["id"]).unlink(missing_ok=True)

    def put_back(self) -> None:
        """What runs have set: a broker saves by the settings in force when it is told to stop."""
        with contextlib.suppress(Exception):  # nothing may keep us from ending
            from labs.stack import mending, registry

            there = {one: entry for one, entry in self.record["brokers"].items() if entry["state"] == "ready"}
            mending.before_stop({one: registry.endpoint(one, self.record) for one in there}, lambda _line: None)

    def watch(self, wake: int) -> None:
        """Serve until told to stop, or until the owner is gone."""
        owner, start = self.order["owner_pid"], self.order["owner_start"]
        sources = {wake, sys.stdin.fileno()}
        text = ""
        while True:
            ready = select.select(list(sources), [], [], 0.2)[0]
            if wake in ready and signal.SIGTERM in os.read(wake, 64):
                return
            self.reap()
            if not self.record["committed"] and not is_alive(owner, start):
                return
            if sys.stdin.fileno() in ready:
                chunk = os.read(sys.stdin.fileno(), 65536).decode()
                text += chunk
                *lines, text = text.split("\n")
                if not all(self.hear(line) for line in lines):
                    return
                if not chunk and not self.record["committed"]:
                    return
                if not chunk:
                    sources.discard(sys.stdin.fileno())


def main() -> None:
    """Run one stack from its start to its end."""
    inlet, outlet = os.pipe()
    os.set_blocking(outlet, False)
    signal.set_wakeup_fd(outlet)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    adopt_orphans()
    raise_limits()
    order = b""
    while not order.endswith(b"\n"):  # byte by byte, so that what follows stays in the pipe
        if not (byte := os.read(0, 1)):
            return
        order += byte
    supervisor = Supervisor(json.loads(order))
    try:
        supervisor.begin()
        supervisor.watch(inlet)
    except Exception as error:  # told to the owner through the file before we go
        parts = [error.tried, error.happened, error.to_do, error.broker] if isinstance(error, StackError) else []
        supervisor.record |= {"failed": f"{type(error).__name__}: {error}", "failed_parts": parts}
        with contextlib.suppress(StackError):  # a full disk
            supervisor.save()
        time.sleep(0.5)
        raise
    finally:
        supervisor.end()


if __name__ == "__main__":
    main()
