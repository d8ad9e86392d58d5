"""How the experiments reach Redis: the plain client, without retries of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from labs.model.endpoint import Endpoint

ANSWER_S = 10.0


def client(endpoint: Endpoint, *, port: int = 0, answer_s: float = ANSWER_S) -> Any:
    """redis-py's client; one that retries by itself would hide what the experiments are about."""
    return redis.Redis(
        host=endpoint.host,
        port=port or endpoint.port,
        username=endpoint.username or None,
        password=endpoint.password or None,
        protocol=2,
        socket_timeout=answer_s,
        retry=Retry(NoBackoff(), 0),
    )


@contextmanager
def configured(endpoint: Endpoint, **settings: str) -> Iterator[Any]:
    """A client while these settings are in force (`_` for `-`); afterwards they are set back."""
    wanted = {name.replace("_", "-"): value for name, value in settings.items()}
    with client(endpoint) as link:
        before = link.config_get(*wanted)
        try:
            for name, value in wanted.items():
                link.config_set(name, value)
            yield link
        finally:
            for name, value in before.items():
                link.config_set(name, value)
