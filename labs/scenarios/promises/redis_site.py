"""How the experiments reach Redis: the plain client, without retries, which would hide what they are about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from labs.brokers.redis import admin
from labs.brokers.redis.admin import Client
from labs.model.endpoint import Endpoint

client = partial(admin.client, text=False, answer_s=10.0)


@contextmanager
def configured(endpoint: Endpoint, **settings: str) -> Iterator[Client]:
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
