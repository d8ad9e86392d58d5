"""`python -m tests.busy_runs --count 200`: ordinary short runs beside twice as much work as there are processors.

None may be void. Prints how late the watchdog's tick was at the worst, and in how many runs by more than a pause.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager

from labs import stack
from labs.judge.limit import void
from labs.model.profile import profile
from labs.model.run import PAUSE_S
from labs.model.workload import NS_PER_S, Workload
from labs.record import watchdog
from labs.record.recorder import record

LOAD = Workload(rate_per_s=500, duration_s=0.5, warmup_s=0)


def _burn() -> None:
    while True:
        pass


@contextmanager
def busy() -> Iterator[None]:
    """Two processes a processor that do nothing but compute."""
    context = multiprocessing.get_context("spawn")
    burners = [context.Process(target=_burn, daemon=True) for _ in range(2 * (os.cpu_count() or 1))]
    for one in burners:
        one.start()
    try:
        yield
    finally:
        for one in burners:
            one.kill()
            one.join()


def runs(count: int) -> tuple[list[str], int]:
    """Why runs were void, of those that were, and in how many the watchdog's own tick alone would have said so."""
    found, late = [], 0
    with stack.session(("memory",), own=True, report=lambda _text: None) as here, busy():
        for _ in range(count):
            run = record(here["memory"], profile("memory"), LOAD)
            late += bool(run.facts.get("pauses"))
            found.append(void(run))
    return [one for one in found if one], late


def main() -> None:
    """The long form."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=200)
    count = parser.parse_args().count
    worst: list[int] = []
    look = watchdog.Watchdog._look

    def noted(self: watchdog.Watchdog) -> None:
        before = self._last_ns
        look(self)
        worst.append(self._last_ns - before)

    watchdog.Watchdog._look = noted  # type: ignore[method-assign]
    void_ones, late = runs(count)
    print(f"{count} runs: {len(void_ones)} void {void_ones}; the tick was later than {PAUSE_S} s in {late}")
    worst.sort()
    steps = [round(worst[int(len(worst) * share)] / NS_PER_S * 1000) for share in (0.5, 0.99, 0.999)]
    print(f"{len(worst)} ticks, ms apart: p50 {steps[0]}, p99 {steps[1]}, p99.9 {steps[2]}, max {worst[-1] / 1e6:.0f}")


if __name__ == "__main__":
    main()
