"""Calls by HTTP/1.1: uvicorn answers, httpx asks. With 202 the work goes on meanwhile, and the answer is fetched."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import uvicorn

from labs.model.endpoint import UnreachableError
from labs.scenarios.calls.board import HEAD
from labs.scenarios.calls.service import HOST, LOOK_S, WORKERS, Line, Service, Task, unshared

LATER = "http-202"
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
"""What an ASGI server and its application say to each other."""
AGAIN_S = 0.002
"""How long a caller with a 202 in its hand waits before it asks for the answer again."""


class _Server(uvicorn.Server):
    """Ctrl-C is the parent's: uvicorn would take the signal and send it again."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _App:
    """The service as an ASGI application: POST asks; with 202, GET /number fetches what was done meanwhile."""

    def __init__(self, service: Service, *, later: bool) -> None:
        self._service, self._later = service, later
        self._places = asyncio.Semaphore(WORKERS)
        self._answers: dict[int, bytes] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["method"] == "GET":
            body = self._answers.pop(int(scope["path"].rpartition("/")[2]), None)
            await _answer(send, 404 if body is None else 200, body or b"")
            return
        body = await _whole(receive)
        if not self._later:
            await self._work(body)
            await _answer(send, 200, body)
            return
        job = asyncio.create_task(self._do(body))
        self._running.add(job)
        job.add_done_callback(self._running.discard)
        await _answer(send, 202, b"")

    async def _do(self, body: bytes) -> None:
        await self._work(body)
        self._answers[HEAD.unpack_from(body)[0]] = body

    async def _work(self, body: bytes) -> None:
        async with self._places:
            if self._service.service_s:
                await asyncio.sleep(self._service.service_s)
            self._service.done(body)


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        part = await receive()
        body, more = body + part.get("body", b""), part.get("more_body", False)
    return body


async def _answer(send: Send, status: int, body: bytes) -> None:
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": length})
    await send({"type": "http.response.body", "body": body})


def serve(task: Task, service: Service) -> None:
    """An HTTP server, until it is asked to end."""
    asyncio.run(_serve(task, service))


async def _serve(task: Task, service: Service) -> None:
    sock = service.listen()
    app = _App(service, later=task.carrier.name == LATER)
    server = _Server(
        uvicorn.Config(
            app,
            http="h11", loop="asyncio", ws="none", lifespan="off", access_log=False, log_level="critical",
            timeout_graceful_shutdown=1,
        )
    )  # fmt: skip
    running = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started and not running.done():
        await asyncio.sleep(0.005)
    service.up(sock.getsockname()[1])
    while not service.stopped and not running.done():
        await asyncio.sleep(LOOK_S)
    server.should_exit = True
    await running


class _Line(Line):
    """One caller's client; its connection is kept, or closed after each call."""

    def __init__(self, task: Task, port: int) -> None:
        self._later, self._fetches = task.carrier.name == LATER, task.plan.open
        kept = 0 if task.carrier.name == "http-new" else 1
        carry = httpx.HTTPTransport(verify=False, limits=httpx.Limits(max_keepalive_connections=kept))
        head = {} if kept else {"Connection": "close"}
        self._client = httpx.Client(base_url=f"http://{HOST}:{port}", transport=carry, headers=head, trust_env=False)

    def ask(self, body: bytes, patience_s: float) -> None:
        """Post the body and have the answer; in a closed loop a 202 is all that is waited for."""
        until_s = time.monotonic() + patience_s
        with _typed():
            self._client.post("/", content=body, timeout=patience_s).raise_for_status()
            if not self._later or not self._fetches:
                return
            address = f"/{HEAD.unpack_from(body)[0]}"
            while self._client.get(address, timeout=patience_s).status_code != httpx.codes.OK:
                if time.monotonic() > until_s:
                    raise TimeoutError(f"no answer after {patience_s:g} s")
                time.sleep(AGAIN_S)

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()


@contextlib.contextmanager
def _typed() -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise TimeoutError(f"HTTP: no answer in time ({type(error).__name__})") from error
    except httpx.HTTPError as error:
        raise UnreachableError(f"HTTP: {error or type(error).__name__}") from error


@contextlib.contextmanager
def line(task: Task, port: int, _caller: int) -> Iterator[_Line]:
    """A client of its own for each caller."""
    with contextlib.closing(_Line(task, port)) as own:
        yield own


lines = unshared(line)
