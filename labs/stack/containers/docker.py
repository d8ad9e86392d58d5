"""Questions to the container engine, through its command line: with a time limit, and an error that says what to do."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from labs.model import environ
from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.stack.last_words import cause

LABEL_PROJECT, LABEL_OWNER = "org.broker-labs.project", "org.broker-labs.owner"
ANSWER_S = 10.0
CURE = "Start Docker, or run: labs up --backend native"


def run(arguments: Sequence[str], timeout_s: float, extra: Mapping[str, str] | None = None) -> str:
    """Output of one engine command; StackError says which one failed, how, and what to do."""
    tried = f"running `docker {' '.join(arguments[:12])}`"
    try:
        done = subprocess.run(
            ["docker", *arguments], env=environ.without("COMPOSE_") | {**(extra or {})}, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=timeout_s, errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise StackError(tried, f"{error}.", CURE) from error
    except subprocess.TimeoutExpired as error:
        raise StackError(tried, f"no end after {timeout_s:.0f} s.", CURE) from error
    if done.returncode:
        raise StackError(tried, *_explain(done.stderr or done.stdout))
    return done.stdout


def _explain(stderr: str) -> tuple[str, str]:
    """What happened and what to do, from the engine's own words."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    happened = lines[-1].rstrip(".") if lines else "it said nothing"
    if re.search(r"port is already allocated|address already in use", stderr):
        return f"a port is taken ({happened}).", "Set LABS_PORT_BASE to a free range, or end what listens there."
    if re.search(r"no such host|pull access denied|manifest unknown|registry", stderr):
        return f"the image cannot be pulled ({happened}).", "Check the network, or run: labs up --backend native"
    if re.search(r"permission denied.*docker.sock|Cannot connect to the Docker daemon", stderr):
        return happened if happened.endswith("?") else f"{happened}.", CURE
    return f"{happened}.", "Run labs doctor; labs up --backend native needs no container engine."


def ids(project: str, broker: str | None = None) -> list[str]:
    """The containers of a project, or of one of its brokers."""
    filters = [f"label={LABEL_PROJECT}={project}", *([f"label=com.docker.compose.service={broker}"] if broker else [])]
    asked = [part for word in filters for part in ("--filter", word)]
    return run(["ps", "--all", "--quiet", "--no-trunc", *asked], ANSWER_S).split()


def volumes(project: str) -> list[str]:
    """The names of a project's volumes, whether or not a container uses them."""
    return run(["volume", "ls", "--quiet", "--filter", f"label={LABEL_PROJECT}={project}"], ANSWER_S).split()


def container(broker: str, project: str) -> Facts:
    """What the engine says of the one container of a broker."""
    known = ids(project, broker)
    if not known:
        raise StackError(f"finding {broker}'s container of {project}", "there is none.", "Run labs up again.")
    found: Facts = json.loads(run(["inspect", known[0]], ANSWER_S))[0]
    return found


def last_words(broker: str, project: str, lines: int = 2000) -> str:
    """Why a container ended, out of its log."""
    try:
        log = subprocess.run(
            ["docker", "logs", "--tail", str(lines), ids(project, broker)[0]], capture_output=True, text=True,
            timeout=ANSWER_S, errors="replace",
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired, IndexError):
        return "none"
    return cause(log.stdout + log.stderr)


def pids(inspected: Facts) -> tuple[int, ...]:
    """The container's first process, if this machine's /proc shows that it is the container's and no namesake."""
    pid = int(inspected["State"]["Pid"])
    try:
        ours = inspected["Id"] in Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return ()
    return (pid,) if pid and ours else ()


def running(project: str) -> dict[str, str]:
    """Broker -> state of its container (`running`, `exited` ...), for status."""
    shown = '{{.Label "com.docker.compose.service"}} {{.State}}'
    asked = ["ps", "--all", "--filter", f"label={LABEL_PROJECT}={project}", "--format", shown]
    pairs = (line.split() for line in run(asked, ANSWER_S).splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def kafka_version(container_id: str) -> str:
    """Kafka tells no client its version; the name of its main jar does."""
    try:
        jars = run(["exec", container_id, "ls", "/opt/kafka/libs"], ANSWER_S)
    except StackError:
        return ""
    found = re.search(r"kafka_2\.\d+-([\d.]+)\.jar", jars)
    return found[1] if found else ""
