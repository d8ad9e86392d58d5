"""The workers that a test has below itself, as the system shows them."""

from __future__ import annotations

import psutil


def workers() -> list[psutil.Process]:
    """Worker processes below this one."""
    return [p for p in psutil.Process().children(recursive=True) if "spawn_main" in _command_of(p)]


def _command_of(process: psutil.Process) -> str:
    """Its command line; nothing for one that has ended and only waits for its parent."""
    try:
        return str(process.cmdline())
    except psutil.Error:
        return ""


def is_importing(process: psutil.Process, library: str = "_multiarray_umath") -> bool:
    """Python runs in it and has begun to load what a worker needs."""
    return any(library in one.path for one in process.memory_maps())
