"""The HTTP service: a pool of workers and a bounded number of callers that may wait for one; and those who call it.

A caller waits PATIENCE_S and goes. The pool does not see that somebody has gone: it does that job for nobody.
"""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
from contextlib import suppress
from enum import IntEnum
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer

from labs.record.processes import Context
from labs.scenarios.bursts import PATIENCE_S, SERVICE_S
from labs.scenarios.bursts.rows import Book, Slot
from labs.scenarios.jobs.producer import Answers

HOST = "127.0.0.1"
LOOK_S = 0.1
READ_S = 5.0
REFUSED = b"HTTP/1.0 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n"


class End(IntEnum):
    """How a call ended for its caller."""

    NONE, ANSWERED, REJECTED, GAVE_UP, FAILED = range(5)


class _Handler(BaseHTTPRequestHandler):
    server: Pool
    timeout = READ_S

    def do_POST(self) -> None:
        self.server.book.work(int(self.path.rpartition("/")[2]), threading.get_ident(), SERVICE_S)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
        """What happened is in the book."""


class Pool(TCPServer):
    """One thread lets callers in; as many workers as it has take them in turn."""

    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(self, book: Book, number: int, accepts: int) -> None:
        self.book = book
        self._waiting: queue.Queue[tuple[socket.socket, object]] = queue.Queue(accepts)
        super().__init__((HOST, 0), _Handler)
        self._workers = [threading.Thread(target=self._serve, daemon=True) for _ in range(number)]
        for worker in self._workers:
            worker.start()

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Let a caller wait for a worker, or send it away at once."""
        caller = request if isinstance(request, socket.socket) else request[1]
        try:
            self._waiting.put_nowait((caller, client_address))
        except queue.Full:
            with suppress(OSError):
                caller.settimeout(LOOK_S)
                caller.recv(4096)  # a socket that is closed with something unread takes back what was sent
                caller.sendall(REFUSED)
            self.shutdown_request(caller)

    def _serve(self) -> None:
        """A worker: the caller that has waited longest, whether or not it is still there."""
        self.book.up()
        while not self.book.stopped:
            with suppress(queue.Empty):
                caller, address = self._waiting.get(timeout=LOOK_S)
                with suppress(OSError):
                    self.finish_request(caller, address)
                self.shutdown_request(caller)


def main(here: Context, number: int, accepts: int) -> None:
    """The whole life of the service."""
    book = Book(here.board)
    with Pool(book, number, accepts) as server:
        here.board[Slot.PORT] = server.server_address[1]
        server.timeout = LOOK_S
        while not book.stopped:
            server.handle_request()


async def call_all(answers: Answers, port: int, ends: list[int]) -> None:
    """Every job by a caller of its own, when it is due; `ends` says how each ended, and the answers when."""
    calls = [asyncio.create_task(_call(job, answers, port, ends)) for job in range(answers.plan.jobs)]
    waiting = set(calls)
    while waiting and not answers.stop.is_set():
        done, waiting = await asyncio.wait(waiting, timeout=LOOK_S)
        for one in done:
            one.result()
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def _call(job: int, answers: Answers, port: int, ends: list[int]) -> None:
    await asyncio.sleep(max(answers.due_in_s(job), 0))
    answers.sent(job)
    end = await _asked(job, port)
    ends[job] = end
    answers.columns["accepted_ns" if end == End.ANSWERED else "refused_ns"][job] = answers.now_ns()


async def _asked(job: int, port: int) -> End:
    """One call without a second try."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(f"POST /jobs/{job} HTTP/1.0\r\nHost: {HOST}\r\nContent-Length: 0\r\n\r\n".encode())
                status = (await reader.readline()).split()[1:2]
            finally:
                writer.close()
    except TimeoutError:
        return End.GAVE_UP
    except (OSError, asyncio.IncompleteReadError):
        return End.FAILED
    return End.ANSWERED if status == [b"200"] else End.REJECTED if status == [b"503"] else End.FAILED
