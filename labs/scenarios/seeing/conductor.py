"""Plant the work, ask the broker, police it: look(...) -> Seen. Nothing is judged here."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Protocol, cast

from labs.model.endpoint import Endpoint
from labs.model.observer import UNOBSERVED, Observer
from labs.record.monitor import waiting
from labs.scenarios.seeing import Mode, Policed, Seen, Told

YOURS = "this broker is yours, and no user is made on it"


class Adapter(Protocol):
    """The module of a broker."""

    def place(self, mode: Mode, endpoint: Endpoint, name: str) -> AbstractContextManager[dict[str, object]]: ...

    def tell(self, mode: Mode, endpoint: Endpoint, name: str) -> Told: ...

    def police(self, mode: Mode, endpoint: Endpoint, name: str) -> Policed: ...


def look(mode: Mode, endpoint: Endpoint, observer: Observer = UNOBSERVED) -> Seen:
    """One run. BrokerError where the broker does not answer, CancelledError on a cancel."""
    name = f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    broker = cast("Adapter", import_module(f"labs.scenarios.seeing.on_{mode.broker}"))
    with waiting(observer), broker.place(mode, endpoint, name) as facts:
        observer.progress(0.1, "work is planted, and the broker asked")
        told = broker.tell(mode, endpoint, name)
        observer.check("before the publish that is not allowed")
        observer.progress(0.8, "a publish that is not allowed")
        policed = Policed(why_not=YOURS) if endpoint.is_given else broker.police(mode, endpoint, name)
    return Seen(told, policed, {**facts, "date": time.strftime("%Y-%m-%d")})
