"""`python -m tests.limit_truth --times 5`: limits set on purpose, and whether the stamp says which; 20 verdicts.

Four memory servers, each with another limit: one thread a queue, a slow client, a round trip, and a machine of one
processor that has no time left.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from labs.judge.lift import Found, Limit, limit_of
from labs.model.endpoint import Endpoint
from labs.model.observer import Observer
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Setting
from labs.scenarios.bench.ours import ours
from tests.conftest import free_port

RATE, DELAY_S = 4000, 0.05
PACED, QUICK = Ceiling(messages=4000, window=400, batch=40), Ceiling(messages=400_000, window=8000, batch=200)
CASES: dict[Limit, tuple[list[str], Ceiling]] = {
    "queue": (["--queue-rate", f"{RATE}"], PACED),
    "client": (["--client-rate", f"{RATE}"], PACED),
    "window": (["--delay", f"{DELAY_S}"], PACED),
    "machine": ([], QUICK),
}
"""What the stamp has to say -> how the server is limited, and the load."""


@contextmanager
def limited(options: list[str]) -> Iterator[Endpoint]:
    """A memory server with that limit."""
    port = free_port()
    line = [sys.executable, "-m", "tests.limited_server", "--port", f"{port}", *options]
    server = subprocess.Popen(line)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield Endpoint("memory", "127.0.0.1", port, pids=(server.pid,), version="limited on purpose")
    finally:
        server.kill()
        server.wait()


@contextmanager
def one_processor(wanted: bool) -> Iterator[None]:
    """Inside, if `wanted`, this thread and all that it starts share one processor."""
    allowed = os.sched_getaffinity(0)
    try:
        if wanted:
            os.sched_setaffinity(0, {max(allowed)})
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def judged(truth: Limit, seed: int, rounds: int = 1) -> Found:
    """What the stamp says of a server whose limit is that."""
    options, load = CASES[truth]
    side = ours("memory", "idiomatic", load)
    with one_processor(truth == "machine"), limited(options) as here:
        settings = [Setting(here, 1.0, Observer(), f"{truth} {seed} {number}") for number in range(rounds)]
        return limit_of([side(one).round for one in settings])


def main() -> int:
    """Every case so many times; 1 if the stamp was wrong once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=1)
    options, right = parser.parse_args(), 0
    for seed in range(options.times):
        for truth in CASES:
            began_s, found = time.monotonic(), judged(truth, seed, options.rounds)
            right += found.word == truth
            factors = ", ".join(f"{name} {by:.2f}" for name, by in found.factors.items())
            print(
                f"{truth:8} -> {found.word:10} {factors}  {time.monotonic() - began_s:.0f} s. {found.said}", flush=True
            )
    print(f"{right} of {options.times * len(CASES)} right")
    return int(right < options.times * len(CASES))


if __name__ == "__main__":
    sys.exit(main())
