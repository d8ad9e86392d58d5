"""RabbitMQ PerfTest, the load tool of RabbitMQ's own team, on a durable classic queue with persistent messages."""

from __future__ import annotations

import re
import secrets
import shlex
import urllib.parse

from labs.brokers import journal
from labs.brokers.rabbitmq.admin import undo
from labs.model.endpoint import Endpoint
from labs.scenarios.bench.tools import Rate, ToolError, java
from labs.stack.native import jars

TOOL = "PerfTest"
MAIN = "com.rabbitmq.perf.PerfTest"
PREFETCH, ACK_EVERY = 1000, 100
BODY_BYTES = 100
WARM_SHARE = 0.4
"""Of the seconds: Java begins cold, and what it does meanwhile does not count."""
SPARE_S = 40.0
PREFIX = "LABS_PERF_TEST_"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TIME = re.compile(r"^id: \S+ time ([\d.]+) s, (.*)$", re.M | re.A)


def produce(endpoint: Endpoint, *, seconds: float, confirms: int, clients: int = 1, queues: int = 1) -> Rate:
    """Publishes with `confirms` messages without an answer at most; nobody reads. Counts what was confirmed."""
    return _measured(endpoint, seconds, ["-y", "0", "-c", f"{confirms}"], "confirmed", shape=(clients, queues))


def end_to_end(endpoint: Endpoint, *, seconds: float, confirms: int, clients: int = 1, queues: int = 1) -> Rate:
    """Publishes and reads at once, with manual acknowledgements. Counts what was received."""
    reader = ["-y", f"{clients}", "-q", f"{PREFETCH}", "-A", f"{ACK_EVERY}", "-c", f"{confirms}"]
    return _measured(endpoint, seconds, reader, "received", shape=(clients, queues))


def _measured(endpoint: Endpoint, seconds: float, options: list[str], what: str, *, shape: tuple[int, int]) -> Rate:
    """`shape`: so many publishers, on so many queues."""
    if endpoint.is_given:
        raise ToolError(f"running {TOOL}", "it is run on brokers of our own alone.", "Leave out the address of yours.")
    if endpoint.host not in _LOOPBACK:
        raise ToolError(f"running {TOOL}", f"{endpoint.host} is not this machine.", "Load goes to loopback only.")
    name = f"labs-perf-{secrets.token_hex(4)}"
    (clients, queues), at = shape, ["-u", name]
    load = ["-x", f"{clients}", "-s", f"{BODY_BYTES}", "-f", "persistent", "-ad", "false", "-z", f"{round(seconds)}"]
    names = [name] if queues == 1 else [f"{name}-{number}" for number in range(1, queues + 1)]
    if queues > 1:
        load += ["-qpf", "1", "-qpt", f"{queues}"]
        at = ["-qp", f"{name}-%d"]
    line = [*load, *options, *at, "-e", name]
    folder = jars.PERF_TEST.get(lambda _text: None)
    login = ":".join(urllib.parse.quote(part, safe="") for part in (endpoint.username, endpoint.password))
    # PerfTest reads its options from the environment as well: there other users of the machine cannot see the login.
    # Under a prefix of ours: without it a variable called TIME, SIZE or ID would change what is measured.
    secret = {"RABBITMQ_PERF_TEST_ENV_PREFIX": PREFIX}
    secret[f"{PREFIX}URI"] = f"amqp://{login}@127.0.0.1:{endpoint.port}/%2f"
    found = journal.note(endpoint, names, exchanges=[name])
    try:
        said = java.run(TOOL, folder, [MAIN, *line], patience_s=seconds + SPARE_S, environment=secret)
    finally:
        try:
            undo(endpoint, found)
        finally:
            found.let_go()
    return _rate(said, seconds, what, shlex.join([TOOL, *load, *options]))


def _rate(said: str, seconds: float, what: str, command: str) -> Rate:
    """The mean of the seconds after the warm-up."""
    counted, began_s, ended_s = 0.0, 0.0, 0.0
    for time_s, words in _TIME.findall(said):
        at_s, found = float(time_s), re.search(rf"\b{what}: (\d+) msg/s", words, re.A)
        if re.search(r"\bnacked: [1-9]", words, re.A):
            raise ToolError(f"running {TOOL}", f"the broker refused messages: {words[:200]}.", "Look at its log.")
        if ended_s >= WARM_SHARE * seconds and found:
            began_s = began_s or ended_s
            counted += int(found[1]) * (at_s - ended_s)
        ended_s = at_s
    if not counted:
        raise java.unread(TOOL, said, "Does RabbitMQ answer?")
    return Rate(round(counted), ended_s - began_s, BODY_BYTES, TOOL, jars.PERF_TEST.version, command)
