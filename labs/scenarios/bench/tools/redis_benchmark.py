"""redis-benchmark, Redis' own load tool of the server's version, at the settings that suit it best."""

from __future__ import annotations

import contextlib
import re
import secrets
import shlex
import subprocess
from collections.abc import Iterator
from functools import partial

from labs.brokers import journal
from labs.brokers.redis.admin import undo
from labs.brokers.redis.fast.wire import Wire
from labs.model.endpoint import Endpoint
from labs.model.kernel import die_with_parent
from labs.scenarios.bench.tools import Rate, ToolError
from labs.scenarios.bench.tools.redis_program import TOOL, program, surroundings

PATIENCE_S = 120.0
BEST = ((50, 64), (1, 512), (4, 128))
"""(connections, pipeline) that were fastest of those tried (measuring.md 3.1); `best` takes the winner of each call."""
_RATE = re.compile(r"([\d.]+) requests per second")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def run(  # noqa: PLR0913 - what the tool is told
    endpoint: Endpoint,
    command: str,
    *,
    messages: int,
    body_bytes: int = 100,
    clients: int = 50,
    pipeline: int = 64,
    threads: int = 1,
) -> Rate:
    """One run of PUBLISH, XADD or LPUSH on a key of its own. ToolError if it fails or cannot be read.

    The tool takes a password on its command line only, which other users of the machine can read. So it gets a user of
    its own, for the length of the run, that may do nothing but these commands on this key.
    """
    if endpoint.is_given:
        raise ToolError(f"running {TOOL}", "it is run on brokers of our own alone.", "Leave out the address of yours.")
    if endpoint.host not in _LOOPBACK:
        raise ToolError(f"running {TOOL}", f"{endpoint.host} is not this machine.", "Load goes to loopback only.")
    key = f"labs-bench-{secrets.token_hex(4)}"
    words = {"PUBLISH": [key], "XADD": [key, "*", "body"], "LPUSH": [key]}
    if command not in words:
        raise ToolError(f"running {TOOL}", f"{command!r} is no command of ours.", f"Choose one of {', '.join(words)}.")
    options = [
        "-h",
        endpoint.host,
        "-p",
        f"{endpoint.port}",
        "-c",
        f"{clients}",
        "-P",
        f"{pipeline}",
        "-n",
        f"{messages}",
    ]
    tool = program(endpoint)
    with _user_of(endpoint, key) as login:
        said = _run([tool.path, *options, *login, "-q", command, *words[command], "x" * body_bytes])
    found = _RATE.findall(said)
    if not found or not float(found[-1]):
        raise ToolError(f"reading what {TOOL} said", f"{said[-300:]!r}", "Run it by hand: its output has changed.")
    shown = shlex.join([TOOL, *options, "-q", command, "..."])
    return Rate(messages, messages / float(found[-1]), body_bytes, TOOL, tool.version, shown, endpoint.version)


def best(endpoint: Endpoint, command: str, *, messages: int, deeper: int = 1, threads: int = 1) -> Rate:
    """The fastest of its best settings, each of which is run: with pipelines so many times as deep, and with so many
    threads and as many times the connections."""
    call = partial(run, endpoint, command, messages=messages, threads=threads)
    found = (call(clients=clients * threads, pipeline=depth * deeper) for clients, depth in BEST)
    return max(found, key=lambda rate: rate.per_s)


@contextlib.contextmanager
def _user_of(endpoint: Endpoint, key: str) -> Iterator[list[str]]:
    """A login for one key, as options of the tool; gone afterwards, and so is the key. None where none is needed."""
    user, password = f"{key}-{secrets.token_hex(4)}", secrets.token_hex(16)
    users = [user] if endpoint.password else []
    found, wire = journal.note(endpoint, [key], users=users), Wire(endpoint)
    try:
        wire.open()
        rights = ("-@all", "+publish", "+xadd", "+lpush", "+config|get")
        for name in users:
            wire.ask("ACL", "SETUSER", name, "reset", "on", f">{password}", f"~{key}", f"&{key}", *rights)
        yield ["--user", user, "-a", password] if users else []
    finally:
        wire.close()
        try:
            undo(endpoint, found)
        finally:
            found.let_go()


def _run(line: list[str]) -> str:
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            line,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            preexec_fn=die_with_parent,
            **surroundings(line[0]),
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"running {TOOL}", f"no end after {PATIENCE_S:g} s.", "Is the broker stopped?") from error
    if done.returncode or "ERR" in done.stderr or "NOAUTH" in done.stdout + done.stderr:
        said = (done.stderr or done.stdout).strip()[-300:]
        raise ToolError(f"running {TOOL}", f"it ended with {done.returncode}: {said}", "See whether the broker runs.")
    return done.stdout.replace("\r", "\n")
