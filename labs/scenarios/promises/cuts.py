"""R22, Q21, K16: the power is cut in two ways that share nothing, at the same moment of a load. Do they agree?"""

from __future__ import annotations

from collections.abc import Mapping

from labs.judge.fault_digest import outcome
from labs.judge.loss import account
from labs.judge.promises import Trial
from labs.model.faults import LOAD
from labs.model.observer import UNOBSERVED
from labs.model.profile import profile as profile_of
from labs.model.run import Run
from labs.scenarios.fault_run import record_fault
from labs.scenarios.faults import Fault
from labs.scenarios.promises.faults import control_of, trial_of
from labs.scenarios.promises.stage import Stage

WAYS = ("loop", "ledger")


def both_cuts(stage: Stage, profile: str) -> Trial:
    """One run a way, natively, for the ledger is preloaded; they agree when both lost all, some or none.

    The counts are those of the file system's shutdown; `lost_by_ledger` and `acknowledged_by_ledger` are the other's.
    """
    if not stage.fault:
        return control_of(profile, "native")
    using = profile_of(profile)
    cut = [
        record_fault(using, LOAD, Fault("power", stage.seed, disk=disk), UNOBSERVED, backend="native") for disk in WAYS
    ]
    return compared(dict(zip(WAYS, cut, strict=True)))


def compared(runs: Mapping[str, Run]) -> Trial:
    """What two runs, one a way, say together. Without the evidence of both cuts nothing has happened."""
    words = {disk: outcome(run, account(run)) for disk, run in runs.items()}
    trials = {disk: trial_of(run) for disk, run in runs.items()}
    loop, ledger = (trials[disk] for disk in WAYS)
    seen = [f"{disk}: {trial.happened}; {words[disk]}" for disk, trial in trials.items() if trial.happened]
    counts = {
        "lost_by_ledger": ledger.counts["lost"],
        "acknowledged_by_ledger": ledger.counts["acknowledged"],
        "disagreed": int(len(set(words.values())) > 1),
    }
    trouble = "; ".join(f"{disk}: {trial.trouble}" for disk, trial in trials.items() if trial.trouble)
    happened = "; ".join(seen) if len(seen) == len(WAYS) else ""
    return Trial({**loop.counts, **counts}, happened, trouble, loop.version)
