"""Kafka's own load tools, ProducerPerformance and ConsumerPerformance, on the Java and the jars of the broker itself.

Java begins cold and compiles while it runs. So what is given as `warm` is over before the clock starts, and a run
should last ten seconds or more.
"""

from __future__ import annotations

import re
import secrets
import shlex
import socket
import tempfile
from collections.abc import Sequence

from labs.model.endpoint import Endpoint
from labs.scenarios.bench.tools import Rate, ToolError, java
from labs.stack import native
from labs.stack.native import jars

PRODUCER, CONSUMER = "ProducerPerformance", "ConsumerPerformance"
PRODUCER_SETTINGS = ("linger.ms=5",)
BATCH_BYTES, BUFFER_BYTES = 256 * 1024, 32 * 1024 * 1024
"""The buffer is Kafka's default: what waits in it and in the batches under way is the tool's window."""
CONSUMER_SETTINGS = ("max.poll.records=10000",)
"""Those with which each was fastest here; the consumer does not compare checksums, which is the tool's own choice."""
FETCH_BYTES = 8 * 1024 * 1024
STEP_MS = 500
PATIENCE_S = 120.0
CONNECT_S = 1.0
HEAP = ("-Xms512m", "-Xmx512m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:-UsePerfData")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SENT = re.compile(r"^(\d+)(?: steady state)? records sent, ([\d.]+) records/sec .* 99\.9th", re.M | re.A)
_READ = re.compile(r"^[^,]+, [^,]+, [\d.]+, [\d.]+, (\d+), [\d.]+, \d+, (\d+), ", re.M | re.A)
_STEP = re.compile(r"^[^,]+, \d+, [\d.]+, [\d.]+, (\d+), ([\d.]+), ", re.M | re.A)


def produce(  # noqa: PLR0913 - what the tool is told
    endpoint: Endpoint,
    topic: str,
    messages: int,
    bodies: Sequence[bytes],
    *,
    acks: str = "all",
    warm: int = 0,
    compression: str = "none",
    wider: int = 1,
) -> Rate:
    """Sends `warm` messages and then `messages` that count, as fast as the tool can; raises ToolError.

    Each message has one of the bodies, drawn by the tool. A body has to be text in one line: one that the tool makes
    up itself costs it more than sending it. `compression` is Kafka's compression.type. `wider`: batches and buffer are
    so many times as large as else.
    """
    if not bodies or not all(body and body.isascii() and b"\n" not in body for body in bodies):
        raise ToolError(
            f"running {PRODUCER}", "it takes bodies of ASCII text in one line only.", "Give it another one."
        )
    options = ["--num-records", f"{warm + messages}", "--throughput", "-1", "--command-property", f"acks={acks}"]
    sizes = [f"batch.size={BATCH_BYTES * wider}", f"buffer.memory={BUFFER_BYTES * wider}"]
    options += [*PRODUCER_SETTINGS, *sizes, *([] if compression == "none" else [f"compression.type={compression}"])]
    options += ["--warmup-records", f"{warm}"] if warm else []
    with tempfile.NamedTemporaryFile(prefix="labs-payload-") as payload:
        payload.write(b"\n".join(bodies))
        payload.flush()
        said, command = _run(endpoint, PRODUCER, topic, [*options, "--payload-file", payload.name])
        command = command.replace(payload.name, "BODIES")  # a recorded file has no folder of this machine
    found = _SENT.findall(said)
    if not found or int(found[-1][0]) != messages or not float(found[-1][1]):
        raise _unread(PRODUCER, said)
    return Rate(
        messages,
        messages / float(found[-1][1]),
        len(bodies[0]),
        PRODUCER,
        jars.KAFKA.version,
        command,
        endpoint.version,
    )


def consume(endpoint: Endpoint, topic: str, messages: int, body_bytes: int, *, warm: int = 0) -> Rate:
    """Reads a topic that holds `warm + messages` messages, from its beginning, as a group of its own; raises ToolError.

    Time in which the tool was given its partition does not count. With `warm` it tells every STEP_MS what it has read,
    and those steps count that begin after so many messages.
    """
    group = f"{topic}-perf-{secrets.token_hex(4)}"  # what removes a topic removes the groups whose names begin with it
    options = ["--num-records", f"{warm + messages}", "--fetch-size", f"{FETCH_BYTES}", "--group", group]
    options += ["--hide-header", *(["--show-detailed-stats", "--reporting-interval", f"{STEP_MS}"] if warm else [])]
    said, command = _run(endpoint, CONSUMER, topic, [*options, "--command-property", *CONSUMER_SETTINGS])
    counted, seconds = _steps(said, warm) if warm else _whole(said)
    if not counted or not seconds:
        raise _unread(CONSUMER, said)
    return Rate(counted, seconds, body_bytes, CONSUMER, jars.KAFKA.version, command, endpoint.version)


def _whole(said: str) -> tuple[int, float]:
    """Messages and seconds of the tool's one line about all of its run."""
    found = _READ.search(said)
    return (int(found[1]), int(found[2]) / 1000) if found else (0, 0.0)


def _steps(said: str, warm: int) -> tuple[int, float]:
    """Messages and seconds of the steps that began after `warm` messages."""
    counted, seconds, before = 0, 0.0, 0
    for total, per_s in ((int(total), float(per_s)) for total, per_s in _STEP.findall(said)):
        if before >= warm and per_s:
            counted, seconds = counted + total - before, seconds + (total - before) / per_s
        before = total
    return counted, seconds


def _run(endpoint: Endpoint, tool: str, topic: str, options: Sequence[str]) -> tuple[str, str]:
    """What the tool printed, and how it was called. The jars stay here until it has ended."""
    if endpoint.is_given or endpoint.host not in _LOOPBACK or endpoint.username:
        raise ToolError(f"running {tool}", "it is run on this machine alone, and without a login.", "Use `labs up`.")
    try:  # the tools themselves would try for minutes
        socket.create_connection((endpoint.host, endpoint.port), timeout=CONNECT_S).close()
    except OSError as error:
        raise ToolError(f"running {tool}", f"no Kafka at port {endpoint.port}: {error}.", "Use `labs up`.") from error
    native.fetch(["kafka"], lambda _line: None)
    where = ["--bootstrap-server", f"{endpoint.host}:{endpoint.port}", "--topic", topic]
    main = [f"org.apache.kafka.tools.{tool}", *where, *options]
    said = java.run(tool, jars.KAFKA.folder(), main, heap=HEAP, patience_s=PATIENCE_S)
    return said, shlex.join([tool, *where, *options])


def _unread(tool: str, said: str) -> ToolError:
    return java.unread(tool, said, "Does Kafka answer?")
