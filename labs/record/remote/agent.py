"""The part of a far worker that runs inside a Dask worker: it starts the worker proper as a process of its own, carries
the board and what is written back to the recorder several times a second, and ends it when the recorder is silent.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from labs import __version__
from labs.model import clock_offset
from labs.model.facts import Facts
from labs.model.profile import Profile
from labs.model.run import NEVER, RECEIVED, chunks
from labs.model.workload import Load
from labs.record import recovery
from labs.record.load_generator import Slot
from labs.record.processes import killed
from labs.record.remote.child import SAID, board_in
from labs.record.remote.child import start as start_child
from labs.record.spool import SENT, Spool, far_root, spooled
from labs.record.worker_pool import Role

if TYPE_CHECKING:
    from distributed import Queue

PROTOCOL = 4
"""Goes up when recorder and far worker would misunderstand each other."""
EVERY_S = 0.2
SILENT_S = 15.0
"""A recorder that gives no order for so long is dead, and nobody wants the rest."""
ITEM = 8
PORTION = 4 << 20
"""Bytes of a column in one report, at most: more would hold up the scheduler."""


def about() -> Facts:
    """What the recorder has to know of a worker before it uses it."""
    return {
        "version": __version__,
        "protocol": PROTOCOL,
        "clock": clock_offset.identity(),
        "processes": clock_offset.processes(),
    }


def unreadable(paths: Sequence[str]) -> dict[str, str]:
    """Of these files those that cannot be read where this runs, with the reason."""
    found = {}
    for path in paths:
        try:
            with Path(path).open("rb"):
                pass
        except OSError as error:
            found[path] = error.strerror or str(error)
    return found


def work(role: Role, what: tuple[object, ...], using: Profile, load: Load, token: str) -> str:
    """Run one worker to its end and return what broke. `token` names the two queues: orders come by one, reports go by
    the other. A scheduler that starts this a second time (its worker was lost) finds the invitation gone."""
    from distributed import Queue, get_client

    client = get_client()
    orders, reports = Queue(f"{token}-{role}", client=client), Queue(token, client=client)
    if not orders.qsize() or orders.get(timeout=5) != "invited":
        return f"{role}: it was started twice; the second one did nothing"
    recovery.clear_far()
    try:
        with spooled(using, load, (Exception,), where=far_root()) as spool:
            _accompany(_Far(role, spool, start_child(spool.folder, role, *what), orders, reports))
    except OSError as error:
        reports.put({"role": role, "said": f"{role}: {error}"})
    return ""


class _Far:
    """A worker's process, its board and folder, and how much of that has been reported."""

    def __init__(self, role: Role, spool: Spool, child: subprocess.Popen[bytes], orders: Queue, reports: Queue) -> None:
        self.role, self.folder, self.child, self.orders, self.reports = role, spool.folder, child, orders, reports
        self.board = board_in(self.folder)
        self.sent = spool.sent() if role == "producer" else {}
        self.told = {name: np.full(len(column), NEVER, np.int64) for name, column in self.sent.items()}
        self.spool, self.said = spool, dict[str, str]()
        self.rows = self.final = 0
        """Rows that were reported; messages before the first whose answer may still come."""

    def obey(self) -> bool:
        """Note the orders that have come; False if there were none."""
        heard = False
        while self.orders.qsize():
            self.board[Slot.START_NS], self.board[Slot.STOP] = self.orders.get(timeout=5)
            heard = True
        return heard

    def report(self, **more: object) -> None:
        """Send what has come since the last report."""
        board = list(self.board)
        news = self._sent(board[Slot.SENT]) if self.sent else self._received()
        for columns in news:
            self.reports.put({"role": self.role, "columns": columns})
        if (told := self.spool.told()) != self.said:
            self.said, more = told, more | {"told": told}
        self.reports.put({"role": self.role, "board": board, **more})

    def _sent(self, until: int) -> Iterator[dict[str, list[int | bytes]]]:
        """Of the producer's columns the pieces in which something has changed."""
        for piece in chunks(until - self.final):
            part = slice(piece.start + self.final, piece.stop + self.final)
            found: dict[str, list[int | bytes]] = {}
            for name in SENT:
                now, told = self.sent[name][part].copy(), self.told[name][part]
                if len(changed := np.flatnonzero(now != told)):
                    first, end = int(changed[0]), int(changed[-1]) + 1
                    found[name] = [part.start + first, now[first:end].tobytes()]
                    told[:] = now
            if found:
                yield found
        confirmed, refused = (self.told[name][self.final : until] for name in ("confirmed_ns", "refused_ns"))
        rest = np.flatnonzero((confirmed == NEVER) & (refused == NEVER))
        self.final = self.final + int(rest[0]) if len(rest) else until

    def _received(self) -> Iterator[dict[str, list[int | bytes]]]:
        """The consumer's rows that are new."""
        paths = {name: self.folder / f"{name}.i8" for name in RECEIVED}
        whole = min(path.stat().st_size for path in paths.values()) // ITEM
        while self.rows < whole:
            count = min(whole - self.rows, PORTION // ITEM)
            yield {name: [self.rows, _read(path, self.rows, count)] for name, path in paths.items()}
            self.rows += count


def _read(path: Path, row: int, count: int) -> bytes:
    with path.open("rb") as file:
        file.seek(row * ITEM)
        return file.read(count * ITEM)


def _accompany(far: _Far) -> None:
    """Until the worker has ended."""
    heard_s = time.monotonic()
    try:
        while far.child.poll() is None:
            if far.obey():
                heard_s = time.monotonic()
            if time.monotonic() - heard_s > SILENT_S:
                return
            far.report()
            time.sleep(EVERY_S)
        said = far.folder / SAID
        far.report(said=said.read_text("utf-8") if said.exists() else killed(far.role))
    finally:
        if far.child.poll() is None:
            far.child.kill()
        far.child.wait()
