"""Records of one topic read by a consumer group and by a share group: who works, what waits, and what is tried again.

A record is a wait, as for a payment service, so how long one takes does not depend on the machine's load. All records
are published at once, one a batch unless the trouble says otherwise, and `number % KEYS` is a record's key.
"""

from __future__ import annotations

from dataclasses import dataclass

from labs.model.profile import UnknownNameError

KEYS = 12
"""Every number of partitions that is offered divides it, so each key has one partition."""
JOBS, WORK_MS = 40, 120
SLOW_KEY, SLOWED = 3, 5
"""The key whose records take longer, and how many times as long."""
FAILING, FAILS, FAIL_MS = 12, 3, 600
"""The record that fails, how often before it is done, and how long a try takes that fails, as for a time-out."""
HELD, HOLD_MS = 100, 3000
"""Records that one consumer takes at once, and how long it works on them."""
HOARD_JOBS, HOARD_WORK_MS = 130, 10
SHARE_SINCE = (4, 2)
"""The Kafka that brought share groups for production."""
SET = "confluent-kafka"
"""The package set with a client that can join a share group (labs/stack/packages)."""


@dataclass(frozen=True)
class Way:
    """How the records are read. `needs` is the package set of its client; empty where it is the course's own."""

    name: str
    label: str
    client: str
    needs: str = ""


@dataclass(frozen=True)
class Size:
    """So many partitions, read by so many consumers."""

    partitions: int
    consumers: int

    @property
    def name(self) -> str:
        """4x5"""
        return f"{self.partitions}x{self.consumers}"

    @property
    def label(self) -> str:
        """4 partitions, 5 consumers"""
        return f"{self.partitions} partition{'s' if self.partitions > 1 else ''}, {self.consumers} consumers"


@dataclass(frozen=True)
class Trouble:
    """What is special about the records; `locks` is the cap of records in flight in a partition, 0 for Kafka's own."""

    name: str
    label: str
    locks: int = 0
    share_only: bool = False

    @property
    def hoards(self) -> bool:
        """Whether one consumer takes many at once."""
        return self.name.startswith("hoard")

    @property
    def jobs(self) -> int:
        """How many records there are."""
        return HOARD_JOBS if self.hoards else JOBS

    def took_ms(self, number: int) -> int:
        """How long that record takes who does it."""
        if self.hoards:
            return HOARD_WORK_MS
        return WORK_MS * (SLOWED if self.name == "slow" and number % KEYS == SLOW_KEY else 1)

    def fails(self, number: int) -> int:
        """How often that record fails before it is done."""
        return FAILS if self.name == "failing" and number == FAILING else 0


WAYS: dict[str, Way] = {
    one.name: one
    for one in (
        Way("group", "Consumer group", "kafka-python"),
        Way("share", "Share group", "confluent-kafka", SET),
    )
}
SIZES: dict[str, Size] = {one.name: one for one in (Size(1, 4), Size(4, 4), Size(4, 5), Size(4, 8), Size(6, 3))}
TROUBLES: dict[str, Trouble] = {
    one.name: one
    for one in (
        Trouble("none", "nothing"),
        Trouble("slow", "one key is slow"),
        Trouble("failing", "one record fails three times"),
        Trouble("batched", "published in one batch", share_only=True),
        Trouble("hoard-100", "one consumer holds 100, and 100 may be in flight", 100, share_only=True),
        Trouble("hoard-2000", "one consumer holds 100, and 2,000 may be in flight", share_only=True),
    )
}


@dataclass(frozen=True)
class Trial:
    """One setting of the lab."""

    way: Way
    size: Size
    trouble: Trouble

    @property
    def label(self) -> str:
        """Share group, 4 partitions, 5 consumers; one key is slow"""
        more = "" if self.trouble.name == "none" else f"; {self.trouble.label}"
        return f"{self.way.label}, {self.size.label}{more}"

    @property
    def can_be(self) -> bool:
        """Whether there is such a trial."""
        return self.way.name == "share" or not self.trouble.share_only

    def partition(self, number: int) -> int:
        """Where a record goes: by its key."""
        return number % KEYS % self.size.partitions


def trial_of(way: str, size: str, trouble: str) -> Trial:
    """The trial of these names, or UnknownNameError with the nearest ones."""
    for what, name, known in (("way", way, WAYS), ("size", size, SIZES), ("trouble", trouble, TROUBLES)):
        if name not in known:
            raise UnknownNameError(what, name, list(known))
    return Trial(WAYS[way], SIZES[size], TROUBLES[trouble])
