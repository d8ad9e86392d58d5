"""Kafka as a broker of the labs: makes the topic that a profile asks for, and deletes it with its groups."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource
from kafka.errors import KafkaError, UnknownTopicOrPartitionError

from labs.brokers.journal import Made
from labs.brokers.kafka.client import ANSWER_MS, TOPIC_LIMIT_BYTES, Site
from labs.brokers.lifetime import Owned
from labs.model.endpoint import Endpoint, RefusedError
from labs.model.profile import Profile

MISSED_S = 50.0
"""A little more than the 45 s after which Kafka misses a member of a share group by itself; the session of
our own workers is shorter (jobs/on_kafka.py)."""
GONE_S = 30.0
"""A deleted topic is listed for milliseconds; on a machine without time for its brokers it was seconds."""
LOOK_S = 0.05


def undo(endpoint: Endpoint, found: Made) -> None:
    """Delete the topics that an entry names, and the groups that read them; BrokerError leaves the entry as it is.

    A name with a `*` is a pattern: all topics of a library that names them itself with a part of ours."""
    site = Site(endpoint)
    site.probe()
    with site.typed(), contextlib.closing(KafkaAdminClient(**site.config)) as admin:
        _delete_topics(admin, found.entry.names)
        with contextlib.suppress(KafkaError):  # a user who may not look forgets them with their topic
            _delete_groups(admin, found.entry.names)
        with contextlib.suppress(KafkaError):  # before 4.1 Kafka does not tell them, and groups had none of ours
            _forget_settings(admin, found.entry.names)
    found.undone()


def _delete_topics(admin: KafkaAdminClient, names: Sequence[str]) -> None:
    """The topics of these names: Kafka lists one for a moment after it was deleted, so it is asked until none is left.

    RefusedError if that lasts too long."""
    give_up_s = time.monotonic() + GONE_S
    while ours := [one for one in admin.list_topics() if any(fnmatchcase(one, name) for name in names)]:
        for topic in ours:
            with contextlib.suppress(UnknownTopicOrPartitionError):
                admin.delete_topics([topic], timeout_ms=ANSWER_MS)
        if time.monotonic() > give_up_s:
            raise RefusedError(f"Kafka lists the topics {', '.join(ours)} {GONE_S:.0f} s after they were deleted.")
        time.sleep(LOOK_S)


def _forget_settings(admin: KafkaAdminClient, names: Sequence[str]) -> None:
    """The settings of the groups of these topics: Kafka keeps them when the group is gone."""
    known = admin.list_config_resources(["GROUP"]).get("group", [])
    if ours := [one for one in known if any(one.startswith(f"{name}-") for name in names)]:
        admin.reset_configs([ConfigResource("GROUP", one, []) for one in ours])


def _delete_groups(admin: KafkaAdminClient, names: Sequence[str]) -> None:
    """The groups of these topics: their names begin with the topic's, and no other run has that name.

    A member that was killed is in its group until Kafka has missed it for a while; RefusedError if that lasts too long.
    """
    give_up_s = time.monotonic() + MISSED_S
    patterns = [pattern for name in names for pattern in (name, f"{name}-*")]
    while ours := [one for one in _groups(admin) if any(fnmatchcase(one, pattern) for pattern in patterns)]:
        admin.delete_groups(ours)
        if time.monotonic() > give_up_s:
            raise RefusedError(f"Kafka does not delete the groups {', '.join(ours)}: they still have members.")
        time.sleep(LOOK_S)


def _groups(admin: KafkaAdminClient) -> list[str]:
    return [str(one["group_id"]) for one in admin.list_groups()]


class Broker(Owned):
    """One Kafka under one profile; `name` is the topic."""

    def __init__(self, endpoint: Endpoint, profile: Profile, name: str, more: Sequence[str] = ()) -> None:
        super().__init__(endpoint, name, more)
        self._site = Site(endpoint)
        self._known_version = endpoint.version
        self._acks = str(profile.settings["acks"])
        self._configs = {"max.message.bytes": str(TOPIC_LIMIT_BYTES), "min.insync.replicas": "1"}
        if "flush_messages" in profile.settings:
            self._configs["flush.messages"] = str(profile.settings["flush_messages"])

    @contextlib.contextmanager
    def _admin(self) -> Iterator[KafkaAdminClient]:
        """An admin client for a moment: the broker may be killed and started again in between."""
        self._site.probe()
        with self._site.typed(), contextlib.closing(KafkaAdminClient(**self._site.config)) as admin:
            yield admin

    def _make(self) -> None:
        """Creates the topic anew, ready to be written."""
        topic = {"num_partitions": 1, "replication_factor": 1, "configs": self._configs}
        self._site.probe()
        self._note()
        with self._admin() as admin:
            if self._name in admin.list_topics():
                admin.delete_topics([self._name], timeout_ms=ANSWER_MS)
            admin.create_topics({self._name: topic}, timeout_ms=ANSWER_MS, wait_for_metadata=True)

    def _undo(self, made: Made) -> None:
        undo(self._endpoint, made)

    def version(self) -> str:
        """As the server's protocol versions tell, or as whoever started it knows: kafka-python takes a release that is
        newer than itself for the newest that it knows."""
        with self._admin() as admin:
            node = admin.describe_cluster()["brokers"][0]["broker_id"]
            found = tuple(admin.get_broker_version_data(node).broker_version)
        known = self._known_version
        known_parts = tuple(int(part) for part in known.split(".")) if re.fullmatch(r"\d+(\.\d+)*", known) else ()
        return known if known_parts >= found else ".".join(map(str, found))

    def backlog(self) -> int | None:
        """Records behind the group's committed offset; a reader commits its last one when it leaves."""
        partition, site = TopicPartition(self._name, 0), self._site
        site.probe()
        with site.typed(), contextlib.closing(KafkaConsumer(**site.config, group_id=f"{self._name}-labs")) as reader:
            reader.bootstrap(timeout_ms=ANSWER_MS)
            end = reader.end_offsets([partition])[partition]
            return int(end) - int(reader.committed(partition, timeout_ms=ANSWER_MS) or 0)

    def durability(self) -> dict[str, str]:
        """The topic's settings as the server says, and acks, which is the client's."""
        keys = ("flush.messages", "flush.ms", "min.insync.replicas")
        with self._admin() as admin:
            found = admin.describe_configs([ConfigResource("TOPIC", self._name)], config_filter="all")
        topic = found["topic"][self._name]
        return {
            "acks": self._acks,
            **{key: str(topic[key]["value"] if isinstance(topic[key], dict) else topic[key]) for key in keys},
        }
