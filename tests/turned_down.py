"""Ways to have a real broker refuse what it is given, or take no more, for the length of a block."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import redis
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from kafka.protocol.admin.client_quotas import AlterClientQuotasRequest

from labs.brokers.kafka.client import Site
from labs.brokers.kafka.fast.client import Link
from labs.model.endpoint import Endpoint


def redis_client(endpoint: Endpoint) -> Any:
    """A connection to it."""
    login = {"username": endpoint.username or None, "password": endpoint.password or None}
    return closing(redis.Redis(host=endpoint.host, port=endpoint.port, decode_responses=True, **login))


@contextmanager
def short_of_memory(endpoint: Endpoint, more_bytes: int = 1_000_000) -> Iterator[None]:
    """A Redis that may use so many bytes more than it uses now, and throws nothing away."""
    with redis_client(endpoint) as client:
        before = client.config_get("maxmemory*")
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", client.info("memory")["used_memory"] + more_bytes)
        try:
            yield
        finally:
            for name in ("maxmemory", "maxmemory-policy"):
                client.config_set(name, before[name])


@contextmanager
def without_right(endpoint: Endpoint, command: str) -> Iterator[None]:
    """A Redis that no longer lets its user send a command."""
    with redis_client(endpoint) as client:
        client.execute_command("ACL", "SETUSER", endpoint.username, f"-{command}")
        try:
            yield
        finally:
            client.execute_command("ACL", "SETUSER", endpoint.username, f"+{command}")


def manage(endpoint: Endpoint, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    """A request to RabbitMQ's management."""
    where = f"http://{endpoint.host}:{endpoint.admin_port}/api/{path}"
    request = urllib.request.Request(where, json.dumps(body).encode() if body else None, method=method)
    login = base64.b64encode(f"{endpoint.username}:{endpoint.password}".encode()).decode()
    request.add_header("Authorization", f"Basic {login}")
    request.add_header("Content-Type", "application/json")
    urllib.request.urlopen(request, timeout=5).close()


@contextmanager
def full_queues(endpoint: Endpoint, most: int = 20) -> Iterator[None]:
    """A RabbitMQ whose queues of ours take so many messages and turn down the rest."""
    policy = "policies/%2F/labs-test-full"
    rule = {"max-length": most, "overflow": "reject-publish"}
    manage(endpoint, "PUT", policy, {"pattern": "^labs-", "definition": rule, "apply-to": "queues"})
    time.sleep(0.5)  # the queues are told a little later
    try:
        yield
    finally:
        manage(endpoint, "DELETE", policy)


def without_queue(endpoint: Endpoint, name: str) -> None:
    """Delete the queue or stream."""
    manage(endpoint, "DELETE", f"queues/%2F/{urllib.parse.quote(name)}")


@contextmanager
def memory_alarm(endpoint: Endpoint) -> Iterator[None]:
    """A RabbitMQ that is short of memory by its own mark and blocks its publishers."""
    process = psutil.Process(endpoint.pids[0])
    env = process.environ()
    words = [env.get("RABBITMQ_HOME", ""), *process.cmdline(), *env.values()]
    root = next(found[0] for word in words if (found := re.search(r"/[^:\s]*rabbitmq_server-[0-9.]+", word)))

    def mark(much: str) -> None:
        command = [f"{root}/sbin/rabbitmqctl", "-q", "set_vm_memory_high_watermark", "absolute", much]
        subprocess.run(command, env=env, check=True, capture_output=True, timeout=30, cwd=Path(root))

    mark("1MB")
    try:
        yield
    finally:
        mark("400MB")


@contextmanager
def kafka_admin(endpoint: Endpoint) -> Iterator[Any]:
    """An admin client."""
    with closing(KafkaAdminClient(**Site(endpoint).config)) as admin:
        yield admin


def topic_with(endpoint: Endpoint, topic: str, **settings: Any) -> None:
    """Change a topic's settings (`_` for `.`)."""
    wanted = {name.replace("_", "."): str(value) for name, value in settings.items()}
    with kafka_admin(endpoint) as admin:
        admin.alter_configs([ConfigResource("TOPIC", topic, configs=wanted)])
    time.sleep(0.3)


def without_topic(endpoint: Endpoint, topic: str) -> None:
    """Delete the topic."""
    with kafka_admin(endpoint) as admin:
        admin.delete_topics([topic])
    time.sleep(0.3)


@contextmanager
def kafka_quota(endpoint: Endpoint, bytes_per_s: int) -> Iterator[None]:
    """A Kafka that lets each client produce so many bytes a second."""

    def ask(rate: float | None) -> None:
        entry = AlterClientQuotasRequest.EntryData
        entity = entry.EntityData(entity_type="client-id", entity_name=None)
        change = entry.OpData(key="producer_byte_rate", value=rate or 0.0, remove=rate is None)
        request = AlterClientQuotasRequest[0](entries=[entry(entity=[entity], ops=[change])], validate_only=False)
        link = Link(Site(endpoint), endpoint, endpoint.host, endpoint.port).open()
        with closing(link):
            link.ask(request, lambda answer: int(answer.entries[0].error_code))

    ask(float(bytes_per_s))
    try:
        yield
    finally:
        ask(None)
