"""Make the topic, start the consumers, publish, wait until all is done: run(...) -> GroupRun. It judges nothing."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time

import numpy as np
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource

from labs.brokers import open_broker
from labs.brokers.kafka.client import ANSWER_MS, Site
from labs.model.endpoint import BrokerError, Endpoint, RefusedError
from labs.model.facts import Facts
from labs.model.observer import UNOBSERVED, Observer
from labs.model.profile import profile
from labs.record.monitor import waiting
from labs.record.watchdog import Watchdog
from labs.scenarios.groups import Trial, forming
from labs.scenarios.groups.crew import Crew, started
from labs.scenarios.groups.facts import TRIES, GroupRun
from labs.scenarios.sharing.handing_in import await_members, widen

PROFILE = "kafka-acks-all"
DONE_WITHIN_S = 40.0
SILENT_S = 0.3
"""Longer than a consumer waits for records when it asks."""
READ_WITHIN_S = 10.0
LOCKS = "share.partition.max.record.locks"


def run(trial: Trial, endpoint: Endpoint, observer: Observer = UNOBSERVED) -> GroupRun:
    """One run. UnreachableError if the group does not form, StackError without its client, CancelledError on a cancel.

    What breaks later is data: it stands in `said`.
    """
    topic = f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    with waiting(observer), open_broker(endpoint, profile(PROFILE), topic) as broker, Watchdog() as watchdog:
        server = broker.version()
        check(trial, endpoint, server)
        if trial.size.partitions > 1:
            widen(endpoint, topic, trial.size.partitions)
        if trial.trouble.locks:
            _cap(trial, endpoint, topic)
        observer.progress(0.0, f"{trial.label}: the consumers come up")
        with started(trial, endpoint, topic, observer) as crew:
            _await_group(trial, endpoint, topic, crew)
            begun_ns = time.monotonic_ns()
            said = _done(trial, endpoint, topic, crew)
        kept = _kept(trial, endpoint, topic)
        facts: Facts = {"date": time.strftime("%Y-%m-%d"), "server": server, "durability": broker.durability()}
        if crew.held:
            facts |= {"held": [[*one[:2], one[2] - begun_ns, one[3] - begun_ns] for one in crew.held]}
        facts |= {"pauses": pauses} if (pauses := watchdog.facts(begun_ns)) else {}
    names = trial.way.name, trial.size.name, trial.trouble.name
    return GroupRun(*names, _columns(crew, begun_ns), kept, said, facts)


def check(trial: Trial, endpoint: Endpoint, server: str) -> None:
    """RefusedError where this Kafka is too old for what is asked, or where it is not ours to set."""
    if trial.way.name == "share":
        forming.check(server)
    if trial.trouble.locks and endpoint.is_given:
        raise RefusedError("The cap is a setting of a group, and settings of a Kafka of yours are not changed.")


def _columns(crew: Crew, begun_ns: int) -> dict[str, np.ndarray]:
    rows = np.array(sorted(crew.tries, key=lambda row: row[5]), np.int64).reshape(-1, len(TRIES))
    rows[:, 5:7] -= begun_ns
    return {name: rows[:, at].copy() for at, name in enumerate(TRIES)}


def _cap(trial: Trial, endpoint: Endpoint, topic: str) -> None:
    """The cap of records in flight: a setting of the run's own group, and gone with its topic."""
    site, group = Site(endpoint), ConfigResource("GROUP", f"{topic}-workers", {LOCKS: str(trial.trouble.locks)})
    with site.typed(), contextlib.closing(KafkaAdminClient(**site.config)) as admin:
        admin.alter_configs([group])


def _await_group(trial: Trial, endpoint: Endpoint, topic: str, crew: Crew) -> None:
    """Until every consumer has what it will get: partitions in a consumer group, and in a share group a record."""
    size = trial.size
    if trial.way.name == "group":
        await_members(endpoint, f"{topic}-workers", size.consumers, size.partitions, crew.observer)
        return
    forming.await_share_groups(endpoint, topic, size, crew)


def _done(trial: Trial, endpoint: Endpoint, topic: str, crew: Crew) -> str:
    """All records are published while nobody takes any, and then done: empty if they were, else why not."""
    trouble, everybody = trial.trouble, list(range(1, trial.size.consumers + 1))
    try:
        crew.allow([])
        time.sleep(SILENT_S)
        _publish(trial, endpoint, topic)
        if trouble.hoards:
            crew.allow([1])
            crew.listen(lambda: crew.holds, forming.ANSWERED_S, "one consumer takes many records")
        crew.allow(everybody)
        crew.listen(lambda: len(crew.done) == trouble.jobs, DONE_WITHIN_S, f"doing {trouble.jobs} records")
    except BrokerError as error:
        return str(error)
    return ""


def _publish(trial: Trial, endpoint: Endpoint, topic: str) -> None:
    """Every record, and all are acknowledged when this returns: one a batch, or all of them in one."""
    trouble = trial.trouble
    with forming.producer(endpoint, together=trouble.name == "batched") as out:
        sent = [
            forming.send(out, topic, n, trial.partition(n), took_ms=trouble.took_ms(n), fails=trouble.fails(n))
            for n in range(trouble.jobs)
        ]
        out.flush(timeout=forming.ANSWERED_S)
        for one in sent:
            one.get(timeout=forming.ANSWERED_S)


def _kept(trial: Trial, endpoint: Endpoint, topic: str) -> int:
    """How many of the records a reader without a group finds in the topic, from its beginning to its end."""
    site, parts = Site(endpoint), [TopicPartition(topic, at) for at in range(trial.size.partitions)]
    with site.typed(), contextlib.closing(KafkaConsumer(**site.config, enable_auto_commit=False)) as reader:
        reader.assign(parts)
        reader.seek_to_beginning(*parts)
        ends, seen, give_up_s = reader.end_offsets(parts), list[int](), time.monotonic() + READ_WITHIN_S
        while len(seen) < sum(ends.values()) and time.monotonic() < give_up_s:
            for records in reader.poll(timeout_ms=ANSWER_MS // 10).values():
                seen += [json.loads(record.value)["number"] for record in records]
    return len({number for number in seen if number >= 0})
