"""A pool of Dask workers, as the recorder sees it: a board in step with theirs, their columns in its own spool."""

from __future__ import annotations

import contextlib
import pickle
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labs.model import clock_offset
from labs.model.clock_offset import Offset
from labs.model.endpoint import Address, UnreachableError
from labs.model.facts import Facts
from labs.model.workload import NS_PER_S
from labs.record.load_generator import Slot
from labs.record.processes import Board, Job, hung
from labs.record.remote import agent
from labs.record.spool import Spool
from labs.record.worker_pool import READY, Role

if TYPE_CHECKING:
    from distributed import Client

TLS_FILES = ("LABS_TLS_CA", "LABS_TLS_CERT", "LABS_TLS_KEY")
TRIPS = 60
EVERY_S = 0.1
LOOK_EVERY_S = 1.0
STOPS_S = 6.0
MINE: dict[Role, tuple[Slot, ...]] = {
    "producer": (Slot.PRODUCER_READY, Slot.SENT, Slot.PRODUCER_PID),
    "consumer": (Slot.CONSUMER_READY, Slot.ARRIVED, Slot.CONSUMER_PID),
}
"""Which places of the board are whose to report."""


class _FarJob:
    """A worker elsewhere: what is known of it is what was reported."""

    def __init__(self, role: Role, board: Board) -> None:
        self.name, self._board, self._ready = role, board, READY[role]
        self._said, self._ended = "", threading.Event()

    @property
    def ready(self) -> bool:
        """What comes from now on reaches it."""
        return bool(self._board[self._ready])

    @property
    def done(self) -> bool:
        """It has ended, or will say nothing more."""
        return self._ended.is_set()

    def end(self, said: str) -> None:
        """It has ended with these words; later ones change nothing."""
        if not self.done:
            self._said = said
            self._ended.set()

    def said(self) -> str:
        """What it says went wrong; nothing so far."""
        return self._said

    def wait(self, within_s: float) -> bool:
        """Whether it has ended by then."""
        return self._ended.wait(within_s)

    def trouble(self, within_s: float = STOPS_S) -> str:
        """What broke for a worker that has ended, or shall end by then; nothing if it went well."""
        return self._said if self.wait(within_s) else hung(self.name)


class DaskPool:
    """The pool that `record` knows, with a board that a thread keeps in step with the workers' own."""

    lead_ns = NS_PER_S  # an order takes two of the workers' rounds to arrive
    patience_s = 30.0  # ten million messages are half a gigabyte

    def __init__(self, client: Client, workers: dict[Role, Facts]) -> None:
        from distributed import Queue

        self.board: Board = [0] * len(Slot)
        self._client, self._workers = client, workers
        self._token = f"labs-{secrets.token_hex(8)}"
        self._reports = Queue(self._token, client=client)
        self._orders = {role: Queue(f"{self._token}-{role}", client=client) for role in workers}
        self._jobs: dict[Role, _FarJob] = {}
        self._tasks: dict[Role, Any] = {}
        self._spool: Spool | None = None
        self._offsets = self._measured()
        self._ended = threading.Event()
        self._pump = threading.Thread(target=self._keep_in_step, name="labs-far", daemon=True)

    def _measured(self) -> dict[Role, Offset]:
        """How far each worker's clock is ahead of ours; workers that share one have the same offset."""
        known = {clock_offset.identity(): Offset(0, 0)}
        found: dict[Role, Offset] = {}
        for role, one in self._workers.items():
            offset = known.get(one["clock"]) if one["clock"] else None
            found[role] = offset or clock_offset.measured(self._client.sync(_trips, self._client, one["address"]))
            known[one["clock"]] = found[role]
        return found

    def submit(self, role: Role, work: Callable[..., object], *what: object) -> Job:
        """Set a worker to the role's work; `what` is what the same work gets here: address, load or messages, spool."""
        address, amount, spool = what
        assert isinstance(address, Address)
        assert isinstance(spool, Spool)
        self._reachable(role, address)
        self._spool = spool
        self._orders[role].put("invited")
        one = self._workers[role]["address"]
        executor = self._client.get_executor(workers=[one], allow_other_workers=False, pure=False, retries=0)
        self._tasks[role] = executor.submit(
            agent.work, role, (address, amount), address.profile, spool.load(), self._token
        )
        self._jobs[role] = _FarJob(role, self.board)
        if not self._pump.is_alive():
            self._pump.start()
        return self._jobs[role]

    def _reachable(self, role: Role, address: Address) -> None:
        here, there = clock_offset.identity().partition(" ")[0], self._workers[role]["clock"].partition(" ")[0]
        if clock_offset.on_this_machine(address.endpoint.host) and here != there:
            raise UnreachableError(
                f"The broker listens at {address.endpoint.host}, and the worker {self._workers[role]['name']} is on "
                "another machine. Name one that both can reach with --redis, --rabbitmq or --kafka."
            )
        self._has_files(self._workers[role], address.endpoint.tls or ())

    def _has_files(self, worker: Facts, tls: Sequence[str]) -> None:
        """A worker connects to the broker by itself: what secures that has to lie where it runs."""
        named = {path: name for name, path in zip(TLS_FILES, tls, strict=False) if path}
        told = self._client.run(agent.unreadable, list(named), workers=[worker["address"]]) if named else {}
        if missing := told.get(worker["address"], {}):
            files = ", ".join(f"{path} ({named[path]}): {why}" for path, why in missing.items())
            raise UnreachableError(
                f"The broker wants TLS, and the worker {worker['name']} cannot read {files}. These files are not sent: "
                "copy them to the same path on each worker's machine, readable for the user who runs it."
            )

    def facts(self, *, ended: bool) -> Facts:
        """Whose clocks were how far apart, and what is not known of that; measured again at the end, for they drift."""
        if ended:
            with contextlib.suppress(Exception):  # a lost worker answers no more: what was measured before stands
                now = self._measured()
                hulls = {role: before.hull(now[role]) for role, before in self._offsets.items()}
                return {"executor": "dask", "clocks": self._stated(hulls)}
        return {"executor": "dask", "clocks": self._stated(self._offsets)}

    def beside(self, processors: Facts, pauses: list[list[Any]]) -> Facts:
        """Nothing: this machine's processors and pauses are not theirs."""
        return {}

    def _stated(self, offsets: Mapping[Role, Offset]) -> Facts:
        told: Facts = {
            role: {"worker": self._workers[role]["name"], "offset_ns": now.ns, "within_ns": now.within_ns}
            for role, now in offsets.items()
        }
        one, other = (self._workers[role]["clock"] for role in offsets)
        return told | {"within_ns": 0 if one and one == other else sum(now.within_ns for now in offsets.values())}

    # ---- the thread

    def _keep_in_step(self) -> None:
        ordered: tuple[int, int] | None = None
        ordered_s = looked_s = 0.0
        while not self._ended.is_set():
            try:
                now = (self.board[Slot.START_NS], self.board[Slot.STOP])
                if now != ordered or time.monotonic() - ordered_s > LOOK_EVERY_S:
                    self._order(*now)
                    ordered, ordered_s = now, time.monotonic()
                self._hear()
                if time.monotonic() - looked_s > LOOK_EVERY_S:
                    looked_s = time.monotonic()
                    self._look_after()
            except Exception as error:
                for role, job in list(self._jobs.items()):
                    job.end(f"{role}: the scheduler was lost ({type(error).__name__}: {error})")
                return

    def _order(self, start_ns: int, stop: int) -> None:
        for role, job in list(self._jobs.items()):
            if not job.done:
                self._orders[role].put([start_ns + self._offsets[role].ns if start_ns else 0, stop])

    def _hear(self) -> None:
        try:
            report = self._reports.get(timeout=EVERY_S)
        except TimeoutError:
            return
        role: Role = report["role"]
        for name, (row, data) in report.get("columns", {}).items():
            self._write(name, row, data)
        for name, text in report.get("told", {}).items():
            assert self._spool
            self._spool.tell(name, text)
        for slot in MINE[role] if "board" in report else ():
            pid_elsewhere = slot in (Slot.PRODUCER_PID, Slot.CONSUMER_PID) and not self._seen_here(role)
            self.board[slot] = 0 if pid_elsewhere else report["board"][slot]
        if "said" in report:
            self._jobs[role].end(report["said"])

    def _seen_here(self, role: Role) -> bool:
        """Whether the worker's number of a process means the same here."""
        return bool(clock_offset.processes()) and self._workers[role]["processes"] == clock_offset.processes()

    def _write(self, name: str, row: int, data: bytes) -> None:
        assert self._spool
        if name == "delivered_due_ns":  # the due time is by the producer's clock, the start that was taken off is not
            apart_ns = self._offsets["consumer"].ns - self._offsets["producer"].ns
            data = (np.frombuffer(data, np.int64) + apart_ns).tobytes()
        with (self._spool.folder / f"{name}.i8").open("r+b") as file:
            file.seek(row * 8)
            file.write(data)

    def _look_after(self) -> None:
        """A worker that the scheduler has lost, and a task that ended in an error, will say nothing more."""
        there = self._client.scheduler_info(n_workers=-1)["workers"]
        for role, job in list(self._jobs.items()):
            one, task = self._workers[role], self._tasks[role]
            if job.done:
                continue
            if one["address"] not in there:
                job.end(f"{role}: its worker {one['name']} was lost; what it had not yet reported is unknown")
            elif task.done() and task.exception():
                job.end(f"{role}: {type(task.exception()).__name__}: {task.exception()}")

    def close(self) -> None:
        """Tell all to stop, give them a moment, forget the rest."""
        self.board[Slot.STOP] = 1
        until_s = time.monotonic() + STOPS_S
        while self._pump.is_alive() and time.monotonic() < until_s:
            if all(job.done for job in self._jobs.values()):
                break
            time.sleep(EVERY_S)
        self._ended.set()
        if self._pump.ident:
            self._pump.join(STOPS_S)
        for task in self._tasks.values():
            task.cancel()
        with contextlib.suppress(Exception):
            for queue in (self._reports, *self._orders.values()):
                queue.close()


async def _trips(client: Client, address: str) -> list[tuple[int, int, int]]:
    """Round trips to a worker's clock, by Dask's own connection to it."""
    asked = pickle.dumps(time.monotonic_ns)
    found = []
    for _ in range(TRIPS):
        before = time.monotonic_ns()
        answer = await client.rpc(address).run(function=asked)
        found.append((before, int(answer["result"]), time.monotonic_ns()))
    return found
