"""Calls by gRPC: HTTP/2 underneath, one connection for all callers of the process. Bytes in, bytes out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc

from labs.model.endpoint import UnreachableError
from labs.scenarios.calls.service import HOST, LOOK_S, WORKERS, Line, Lines, Service, Task

SERVICE, METHOD = "labs.Calls", "Ask"
OPTIONS = (("grpc.enable_http_proxy", 0), ("grpc.so_reuseport", 0))
"""Loopback only, and a port is ours or nobody's."""
LATE = (grpc.StatusCode.DEADLINE_EXCEEDED,)


def serve(_task: Task, service: Service) -> None:
    """A gRPC server, until it is asked to end."""

    def answer(body: bytes, _context: object) -> bytes:
        service.work(body)
        return body

    with contextlib.closing(service.listen()) as held:  # to say what is wrong if the port is taken
        port = held.getsockname()[1]
    server = grpc.server(ThreadPoolExecutor(WORKERS), options=OPTIONS)
    methods = {METHOD: grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    server.add_insecure_port(f"{HOST}:{port}")
    server.start()
    service.up(port)
    while not service.stopped:
        time.sleep(LOOK_S)
    server.stop(0.5).wait()


class _Line(Line):
    def __init__(self, channel: grpc.Channel) -> None:
        self._ask = channel.unary_unary(f"/{SERVICE}/{METHOD}")

    def ask(self, body: bytes, patience_s: float) -> None:
        """The answer, or a typed error: gRPC says at once when nobody is there."""
        try:
            self._ask(body, timeout=patience_s)
        except grpc.RpcError as error:
            code, said = error.code(), error.details()
            if code in LATE:
                raise TimeoutError(f"gRPC: {said}") from error
            raise UnreachableError(f"gRPC {code.name}: {said}") from error


@contextlib.contextmanager
def lines(_task: Task, port: int) -> Iterator[Lines]:
    """One channel; calls on it do not wait for each other."""
    with grpc.insecure_channel(f"{HOST}:{port}", options=OPTIONS) as channel:
        yield lambda _caller: contextlib.nullcontext(_Line(channel))
