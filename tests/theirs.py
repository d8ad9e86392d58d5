"""What a reader has on the brokers of `labs up`: put there once, and looked at as a whole with all that is ours."""

from __future__ import annotations

import base64
import contextlib
import json
import time
import urllib.request
from typing import Any

import kafka
import pika
from kafka.admin import ConfigResource
from kafka.structs import OffsetAndMetadata

from labs.brokers.redis.admin import client
from labs.model.endpoint import Endpoint

LIKE_OURS = "labs-1-deadbeef"
"""A name as runs give them, and yet the reader's."""
SAVE = "900 1"
"""The reader's own setting, which is not the one that the server begins with."""
TOPIC = "orders"
_PARTS = ("users", "vhosts", "permissions", "policies", "queues", "exchanges", "bindings", "parameters")


def put(brokers: dict[str, Endpoint]) -> None:
    """The reader's keys, queue, exchange, policy, user, limit, topic, group and messages."""
    for name, place in brokers.items():
        {"redis": _put_redis, "rabbitmq": _put_rabbitmq, "kafka": _put_kafka}[name](place)


def choose(brokers: dict[str, Endpoint]) -> None:
    """Settings that the server forgets when it stops: the reader sets them when it is up again."""
    if "redis" in brokers:
        with contextlib.closing(client(brokers["redis"])) as redis_:
            redis_.config_set("save", SAVE)
            redis_.acl_setuser("guest", enabled=True, nopass=True, keys=["orders"], commands=["+get"])


def life(brokers: dict[str, Endpoint]) -> str:
    """Changes when Redis is started again."""
    with contextlib.closing(client(brokers["redis"])) as redis_:
        return str(redis_.info("server")["run_id"])


def settings(brokers: dict[str, Endpoint]) -> dict[str, Any]:
    """Every setting of Redis and its users, as long as it lives."""
    if "redis" not in brokers:
        return {}
    with contextlib.closing(client(brokers["redis"])) as redis_:
        return {"settings": dict(redis_.config_get("*")), "acl": sorted(redis_.acl_list())}


def look(brokers: dict[str, Endpoint]) -> dict[str, Any]:
    """All that is on the brokers and would be there after a stop and a start, ours included."""
    found: dict[str, Any] = {}
    for name, place in brokers.items():
        found |= {"redis": _look_redis, "rabbitmq": _look_rabbitmq, "kafka": _look_kafka}[name](place)
    return found


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What is not as it was, one line each."""
    keys = sorted(before.keys() | after.keys())
    return [f"{key}: {before.get(key)!r} -> {after.get(key)!r}" for key in keys if before.get(key) != after.get(key)]


def _put_redis(place: Endpoint) -> None:
    with contextlib.closing(client(place)) as redis_:
        redis_.set("mine", "kept")
        redis_.set(LIKE_OURS, "kept")
        redis_.rpush("orders", "a", "b", "c")
        redis_.hset("hash", mapping={"field": "value"})
        redis_.xadd("events", {"body": "one"})
        redis_.xgroup_create("events", "readers", "0")
        redis_.bgsave()


def _look_redis(place: Endpoint) -> dict[str, Any]:
    with contextlib.closing(client(place)) as redis_:
        found: dict[str, Any] = {}
        for key in redis_.scan_iter("*"):
            kind = redis_.type(key)
            read = {"string": redis_.get, "hash": redis_.hgetall}.get(kind)
            whole = redis_.lrange(key, 0, 99) if kind == "list" else redis_.xlen(key) if kind == "stream" else None
            found[f"redis {kind} {key}"] = read(key) if read else whole
        found["redis group"] = [one["name"] for one in redis_.xinfo_groups("events")]
        return found


def _api(place: Endpoint, path: str, content: Any = None) -> Any:
    body = None if content is None else json.dumps(content).encode()
    where = f"http://127.0.0.1:{place.admin_port}/api/{path}"
    request = urllib.request.Request(where, body, method="GET" if body is None else "PUT")
    login = base64.b64encode(f"{place.username}:{place.password}".encode()).decode()
    request.add_header("Authorization", f"Basic {login}")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=20) as answer:
        said = answer.read()
    return json.loads(said) if said else None


def _channel(place: Endpoint) -> Any:
    login = pika.PlainCredentials(place.username, place.password)
    return pika.BlockingConnection(pika.ConnectionParameters(place.host, place.port, credentials=login))


def _put_rabbitmq(place: Endpoint) -> None:
    with _channel(place) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for name in ("orders", LIKE_OURS):
            channel.queue_declare(name, durable=True)
            for number in range(3):
                channel.basic_publish("", name, b"%d" % number, pika.BasicProperties(delivery_mode=2))
        channel.exchange_declare("events", "topic", durable=True)
        channel.queue_bind("orders", "events", "a.#")
    _api(place, "vhosts/theirs", {})
    _api(place, "users/guest", {"password": "word", "tags": ""})
    _api(place, "permissions/theirs/guest", {"configure": "^a", "write": ".*", "read": ".*"})
    _api(place, "policies/%2F/longest", {"pattern": "^orders$", "definition": {"max-length": 1000}})
    _api(place, "vhost-limits/theirs/max-queues", {"value": 7})


def _look_rabbitmq(place: Endpoint) -> dict[str, Any]:
    whole = _api(place, "definitions")
    found = {f"rabbitmq {part}": sorted(json.dumps(one, sort_keys=True) for one in whole[part]) for part in _PARTS}
    with _channel(place) as connection:
        channel = connection.channel()
        for one in whole["queues"]:
            if one["vhost"] == "/":
                count = channel.queue_declare(one["name"], passive=True).method.message_count
                found[f"rabbitmq messages {one['name']}"] = count
    return found


def _kafka(place: Endpoint) -> dict[str, str]:
    return {"bootstrap_servers": f"127.0.0.1:{place.port}"}


def _put_kafka(place: Endpoint) -> None:
    with contextlib.closing(kafka.KafkaAdminClient(**_kafka(place))) as admin:
        made = {"num_partitions": 2, "replication_factor": 1}
        admin.create_topics({TOPIC: made | {"configs": {"retention.ms": "7200000"}}, LIKE_OURS: made})
    with contextlib.closing(kafka.KafkaProducer(**_kafka(place), acks="all")) as producer:
        for number in range(4):
            producer.send(TOPIC, b"%d" % number, partition=number % 2).get(20)
    partition = kafka.TopicPartition(TOPIC, 0)
    with contextlib.closing(kafka.KafkaConsumer(**_kafka(place), group_id="readers")) as reader:
        reader.assign([partition])
        reader.commit({partition: OffsetAndMetadata(1, "", -1)})


def _look_kafka(place: Endpoint) -> dict[str, Any]:
    with contextlib.closing(kafka.KafkaAdminClient(**_kafka(place))) as admin:
        topics = sorted(set(admin.list_topics()) - {"labs-ready"})
        found: dict[str, Any] = {"kafka topics": topics}
        found["kafka groups"] = sorted(str(one["group_id"]) for one in admin.list_groups())
        for kind, name in (("TOPIC", TOPIC), ("BROKER", str(admin.describe_cluster()["brokers"][0]["broker_id"]))):
            told = admin.describe_configs([ConfigResource(kind, name)], config_filter="dynamic")
            found[f"kafka {kind.lower()} settings"] = json.dumps(told, sort_keys=True, default=str)
    with contextlib.closing(kafka.KafkaConsumer(**_kafka(place), group_id="readers")) as reader:
        places = [kafka.TopicPartition(TOPIC, number) for number in (0, 1)]
        give_up_s = time.monotonic() + 20
        while not (ends := reader.end_offsets(places)) and time.monotonic() < give_up_s:
            time.sleep(0.2)
        found["kafka ends"] = sorted(ends.values())
        found["kafka committed"] = reader.committed(places[0])
    return found
