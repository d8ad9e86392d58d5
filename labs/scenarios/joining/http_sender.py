"""HTTP push: whoever wants the messages tells us where, and each message is posted to everybody on that list."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from labs.model.endpoint import Endpoint, UnreachableError
from labs.record.processes import Board
from labs.scenarios.joining.board import Slot

HOST = "127.0.0.1"
ANSWER_S = 5.0


class Desk(HTTPServer):
    """Where subscribers are registered, each by the port on which it listens."""

    def __init__(self, board: Board) -> None:
        self.board, self.subscribers = board, list[http.client.HTTPConnection]()
        super().__init__((HOST, 0), _Registration)
        board[Slot.PORT] = self.server_address[1]

    def push(self, body: bytes) -> None:
        """To each of them; one that says no or nothing is an error of the sender's."""
        for subscriber in tuple(self.subscribers):
            try:
                subscriber.request("POST", "/", body)
                answer = subscriber.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise UnreachableError(f"the subscriber on port {subscriber.port} does not answer: {error}") from error
            if answer.status != 200:
                raise UnreachableError(f"the subscriber on port {subscriber.port} answered {answer.status}")


class _Registration(BaseHTTPRequestHandler):
    server: Desk
    timeout = ANSWER_S

    def do_POST(self) -> None:
        port = int(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.subscribers.append(http.client.HTTPConnection(HOST, port, timeout=ANSWER_S))
        self.server.board[Slot.TOLD] += 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
        """The board says it."""


@contextmanager
def opened(_mode: str, _place: Endpoint | None, _name: str, board: Board) -> Iterator[Callable[[bytes], None]]:
    """What publishes one message; it returns when every subscriber has it."""
    with Desk(board) as desk:
        threading.Thread(target=desk.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield desk.push
        finally:
            desk.shutdown()
