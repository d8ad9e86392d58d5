"""What the Kafka adapter's parts share: reaching the broker within seconds, and errors that are ours."""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Iterator
from typing import Any

from kafka.errors import BrokerResponseError, KafkaError

from labs.brokers.base import BrokerError, Endpoint, RefusedError, UnreachableError

CONNECT_S = 1.0
ANSWER_MS = 3000
PROBE_S = 1.0
# What goes wrong is raised; without a handler of its own the client's log would be printed as well.
logging.getLogger("kafka").addHandler(logging.NullHandler())


class Site:
    """Where the broker is, and whether somebody listens there."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._where = f"Kafka at {endpoint.host}:{endpoint.port}"
        self._next_probe_s = 0.0

    @property
    def config(self) -> dict[str, Any]:
        """The settings that every client of kafka-python gets."""
        return {
            "bootstrap_servers": f"{self._endpoint.host}:{self._endpoint.port}",
            "bootstrap_timeout_ms": ANSWER_MS,  # the default keeps a reader waiting for 30 s when nothing runs
            "reconnect_backoff_max_ms": 1000,
        }

    def probe(self) -> None:
        """Raises UnreachableError unless somebody listens: kafka-python would try again for minutes, silently."""
        try:
            socket.create_connection((self._endpoint.host, self._endpoint.port), timeout=CONNECT_S).close()
        except OSError as error:
            raise self.unreachable(error) from error

    def probe_sometimes(self) -> None:
        """The same, at most once a second; called when nothing comes."""
        if time.monotonic() >= self._next_probe_s:
            self._next_probe_s = time.monotonic() + PROBE_S
            self.probe()

    def unreachable(self, error: object) -> UnreachableError:
        """The error for a broker that is gone."""
        return UnreachableError(f"{self._where} does not answer: {error}. Is it running? Start it with: labs up")

    @contextlib.contextmanager
    def typed(self) -> Iterator[None]:
        """Turns the client's errors into ours: without an answer, what it would try again has not reached a broker."""
        try:
            yield
        except BrokerError:
            raise
        except BrokerResponseError as error:
            raise RefusedError(f"{self._where} said no: {error.message}. {error.description}") from error
        except KafkaError as error:
            raise (self.unreachable(error) if error.retriable else RefusedError(f"{self._where}: {error}.")) from error
        except OSError as error:
            raise self.unreachable(error) from error
