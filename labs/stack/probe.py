"""Ready means: a message went round from here to the broker, and the broker is proven to be the one we started."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from labs.model.endpoint import Endpoint
from labs.model.facts import Facts
from labs.stack.native import jars
from labs.stack.processes import listeners
from labs.stack.state import secrets

_WORD = b"labs-ready"
_TIMEOUT_S = 3.0


class NotReady(Exception):  # noqa: N818 - a state, not a failure
    """The broker does not answer yet, or what answers is not ours."""


class OtherLogin(NotReady):
    """It is up and refuses our login, or tells another cluster id: its data was made with another one."""


def round_trip(endpoint: Endpoint) -> str:
    """Send one message round; the server's version. NotReady if anything is not as it must be."""
    if endpoint.backend == "native" and (endpoint.host, endpoint.port) not in listeners(endpoint.pids[0]):
        raise NotReady("not listening yet")
    try:
        with _quiet():
            return _TRIPS[endpoint.broker](endpoint)
    except NotReady:
        raise
    except Exception as error:  # each client has its own zoo of errors; all of them mean: not yet
        raise NotReady(f"{type(error).__name__}: {error}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("kafka", "pika")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _redis(endpoint: Endpoint) -> str:
    import redis

    with redis.Redis(
        host=endpoint.host,
        port=endpoint.port,
        username=endpoint.username,
        password=endpoint.password,
        socket_timeout=_TIMEOUT_S,
    ) as client:
        about: Facts = client.info("server")
        if endpoint.backend == "native" and about["process_id"] != endpoint.pids[0]:
            raise NotReady(f"the Redis on port {endpoint.port} is pid {about['process_id']}, not ours")
        client.set("labs:ready", _WORD)
        if client.getdel("labs:ready") != _WORD:
            raise NotReady("the value did not come back")
        return str(about["redis_version"])


def _rabbitmq(endpoint: Endpoint) -> str:
    import pika

    login = pika.PlainCredentials(endpoint.username, endpoint.password)
    where = pika.ConnectionParameters(
        endpoint.host,
        endpoint.port,
        credentials=login,
        socket_timeout=_TIMEOUT_S,
        blocked_connection_timeout=_TIMEOUT_S,
    )
    try:
        connection = pika.BlockingConnection(where)
    except pika.exceptions.ProbableAuthenticationError as error:
        # Users are in the data, and are there before the port is opened.
        raise (OtherLogin if "ACCESS_REFUSED" in str(error) else NotReady)(f"{error}") from error
    try:
        channel = connection.channel()
        channel.confirm_delivery()
        queue = str(channel.queue_declare("", exclusive=True).method.queue)
        channel.basic_publish("", queue, _WORD)
        if channel.basic_get(queue, auto_ack=True)[2] != _WORD:
            raise NotReady("the message did not come back")
        properties: Facts = connection._impl.server_properties
        return str(properties["version"])
    finally:
        connection.close()


def _kafka(endpoint: Endpoint) -> str:
    import kafka

    common = {"bootstrap_servers": f"{endpoint.host}:{endpoint.port}", "bootstrap_timeout_ms": 2000}
    topic = _WORD.decode()
    admin = kafka.KafkaAdminClient(**common)
    try:
        found = admin.describe_cluster().get("cluster_id")
        if found != secrets()["kafka"][1]:
            raise (OtherLogin if found else NotReady)(f"the Kafka on port {endpoint.port} is cluster {found}, not ours")
        if topic not in admin.list_topics():
            admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
    finally:
        admin.close()
    producer = kafka.KafkaProducer(**common)
    try:
        sent = producer.send(topic, _WORD, partition=0).get(timeout=_TIMEOUT_S)
    finally:
        producer.close(timeout=1)
    _read_back(kafka, common, kafka.TopicPartition(topic, 0), sent.offset)
    return jars.KAFKA.version if endpoint.backend == "native" else endpoint.version


def _read_back(kafka: Any, common: Facts, partition: Any, offset: int) -> None:
    consumer = kafka.KafkaConsumer(**common, enable_auto_commit=False)
    try:
        consumer.assign([partition])
        consumer.seek(partition, offset)
        records = consumer.poll(timeout_ms=int(_TIMEOUT_S * 1000)).get(partition, [])
        if not records or records[0].value != _WORD:
            raise NotReady("the message did not come back")
    finally:
        consumer.close()


def _memory(endpoint: Endpoint) -> str:
    from labs import __version__

    return __version__


_TRIPS: dict[str, Callable[[Endpoint], str]] = {
    "redis": _redis,
    "rabbitmq": _rabbitmq,
    "kafka": _kafka,
    "memory": _memory,
}
