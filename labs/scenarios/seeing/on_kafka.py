"""What Kafka tells of a topic and its group; and an ACL of our own that forbids to write."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ACLResourcePatternType, ResourcePattern, ResourceType
from kafka.errors import TopicAuthorizationFailedError

from labs.brokers import open_broker
from labs.brokers.kafka.client import ANSWER_MS, Site, learn, said_of
from labs.model.endpoint import Endpoint, UnreachableError
from labs.model.profile import profile
from labs.scenarios.seeing import GAP_S, HELD, LATER_S, WAITING, Answer, Mode, Policed, Told

IN_FORCE_S, LOOK_S = 3.0, 0.1
AUTHORIZED = (
    "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found=true",
)


@contextlib.contextmanager
def place(mode: Mode, endpoint: Endpoint, name: str) -> Iterator[dict[str, object]]:
    """The topic of the run, gone afterwards; gives the server's version and what the topic promises."""
    with open_broker(endpoint, profile(mode.profile), name) as broker:
        yield {"server": broker.version(), "durability": broker.durability()}


def tell(_mode: Mode, endpoint: Endpoint, name: str) -> Told:
    """Plant the work and ask for it: a member has polled some records and committed nothing."""
    site, first = Site(endpoint), TopicPartition(name, 0)
    group = {"group_id": f"{name}-workers", "enable_auto_commit": False, "auto_offset_reset": "earliest"}
    with (
        site.typed(),
        contextlib.closing(KafkaProducer(**site.config, acks="all", max_block_ms=ANSWER_MS)) as producer,
        contextlib.closing(KafkaConsumer(name, **site.config, **group)) as worker,
    ):
        learn(worker, name)
        began_s = time.time()
        _send(producer, name, HELD)
        _poll(worker, site, HELD)
        time.sleep(GAP_S)
        _send(producer, name, WAITING)
        time.sleep(LATER_S)
        lag, oldest_s = _asked(site, first, group["group_id"])
        now_s = time.time()
    backlog = Answer(lag, "end offset less committed offset, those in hand among them")
    in_flight = Answer(None, "a broker knows the committed offset, not what a member has polled")
    age = Answer(now_s - oldest_s, "timestamp of the record at the committed offset")
    return Told(backlog, in_flight, age, planted_s=now_s - began_s)


def _send(producer: KafkaProducer, name: str, number: int) -> None:
    for one in [producer.send(name, b"job") for _ in range(number)]:
        one.get(timeout=ANSWER_MS / 1000)


def _poll(worker: KafkaConsumer, site: Site, number: int) -> None:
    """Until the member has so many records. UnreachableError if it is given none."""
    have, give_up_s = 0, time.monotonic() + 15
    while have < number:
        have += sum(map(len, worker.poll(timeout_ms=200, max_records=number - have).values()))
        if time.monotonic() > give_up_s:
            raise UnreachableError(f"{site.where} gave the only member of a group no record in 15 s.")


def _asked(site: Site, first: TopicPartition, group: object) -> tuple[int, float]:
    """Records behind the committed offset, and when the first of them was stamped, s."""
    settings = {"group_id": group, "enable_auto_commit": False}
    with contextlib.closing(KafkaConsumer(**site.config, **settings)) as reader:
        done = int(reader.committed(first, timeout_ms=ANSWER_MS) or 0)
        end = int(reader.end_offsets([first], timeout_ms=ANSWER_MS)[first])
    with contextlib.closing(KafkaConsumer(**site.config)) as reader:
        reader.assign([first])
        reader.seek(first, done)
        give_up_s = time.monotonic() + 5
        while not (records := reader.poll(timeout_ms=200, max_records=1).get(first)):
            if time.monotonic() > give_up_s:
                raise UnreachableError(f"{site.where} did not give the record at offset {done}.")
        return end - done, records[0].timestamp / 1000


def police(_mode: Mode, endpoint: Endpoint, name: str) -> Policed:
    """A second Kafka, which has an authorizer as the labs' own has none, forbids to write; then it allows it. It is
    gone afterwards with all that was made on it."""
    from labs import stack

    backend = "native" if endpoint.backend == "native" else "compose"
    with stack.arena("kafka", backend, settings=AUTHORIZED, report=lambda _line: None) as arena:
        site = Site(arena.endpoint)
        with site.typed(), contextlib.closing(KafkaAdminClient(**site.config)) as admin:
            admin.create_topics({name: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
            forbidden = _forbidding(name)
            admin.create_acls([forbidden])
            refused = _tried(site, name, wanted=True)
            admin.delete_acls([forbidden])
            allowed = not _tried(site, name, wanted=False)
    return Policed(refused, allowed, by="an ACL, on a second Kafka with an authorizer, for Kafka’s default has none")


def _forbidding(topic: str) -> ACL:
    """Nobody may write to the topic. On a listener without a login everybody is the same user."""
    resource = ResourcePattern(ResourceType.TOPIC, topic, ACLResourcePatternType.LITERAL)
    return ACL("User:*", "*", ACLOperation.WRITE, ACLPermissionType.DENY, resource)


def _tried(site: Site, topic: str, *, wanted: bool) -> str:
    """What Kafka says to a record; empty where it acknowledges it. An ACL takes a moment until it is in force, so it is
    tried again for a while where it did not say what is `wanted`."""
    give_up_s = time.monotonic() + IN_FORCE_S
    while bool(said := _sent(site, topic)) != wanted and time.monotonic() < give_up_s:
        time.sleep(LOOK_S)
    return said


def _sent(site: Site, topic: str) -> str:
    with contextlib.closing(KafkaProducer(**site.config, acks="all", max_block_ms=ANSWER_MS, retries=0)) as producer:
        try:
            producer.send(topic, b"job").get(timeout=ANSWER_MS / 1000)
        except TopicAuthorizationFailedError as error:
            return said_of(error).replace(topic, "the topic")
    return ""
