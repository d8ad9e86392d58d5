"""The words of each broker, each proved by a few lines of its own client on a real server.

The book's dictionaries show these lines as they stand here; the tests run them. A proof is a function of the broker's
module whose name is the word. It asks for what it needs by the names of its parameters, as the module's `stage` has
them, and it ends without an error or with an AssertionError. `python -m labs.scenarios.words redis` runs one broker's.
"""

from __future__ import annotations

import inspect
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, Protocol, cast

from labs.brokers import journal
from labs.brokers.journal import Made
from labs.model.endpoint import Endpoint, RefusedError
from labs.model.profile import BROKERS, UnknownNameError

SOON_S = 30.0
"""What is waited for comes within that time, on a busy machine too."""
LOOK_S = 0.05
Proof = Callable[..., None]


class Words(Protocol):
    """A module with the proofs of a broker's words."""

    PROOFS: tuple[Proof, ...]
    SETTINGS: dict[str, dict[str, str]]
    """Word -> settings of the server that its proof is about; nothing else of the server is changed."""

    def stage(self, endpoint: Endpoint, name: str) -> AbstractContextManager[dict[str, Any]]:
        """What proofs may ask for, by name; every key, queue, exchange, topic and group is `name` or begins with it."""

    def names(self, name: str) -> tuple[list[str], list[str]]:
        """What a proof may make under that name: keys, queues or topics, and exchanges."""


def words_of(broker: str) -> Words:
    """The module of that broker, or UnknownNameError with the nearest ones."""
    if broker not in BROKERS:
        raise UnknownNameError("broker", broker, list(BROKERS))
    return cast(Words, import_module(f"{__name__}.{broker}"))


def prove(endpoint: Endpoint, proof: Proof) -> None:
    """Run one proof on that server; what it made is gone afterwards, or when the next command has mended it."""
    words, name = words_of(endpoint.broker), f"labs-word-{secrets.token_hex(3)}"
    made = _noted(endpoint, words, name, words.SETTINGS.get(proof.__name__, {}))
    try:
        with words.stage(endpoint, name) as given:
            proof(**{asked: given[asked] for asked in inspect.signature(proof).parameters})
    finally:
        admin = import_module(f"labs.brokers.{endpoint.broker}.admin")
        journal.settle(made, lambda entry: admin.undo(endpoint, entry))


def _noted(endpoint: Endpoint, words: Words, name: str, wanted: dict[str, str]) -> Made:
    """Written down before anything is made. RefusedError where settings of a server would change that is not ours."""
    things, exchanges = words.names(name)
    if not wanted:
        return journal.note(endpoint, things, exchanges=exchanges)
    if endpoint.is_given:
        asked = ", ".join(f"{key} {value}" for key, value in wanted.items())
        raise RefusedError(f"{endpoint.where} is yours and is not changed. This proof needs it to have {asked}.")
    from labs.brokers.redis import admin, settings  # only Redis takes settings while it runs

    with admin.client(endpoint) as client:
        return settings.take(client, endpoint, things, wanted, "a proof of a word")


def soon(true: Callable[[], object]) -> bool:
    """Whether it becomes true in time; asked again and again."""
    give_up_s = time.monotonic() + SOON_S
    while not true():
        if time.monotonic() > give_up_s:
            return False
        time.sleep(LOOK_S)
    return True


def refused(error: type[Exception], call: Callable[..., object], *given: object) -> str:
    """What the client says when this call raises that error; empty if it does not raise."""
    try:
        call(*given)
    except error as no:
        return repr(no)
    return ""
