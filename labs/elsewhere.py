"""labs run --executor: a lab whose producers and consumers are hired from elsewhere, for the length of one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from labs.crew import HIRE
from labs.experiments import EXPERIMENTS
from labs.experiments.base import Experiment


@contextmanager
def hired_from(url: str | None, lab: Experiment, told: list[str]) -> Iterator[None]:
    """Crews from `url`, or from here without one. `told` gets a line on the workers' clocks for each run."""
    if url is None:
        yield
        return
    if not lab.far:
        able = ", ".join(one.name for one in EXPERIMENTS.values() if one.far)
        raise ValueError(f"{lab.name} runs on this machine only. With --executor go: {able}.")
    from labs.hiring import dask_crew, scheduler

    scheduler(url)  # a mistake in it is told before any broker is started
    token = HIRE.set(partial(dask_crew, url, told))
    try:
        yield
    finally:
        HIRE.reset(token)
