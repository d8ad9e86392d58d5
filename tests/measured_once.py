"""`python -m tests.measured_once`: one closed loop on a memory server; prints what the run says of its limit."""

import json

from labs import stack
from labs.judge.digest import run_card
from labs.judge.limit import bottleneck, cpu_cores
from labs.model.profile import profile
from labs.model.workload import Ceiling
from labs.record.recorder import record

LOAD = Ceiling(messages=600_000, window=2000, batch=200)


def main() -> None:
    """One run."""
    with stack.session(("memory",), own=True, report=lambda _text: None) as found:
        run = record(found["memory"], profile("memory"), LOAD)
        stamp, why = bottleneck(run, "memory")
        card = run_card(found["memory"], profile("memory"), [run])
    told = {"stamp": stamp, "why": why, "cores": cpu_cores(run), "facts": run.facts, "may_use": card.get("may_use", "")}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
