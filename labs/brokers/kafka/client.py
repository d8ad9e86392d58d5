"""What the Kafka adapter's parts share: reaching the broker within seconds, and errors that are ours."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator

from kafka import KafkaConsumer
from kafka.errors import (
    BrokerResponseError,
    KafkaError,
    KafkaStorageError,
    NotEnoughReplicasAfterAppendError,
    NotEnoughReplicasError,
    ThrottlingQuotaExceededError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
)

from labs.brokers.connection import SecureError, connect, tls_of, what_to_do
from labs.model.endpoint import BrokerError, Endpoint, RefusedError, UnreachableError
from labs.model.facts import Facts

CONNECT_S = 1.0
ANSWER_MS = 3000
PROBE_S = 1.0
TOPIC_LIMIT_BYTES = 2 * 1024 * 1024
"""The default, 1 MiB, leaves no room for the headers of a payload of 1 MiB."""
TURNED_DOWN = (
    NotEnoughReplicasError,
    NotEnoughReplicasAfterAppendError,
    UnknownTopicOrPartitionError,
    UnknownTopicIdError,
    KafkaStorageError,
    ThrottlingQuotaExceededError,
)
"""What a broker that is there says to a batch that it does not take. Kafka's clients try again, for two minutes by
default, and say nothing meanwhile."""
TURNED_DOWN_S = 1.0
"""Who has heard nothing else for so long is refused."""
# What goes wrong is raised; without a handler of its own the client's log would be printed as well.
logging.getLogger("kafka").addHandler(logging.NullHandler())


def said_of(error: object) -> str:
    """A refusal in the broker's words: its code's name, and what it added or what the code means."""
    name = getattr(error, "message", "") or type(error).__name__
    args = getattr(error, "args", ())
    more = str(args[0]) if args and args[0] else getattr(error, "description", "")
    return f"{name}: {more}".removesuffix(": ").rstrip(".")


class Site:
    """Where the broker is, and whether somebody listens there."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._places = endpoint.servers or ((endpoint.host, endpoint.port),)
        self.where = f"Kafka at {' or '.join(f'{host}:{port}' for host, port in self._places)}"
        self._next_probe_s = 0.0

    @property
    def config(self) -> Facts:
        """The settings that every client of kafka-python gets."""
        return {
            "bootstrap_servers": [f"{host}:{port}" for host, port in self._places],
            **_login(self._endpoint),
            "bootstrap_timeout_ms": ANSWER_MS,  # the default keeps a reader waiting for 30 s when nothing runs
            "reconnect_backoff_max_ms": 1000,
        }

    def probe(self) -> None:
        """Raises UnreachableError unless somebody listens: kafka-python would try again for minutes, silently."""
        try:
            self.find()
        except SecureError:
            raise
        except OSError as error:
            raise self.unreachable(error) from error

    def find(self) -> tuple[str, int]:
        """The first place where somebody listens, in TLS where asked for. If nobody does, SecureError of the first
        place that has one, else OSError of the last."""
        failed: list[OSError | SecureError] = []
        for place in self._places:
            try:
                # The whole handshake is worth a moment: kafka-python does not say why one has failed.
                connect(self._endpoint, CONNECT_S, host=place[0], port=place[1]).close()
            except (OSError, SecureError) as error:
                failed.append(error)
            else:
                return place
        raise next((error for error in failed if isinstance(error, SecureError)), failed[-1])

    def probe_sometimes(self) -> None:
        """The same, at most once a second; called when nothing comes."""
        if time.monotonic() >= self._next_probe_s:
            self._next_probe_s = time.monotonic() + PROBE_S
            self.probe()

    def unreachable(self, error: object) -> UnreachableError:
        """The error for a broker that is gone."""
        return UnreachableError(f"{self.where} does not answer: {error}. {what_to_do(self._endpoint)}")

    @contextlib.contextmanager
    def typed(self) -> Iterator[None]:
        """Turns the client's errors into ours: without an answer, what it would try again has not reached a broker."""
        try:
            yield
        except BrokerError:
            raise
        except BrokerResponseError as error:
            raise RefusedError(f"{self.where} said no: {error.message}. {error.description}") from error
        except KafkaError as error:
            raise (self.unreachable(error) if error.retriable else RefusedError(f"{self.where}: {error}.")) from error
        except OSError as error:
            raise self.unreachable(error) from error


def learn(consumer: KafkaConsumer, *topics: str) -> None:
    """Ask for the partitions of topics that a client has subscribed to: it must know them before it joins the group.

    kafka-python 3.0.12 joins without waiting for them: the leader then gives out nothing and joins a second time when
    they come. If a `poll` ends within that second join, the client does not look at its result: it gets no partition,
    sends no heartbeat and is put out of the group. With looks of 10 ms that befell 15 of 25 members on a busy machine.
    """
    for topic in topics:
        consumer.partitions_for_topic(topic)


def _login(endpoint: Endpoint) -> Facts:
    """TLS and login as kafka-python wants them."""
    tls = tls_of(endpoint)
    if endpoint.username or tls:
        kind = ("SASL_" if endpoint.username else "") + ("SSL" if tls else "PLAINTEXT")
    else:
        return {}
    found: Facts = {"security_protocol": kind}
    if tls:
        found |= {"ssl_context": tls.context(), "ssl_check_hostname": True}
    if endpoint.username:
        found |= {"sasl_mechanism": endpoint.sasl, "sasl_plain_username": endpoint.username}
        found |= {"sasl_plain_password": endpoint.password}
    return found


THROTTLED = "throttled by a quota, {0} ms at a time"


class Throttled(logging.Handler):
    """Hears that the broker makes this process's clients pause: kafka-python says so to its log and to nobody else."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said = ""

    def listen(self) -> None:
        """From now on."""
        logging.getLogger("kafka.net.connection").addHandler(self)

    def stop(self) -> None:
        """No longer."""
        logging.getLogger("kafka.net.connection").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Note the first pause of a produce request, as its log line has it: connection, answer, milliseconds."""
        if "throttled" in str(record.msg) and isinstance(record.args, tuple) and "Produce" in str(record.args[1:2]):
            self.said = self.said or THROTTLED.format(record.args[-1])
