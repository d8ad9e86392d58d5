"""HTTP push, the reader's side: a server of its own, and a call to the sender that says where it is."""

from __future__ import annotations

import http.client
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from labs.model.endpoint import Endpoint, UnreachableError
from labs.record.processes import Board
from labs.scenarios.joining import LOOK_S
from labs.scenarios.joining.board import Slot

HOST = "127.0.0.1"
ANSWER_S = 5.0


class Inbox(ThreadingHTTPServer):
    """What was posted, in its order."""

    daemon_threads = True
    ready = True

    def __init__(self) -> None:
        self.posted = queue.SimpleQueue[bytes]()
        super().__init__((HOST, 0), _Handler)

    def take(self) -> Sequence[bytes]:
        """The next one."""
        try:
            return [self.posted.get(timeout=LOOK_S)]
        except queue.Empty:
            return []


class _Handler(BaseHTTPRequestHandler):
    server: Inbox
    protocol_version = "HTTP/1.1"  # the connection is kept

    def do_POST(self) -> None:
        self.server.posted.put(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
        """The board says it."""


@contextmanager
def opened(_mode: str, _place: Endpoint | None, _name: str, board: Board) -> Iterator[Inbox]:
    """Registered with the sender: it must be told."""
    with Inbox() as inbox:
        threading.Thread(target=inbox.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            _register(board[Slot.PORT], inbox.server_address[1])
            yield inbox
        finally:
            inbox.shutdown()


def _register(desk: int, port: int) -> None:
    sender = http.client.HTTPConnection(HOST, desk, timeout=ANSWER_S)
    try:
        sender.request("POST", "/subscribers", str(port))
        status = sender.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(f"the sender does not take registrations: {error}") from error
    finally:
        sender.close()
    if status != 200:
        raise UnreachableError(f"the sender answered a registration with {status}")
