"""One order service on three brokers: a shop that knows no broker, a file a broker and framework, and a contract.

`shop` is the business, `services/` has the files, `contract` what every service has to keep, `conductor` runs them, and
`counting` says how many lines differ. A service's file is run whole and, with what stands between `# own: <feature>`
and `# end` cut out, as what broker and library give without code of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labs.model.profile import BROKERS, UnknownNameError
from labs.model.text import BROKER_NAMES

FOLDER, BUSINESS = Path(__file__).parent / "services", Path(__file__).with_name("shop.py")
FRAMEWORKS = {"raw": "the brokers’ own clients", "kombu": "kombu", "faststream": "FastStream"}
CLIENTS = {
    ("raw", "redis"): ("redis",),
    ("raw", "rabbitmq"): ("pika",),
    ("raw", "kafka"): ("kafka-python",),
    ("kombu", "redis"): ("kombu", "redis"),
    ("kombu", "rabbitmq"): ("kombu", "amqp"),
    ("kombu", "kafka"): ("kombu", "confluent-kafka"),
    ("faststream", "redis"): ("faststream", "redis"),
    ("faststream", "rabbitmq"): ("faststream", "aio-pika"),
    ("faststream", "kafka"): ("faststream", "confluent-kafka"),
}
"""Framework and broker -> the packages of its clients."""
SETS = {"kombu": "multi-broker", "faststream": "multi-broker"}
"""Framework -> the package set that has it (labs/stack/packages); the others are in our own environment."""
ROWS = ("done", "order", "redelivery", "pressure", "retry", "parked", "replay")
"""What the contract asks for; labs/scenarios/switching/contract.py says how."""


@dataclass(frozen=True)
class Service:
    """The order service on one broker with one framework."""

    framework: str
    broker: str

    @property
    def name(self) -> str:
        """Of the service and of its file."""
        return f"{self.framework}_{self.broker}"

    @property
    def path(self) -> Path:
        """The file."""
        return FOLDER / f"{self.name}.py"


SERVICES = {(one, broker): Service(one, broker) for one in FRAMEWORKS for broker in BROKERS}


def service_of(framework: str, broker: str) -> Service:
    """The service, or UnknownNameError with those that there are."""
    if (framework, broker) not in SERVICES:
        raise UnknownNameError("service", f"{framework} {broker}", [" ".join(one) for one in SERVICES])
    return SERVICES[framework, broker]


@dataclass(frozen=True)
class Move:
    """From one broker to another."""

    old: str
    new: str

    @property
    def name(self) -> str:
        """redis-kafka."""
        return f"{self.old}-{self.new}"

    @property
    def label(self) -> str:
        """Redis to Kafka."""
        return f"{BROKER_NAMES[self.old]} to {BROKER_NAMES[self.new]}"


MOVES = {one.name: one for one in (Move(a, b) for a in BROKERS for b in BROKERS if a != b)}
