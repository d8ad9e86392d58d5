"""Redis as a broker of the labs: sets the persistence a profile asks for, and sets it back."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from labs.brokers import journal
from labs.brokers.connection import prove
from labs.brokers.journal import Made
from labs.brokers.lifetime import Owned
from labs.brokers.redis import settings
from labs.brokers.redis.client import CONNECT_S, secured, typed
from labs.brokers.redis.settings import PERSISTENCE
from labs.model.endpoint import Endpoint, RefusedError
from labs.model.facts import Facts
from labs.model.profile import Profile

GROUP = "labs"
Client = Any
"""redis-py's client: its own types are those of its asynchronous client too."""


def start_arguments(settings: Facts) -> list[str]:
    """The persistence of a profile as arguments of redis-server: a server that restarts must begin with it."""
    return [part for key in PERSISTENCE if key in settings for part in (f"--{key}", str(settings[key]))]


def client(endpoint: Endpoint, *, text: bool = True, answer_s: float = CONNECT_S * 2, port: int = 0) -> Client:
    """redis-py's client, which does not retry by itself; it speaks text, or bytes. `port` is another way to it."""
    return redis.Redis(
        host=endpoint.host,
        port=port or endpoint.port,
        username=endpoint.username or None,
        password=endpoint.password or None,
        decode_responses=text,
        protocol=2,
        socket_connect_timeout=CONNECT_S,
        socket_timeout=answer_s,
        retry=Retry(NoBackoff(), 0),
        ssl=endpoint.tls is not None,
        **secured(endpoint),
    )


def undo(endpoint: Endpoint, found: Made) -> None:
    """Remove what an entry names and put back what it changed; BrokerError leaves the entry as it is.

    A name with a `*` is a pattern: all keys of a library that chooses them itself under a beginning of ours."""
    with typed(endpoint), contextlib.closing(client(endpoint)) as redis_:
        keys = [name for name in found.entry.names if "*" not in name]
        for pattern in set(found.entry.names).difference(keys):
            keys += redis_.scan_iter(match=pattern, count=1000)
        if keys:
            redis_.unlink(*keys)
        for user in found.entry.users:
            redis_.acl_deluser(user)
        if found.entry.change.wanted:
            settings.give_back(redis_, found)
        else:
            found.undone()


def force_back(endpoint: Endpoint, entry: journal.Entry) -> None:
    """Put back the settings that an entry changed, whether or not its run lives: the server is about to stop."""
    with typed(endpoint), contextlib.closing(client(endpoint)) as redis_:
        settings.force_back(redis_, entry)


class Broker(Owned):
    """One Redis under one profile; `name` is the key or channel, `more` are keys that go with it."""

    def __init__(self, endpoint: Endpoint, profile: Profile, name: str, more: Sequence[str] = ()) -> None:
        super().__init__(endpoint, name, more)
        self._label = profile.label
        # What goes through a channel is stored nowhere, so no setting of persistence changes what it promises.
        self._keeps_nothing = profile.adapter == "redis_pubsub"
        self._wanted = {key: str(profile.settings[key]) for key in PERSISTENCE if key in profile.settings}
        self._redis = client(endpoint)

    def _make(self) -> None:
        """Sets the persistence and clears the key; at a broker of the user's it only looks whether it fits."""
        prove(self._endpoint, CONNECT_S)
        with typed(self._endpoint):
            self._redis.ping()
        if self._endpoint.is_given:
            self._check_fit()
        with typed(self._endpoint):
            if self._wanted and not self._endpoint.is_given:
                how = (self._redis, self._endpoint, self._names, self._wanted, self._label)
                self._made = settings.take(*how)
            else:
                self._note()
            self._redis.delete(*self._names)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            self._redis.close()

    def _undo(self, made: Made) -> None:
        undo(self._endpoint, made)

    def _check_fit(self) -> None:
        """RefusedError unless a broker that is not ours to set has the persistence that the profile promises."""
        if self._keeps_nothing:
            return
        where = f"{self._endpoint.where} is yours and is not changed"
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
