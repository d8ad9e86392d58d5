"""`labs record` with a small lab more, `made`, on the memory broker: what a test starts and interrupts.

Its points count their rounds in a file, so that a test sees what was really measured and in which order.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from labs import stack
from labs.cli.record import command
from labs.experiments import EXPERIMENTS
from labs.experiments.base import Control, Experiment, Option, Settings
from labs.judge.digest import digest, run_card, sum_up
from labs.model.digest import Digest
from labs.model.observer import Observer
from labs.model.profile import profile
from labs.model.workload import workload
from labs.record.recorder import record

RATES, ROUNDS = (400, 800), 2


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """A third of a second of messages; one line in the file for each point that begins."""
    using, schedule = profile("memory"), workload("steady", rate_per_s=settings["rate"], duration_s=0.3, warmup_s=0)
    with Path(os.environ["LABS_HOME"], "begun").open("a") as file:
        file.write(f"{settings['rate']} {settings['seed']}\n")
    with stack.session(("memory",), report=partial(observer.progress, 0.0)) as found:
        runs = [record(found["memory"], using, schedule, observer)]
        one = digest("made", {"rate_per_s": settings["rate"]}, runs, using, run_card(found["memory"], using, runs))
    alone: Any = [{**repeat, "cpu": {"foreign": 0.0}} for repeat in one.repeats]  # whatever else this machine runs
    return [replace(one, repeats=alone)]


LAB = Experiment(
    name="made", number="L9.9", title="Made", question="?", run=run, sum_up=sum_up, needs=("memory",),
    controls=(Control("rate", "Rate", "choice", RATES[0], tuple(Option(one, f"{one}/s") for one in (400, 600, 800))),),
    grid=lambda: [{"rate": rate, "repeats": ROUNDS} for rate in RATES],
)  # fmt: skip

if __name__ == "__main__":
    EXPERIMENTS["made"] = LAB
    sys.argv[0] = "labs record"
    command()
