"""Redis as a broker of the labs: sets the persistence a profile asks for, and sets it back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from labs.brokers.base import BrokerError, Endpoint, RefusedError
from labs.brokers.doors import prove
from labs.brokers.redis_link import CONNECT_S, secured, typed
from labs.profile import Profile

PERSISTENCE = ("appendfsync", "save", "appendonly")
"""In the order of setting: the append-only file is switched on last, when its rhythm is known."""
REWRITE_S = 20.0
GROUP = "labs"


def start_arguments(settings: Mapping[str, Any]) -> list[str]:
    """The persistence of a profile as arguments of redis-server: a server that restarts must begin with it."""
    return [part for key in PERSISTENCE if key in settings for part in (f"--{key}", str(settings[key]))]


class Broker:
    """One Redis under one profile; `name` is the key or channel."""

    def __init__(self, endpoint: Endpoint, profile: Profile, name: str) -> None:
        self._endpoint = endpoint
        self._label = profile.label
        # What goes through a channel is stored nowhere, so no setting of persistence changes what it promises.
        self._keeps_nothing = profile.adapter == "redis_pubsub"
        self._wanted = {key: str(profile.settings[key]) for key in PERSISTENCE if key in profile.settings}
        self._before: dict[str, str] = {}
        self._name = name
        self._redis: Any = redis.Redis(
            host=endpoint.host,
            port=endpoint.port,
            username=endpoint.username or None,
            password=endpoint.password or None,
            decode_responses=True,
            protocol=2,
            socket_connect_timeout=CONNECT_S,
            socket_timeout=CONNECT_S * 2,
            retry=Retry(NoBackoff(), 0),
            ssl=endpoint.tls is not None,
            **secured(endpoint),
        )

    def __enter__(self) -> Self:
        """Sets the persistence and clears the key; at a broker of the user's it only looks whether it fits."""
        prove(self._endpoint, CONNECT_S)
        with typed(self._endpoint):
            self._redis.ping()
        if self._endpoint.is_given:
            self._check_fit()
        else:
            with typed(self._endpoint):
                self._before = self._redis.config_get(*PERSISTENCE)
        try:
            self._persist(self._wanted)
            with typed(self._endpoint):
                self._redis.delete(self._name)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Deletes the key and sets the persistence back; a server that is gone has nothing to set back."""
        with contextlib.suppress(BrokerError), typed(self._endpoint):
            self._redis.unlink(self._name)
            self._persist({key: self._before[key] for key in self._wanted if key in self._before})
        self._redis.close()

    def _check_fit(self) -> None:
        """RefusedError unless a broker that is not ours to set has the persistence that the profile promises."""
        if self._keeps_nothing:
            return
        where = f"Redis at {self._endpoint.host}:{self._endpoint.port} is yours and is not changed"
        now = self._settings()
        if self._wanted and not now:
            wanted = ", ".join(f"{key} {value!r}" for key, value in self._wanted.items())
            raise RefusedError(
                f"{where}. It does not let us read its settings (CONFIG GET), so nobody knows whether it has {wanted}. "
                "Allow CONFIG GET to this user, or choose Redis Pub/Sub, which promises nothing."
            )
        other = [
            f"{key} is {now.get(key)!r}, wanted {value!r}"
            for key, value in self._wanted.items()
            if now.get(key) != value
        ]
        if other:
            raise RefusedError(
                f"{where}. Its settings do not fit {self._label!r}: {'; '.join(other)}. "
                "Choose a setting that fits, or change it yourself with CONFIG SET."
            )

    def _settings(self) -> dict[str, str]:
        """The persistence in force; empty where the server does not let this user ask."""
        with typed(self._endpoint):
            try:
                return {key: str(value) for key, value in sorted(self._redis.config_get(*PERSISTENCE).items())}
            except redis.ResponseError:
                if not self._endpoint.is_given:
                    raise
        return {}

    def _persist(self, settings: dict[str, str]) -> None:
        if self._endpoint.is_given:
            return
        with typed(self._endpoint):
            now = self._redis.config_get(*PERSISTENCE)
            changed = {key: settings[key] for key in PERSISTENCE if key in settings and settings[key] != now[key]}
            for key, value in changed.items():
                self._redis.config_set(key, value)
            if changed.get("appendonly") == "yes":
                self._await_rewrite()

    def _await_rewrite(self) -> None:
        """Switching the append-only file on writes it anew; until that is done nothing is durable."""
        give_up = time.monotonic() + REWRITE_S
        busy = ("aof_rewrite_in_progress", "aof_rewrite_scheduled")
        while time.monotonic() < give_up:
            facts = self._redis.info("persistence")
            if facts["aof_enabled"] and not any(facts[key] for key in busy):
                return
            time.sleep(0.02)
        raise RefusedError(
            f"Redis was told to switch its append-only file on and has not finished after {REWRITE_S:g} s. "
            "Look into its log, and whether the disk is full."
        )

    def version(self) -> str:
        """As the server says."""
        with typed(self._endpoint):
            return str(self._redis.info("server")["redis_version"])

    def backlog(self) -> int | None:
        """The length of a list; of a stream what is pending or not yet read. A channel holds nothing."""
        with typed(self._endpoint):
            kind = self._redis.type(self._name)
            if kind != "stream":
                return int(self._redis.llen(self._name)) if kind == "list" else 0
            groups = {one["name"]: one for one in self._redis.xinfo_groups(self._name)}
            if GROUP not in groups:
                return int(self._redis.xlen(self._name))
            lag = groups[GROUP].get("lag")
            return None if lag is None else int(groups[GROUP]["pending"]) + int(lag)

    def durability(self) -> dict[str, str]:
        """The persistence settings as the server says."""
        return self._settings() or {"persistence": "unknown: it does not let us read its settings"}
