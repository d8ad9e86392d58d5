"""What an experiment saw, as numbers of messages -> the counts of the ledger, by the same rules as any other run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import numpy as np

from labs.judge.loss import account
from labs.model.run import RECEIVED, Run, empty_columns
from labs.model.workload import Workload


def tally(
    attempted: int, acknowledged: Iterable[int], delivered: Sequence[int], refused: Iterable[int] = ()
) -> dict[str, int]:
    """The ledger's counts for messages 0 to `attempted` - 1, all of which were tried, after a full drain."""
    columns = empty_columns(np.zeros(max(attempted, 0), np.int64))
    columns["sent_ns"][:] = 0
    columns["confirmed_ns"][sorted(set(acknowledged))] = 0
    columns["refused_ns"][sorted(set(refused))] = 0
    columns |= {name: np.zeros(len(delivered), np.int64) for name in RECEIVED}
    columns["delivered_sequence"] = np.array(delivered, np.int64)
    workload = Workload(rate_per_s=max(attempted, 1), duration_s=1, warmup_s=0)
    counts = asdict(account(Run("", workload, columns, settled=True)))
    return {name: int(value) for name, value in counts.items() if isinstance(value, int)}
