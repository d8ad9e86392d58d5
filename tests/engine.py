"""A container engine of our own where none answers, and images to run in it.

    eval "$(python -m tests.engine up)"     # then: docker compose ..., pytest -m compose, labs up --backend compose
    python -m tests.engine down

An engine that answers is used as it is. Otherwise, as root on Debian, Docker's daemon runs here with folders, socket
and pid file of its own; leaving the context ends it, its containers and its helpers, by pid.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil

from labs.model import paths
from labs.model.kernel import die_with_parent
from tests import firewall, standins
from tests.standins import say

HOME = paths.home() / "engine"
# Socket names are limited to 107 bytes, so what holds sockets is named shortly, apart from the data.
RUN = Path(tempfile.gettempdir()) / f"labs-engine-{hashlib.sha256(str(HOME).encode()).hexdigest()[:8]}"
PIDFILE, LOG, CONFIG = RUN / "dockerd.pid", HOME / "dockerd.log", HOME / "config"


class EngineError(Exception):
    """No engine can be had here; says why."""


def answers(env: dict[str, str] | None = None) -> bool:
    """Whether a container engine answers to `docker` under `env`."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        asked = ["docker", "version", "--format", "{{.Server.Version}}"]
        return subprocess.run(asked, env=env, capture_output=True, timeout=20).returncode == 0
    return False


def why_not() -> str | None:
    """None if an engine answers and has, or can get, the three images; else the reason. Changes nothing."""
    environ = next((one for one in (dict(os.environ), environment()) if answers(one)), None)
    if environ is None:
        return "no container engine answers (LABS_TEST_ENGINE=1 brings one up, as root on Debian)"
    if not standins.can_be_had(environ):
        return "the container engine has not the brokers' images and can neither pull nor build them"
    return None


def _cannot_start() -> str | None:
    """None if `up` may install and start an engine; else the reason."""
    if os.geteuid() != 0:
        return "no container engine answers, and only root can start one of our own"
    if not shutil.which("apt-get"):
        return "no container engine answers, and without apt one of our own cannot be installed"
    return None


def environment() -> dict[str, str]:
    """The variables that make `docker` speak to our own engine."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return {**os.environ, "PATH": path, "DOCKER_HOST": f"unix://{RUN / 'docker.sock'}", "DOCKER_CONFIG": str(CONFIG)}


def _install() -> None:
    """Docker's daemon from apt, unless it is there; dpkg starts no service of its own."""
    if shutil.which("dockerd", path=environment()["PATH"]) and shutil.which("docker"):
        return
    say("Installing docker.io ...")
    standins.apt_get("install", "-y", "--no-install-recommends", "docker.io", "iptables")


def _start_daemon(stays: bool) -> None:
    RUN.mkdir(mode=0o700, exist_ok=True)
    (HOME / "data").mkdir(parents=True, exist_ok=True)
    firewall.remember()
    command = ["dockerd", "--data-root", str(HOME / "data"), "--exec-root", str(RUN / "exec"), "--bridge", "none"]
    command += ["--pidfile", str(PIDFILE), "--host", environment()["DOCKER_HOST"]]
    environ = environment()
    environ.pop("DOCKER_HOST")

    with LOG.open("ab") as log:
        process = subprocess.Popen(
            command, env=environ, stdout=log, stderr=log, start_new_session=True,
            preexec_fn=None if stays else partial(die_with_parent, signal.SIGTERM),
        )  # fmt: skip
    deadline_s = time.monotonic() + 60
    while not answers(environment()):
        if process.poll() is not None or time.monotonic() > deadline_s:
            tail = LOG.read_text(errors="replace").splitlines()[-5:]
            raise EngineError("dockerd did not come up:\n" + "\n".join(tail))
        time.sleep(0.2)


def up(*, stays: bool = False) -> dict[str, str]:
    """The variables for an engine with the three images in it; starts and builds what is missing."""
    if answers():
        environ = dict(os.environ)
    else:
        if not answers(environment()):
            if reason := _cannot_start():
                raise EngineError(reason)
            _install()
            say("Starting a container engine of our own ...")
            _start_daemon(stays)
        environ = environment()
    standins.compose_plugin(CONFIG, environ)
    return environ | standins.images(environ)


def _helpers() -> list[psutil.Process]:
    """What belongs to our engine: every process whose command line names its run folder, and their children."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and any(str(RUN / "") in word for word in process.cmdline()[:20]):
                found[process.pid] = process
                found.update((child.pid, child) for child in process.children(recursive=True))
    return list(found.values())


def down() -> None:
    """End our engine, its containers and helpers; nothing happens if it does not run."""
    environ = environment()
    if answers(environ):
        ids = subprocess.run(["docker", "ps", "-aq"], env=environ, capture_output=True, text=True, timeout=30).stdout
        if ids.split():
            subprocess.run(["docker", "rm", "-f", *ids.split()], env=environ, capture_output=True, timeout=120)
        subprocess.run(["docker", "network", "prune", "-f"], env=environ, capture_output=True, timeout=60)
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        daemon = psutil.Process(int(PIDFILE.read_text()))
        if str(PIDFILE) in daemon.cmdline():
            daemon.terminate()
            psutil.wait_procs([daemon], timeout=30)
    left = _helpers()
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=10)
    _unmount()
    firewall.restore()
    shutil.rmtree(RUN, ignore_errors=True)


def _unmount() -> None:
    """Mounts that a killed daemon leaves behind, deepest first."""
    mounts = [line.split()[1].replace("\\040", " ") for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted(
        (m for m in mounts if Path(m).is_relative_to(RUN) or Path(m).is_relative_to(HOME)), reverse=True
    ):
        subprocess.run(["umount", "-l", mount], capture_output=True, timeout=20)


@contextlib.contextmanager
def engine() -> Iterator[dict[str, str]]:
    """An engine and its variables for the time of the block; what the block found running, it leaves running."""
    ours = not answers() and not answers(environment())
    try:
        yield up()
    finally:
        if ours:
            down()


def main(arguments: list[str]) -> int:
    """The commands `up` (prints shell exports) and `down`."""
    if arguments == ["down"]:
        down()
        return 0
    if arguments != ["up"]:
        say(__doc__ or "")
        return 2
    try:
        environ = up(stays=True)
    except EngineError as error:
        say(f"No engine: {error}")
        return 1
    names = ("DOCKER_HOST", "DOCKER_CONFIG", *standins.VARIABLES)
    print("\n".join(f"export {name}={shlex.quote(environ[name])}" for name in names if name in environ))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
