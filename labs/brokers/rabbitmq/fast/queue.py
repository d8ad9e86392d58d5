"""RabbitMQ's queues with AMQP frames of our own, on a socket of our own."""

from __future__ import annotations

from labs.brokers.rabbitmq.admin import Broker
from labs.brokers.rabbitmq.fast.consumer import Consumer
from labs.brokers.rabbitmq.fast.publisher import Publisher
from labs.model.profile import Profile

__all__ = ["Broker", "Consumer", "Publisher", "why_not"]
KNOWN = {"confirms", "persistent", "queue"}


def why_not(profile: Profile) -> str | None:
    """It knows the settings of a queue, and refuses what it would silently ignore."""
    unknown = sorted(set(profile.settings) - KNOWN)
    return f"it does not know the setting {', '.join(unknown)}" if unknown else None
