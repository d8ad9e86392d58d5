"""What happens to a broker, and when. Only brokers that are proven ours are touched."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator

from labs import stack
from labs.brokers.base import Endpoint

NS_PER_S = 1_000_000_000


@contextlib.contextmanager
def freezing(endpoint: Endpoint, every_s: float = 1.0, frozen_s: float = 0.1) -> Iterator[list[tuple[int, int]]]:
    """While inside, stop all processes of a broker for `frozen_s` at the start of every `every_s`.

    Gives the list of (frozen_ns, thawed_ns) on the monotonic clock, filled as it happens. The
    broker runs again when the context is left, whatever happened.
    """
    freezes: list[tuple[int, int]] = []
    done = threading.Event()

    def work(tell: Callable[[int], None]) -> None:
        due_ns = time.monotonic_ns()
        while not done.is_set():
            start_ns = time.monotonic_ns()
            tell(signal.SIGSTOP)
            time.sleep(frozen_s)
            tell(signal.SIGCONT)
            freezes.append((start_ns, time.monotonic_ns()))
            due_ns += int(every_s * NS_PER_S)
            done.wait(max(due_ns - time.monotonic_ns(), 0) / NS_PER_S)

    with stack.held(endpoint) as tell:
        worker = threading.Thread(target=work, args=(tell,), daemon=True)
        worker.start()
        try:
            yield freezes
        finally:
            done.set()
            worker.join(every_s + frozen_s + 1)
            tell(signal.SIGCONT)
