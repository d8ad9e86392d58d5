"""Start one stack of containers, with the same record, the same proof of readiness and the same end as a native one."""

from __future__ import annotations

import contextlib
import os
import secrets as random
from collections.abc import Callable, Iterator, Mapping, Sequence

from labs.model import environ, paths
from labs.model.endpoint import Endpoint
from labs.model.facts import Facts
from labs.stack import data, state
from labs.stack.containers import compose
from labs.stack.processes import MARK, MARK_HOME, MARK_OWNER, me, start_of

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
        self.file = state.stack_file(self.id)
        state.make_folder(self.file.parent)

    def wait(self) -> dict[str, Endpoint]:
        """Every broker, once a message went round through each. StackError, with nothing left, if one does not."""
        state.write_json(self.file, self.record)
        session = self.record["owner"] == "session"
        if not session:
            data.note_volumes()
        with self._marked():
            self.ready = compose.start(
                self.brokers,
                project=self.record["project"],
                ports=self.ports,
                secrets=state.secrets(),
                owner_pid=os.getpid() if session else None,
                host_network=self.host_network,
                more=self.more,
                report=self.report,
            )
        for name, place in self.ready.items():
            pid = place.pids[0] if place.pids else 0
            about = {"state": "ready", "pid": pid, "start": start_of(pid) if pid else 0.0, "why": "", "log": ""}
            about |= {"container": place.container, "version": place.version, "data_dir": place.data_dir}
            self.record["brokers"][name] = about
        state.write_json(self.file, self.record)
        return self.ready

    def place(self, broker: str) -> Endpoint:
        """Where the broker was when it was ready."""
        return self.ready[broker]

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
            state.stack_file(other["id"]).unlink(missing_ok=True)
