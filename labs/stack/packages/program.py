"""A script that runs in a package set's interpreter: its lines, its end, and the proof that its processes are ours.

They carry the marks of everything started here, so the next command ends what a kill left behind. No signal goes to a
process that does not carry this very program's mark.
"""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from labs.model import environ, paths
from labs.model.errors import StackError
from labs.stack.processes import MARK, MARK_HOME, MARK_OWNER, awaited, is_alive, marked, marks, me, send, start_of

_FIRST = Path(__file__).with_name("begin.py")
STOP_WITHIN_S = 5.0


class Program:
    """A running script, as the one who started it sees it."""

    def __init__(self, process: subprocess.Popen[str], stack: str, errors: IO[bytes], what: str) -> None:
        self._process, self._stack, self._errors, self._what = process, stack, errors, what
        self._start = start_of(process.pid)
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True, name="labs-program").start()

    @property
    def pid(self) -> int:
        """The number of its first process."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit code, minus the signal that ended it; None while it runs."""
        return self._process.poll()

    def pids(self) -> list[int]:
        """Every living process of it, which the first one started or its children."""
        return marked(paths.home()).get(self._stack, [])

    def line(self, within_s: float) -> str | None:
        """Its next line on standard output; None if there is none within that time, or it will say no more."""
        try:
            found = self._lines.get(timeout=max(within_s, 0))
        except queue.Empty:
            return None
        if found is None:
            self._lines.put(None)
        return found

    def tell(self, text: str) -> None:
        """Write it a line. If it is gone, `code` says so."""
        inlet = self._process.stdin
        with contextlib.suppress(OSError):
            if inlet and not inlet.closed:
                inlet.write(f"{text}\n")
                inlet.flush()

    def errors(self) -> str:
        """What it has written to standard error until now."""
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), size, 0).decode(errors="replace")

    def signal(self, number: int) -> None:
        """Send its first process a signal. StackError unless that is proven the one that was started; gone is none."""
        if self.code is not None:
            return
        if not is_alive(self.pid, self._start) or marks(self.pid).get(MARK) != self._stack:
            raise StackError(f"signalling {self._what}", f"pid {self.pid} is not it.", "Nothing was sent.")
        send(self.pid, number)

    def kill(self) -> None:
        """SIGKILL to its first process, and wait until it is gone. What it forked dies with it in a moment."""
        self.signal(signal.SIGKILL)
        self.wait(STOP_WITHIN_S)

    def wait(self, within_s: float) -> bool:
        """Whether the first process has ended by then."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(within_s, 0))
        return self.code is not None

    def end(self) -> None:
        """SIGKILL to every process of it that still runs; asking it politely first is the caller's part."""

        def gone() -> bool:
            left = self.pids()
            for pid in left:
                send(pid, signal.SIGKILL)
            return not left

        if self.code is None:
            send(self.pid, signal.SIGKILL)  # our own child, not waited for yet: the number cannot be another's
            self.wait(STOP_WITHIN_S)
        awaited(gone, STOP_WITHIN_S)
        for stream in (self._process.stdin, self._errors):
            with contextlib.suppress(OSError):
                if stream:
                    stream.close()

    def _read(self) -> None:
        with contextlib.suppress(ValueError), self._process.stdout or contextlib.nullcontext(()) as lines:
            for line in lines:
                self._lines.put(line.rstrip("\n"))
        self._lines.put(None)


def begin(python: Path, script: Path, arguments: Sequence[str], environment: dict[str, str]) -> Program:
    """Start the script. It dies with the thread that calls this, and hears no Ctrl-C of the terminal."""
    stack, errors = f"set-{secrets.token_hex(4)}", tempfile.TemporaryFile()  # noqa: SIM115 - `end` closes it
    ours = me()
    marks_ = {MARK: stack, MARK_HOME: str(paths.home()), MARK_OWNER: f"{ours['pid']}:{ours['start']}"}
    command = [str(python), "-P", "-u", str(_FIRST), str(ours["pid"]), str(script), *arguments]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            env=environ.for_tools() | environment | marks_,
            start_new_session=True,
        )
    except OSError as error:
        errors.close()
        raise StackError(f"starting {script.name}", f"{error}.", "Fetch its packages anew: labs fetch") from error
    return Program(process, stack, errors, script.name)
