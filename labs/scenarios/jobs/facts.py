"""What a run with a killed worker left behind: columns of integers and the fault, written once and judged later.

Times are ns after the first job was due, on the one monotonic clock; NEVER means that it did not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from labs.model.facts import Facts
from labs.model.rows import read_rows, write_rows
from labs.model.run import Column, readable

KIND = "jobs"
SENT = ("due_ns", "sent_ns", "accepted_ns", "refused_ns", "tries")
"""One row a job. `accepted` is the yes of whoever took it, `refused` an error or PUBLISH's answer that nobody heard."""
EVENTS = ("event_kind", "event_job", "event_worker", "event_ns")
"""One row an event of the logbook."""
HEAD = {"mode": str, "prefetch": int, "seed": int, "drained": bool, "trouble": str, "facts": dict}


@dataclass(frozen=True)
class Death:
    """How the first worker ended: `exit_code` is what waiting for it told, -9 for a SIGKILL."""

    pid: int
    asked_ns: int
    dead_ns: int
    exit_code: int | None


@dataclass(frozen=True, repr=False)
class JobRun:
    """Everything one run left behind. `death` is None when the kill never came about."""

    mode: str
    prefetch: int
    seed: int
    columns: Mapping[str, Column]
    death: Death | None
    drained: bool
    """Whether the broker held nothing more, every sender had its answer, and the new worker found nothing to do."""
    trouble: str = ""
    facts: Facts = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"JobRun({self})"

    def __str__(self) -> str:
        return f"{self.mode}, prefetch {self.prefetch}, seed {self.seed}, {len(self['due_ns'])} jobs"

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def events(self, kind: int, worker: int | None = None) -> tuple[Column, Column]:
        """The jobs and the times of all events of a kind, of one worker or of both."""
        those = self["event_kind"] == kind
        if worker is not None:
            those &= self["event_worker"] == worker
        return self["event_job"][those], self["event_ns"][those]

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        death = asdict(self.death) if self.death else None
        write_rows(path, self, KIND, HEAD, death=death)


def load(path: Path) -> JobRun:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    header, found = read_rows(path, (SENT, EVENTS), HEAD)
    with readable(path):
        death = Death(**header["death"]) if header["death"] else None
    return JobRun(death=death, **found)
