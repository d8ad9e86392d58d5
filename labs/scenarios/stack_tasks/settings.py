"""The application's settings for a way: the same for all brokers but the address and what a transport must be told."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from labs.model.endpoint import Endpoint, RefusedError
from labs.scenarios.stack_tasks import LEASE_S, Way

Table = dict[str, Any]
SCHEMES = {"redis": "redis", "rabbitmq": "amqp", "kafka": "confluentkafka"}
PRIORITIES = 10
LOOKS_S = 0.5
"""How long Kafka's transport waits at a queue without a task before it looks at the next: 5 s where nobody says."""
TUNED = {"num_partitions": 2, "polling_interval": 0.05}


def settings(way: Way, endpoint: Endpoint, run: str, log: str, **more: object) -> Table:
    """All that a script in Celery's environment is told. RefusedError of a broker that wants TLS or SASL."""
    if endpoint.tls or (endpoint.broker == "kafka" and endpoint.username):
        raise RefusedError(
            f"{endpoint.where}: this lab gives Celery no certificates and no SASL. Take a broker of ours."
        )
    login = f"{quote(endpoint.username, '')}:{quote(endpoint.password, '')}@" if endpoint.username else ""
    path = {"redis": "0", "rabbitmq": quote(endpoint.vhost, "")}.get(endpoint.broker, "")
    address = f"{SCHEMES[endpoint.broker]}://{login}{endpoint.host}:{endpoint.port}/{path}"
    conf: Table = {
        "task_default_queue": run,
        "control_exchange": run,
        "event_exchange": f"{run}-events",
        "event_queue_prefix": f"{run}-events",
        "broker_connection_retry_on_startup": True,
        "worker_prefetch_multiplier": way.prefetch,
    }
    results = address if endpoint.broker == "redis" else "rpc://"
    return {"run": run, "log": log, "broker": address, "results": results, "conf": conf | _own(way, run), **more}


def _own(way: Way, run: str) -> Table:
    """What only that transport is told: what its documents ask for where priorities are wanted, and short leases."""
    if way.broker == "rabbitmq":
        return {"task_queue_max_priority": PRIORITIES}
    if way.broker == "redis":
        under = {"global_keyprefix": f"{run}:"}
        looks = {"unacked_restore_interval": way.looks_s, "unacked_restore_throttle": 1} if way.looks_s else {}
        lease = {"visibility_timeout": way.lease_s, **looks}
        return {
            "broker_transport_options": under | lease | {"queue_order_strategy": "priority"},
            "result_backend_transport_options": under,
        }
    session = {"session.timeout.ms": LEASE_S * 1000 + 1000, "heartbeat.interval.ms": 1000}
    options = {"kafka_consumer_config": session, "wait_time_seconds": LOOKS_S}
    return {"broker_transport_options": options | (TUNED if way.tuned else {})}


def high(way: Way) -> int:
    """The most urgent priority: kombu's Redis counts the other way round."""
    return 0 if way.broker == "redis" else PRIORITIES - 1


def low(way: Way) -> int:
    """The least urgent."""
    return PRIORITIES - 1 if way.broker == "redis" else 0


def left_behind(way: Way, run: str) -> tuple[list[str], list[str]]:
    """All that a run may leave on the broker: names and patterns, and RabbitMQ's exchanges."""
    if way.broker == "rabbitmq":
        exchanges = [run, f"{run}.pidbox", f"reply.{run}.pidbox", f"{run}-events"]
        return [run, *(f"{run}-{one}" for one in KILLED)], [*exchanges, *(f"{run}-{one}" for one in KILLED)]
    return [f"{run}:*"] if way.broker == "redis" else [f"*{run}*"], []


KILLED = ("killed", "hidden")
"""The queues of the tasks over which a worker is killed."""


def told(way: Way) -> str:
    """What the transport was told besides the address, for the run card."""
    said = {
        "redis": "priorities served in their order; looks every second for tasks whose lease is over",
        "rabbitmq": f"a queue with {PRIORITIES} priorities",
        "kafka": f"waits {LOOKS_S:g} s at a queue without a task",
    }[way.broker]
    tuned = f"; {TUNED['num_partitions']} partitions, looks {1 / TUNED['polling_interval']:.0f} times a second"
    return said + (tuned if way.tuned else "")
