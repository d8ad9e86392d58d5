"""labs run --executor: a lab whose producers and consumers work elsewhere, for the length of one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from labs.experiments import EXPERIMENTS
from labs.experiments.base import Experiment, Settings
from labs.record.worker_pool import POOL


def check(url: str | None, lab: Experiment, settings: Settings) -> None:
    """ValueError where the lab, with these settings, keeps to this machine; ExecutorError for a URL that is none.

    Asked before a broker is started or a scheduler is looked for.
    """
    if url is None:
        return
    if not lab.far:
        able = ", ".join(one.name for one in EXPERIMENTS.values() if one.far)
        raise ValueError(f"{lab.name} runs on this machine only. With --executor go: {able}.")
    if why := lab.only_here(settings):
        raise ValueError(why)
    from labs.record.remote.cluster import scheduler

    scheduler(url)


@contextmanager
def workers_from(url: str | None, told: list[str]) -> Iterator[None]:
    """Workers from `url`, or from here without one. `told` gets a line on their clocks for each run."""
    if url is None:
        yield
        return
    from labs.record.remote.cluster import dask_pool

    token = POOL.set(partial(dask_pool, url, told))
    try:
        yield
    finally:
        POOL.reset(token)
