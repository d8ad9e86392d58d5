"""The workers: processes that take one job, do it, are done with it, and take the next; by HTTP each is a server."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler
from importlib import import_module
from socketserver import TCPServer
from typing import cast

from labs.record.processes import Context
from labs.scenarios.jobs.event_log import EventLog, Kind, Slot
from labs.scenarios.jobs.work import LOOK_S, Source, Task

HOST = "127.0.0.1"
PATIENCE_S = 10.0


def main(here: Context, task: Task, work_s: float) -> None:
    """The whole life of a worker process."""
    log = EventLog(here.board, task.worker)
    log.note(Kind.UP)
    if not task.mode.profile:
        answer(log, work_s)
        return
    module = import_module(f"labs.scenarios.jobs.{task.mode.module}")
    with cast("AbstractContextManager[Source]", module.source(task)) as source:
        serve(source, log, work_s)


def do(job: int, log: EventLog, work_s: float) -> None:
    """One job, from its first moment to its last."""
    log.note(Kind.BEGUN, job)
    time.sleep(work_s)
    log.note(Kind.DONE, job)


def serve(source: Source, log: EventLog, work_s: float) -> None:
    """Take a job, do it, acknowledge it, until asked to stop. Ready when it has asked for one for the first time."""
    while not log.stopped:
        jobs = source.take(1)
        if source.ready and not log.has(Kind.READY):
            log.note(Kind.READY)
        if not jobs:
            log.nothing_came()
            continue
        for job in jobs:
            log.note(Kind.TAKEN, job)
            do(job, log, work_s)
        source.release()


class _Server(TCPServer):
    allow_reuse_address = True
    request_queue_size = 512
    timeout = LOOK_S

    def __init__(self, log: EventLog, work_s: float) -> None:
        self.log, self.work_s = log, work_s
        super().__init__((HOST, 0), _Handler)
        log.board[Slot.PORT] = self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that has gone away is its own affair."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE_S

    def do_POST(self) -> None:
        job = int(self.path.rpartition("/")[2])
        self.server.log.note(Kind.TAKEN, job)
        do(job, self.server.log, self.server.work_s)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
        """The event log is elsewhere."""


def answer(log: EventLog, work_s: float) -> None:
    """A worker that is a server and does one job at a time: who calls meanwhile waits for it."""
    with _Server(log, work_s) as server:
        log.note(Kind.READY)
        while not log.stopped:
            server.handle_request()
