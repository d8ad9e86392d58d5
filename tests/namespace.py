"""Commands on a machine that is another one in a few places: a mount namespace of its own, gone with the command."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

_UNSHARE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]


def why_not() -> str:
    """Why there is no such namespace here; empty if there is."""
    if not shutil.which("unshare"):
        return "no `unshare` here (Debian: apt install util-linux)"
    tried = subprocess.run([*_UNSHARE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True)
    return "" if tried.returncode == 0 else f"no mount namespace can be made ({tried.stderr.strip()})"


def run(
    command: Sequence[str], changes: str = "", *, timeout_s: float = 120, **environ: str | Path
) -> subprocess.CompletedProcess[str]:
    """The command after `changes`, lines of shell that mount something; an empty value takes a variable away."""
    inside = [*_UNSHARE, "sh", "-ec", f'{changes}\nexec "$@"', "sh", *command] if changes else list(command)
    known = {**os.environ, **{name: str(value) for name, value in environ.items()}}
    known = {name: value for name, value in known.items() if value}
    return subprocess.run(
        inside, env=known, capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL
    )


def etc(folder: Path) -> str:
    """/etc as a copy in which everything may be changed."""
    return (
        f"mount -t tmpfs tmpfs '{folder}'; mkdir '{folder}/u' '{folder}/w'\n"
        f"mount -t overlay overlay -o lowerdir=/etc,upperdir='{folder}/u',workdir='{folder}/w' /etc\n"
    )
