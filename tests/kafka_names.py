"""What a Kafka of the tests has by name: its topics and its groups."""

from __future__ import annotations

from contextlib import closing

from kafka import KafkaAdminClient

from labs.brokers.kafka.client import Site
from labs.model.endpoint import Endpoint


def names_on(kafka: Endpoint) -> set[str]:
    """Every topic and every group that is there now."""
    with closing(KafkaAdminClient(**Site(kafka).config)) as admin:
        return {*admin.list_topics(), *(str(one["group_id"]) for one in admin.list_groups())}
