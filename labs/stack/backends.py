"""Which way brokers are had: containers where an engine can, else native processes, and why."""

from __future__ import annotations

import contextlib
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence

from labs.model import environ
from labs.model.errors import StackError
from labs.stack import native
from labs.stack.native.launch import Launch
from labs.stack.ports import free_ports
from labs.stack.state import stacks, user_project

Report = Callable[[str], None]
NAMES = ("auto", "compose", "native")


def native_launch(
    broker: str, report: Report, *, disk: str = "plain", settings: Mapping[str, Sequence[str]] | None = None
) -> Launch:
    """One native broker of a session's own, on a disk of that kind and with more settings."""
    native.fetch([broker], report)
    return Launch([broker], "session", free_ports([broker], "session", report), report, disk=disk, settings=settings)


def asked(backend: str) -> str:
    """The backend, LABS_BACKEND in place of `auto`. StackError if there is none of that name."""
    found = environ.read("LABS_BACKEND") or "auto" if backend == "auto" else backend
    if found not in NAMES:
        raise StackError(f"choosing the backend {found!r}", "there is none of that name.", f"Use {', '.join(NAMES)}.")
    return found


def choose(backend: str, brokers: Sequence[str]) -> tuple[str, str]:
    """The backend and why. StackError where neither can be had."""
    if backend == "native" or not brokers:
        return "native", "as asked for"
    from labs.stack.containers import compose

    no_engine = compose.why_not()
    if no_engine is None:
        return "compose", "a container engine answers and has the images"
    if backend == "compose":
        named = "labs up --backend native" in no_engine
        raise StackError("starting containers", no_engine, "" if named else "That is: labs up --backend native")
    if no_native := native.why_not(brokers):
        raise StackError(
            "starting brokers",
            f"neither containers ({no_engine}) nor native processes ({no_native}) can be had.",
            "`labs doctor` lists what is missing; recorded runs can be read without any broker.",
        )
    return "native", f"no containers ({no_engine.rstrip('.')})"


def sweep_containers(report: Report) -> None:
    """Remove containers of ours whose owner is gone, where an engine answers."""
    if not shutil.which("docker"):
        return
    from labs.stack.containers import compose

    with contextlib.suppress(StackError):
        for name in compose.sweep(user_project()):
            report(f"removed the container {name} that a killed command left")


def stop_unrecorded(report: Report) -> bool:
    """End containers of `labs up` whose record is lost, where an engine answers; whether there were any."""
    project = user_project()
    if not shutil.which("docker") or any(record.get("project") == project for record in stacks()):
        return False
    from labs.stack.containers import compose, docker

    with contextlib.suppress(StackError):
        if docker.ids(project):
            report(f"stopping the containers of {project}, of which no record was left")
            compose.stop(project, volumes=False)
            return True
    return False


def signal_container(container: str, number: signal.Signals) -> None:
    """The engine's own words for stop, go on and kill, where we may not signal the processes ourselves."""
    from labs.stack.containers import docker

    word = {signal.SIGSTOP: "pause", signal.SIGCONT: "unpause"}.get(number, "kill")
    docker.run([word, container], docker.ANSWER_S)
