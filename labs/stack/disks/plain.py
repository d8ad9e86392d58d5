"""The disk under one stack's data: what every kind answers to, and the ordinary one, whose power cannot be cut."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from labs.model.errors import StackError
from labs.model.facts import Facts


class Plain:
    """The folder as it is: power cannot be cut."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder, self.data = folder, data

    def begin(self) -> None:
        """Make the place ready before a broker starts."""

    def env(self, _run: Path) -> dict[str, str]:
        """What the brokers need in their environment; `_run` is the stack's run folder."""
        return {}

    def sync(self) -> None:
        """All that is there now survives a cut; the brokers stand still meanwhile."""
        os.sync()

    def cut(self) -> Facts:
        """The moment of the cut; the brokers stand still and will be killed next."""
        raise StackError("cutting the power", "this stack has an ordinary disk.", "Ask for disk='ledger' or 'loop'.")

    def restore(self) -> Facts:
        """What is found when the power is back; no broker runs."""
        return {}

    def fill(self, leave_bytes: int) -> Facts:
        """Leave only so many bytes free."""
        raise StackError("filling the disk", "only a small image of our own is ever filled.", "Ask for disk='loop'.")

    def free(self) -> Facts:
        """Give back what `fill` took."""
        return {}

    def slow(self, wait_ns: int) -> Facts:
        """Every flush waits first."""
        raise StackError("slowing the disk", "this stack has an ordinary disk.", "Ask for disk='ledger'.")

    def end(self) -> None:
        """Give everything back."""


def tool(*command: str) -> str:
    """What a program of the system printed; StackError with its own words if it failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise StackError(f"running {command[0]} {command[-1]}", f"{said}.", "`labs doctor` says what is missing.")
    return done.stdout
