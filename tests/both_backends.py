"""The loss matrix on native brokers and in containers: the same words?

    python -m tests.both_backends                         14 settings by stop, kill and power, on both: half an hour
    python -m tests.both_backends power kafka-flush       these columns or rows alone

Ends with 0 where every cell has the same word on both. Power is cut as the machine can best do it (as root: by ext4).
"""

from __future__ import annotations

import sys

from labs.experiments.fault_lab import MATRIX
from labs.judge.fault_digest import repeat
from labs.model.faults import ENDING, LOAD
from labs.model.observer import UNOBSERVED
from labs.model.profile import profile
from labs.model.run import Run
from labs.scenarios.fault_run import record_fault
from labs.scenarios.faults import Fault

BACKENDS = ("native", "compose")
SEEDS = (1, 2, 3)


def told(name: str, fault: Fault, backend: str = "native") -> tuple[dict, Run]:
    """The bill of a run, and the run. One that cannot say (a broker that was still recovering when patience ended) is
    done again, twice at most; what one says has to be right the first time."""
    for _ in range(3):
        run = record_fault(profile(name), LOAD, fault, UNOBSERVED, backend=backend)
        if (found := repeat(run))["outcome"] != "unknown":
            break
        print(f"{name}, {fault}: unknown. {run.trouble} {run.facts}")
    return found, run


def compared(name: str, kind: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    """The words of each backend, and its server; of three seeds where those of the first one differ, for what is lost
    hangs on how long before the fault the last flush was."""
    words: dict[str, list[str]] = {backend: [] for backend in BACKENDS}
    servers = {}
    for seed in SEEDS:
        for backend in BACKENDS:
            found, run = told(name, Fault(kind, seed), backend)
            words[backend].append(found["outcome"])
            servers[backend] = str(run.facts["server"])
        if agree(words):
            break
    return words, servers


def agree(words: dict[str, list[str]]) -> bool:
    """Whether both have said the same, whatever the order."""
    native, contained = (set(words[backend]) for backend in BACKENDS)
    return native == contained


def main(asked: list[str]) -> int:
    """Every cell asked for, a line each."""
    kinds = [kind for kind in ENDING if kind in asked] or ENDING
    names = [name for name in MATRIX if name in asked] or MATRIX
    if strange := set(asked) - {*ENDING, *MATRIX}:
        print(
            f"no column or row of the loss matrix: {', '.join(sorted(strange))}. There are {', '.join(ENDING + MATRIX)}"
        )
        return 2
    differ = 0
    for name in names:
        for kind in kinds:
            words, servers = compared(name, kind)
            differ += not agree(words)
            said = "; ".join(f"{each} {servers[each]}: {', '.join(words[each])}" for each in BACKENDS)
            print(f"{'same  ' if agree(words) else 'DIFFER'} {name} {kind}: {said}", flush=True)
    print(f"{len(names) * len(kinds)} cells, {differ} with different words")
    return min(differ, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
