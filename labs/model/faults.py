"""The faults that can befall a broker, by name."""

from __future__ import annotations

from labs.model.workload import Workload

ENDING = ("stop", "kill", "power")
"""The broker ends, and is started again on what is left."""


LASTING = ("freeze", "cut", "disk-full", "memory-full", "slow-fsync")
"""The broker lives and suffers for a while."""


KINDS = (*ENDING, *LASTING)


NAMES = {
    "none": "no fault",
    "stop": "a clean stop",
    "kill": "SIGKILL",
    "power": "a power cut",
    "freeze": "a freeze",
    "cut": "a cut network",
    "disk-full": "a full disk",
    "memory-full": "full memory",
    "slow-fsync": "a slow disk",
}


LOAD = Workload(name="under-fault", rate_per_s=1000, duration_s=4.2, warmup_s=0)
"""The fault comes at 2.5 to 3.4 s, drawn from the seed: well within the load, and long after its start."""
