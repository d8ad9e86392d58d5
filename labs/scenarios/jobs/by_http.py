"""Jobs by HTTP, without a broker: the worker is a server that does one job at a time, and the caller waits for it.

With retries the caller asks until it is answered. The key in each request lets the worker tell a job that it has done
from one that it has not: the keys stand beside the effects, and outlive the worker as they do.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import AbstractContextManager, nullcontext
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer

from labs.brokers.base import Confirmations
from labs.model.endpoint import Endpoint
from labs.scenarios.jobs import Mode
from labs.scenarios.jobs.event_log import EventLog, Kind, Slot
from labs.scenarios.jobs.producer import Answers
from labs.scenarios.jobs.work import LOOK_S, Task, do

HOST = "127.0.0.1"
KEY = "Idempotency-Key"
PATIENCE_S = 10.0
BACK_OFF_S = (0.05, 0.15)
"""Between two tries, drawn anew each time so that callers do not come back all at once."""


def settings(mode: Mode, _prefetch: int) -> dict[str, object]:
    """What this code sets, addresses aside."""
    asked: dict[str, object] = {"timeout_s": PATIENCE_S}
    return asked if mode.name == "http-no-retry" else asked | {"key": KEY, "back_off_s": BACK_OFF_S}


class _Server(TCPServer):
    allow_reuse_address = True
    request_queue_size = 512
    timeout = LOOK_S

    def __init__(self, log: EventLog) -> None:
        self.log = log
        super().__init__((HOST, log.board[Slot.PORT]), _Handler)
        log.board[Slot.PORT] = self.server_address[1]

    def handle_timeout(self) -> None:
        """Nobody called for LOOK_S."""
        self.log.nothing_came()

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that has gone away is its own affair."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE_S

    def do_POST(self) -> None:
        job, log = int(self.path.rpartition("/")[2]), self.server.log
        log.note(Kind.TAKEN, job)
        if self.headers.get(KEY) and log.has(Kind.DONE, job):
            log.note(Kind.KNOWN, job)
        else:
            do(job, log)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        log.note(Kind.RELEASED, job)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
        """The event log is elsewhere."""


def work(task: Task, log: EventLog) -> None:
    """A worker that is a server; the second one listens where the first did."""
    with _Server(log) as server:
        log.note(Kind.READY)
        while not log.stopped:
            server.handle_request()


class Desk:
    """The callers: one for each job, at the job's time."""

    def __init__(self, mode: Mode) -> None:
        self._keyed = mode.name == "http-retry"
        self._again = mode.name != "http-no-retry"

    def hand_in(self, answers: Answers, port: int) -> None:
        """All jobs, each by a caller of its own."""
        asyncio.run(self._call_all(answers, port))

    async def _call_all(self, answers: Answers, port: int) -> None:
        """Until every caller has its answer; a stop sends all of them home at once."""
        waiting = {asyncio.create_task(self._call(job, answers, port)) for job in range(answers.plan.jobs)}
        while waiting and not answers.stop.is_set():
            done, waiting = await asyncio.wait(waiting, timeout=LOOK_S)
            for caller in done:
                caller.result()
        for caller in waiting:
            caller.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _call(self, job: int, answers: Answers, port: int) -> None:
        """Ask when the job is due; again, if that is the way, until somebody says yes."""
        chance = random.Random(answers.plan.seed * answers.plan.jobs + job)
        await asyncio.sleep(max(answers.due_in_s(job), 0))
        while True:
            answers.sent(job)
            if await posted(job, port, keyed=self._keyed):
                answers.heard(Confirmations([job]))
                return
            if not self._again:
                answers.heard(Confirmations((), [job]))
                return
            await asyncio.sleep(chance.uniform(*BACK_OFF_S))

    def left(self) -> int:
        """Nobody holds jobs but the callers."""
        return 0

    def about(self) -> dict[str, object]:
        """There is no server but the worker."""
        return {}


def desk(mode: Mode, endpoint: Endpoint | None, name: str) -> AbstractContextManager[Desk]:
    """Nothing has to be opened."""
    return nullcontext(Desk(mode))


async def posted(job: int, port: int, *, keyed: bool) -> bool:
    """Whether who listens there said yes; no answer, half an answer and a refused connection are all no."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                key = f"{KEY}: job-{job}\r\n" if keyed else ""
                writer.write(f"POST /jobs/{job} HTTP/1.0\r\nHost: {HOST}\r\n{key}Content-Length: 0\r\n\r\n".encode())
                return (await reader.readline()).split()[1:2] in ([b"200"], [b"202"])
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
