"""A run: integer columns of what happened and when, and its pauses. The only reader and writer of run files.

Times are ns after `start` on the monotonic clock; -1 means it did not happen. One .npz file
holds the columns and a JSON header; no statistic is stored instead of the times.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from labs.model.facts import Facts
from labs.model.paths import replacing
from labs.model.workload import NS_PER_S, Ceiling, Load, Workload

FORMAT = 1
NEVER = -1
CHUNK = 1 << 18
Column = npt.NDArray[np.int64]
SENT = ("due_ns", "sent_ns", "confirmed_ns", "refused_ns")
RECEIVED = ("delivered_sequence", "delivered_ns", "delivered_due_ns", "delivered_again")
CPU = ("cpu_at_ns", "cpu_broker_ns", "cpu_producer_ns", "cpu_consumer_ns", "cpu_machine_ns")
THREADS = ("thread_at_ns", "thread_id", "thread_used_ns")
"""A row whenever a look at a thread found that it had used more; runs from before have none."""


REFUSAL, HELD = "refusal", "held"
"""Facts that a run may have: the first refusal in the words of whoever refused, and why the broker took no more for a
while. Both are data from elsewhere, of SAID_CHARACTERS at most and one line."""
NOT_SAID = "no reason was given"
SAID_CHARACTERS = 300


class RunFileError(ValueError):
    """A run file that cannot be read: damaged, of another format, or not a run at all."""


@dataclass(frozen=True, repr=False)
class Run:
    """Everything one run left behind. Sent columns have one row a message, received ones a row a delivery."""

    profile: str
    workload: Load
    columns: Mapping[str, Column]
    settled: bool
    """Whether all that was sent had arrived, or nothing had come for a while with the broker answering."""
    acknowledges: bool = True
    trouble: str = ""
    """What broke during the run, if anything did: the broker's error, a cancel."""
    facts: Facts = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Run({self})"

    def __str__(self) -> str:
        sent, got = int((self["sent_ns"] >= 0).sum()), len(self["delivered_ns"])
        load = self.workload
        how = f"window {load.window:,}" if isinstance(load, Ceiling) else f"{load.rate_per_s:g}/s"
        return f"{self.profile}, {how}, {sent:,} sent, {got:,} delivered"

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        header = {key: getattr(self, key) for key in ("profile", "settled", "acknowledges", "trouble", "facts")}
        header |= {"format": FORMAT, "loop": loop_of(self.workload), "workload": asdict(self.workload)}
        write_columns(path, header, self.columns)


def one_line(text: str) -> str:
    """What somebody said, as one line of at most SAID_CHARACTERS that can be printed."""
    plain = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return plain if len(plain) <= SAID_CHARACTERS else plain[: SAID_CHARACTERS - 1] + "…"


def loop_of(load: Load) -> str:
    """The word for it in a header."""
    return "closed" if isinstance(load, Ceiling) else "open"


def load_of(header: Facts) -> Load:
    """The load that a header names; RunFileError if there can be no such load."""
    try:
        return (Ceiling if header.get("loop") == "closed" else Workload)(**header["workload"])
    except (TypeError, ValueError) as error:
        raise RunFileError(f"The header names a load that cannot be ({error}). Record the run again.") from error


def write_columns(path: Path, header: Facts, columns: Mapping[str, Column]) -> None:
    """Write a header and columns of integers to one .npz file, all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    with replacing(path, 0o600, flush=True) as file:
        np.savez_compressed(file, header=text, **columns)  # type: ignore[arg-type]


def load(path: Path) -> Run:
    """The run in a file. Raises RunFileError with what is wrong and what to do about it."""
    header, columns = read_columns(path, (*SENT, *RECEIVED, *CPU), THREADS)
    with readable(path):
        run = Run(
            typed(header, "profile", str),
            load_of(header),
            columns,
            typed(header, "settled", bool),
            typed(header, "acknowledges", bool),
            typed(header, "trouble", str),
            typed(header, "facts", dict),
        )
        for group in (SENT, RECEIVED, CPU, THREADS):
            same_length(columns, group)
        if (rows := len(columns["sent_ns"])) != run.workload.messages and not run.facts.get("executor"):
            raise ValueError(f"it has {rows:,} rows of messages, and its load is {run.workload.messages:,}")
        if any(len(columns[name]) and columns[name].min() < NEVER for name in (*SENT, *RECEIVED[1:2])):
            raise ValueError("a time lies before the start")
    return run


def typed(header: Facts, name: str, kind: type[object]) -> Any:
    """An entry of a header; ValueError if it is missing or of another kind."""
    if not isinstance(found := header.get(name), kind):
        raise ValueError(f"its header has no {name} of the right kind")
    return found


def same_length(columns: Mapping[str, Column], names: Sequence[str]) -> None:
    """ValueError unless these columns have as many rows as each other."""
    lengths = {name: len(columns[name]) for name in names}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"its columns differ in length: {', '.join(f'{n} {rows:,}' for n, rows in lengths.items())}")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Whatever a file that is no run makes its reader do becomes RunFileError: numpy, zipfile and zlib have a zoo of
    errors for it, and none of them tells a reader what to do."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, PermissionError, RunFileError):
        raise
    except Exception as error:
        raise RunFileError(f"{path} is not a readable run ({_cause(error)}). Record it again.") from error


def _cause(error: Exception) -> str:
    """In our words where numpy would advise to load what may run foreign code."""
    text = " ".join(str(error).split())
    if "pickle" in text:
        return "it holds something else than numbers"
    if isinstance(error, KeyError):
        return f"{str(error.args[0]).partition(' is not a file')[0] if error.args else 'a part'} is missing"
    return text or type(error).__name__


def read_columns(path: Path, names: Sequence[str], newer: Sequence[str] = ()) -> tuple[Facts, dict[str, Column]]:
    """The header and the named columns of a file that `write_columns` wrote; RunFileError says what is wrong. Columns
    that are `newer` than the format are empty where a file has none of them."""
    with readable(path):
        found = np.load(path, allow_pickle=False)
        if not isinstance(found, np.lib.npyio.NpzFile):
            raise ValueError("it is no archive of columns")
        with found as archive:
            header = json.loads(archive["header"].tobytes())
            check_format(header, str(path))
            columns = {name: archive[name] for name in names}
            columns |= {name: archive[name] if name in archive else np.empty(0, np.int64) for name in newer}
        for name, column in columns.items():
            if column.ndim != 1 or column.dtype != np.int64:
                raise ValueError(f"{name} is not a column of whole numbers")
    return header, columns


def kind_of(path: Path) -> str:
    """What kind of run a file holds: "run", or the word that another kind's writer put into its header."""
    return str(read_columns(path, ())[0].get("kind", "run"))


def check_format(header: object, name: str) -> None:
    """Raise RunFileError unless `header` says this program's format."""
    found = header.get("format") if isinstance(header, dict) else None
    if found == FORMAT:
        return
    if isinstance(found, int) and found > FORMAT:
        cure = "Update the labs, or record it again."
    else:
        cure = "It was written by an older version: record it again with `labs record`."
    raise RunFileError(f"{name} has format {found!r}, this program reads {FORMAT}. {cure}")


def empty_columns(due_ns: Column) -> dict[str, Column]:
    """Columns of a run in which nothing has happened yet."""
    nothing = dict.fromkeys((*RECEIVED, *CPU, *THREADS), np.empty(0, np.int64))
    return {name: np.full(len(due_ns), NEVER, np.int64) for name in SENT} | nothing | {"due_ns": due_ns}


def chunks(length: int) -> Iterator[slice]:
    """Slices that cover a column, so that working it off takes little memory beside it."""
    return (slice(at, min(at + CHUNK, length)) for at in range(0, length, CHUNK))


def first_rows(run: Run) -> Column:
    """The row of each message's first delivery, NEVER where there is none; shape (messages,). O(n)."""
    sequence, row = run["delivered_sequence"], np.full(len(run["sent_ns"]), NEVER, np.int64)
    for part in reversed(list(chunks(len(sequence)))):
        some = sequence[part]
        inside = np.flatnonzero((some >= 0) & (some < len(row)))[::-1]
        row[some[inside]] = inside + part.start  # backwards: of many rows the first one is written last and stays
    return row


PAUSE_S = 0.5
"""Five ticks that did not come. On a busy machine a tick is late too, but not by so much while no worker got anything
done either."""


PAUSE_NS = int(PAUSE_S * NS_PER_S)


STOOD, SUSPENDED, STOPPED = "stood still", "suspended", "stopped"


Pause = tuple[int, int, str]
"""(from, until, what), ns on the monotonic clock or after a run's start. A suspended machine's monotonic clock stands:
its pause is as long as the time that is missing on it."""
