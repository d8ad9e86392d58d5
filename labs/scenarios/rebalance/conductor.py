"""Make the topic, form the group, publish by the timetable, let things happen: run(...) -> RebalanceRun. It judges
nothing."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from labs.brokers import open_broker
from labs.brokers.kafka.client import Site
from labs.model.endpoint import BrokerError, Endpoint, RefusedError
from labs.model.facts import Facts
from labs.model.observer import UNOBSERVED, Observer
from labs.model.profile import profile
from labs.model.workload import NS_PER_S
from labs.record.monitor import waiting
from labs.record.watchdog import Watchdog
from labs.scenarios.groups import forming
from labs.scenarios.groups.crew import for_librdkafka
from labs.scenarios.rebalance import EVENTS, FIRST, NEW_SINCE, PARTITIONS, RATE_PER_S, SERVER, SET, Way
from labs.scenarios.rebalance.crew import LOOK_S, Crew, started
from labs.scenarios.rebalance.facts import DONE, PUBLISHED, TOLD, RebalanceRun
from labs.scenarios.sharing.handing_in import widen
from labs.stack import packages

PROFILE = "kafka-acks-all"
FORMS_WITHIN_S = 45.0
"""The first group of a Kafka waits until the topics that remember groups are there."""
RESTED_S = 0.6
BETWEEN_NS = NS_PER_S // (PARTITIONS * RATE_PER_S)
"""Between two records of the timetable: the partitions have theirs in turn."""
BEHIND = RATE_PER_S // 2
"""So many records a partition may lack, and is seen to be read."""
WATCHED_S, SEEN_S, AFTER_S = 12.0, 1.0, 1.0
"""After the kill at the most; between the kill and the first look whether all is read again; and when it is."""
ANSWERED_S = 5.0


@dataclass
class Timetable:
    """The records, each at its time, whatever becomes of those before."""

    out: Any
    topic: str
    begun_ns: int
    number: int = 0
    there: list[tuple[int, int, int, int]] = field(default_factory=list)
    """A row each, as PUBLISHED; whoever sends for us adds it when Kafka has the record."""
    last: dict[int, int] = field(default_factory=dict)
    """Partition -> the last offset of them."""

    def send(self) -> None:
        """All that are due by now."""
        while (due_ns := self.begun_ns + self.number * BETWEEN_NS) <= time.monotonic_ns():
            sent = self.out.send(self.topic, b"%d" % self.number, partition=self.number % PARTITIONS)
            sent.add_callback(partial(self._there, due_ns))
            self.number += 1

    def _there(self, due_ns: int, found: Any) -> None:
        self.there.append((found.partition, found.offset, due_ns, time.monotonic_ns()))
        self.last[found.partition] = found.offset

    def lacking(self, reached: dict[int, int]) -> list[int]:
        """Partition by partition, how many records nobody has done."""
        return [self.last.get(one, -1) - reached.get(one, -1) for one in range(PARTITIONS)]


def run(way: Way, endpoint: Endpoint, observer: Observer = UNOBSERVED) -> RebalanceRun:
    """One run. UnreachableError if the group does not form, StackError without its client, CancelledError on a cancel.

    What breaks later is data: it stands in `said`.
    """
    topic = f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    with waiting(observer), open_broker(endpoint, profile(PROFILE), topic) as broker, Watchdog() as watchdog:
        server = broker.version()
        check(way, server)
        widen(endpoint, topic, PARTITIONS)
        if way.new and not endpoint.is_given:
            _set_times(endpoint, topic)
        observer.progress(0.0, f"{way.label}: the group forms")
        group = {"group.id": f"{topic}-workers", "auto.offset.reset": "earliest"}
        with started({**for_librdkafka(endpoint), **way.config, **group}, topic, observer) as crew:
            for who in FIRST:
                crew.join(who)
            crew.wait(lambda: crew.at_rest(RESTED_S), FORMS_WITHIN_S, "forming the group")
            with forming.producer(endpoint) as out:
                out.partitions_for(topic)  # it asks for them before it sends, and that takes a while
                timetable = Timetable(out, topic, time.monotonic_ns())
                events, said = _happen(way, crew, timetable)
                ended_ns = time.monotonic_ns()
                out.flush(timeout=ANSWERED_S)
        facts: Facts = {"date": time.strftime("%Y-%m-%d"), "server": server, "durability": broker.durability()}
        facts |= {"pauses": pauses} if (pauses := watchdog.facts(timetable.begun_ns)) else {}
    begun_ns = timetable.begun_ns
    columns = _columns(PUBLISHED, timetable.there, begun_ns) | _columns(DONE, crew.done, begun_ns)
    columns |= _columns(TOLD, crew.told, begun_ns)
    happened = [[name, at_ns - begun_ns, who] for name, at_ns, who in events]
    return RebalanceRun(way.name, columns, happened, ended_ns - begun_ns, said, facts)


def client() -> str:
    """The client of the members, and its version."""
    return f"{SET} {packages.versions(SET)[SET]}, in an environment of its own"


def check(way: Way, server: str) -> None:
    """RefusedError where this Kafka is too old for the new protocol."""
    known = tuple(int(part) for part in re.findall(r"\d+", server)[:2])
    if way.new and known < NEW_SINCE:
        wanted = ".".join(map(str, NEW_SINCE))
        raise RefusedError(f"The new protocol came with Kafka {wanted}, and this is {server}. Take a classic one.")


def _set_times(endpoint: Endpoint, topic: str) -> None:
    """Heartbeat and session, which the server tells members of the new protocol: settings of the run's own group."""
    group = ConfigResource("GROUP", f"{topic}-workers", {name: str(value) for name, value in SERVER.items()})
    site = Site(endpoint)
    with site.typed(), contextlib.closing(KafkaAdminClient(**site.config)) as admin:
        admin.alter_configs([group])


def _happen(way: Way, crew: Crew, timetable: Timetable) -> tuple[list[tuple[str, int, int]], str]:
    """What happened when, and what broke: the records are sent all the while."""
    events: list[tuple[str, int, int]] = []
    try:
        for one in EVENTS:
            _until(one.at_s, way, crew, timetable)
            events.append((one.name, time.monotonic_ns(), one.member))
            {"join": crew.join, "leave": crew.leave, "kill": crew.kill}[one.name](one.member)
        last_s = EVENTS[-1].at_s
        _until(last_s + SEEN_S, way, crew, timetable)
        _until(last_s + WATCHED_S, way, crew, timetable, or_read=True)
        over_s = (time.monotonic_ns() - timetable.begun_ns) / NS_PER_S
        _until(min(over_s + AFTER_S, last_s + WATCHED_S), way, crew, timetable)
    except BrokerError as error:
        return events, str(error)
    return events, ""


def _until(at_s: float, way: Way, crew: Crew, timetable: Timetable, *, or_read: bool = False) -> None:
    """Send and listen until that time, or until every partition is read again."""
    now_s = (time.monotonic_ns() - timetable.begun_ns) / NS_PER_S
    happened = next((one.said for one in reversed(EVENTS) if one.at_s <= now_s), "records come")
    crew.observer.progress(max(0.0, now_s) / (EVENTS[-1].at_s + WATCHED_S), f"{way.label}: {happened}")
    while now_s < at_s:
        timetable.send()
        crew.catch_up()
        crew.observer.check("while a group is watched")
        if or_read and max(timetable.lacking(crew.reached)) < BEHIND:
            return
        time.sleep(LOOK_S / 4)
        now_s = (time.monotonic_ns() - timetable.begun_ns) / NS_PER_S


def _columns(names: Sequence[str], rows: Sequence[Sequence[int]], begun_ns: int) -> dict[str, np.ndarray]:
    """The rows as columns, in the order of their last time; every time after the first record was due."""
    table = np.array(sorted(rows, key=lambda row: row[-1]), np.int64).reshape(-1, len(names))
    found = {name: table[:, at].copy() for at, name in enumerate(names)}
    return {name: column - begun_ns if name.endswith("_ns") else column for name, column in found.items()}
