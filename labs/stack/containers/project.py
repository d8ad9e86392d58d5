"""Start one stack of containers, with the same record, the same proof of readiness and the same end as a native one."""

from __future__ import annotations

import contextlib
import os
import secrets as random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from labs.model import environ, paths
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.stack import data, probe, state
from labs.stack.containers import compose
from labs.stack.processes import MARK, MARK_HOME, MARK_OWNER, me, start_of

READY_S = 90.0
Report = Callable[[str], None]


class Contained:
    """One compose project from the order to the last broker's first message."""

    def __init__(
        self,
        brokers: Sequence[str],
        owner: str,
        ports: dict[str, int],
        report: Report,
        *,
        host_network: bool = False,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.more, self.ready = dict(more or {}), dict[str, Endpoint]()
        self.id, self.report, self.host_network = random.token_hex(4), report, host_network
        self.brokers, self.ports = list(brokers), ports
        mine = me()
        self.record: Facts = {
            "id": self.id,
            "backend": "compose",
            "project": project_of(owner, self.id),
            "owner": owner,
            "owner_pid": mine["pid"],
            "owner_start": mine["start"],
            "committed": False,
            "ports": ports,
            "brokers": {},
        }
        self.file = state.make_folder(paths.home() / "stacks") / f"{self.id}.json"

    def wait(self) -> dict[str, Endpoint]:
        """Every broker, once a message went round through each. StackError, with nothing left, if one does not."""
        state.write_json(self.file, self.record)
        session = self.record["owner"] == "session"
        if not session:
            data.note_volumes()
        with self._marked():
            found = compose.start(
                self.brokers,
                project=self.record["project"],
                ports=self.ports,
                secrets=state.secrets(),
                owner_pid=os.getpid() if session else None,
                host_network=self.host_network,
                more=self.more,
                report=self.report,
            )
        ready = {name: replace(place, version=self._prove(place)) for name, place in found.items()}
        for name, place in ready.items():
            pid = place.pids[0] if place.pids else 0
            about = {"state": "ready", "pid": pid, "start": start_of(pid) if pid else 0.0, "why": "", "log": ""}
            about |= {"container": place.container, "version": place.version, "data_dir": place.data_dir}
            self.record["brokers"][name] = about
        state.write_json(self.file, self.record)
        self.ready = ready
        return ready

    def place(self, broker: str) -> Endpoint:
        """Where the broker was when it was ready."""
        return self.ready[broker]

    def _prove(self, place: Endpoint) -> str:
        deadline = time.monotonic() + READY_S
        while True:
            try:
                return probe.round_trip(place)
            except probe.NotReady as reason:
                if time.monotonic() > deadline:
                    raise StackError(
                        f"starting {place.broker} in container {place.container}",
                        f"no message went round in {READY_S:.0f} s ({reason}).",
                        f"Look at its log: docker logs {place.container}",
                    ) from reason
            time.sleep(0.2)

    @contextlib.contextmanager
    def _marked(self) -> Iterator[None]:
        # The engine's command line inherits our marks: if we are killed, the next command finds and ends it.
        mine = me()
        marks = {MARK: self.id, MARK_HOME: str(paths.home()), MARK_OWNER: f"{mine['pid']}:{mine['start']}"}
        as_before = environ.put(marks)
        try:
            yield
        finally:
            as_before()

    def release(self) -> None:
        """Let the stack stay behind: it is the user's now."""
        self.record["committed"] = True
        state.write_json(self.file, self.record)

    def stop(self) -> None:
        """End the stack; a session's data goes with it. Of the user's project others may have brokers: they stay."""
        if self.record["owner"] == "session":
            stop_project(self.record, volumes=True)
        else:
            compose.remove(self.record["project"], self.brokers)
            self.file.unlink(missing_ok=True)


def project_of(owner: str, stack: str) -> str:
    """The compose project's name: one for the user, one for each session, of this user and folder alone."""
    return state.user_project() if owner == "user" else f"{state.user_project()}-{stack}"


def stop_project(record: Facts, *, volumes: bool) -> None:
    """Remove a project's containers and every record of it."""
    compose.stop(record["project"], volumes=volumes)
    for other in state.stacks():
        if other.get("project") == record["project"]:
            (paths.home() / "stacks" / f"{other['id']}.json").unlink(missing_ok=True)
