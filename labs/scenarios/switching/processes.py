"""The processes of an order service: started under the Python that has its client, heard, and gone afterwards."""

from __future__ import annotations

import contextlib
import json
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any

from labs.model import environ
from labs.model.endpoint import BrokerError
from labs.model.kernel import die_with_parent
from labs.model.paths import PROJECT, importable

ENDS_WITHIN_S = 2.0


class Process:
    """One of at_work.py: told once where to work, and heard line by line."""

    def __init__(self, role: str, told: Mapping[str, Any], python: Sequence[str] = (sys.executable,)) -> None:
        self.words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self.child = subprocess.Popen(
            [*python, "-m", "labs.scenarios.switching.at_work", role],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.words, cwd=PROJECT,
            env=importable(environ.NOW), process_group=0, preexec_fn=die_with_parent,
        )  # fmt: skip
        self.name, self._heard = f"{role} of {told['label']}", b""
        self.tell(told)

    def tell(self, what: Mapping[str, Any]) -> None:
        """One line; BrokerError where it has died."""
        assert self.child.stdin
        try:
            self.child.stdin.write(json.dumps(what).encode() + b"\n")
            self.child.stdin.flush()
        except BrokenPipeError as error:
            raise BrokerError(self.died()) from error

    def hear(self, within_s: float) -> Any:
        """What it says next; TimeoutError where it says nothing in time, BrokerError where it has died."""
        assert self.child.stdout
        deadline_s = time.monotonic() + within_s
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.child.stdout, selectors.EVENT_READ)
            while b"\n" not in self._heard:
                if not waiting.select(max(deadline_s - time.monotonic(), 0)):
                    raise TimeoutError(f"the {self.name} said nothing for {within_s:g} s")
                if not (part := self.child.stdout.read1(65536)):  # type: ignore[attr-defined]
                    raise BrokerError(self.died())
                self._heard += part
        line, _, self._heard = self._heard.partition(b"\n")
        return json.loads(line)

    def died(self) -> str:
        """Its last words."""
        self.words.seek(0)
        last = self.words.read().decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        return f"The {self.name} ended: {last[0][:300]}. Run it again."

    def kill(self) -> None:
        """SIGKILL, as a machine that is gone."""
        self.child.kill()
        self.child.wait()

    def end(self, within_s: float = ENDS_WITHIN_S) -> None:
        """Asked to end, so that its broker knows; killed if it does not."""
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(within_s)
            except subprocess.TimeoutExpired:
                self.kill()
        for pipe in (self.child.stdin, self.child.stdout, self.words):
            if pipe:
                with contextlib.suppress(BrokenPipeError):  # it died with something unread
                    pipe.close()
