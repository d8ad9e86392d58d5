"""Pairs of services: one sends a message, one receives it, written as briefly as the client library allows.

Each pair is a file of its own, so that its lines and its settings can be counted: `send(place, body)` comes back when
whoever takes the message has it, `receive(place, handle)` handles one, and `prepare(place)`, where there is one, makes
what has to be there before. `SETTINGS` are the values a team has to decide, addresses and logins aside.
"""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from labs.model.profile import UnknownNameError


@dataclass(frozen=True)
class Pair:
    """One carrier with one guarantee. `broker` is `sync` where there is none; `mode` is the way to hand out jobs that
    promises the same."""

    carrier: str
    guarantee: str
    broker: str
    label: str
    mode: str

    @property
    def has_broker(self) -> bool:
        """Whether there is a broker in it."""
        return self.broker != "sync"

    @property
    def name(self) -> str:
        """Of the pair and of its file."""
        return f"{self.carrier}_{self.guarantee}"

    @property
    def code(self) -> Any:
        """The module."""
        return import_module(f"{__name__}.{self.name}")

    @property
    def path(self) -> Path:
        """The file."""
        return Path(__file__).with_name(f"{self.name}.py")

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Name -> value of what its client code sets."""
        return dict(self.code.SETTINGS)

    @cached_property
    def lines(self) -> int:
        """Lines of code: no blank ones, no comments, no docstrings."""
        return code_lines(self.path.read_text("utf-8"))


def code_lines(source: str) -> int:
    """How many lines of Python do something."""
    tree, said = ast.parse(source), set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            said |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = [one for one in tokenize.generate_tokens(io.StringIO(source).readline) if one.type not in quiet]
    used = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    return len(used - said)


BEST, SURVIVES = "best", "survives"
GUARANTEES = {BEST: "best effort", SURVIVES: "survives a killed worker"}
_ALL = (
    Pair("http", BEST, "sync", "HTTP call", "http-no-retry"),
    Pair("http", SURVIVES, "sync", "HTTP call, retried", "http-retry"),
    Pair("later", BEST, "sync", "HTTP 202, done later", "asyncio-queue"),
    Pair("redis", BEST, "redis", "Redis list", "redis-blpop"),
    Pair("redis", SURVIVES, "redis", "Redis stream with a group", "redis-stream"),
    Pair("rabbitmq", BEST, "rabbitmq", "RabbitMQ, automatic ack", "rabbitmq-auto-ack"),
    Pair("rabbitmq", SURVIVES, "rabbitmq", "RabbitMQ, manual ack", "rabbitmq-manual-ack"),
    Pair("kafka", BEST, "kafka", "Kafka, commit before the work", "kafka-commit-before"),
    Pair("kafka", SURVIVES, "kafka", "Kafka, commit after the work", "kafka-commit-after"),
)
PAIRS: dict[tuple[str, str], Pair] = {(pair.carrier, pair.guarantee): pair for pair in _ALL}
CARRIERS = {
    "http": "an HTTP call, no broker",
    "later": "HTTP 202, no broker",
    "redis": "Redis",
    "rabbitmq": "RabbitMQ",
    "kafka": "Kafka",
}
WHY_NOT: dict[tuple[str, ...], str] = {
    ("later", SURVIVES): "what was accepted waits in the worker's memory and dies with it; a table in a database "
    "would survive, and is then a broker of your own",
}
"""What has no pair, and why."""


def pair_of(carrier: str, guarantee: str) -> Pair:
    """The pair, or UnknownNameError with those that there are."""
    if (carrier, guarantee) not in PAIRS:
        raise UnknownNameError("pair", f"{carrier} {guarantee}", [" ".join(one) for one in PAIRS])
    return PAIRS[carrier, guarantee]
