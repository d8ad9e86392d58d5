"""What a Redis says of itself: which commands it has, since which version, and how far a subscriber may lag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import redis

from labs.brokers.redis.admin import Client

ASKED = (
    "LPUSH", "RPUSH", "LREM", "BLPOP", "BLMOVE", "LMPOP", "PUBLISH", "SUBSCRIBE", "SPUBLISH", "SSUBSCRIBE", "XADD",
    "XGROUP", "XREADGROUP", "XACK", "XAUTOCLAIM", "XACKDEL", "XNACK",
)  # fmt: skip
BROUGHT = {
    "BLMOVE": "6.2.0", "LMPOP": "7.0.0", "SPUBLISH": "7.0.0", "SSUBSCRIBE": "7.0.0", "XADD": "5.0.0",
    "XGROUP": "5.0.0", "XREADGROUP": "5.0.0", "XACK": "5.0.0", "XAUTOCLAIM": "6.2.0", "XACKDEL": "8.2.0",
    "XNACK": "8.8.0",
}  # fmt: skip
"""Which version of Redis brought a command, by its documentation (redis.io/docs/latest/commands): said only of a
command that the server does not have, for of those it says so itself."""
UNTOLD = "untold"
"""Of a command that the server has and does not date: before 7.0 it had no COMMAND DOCS, and a login may not ask."""
LIMITS = "client-output-buffer-limit"
Since = dict[str, str]
"""Command -> the version that the server gives it, UNTOLD, or empty where the server does not have it."""


def since(client: Client, names: Sequence[str] = ASKED) -> Since:
    """What the server's own command table says of these commands."""
    docs = _docs(client, names)
    return {name: docs.get(name) or (UNTOLD if there else "") for name, there in _there(client, names).items()}


def _docs(client: Client, names: Sequence[str]) -> Since:
    try:
        told = client.execute_command("COMMAND DOCS", *names)
    except redis.ResponseError:
        return {}
    return {name: fields.get("since", "") for name, fields in _pairs(told).items()}


def _pairs(told: Any) -> dict[str, dict[str, str]]:
    """Name -> its fields, out of the flat lists in which the answer comes."""
    found = {}
    for name, fields in zip(told[::2], told[1::2], strict=True):
        flat = dict(zip(map(_text, fields[::2]), fields[1::2], strict=True))
        found[_text(name).upper()] = {key: _text(value) for key, value in flat.items() if not isinstance(value, list)}
    return found


def _text(word: Any) -> str:
    return word.decode() if isinstance(word, bytes) else str(word)


def _there(client: Client, names: Sequence[str]) -> dict[str, bool]:
    """Whether it has them: COMMAND INFO has nothing in the place of a command that it does not know."""
    told = client.execute_command("COMMAND INFO", *names)
    return {name: one is not None for name, one in zip(names, told, strict=True)}


def lacking(known: Mapping[str, str], commands: Iterable[str]) -> list[str]:
    """Which of these commands the server does not have."""
    return [name for name in commands if not known.get(name)]


def newest(versions: Iterable[str]) -> str:
    """The newest of some versions; empty of none, UNTOLD where one is untold."""
    found = list(versions)
    return UNTOLD if UNTOLD in found else max(found, key=number, default="")


def number(version: str) -> tuple[int, ...]:
    """A version as numbers, to compare; ValueError where it is none."""
    return tuple(int(part) for part in version.split("."))


def subscriber_limit(client: Client) -> dict[str, int]:
    """Bytes that may wait for a subscriber: `hard` at once, `soft` for so many `seconds`. Empty where it may not be
    asked; 0 is no limit."""
    try:
        words = str(client.config_get(LIMITS)[LIMITS]).split()
    except (redis.ResponseError, KeyError):
        return {}
    at = words.index("pubsub")
    return dict(zip(("hard", "soft", "seconds"), map(int, words[at + 1 : at + 4]), strict=True))
