"""L0 Your machine's passport: what this machine does without any broker.

Every later figure is to be read against these: a broker that flushes each message cannot be
faster than the disk, and no message crosses loopback faster than an empty one.
"""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

import numpy as np

from labs.experiments.base import Experiment, Settings
from labs.judge.card import machine
from labs.judge.latency import ladder_ms
from labs.judge.repeats import Summed, median_of, spread_of
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.paths import home
from labs.show.looks import PASSPORT_LOOK
from labs.show.short.others import passport

NAME = "passport"
ROUND_TRIPS, FSYNCS, SLEEPS = 2000, 200, 500
LOOP_TURNS = 2_000_000
WRITE_BYTES = 512


def loop_speed() -> dict[str, float | None]:
    """Turns of an empty Python loop, millions a second."""
    start_ns = time.perf_counter_ns()
    for _ in range(LOOP_TURNS):
        pass
    return {"loop_m_per_s": LOOP_TURNS / (time.perf_counter_ns() - start_ns) * 1000}


def loopback() -> dict[str, float | None]:
    """Round trip of one byte between two threads of this process over TCP on loopback, ms."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        echo = threading.Thread(target=_echo, args=(server,), daemon=True)
        echo.start()
        with socket.create_connection(server.getsockname(), timeout=5) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            times = [_timed(partial(_there_and_back, client)) for _ in range(ROUND_TRIPS)]
        echo.join(5)
    return _ladder("loopback_ms", times)


def _echo(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, contextlib.suppress(OSError):  # an interrupted passport closes the other end in the middle
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := connection.recv(64):
            connection.sendall(data)


def flush() -> dict[str, float | None]:
    """A small write and fdatasync in the folder where the brokers keep their data, ms."""
    home().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=home()) as file:
        times = [_timed(partial(_write_and_flush, file.fileno())) for _ in range(FSYNCS)]
    return _ladder("fsync_ms", times)


def _there_and_back(client: socket.socket) -> None:
    client.sendall(b"x")
    client.recv(1)


def _write_and_flush(file: int) -> None:
    os.write(file, b"x" * WRITE_BYTES)
    getattr(os, "fdatasync", os.fsync)(file)


def timer() -> dict[str, float | None]:
    """How much later than asked a sleep of one millisecond ends, ms."""
    times = [_timed(lambda: time.sleep(0.001)) - 1_000_000 for _ in range(SLEEPS)]
    return _ladder("timer_ms", times)


def _timed(act: Callable[[], object]) -> int:
    start_ns = time.perf_counter_ns()
    act()
    return time.perf_counter_ns() - start_ns


def _ladder(name: str, times_ns: Sequence[int]) -> dict[str, float | None]:
    steps = ladder_ms(np.array(times_ns, np.int64))
    return {f"{name}.{step}": None if ms is None else round(ms, 4) for step, ms in steps.items()}


STEPS = (
    ("loop speed", loop_speed),
    ("loopback round trips", loopback),
    ("flushes to disk", flush),
    ("timer", timer),
)


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: every step once a repeat."""
    repeats = settings.get("repeats", 1)
    rows: list[dict[str, float | None]] = []
    for number in range(repeats):
        row: dict[str, float | None] = {}
        for at, (label, measure) in enumerate(STEPS):
            observer.check(f"before measuring the {label}")
            observer.progress((number * len(STEPS) + at) / (repeats * len(STEPS)), f"measuring the {label}")
            row |= measure()
        rows.append(row)
    card = {**machine(), "date": time.strftime("%Y-%m-%d"), "repeats": repeats}
    measured = cast("list[Repeat]", rows)
    return [Digest(lab=NAME, settings={}, repeats=measured, card=card, **sum_up(measured))]


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """Medians and ranges of every step."""
    rows = cast("Sequence[dict[str, float | None]]", repeats)
    return {"median": median_of(rows), "spread": spread_of(rows)}


LAB = Experiment(
    name=NAME,
    number="L0",
    title="Your machine's passport",
    question="What does this machine do without any broker?",
    short=passport,
    controls=(),
    grid=lambda: [{"repeats": 5}],
    run=run,
    needs=(),
    sum_up=sum_up,
    point_s=2.0,
    look=PASSPORT_LOOK,
)
