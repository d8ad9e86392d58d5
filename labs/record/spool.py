"""A run on disk while it happens: what is written survives whoever writes it, worker or recorder.

A spool is a folder of our own. The producer's columns lie in memory-mapped files of full length, so a time is in the
kernel's hands the moment it is noted; the consumer's and the recorder's grow, and a row is handed over soon after
FLUSH_S. A power cut of the machine is not guarded against. Who records holds a lock, which the kernel takes from the
dead.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from labs.model.facts import Facts
from labs.model.paths import home, write_text
from labs.model.profile import Profile
from labs.model.run import (
    CPU,
    FORMAT,
    NEVER,
    RECEIVED,
    THREADS,
    Column,
    Run,
    RunFileError,
    check_format,
    chunks,
    first_rows,
    load_of,
    loop_of,
    one_line,
)
from labs.model.workload import NS_PER_S, Ceiling, Load

SENT = ("sent_ns", "confirmed_ns", "refused_ns")
MAPPED_BYTES = 4 << 20
"""A column larger than this stays on disk and is mapped when a run is assembled; its file goes with the last user."""
KILLED = "the recorder was killed in the middle: the run is not finished"
FURTHER, TOLD = "reader-", "told-"
PAGE, PIECE, ITEM = 4096, 1 << 20, 8


@dataclass(frozen=True)
class Spool:
    """The folder of one run; what workers are given, so it can be pickled."""

    folder: Path

    def note(self, **facts: object) -> None:
        """Add to what the header knows of the run, all or nothing."""
        header = self.header()
        header["facts"] |= facts
        write_text(self.folder / "run.json", json.dumps(header))

    def header(self) -> Facts:
        """What was known when the run began. RunFileError when that cannot be read."""
        path = self.folder / "run.json"
        try:
            found = json.loads(path.read_text("utf-8"))
        except FileNotFoundError as error:
            raise RunFileError(f"{self.folder} holds no run: there is no run.json in it. Delete the folder.") from error
        except (OSError, ValueError) as error:
            raise _damaged(self.folder, f"run.json: {error}") from error
        check_format(found, str(path))
        if missing := {"profile", "acknowledges", "loop", "workload", "facts"} - set(found):
            raise _damaged(self.folder, f"run.json says nothing of {', '.join(sorted(missing))}")
        return dict(found)

    def sent(self) -> dict[str, Column]:
        """The producer's columns to write into, shape (messages,) each; every page of them is there already."""
        columns = {name: np.asarray(np.memmap(self._file(name), np.int64, "r+")) for name in SENT}
        for column in columns.values():
            column[:: PAGE // ITEM] = column[:: PAGE // ITEM]
        return columns

    def handed_over(self) -> int:
        """Messages that the producer handed over and the broker did not refuse, as far as written."""
        sent, refused = (np.memmap(self._file(name), np.int64, "r") for name in ("sent_ns", "refused_ns"))
        return sum(int(((sent[part] >= 0) & (refused[part] < 0)).sum()) for part in chunks(len(sent)))

    def tell(self, name: str, text: str) -> None:
        """Write down what the broker said, for the run's facts; in a file of its own, for two may write at once."""
        with contextlib.suppress(OSError):  # a full disk must not end a run that has its room already
            write_text(self.folder / f"{TOLD}{name}", one_line(text))

    def told(self) -> dict[str, str]:
        """All that was told, by name."""
        found = self.folder.glob(f"{TOLD}*")
        return {path.name.removeprefix(TOLD): path.read_text("utf-8", "replace") for path in found}

    def _file(self, column: str) -> Path:
        return self.folder / f"{column}.i8"

    def load(self) -> Load:
        """What was to be sent."""
        return load_of(self.header())

    def assemble(
        self,
        *,
        settled: bool = False,
        trouble: str = KILLED,
        all_sent: bool = False,
        facts: Mapping[str, object] | None = None,
    ) -> Run:
        """The run, of what is written; rows that were cut short are left out. RunFileError for a damaged spool.

        `all_sent`: the producer wrote down all that it sent.
        """
        header = self.header()
        load = load_of(header)
        columns = {name: self._column(name, load.messages) for name in SENT}
        columns |= self._heard() | self._table("threads", THREADS)
        columns["due_ns"] = columns["sent_ns"] if isinstance(load, Ceiling) else load.due_ns()
        known = header["facts"] | dict(facts or {}) | self.told()
        run = Run(header["profile"], load, columns, settled and not trouble, header["acknowledges"], trouble, known)
        return _cut(run if all_sent or "executor" not in known else _sent_since_it_arrived(run))

    def further(self, number: int) -> Spool:
        """Where another reader of the same messages writes what it gets: a folder that holds no run of its own."""
        folder = self.folder / f"{FURTHER}{number}"
        folder.mkdir()
        for name in (*RECEIVED, "cpu"):
            (folder / f"{name}.i8").touch()
        return Spool(folder)

    def all_further(self) -> list[Spool]:
        """Of every other reader, in order."""
        return [Spool(folder) for folder in sorted(self.folder.glob(f"{FURTHER}*/"))]

    def as_heard_by(self, run: Run, *, settled: bool = False, trouble: str = KILLED) -> Run:
        """The run as this further reader saw it: the same messages, its own deliveries."""
        return replace(run, columns=dict(run.columns) | self._heard(), settled=settled and not trouble, trouble=trouble)

    def _heard(self) -> dict[str, Column]:
        """What a reader got, and the samples beside it; rows that were cut short are left out."""
        received = {name: self._column(name) for name in RECEIVED}
        rows = min(len(column) for column in received.values())
        return {name: column[:rows] for name, column in received.items()} | self._table("cpu", CPU)

    def _table(self, file: str, names: Sequence[str]) -> dict[str, Column]:
        """Samples, of which a row is as many integers as there are names."""
        found = self._column(file)
        table = found[: len(found) // len(names) * len(names)].reshape(-1, len(names))
        return {name: table[:, at] for at, name in enumerate(names)}

    def _column(self, name: str, rows: int | None = None) -> Column:
        """A column as far as its file goes, of whole rows; with `rows` it has to be that long."""
        path = self._file(name)
        try:
            size = path.stat().st_size
            if rows is not None and size != rows * ITEM:
                raise ValueError(f"{path.name} has {size:,} bytes and should have {rows * ITEM:,}")
            count = size // ITEM
            if size > MAPPED_BYTES:
                return np.asarray(np.memmap(path, np.int64, "r", shape=(count,)))
            return np.fromfile(path, np.int64, count)
        except (OSError, ValueError) as error:
            raise _damaged(self.folder, str(error)) from error


def _cut(run: Run) -> Run:
    """Of a loop that time ended what was handed over: there was room for more."""
    load, sent_ns = run.workload, run["sent_ns"][run["sent_ns"] != NEVER]  # they leave in order
    if not isinstance(load, Ceiling) or not load.counted_s or not len(sent_ns):
        return run
    warm = int((sent_ns < sent_ns[0] + round(load.warmup_s * NS_PER_S)).sum())
    was = replace(load, messages=len(sent_ns), warmup_messages=min(warm, len(sent_ns) - 1))
    rows = {name: run[name][: len(sent_ns)] for name in (*SENT, "due_ns")}
    return replace(run, workload=was, columns=dict(run.columns) | rows)


def _sent_since_it_arrived(run: Run) -> Run:
    """A far producer's last words may be lost, and the consumer's not: what arrived had been sent, when it was due.
    `facts` says of how many messages that is all we know."""
    first = first_rows(run)
    silent = np.flatnonzero((first != NEVER) & (run["sent_ns"] == NEVER))
    sent_ns = np.array(run["sent_ns"])
    sent_ns[silent] = run["delivered_due_ns"][first[silent]]
    columns = dict(run.columns) | {"sent_ns": sent_ns}
    if isinstance(run.workload, Ceiling):
        columns["due_ns"] = sent_ns
    return replace(run, columns=columns, facts=run.facts | {"sent_only_seen_arriving": len(silent)})


def _damaged(folder: Path, why: str) -> RunFileError:
    return RunFileError(f"{folder} is not a readable spool ({why}). Delete the folder and record the run again.")


@contextlib.contextmanager
def spooled(
    using: Profile,
    load: Load,
    dropped_by: tuple[type[BaseException], ...] = (),
    *,
    where: Path | None = None,
    facts: Mapping[str, object] | None = None,
) -> Iterator[Spool]:
    """A spool for one run (in `where`, if not among the others), gone at the end of the block.

    It goes as well when the block ends by Ctrl-C or one of `dropped_by`; what any other error leaves is there for
    `labs verify`, and the error says so.
    """
    spool = Spool((where or root()) / f"{time.strftime('%Y%m%d-%H%M%S')}-{using.name}-{secrets.token_hex(3)}")
    spool.folder.mkdir(parents=True)
    lock = os.open(spool.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fill(spool, using, load, facts or {})
        yield spool
    except BaseException as error:
        if isinstance(error, Exception) and not isinstance(error, dropped_by):
            error.add_note(f"What had been written of the run is kept: labs verify {spool.folder}")
        else:
            shutil.rmtree(spool.folder, ignore_errors=True)
        raise
    else:
        shutil.rmtree(spool.folder, ignore_errors=True)
    finally:
        os.close(lock)


def fill(spool: Spool, using: Profile, load: Load, facts: Mapping[str, object]) -> None:
    """The files of a run in which nothing has happened. Their room is taken now: a full disk is told before the run."""
    try:
        for name in SENT:
            with (spool.folder / f"{name}.i8").open("wb") as file:
                for left in range(load.messages * ITEM, 0, -PIECE):
                    file.write(b"\xff" * min(left, PIECE))  # -1, NEVER, in every place
        for name in (*RECEIVED, "cpu", "threads"):
            (spool.folder / f"{name}.i8").touch()
    except OSError as error:
        shutil.rmtree(spool.folder, ignore_errors=True)
        megabytes = load.messages * ITEM * (len(SENT) + len(RECEIVED)) / 1e6
        raise OSError(error.errno, f"{error.strerror}; the run needs {megabytes:,.0f} MB there", str(root())) from error
    header = {"format": FORMAT, "profile": using.name, "acknowledges": using.promise.acknowledges}
    header |= {"loop": loop_of(load), "workload": asdict(load), "facts": dict(facts)}
    write_text(spool.folder / "run.json", json.dumps(header))


def root() -> Path:
    """Where spools lie."""
    return home() / "spool"


def far_root() -> Path:
    """Where a far worker keeps its half of a run until the recorder has it: nothing that could be judged."""
    return home() / "far"
