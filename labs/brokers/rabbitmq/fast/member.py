"""What publisher and consumer of the fast lane have in common: a queue, its settings, a connection."""

from __future__ import annotations

from labs.brokers.fast_member import Connected
from labs.brokers.rabbitmq.fast.wire import Wire
from labs.model.endpoint import Address


class Member(Connected):
    """A queue, its settings, a connection."""

    wire: Wire

    def __init__(self, address: Address) -> None:
        self.queue = address.name
        self.settings = address.profile.settings
        self.wire = Wire(address.endpoint)
