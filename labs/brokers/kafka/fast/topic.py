"""Kafka without a client in between: one Produce request a batch, one Fetch under way, no Python per record.

Topics, positions and commits are the idiomatic adapter's. What is confirmed is known exactly, for the broker answers
each request with the fate of its batch.
"""

from __future__ import annotations

from labs.brokers.kafka.admin import Broker
from labs.brokers.kafka.fast.consumer import Consumer
from labs.brokers.kafka.fast.publisher import Publisher
from labs.model.profile import Profile

__all__ = ["Broker", "Consumer", "Publisher", "why_not"]


def why_not(profile: Profile) -> str | None:
    """It knows the settings acks and flush_messages, and refuses what it would silently ignore."""
    unknown = sorted(set(profile.settings) - {"acks", "flush_messages"})
    return f"it does not know the setting {', '.join(unknown)}" if unknown else None
