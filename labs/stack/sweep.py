"""End stacks, and remove what killed commands left, each after proof that it is ours. The caller holds the lock."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from labs.model import paths
from labs.model.errors import StackError
from labs.stack import mending, registry, state
from labs.stack.processes import MARK, awaited, is_alive, marked, marks, owner_lives, send

END_S = 40.0
MOMENT_S = 5.0  # a supervisor whose owner died ends by itself; this long we let it
Report = Callable[[str], None]


def run_roots() -> list[Path]:
    """Where run folders may be: names that no start script, class path or search path takes for something else.

    The user's temporary folder comes first; one whose name has any other character, or is long, is passed over.
    """
    names = dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"))  # noqa: S108 - made with mode 0700
    plain = [Path(name) for name in names if re.fullmatch(r"/[A-Za-z0-9_./-]{0,38}", name)]
    return [path for path in plain if os.access(path, os.W_OK | os.X_OK)]


def run_root() -> Path:
    """The first of them."""
    if not (found := run_roots()):
        raise StackError("looking for a temporary folder", "none can be written to.", "Make /tmp writable.")
    return found[0]


def run_folder(stack: str) -> Path:
    """The run folder of one stack."""
    return run_root() / f"labs-{os.getuid()}-{state.home_tag()}-{stack}"


def stop(record: registry.Record) -> None:
    """End a stack: its compose project, or its supervisor once that is proven to be it. A session loses its data."""
    if record["backend"] == "compose":
        from labs.stack.containers import project

        project.stop_project(record, volumes=record["owner"] == "session")
        return
    pid, start = record["supervisor"]["pid"], record["supervisor"]["start"]
    if not is_alive(pid, start) or marks(pid).get(MARK) != record["id"]:
        return
    state.ending_file(record["id"]).touch()
    send(pid, signal.SIGCONT)
    send(pid, signal.SIGTERM)
    if not awaited(lambda: not is_alive(pid, start), END_S, 0.05):
        send(pid, signal.SIGKILL)


def sweep(report: Report) -> None:
    """Remove processes with our marks, containers, run folders, session data and records that nobody owns any more."""
    mending.mend(report)  # first: what a broker saves when it is stopped, it saves by the settings in force
    for record in state.stacks():
        if record["ending"]:  # an interrupted `labs down`
            report(f"waiting for {', '.join(record['brokers'])} to stop")
            stop(record)
    records = {record["id"]: record for record in state.stacks()}
    kept = set()
    for stack, pids in marked(paths.home()).items():
        known = records.get(stack, {})  # none yet: it is being started
        if registry.is_led(known) and (known.get("committed") or any(owner_lives(pid) for pid in pids)):
            kept.add(stack)
        else:
            _end(stack, report)
    for stack, record in records.items():
        if record["backend"] == "compose" and _is_kept(record, report):
            kept.add(stack)
    for path in [*state.stack_files(), *paths.home().glob("stacks/*.ending"), *paths.home().glob("stacks/*.users")]:
        if path.stem not in kept:
            path.unlink(missing_ok=True)
    _sweep_folders(kept)


def drop_dead() -> None:
    """A stack of `labs up` whose brokers have all died only holds its record: end it before a new one starts."""
    for record in state.stacks():
        alive = any(is_alive(entry["pid"], entry["start"]) for entry in record["brokers"].values())
        if record["owner"] == "user" and record["backend"] == "native" and not alive:
            stop(record)


def _is_kept(record: registry.Record, report: Report) -> bool:
    if (record["owner"] == "user" and record["committed"]) or registry.owner_lives(record):
        return True
    report(f"removing the containers that an interrupted command left ({record['project']})")
    with contextlib.suppress(StackError):  # no engine any more: its containers are gone with it
        stop(record)
    return False


def _sweep_folders(kept: set[str]) -> None:
    _free_loop_devices(kept)
    ours = f"labs-{os.getuid()}-{state.home_tag()}-*"
    ran = [folder for root in run_roots() for folder in root.glob(ours)]
    for folder in [*ran, *paths.home().glob("session-*")]:
        if folder.name.rpartition("-")[2] not in kept:
            shutil.rmtree(folder, ignore_errors=True)
    for log in paths.home().glob("log/*-*.log"):
        if log.stem.rpartition("-")[2] not in kept and time.time() - log.stat().st_mtime > 86_400:
            log.unlink(missing_ok=True)
    for partial in [*paths.cache().glob(".partial-*"), *paths.cache().glob("debian/**/.partial-*")]:
        if not psutil.pid_exists(int(partial.name.rpartition("-")[2])):
            shutil.rmtree(partial, ignore_errors=True)


def _free_loop_devices(kept: set[str]) -> None:
    """Of containers' volumes; those of native brokers go with their mount namespace."""
    images = [path for path in paths.home().glob("session-*/disk.img") if path.parent.name[8:] not in kept]
    if not images or not shutil.which("losetup"):
        return
    asked = ["losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE"]
    for line in subprocess.run(asked, capture_output=True, text=True, check=False).stdout.splitlines():
        device, _, file = line.strip().partition(" ")
        if Path(file.strip().removesuffix(" (deleted)")) in images:
            subprocess.run(["losetup", "--detach", device], capture_output=True, check=False)


def _end(stack: str, report: Report) -> None:
    report(f"removing what an interrupted command left (stack {stack})")
    began = time.monotonic()
    while (pids := marked(paths.home()).get(stack, [])) and time.monotonic() < began + 3 * MOMENT_S:
        if time.monotonic() > began + MOMENT_S:
            for pid in pids:
                send(pid, signal.SIGKILL)
        time.sleep(0.1)
