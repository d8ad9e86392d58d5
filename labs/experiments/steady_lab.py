"""What labs of a steady load are: settings of brokers by rates, each a few repeats, and what is drawn of a run.

`labs new` begins a lab with the memory server as its only setting: what it measures then is our own delay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from labs.experiments.base import Control, Experiment, Option, Settings
from labs.judge.digest import digest, run_card, sum_up
from labs.model.digest import Digest
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import BROKERS, profile
from labs.model.run import Run
from labs.model.workload import workload
from labs.show.pictures import Picture

REPEATS, SECONDS = 3, 1.5


def steady_lab(
    name: str,
    *,
    profiles: Sequence[str],
    rates: Sequence[int],
    pictures: Callable[[Run], Mapping[str, Picture]] | None = None,
    **lab: Any,
) -> Experiment:
    """A lab whose controls are a broker's setting and a rate; `lab` is the rest of it.

    `pictures` gives those of a run by the names of the look's charts; the last repeat's are kept.
    """
    settings = tuple(Option(one, profile(one).label) for one in profiles)
    steps = tuple(Option(rate, f"{rate:,}/s") for rate in rates)

    def run(settings: Settings, observer: Observer) -> list[Digest]:
        runs, found = _measured(name, settings, observer)
        drawn = {chart: one.to_json() for chart, one in pictures(runs[-1]).items()} if pictures else {}
        return [replace(found, pictures=drawn)]

    return Experiment(
        name=name,
        controls=(
            Control("profile", "Setting", "choice", profiles[0], settings, alias="setting"),
            Control("rate_per_s", "Rate", "choice", rates[0], steps, alias="rate"),
        ),
        grid=lambda: [{"profile": one, "rate_per_s": rate, "repeats": REPEATS} for one in profiles for rate in rates],
        run=run,
        sum_up=sum_up,
        needs=tuple(broker for broker in BROKERS if broker in {profile(one).broker for one in profiles}),
        **lab,
    )


def _measured(name: str, settings: Settings, observer: Observer) -> tuple[list[Run], Digest]:
    """One setting at one rate, `repeats` times; the raw runs are kept."""
    from labs import stack
    from labs.record.recorder import record

    using, repeats = profile(settings["profile"]), settings.get("repeats", 1)
    schedule = workload("steady", rate_per_s=settings["rate_per_s"], duration_s=SECONDS)
    with stack.session((using.broker,), report=partial(observer.progress, 0.0)) as endpoints:
        here = endpoints[using.broker]
        runs = [record(here, using, schedule, observer.part(at, repeats)) for at in range(repeats)]
        card = run_card(here, using, runs)
    for one in runs:
        one.save(new_run_file(name, one.profile))
    point = {"rate_per_s": schedule.rate_per_s, "body_bytes": schedule.body_bytes}
    return runs, digest(name, point, runs, using, card)
