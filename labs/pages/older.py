"""Recordings that are older than what docker-compose.yml starts say so: which version, and which one a reader gets.

Versions are compared as numbers. `8.10.2` is newer than `8.9`, and the image `redis:8` starts any version 8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from labs.judge.card import SERVERS
from labs.model.digest import Digest, Recording
from labs.model.paths import PROJECT
from labs.model.profile import BROKERS
from labs.model.text import enumerated

COMPOSE = (PROJECT / "docker-compose").with_suffix(".yml")
"""Which images a reader gets. It is only read here: the stack alone starts anything by it."""
IMAGE = re.compile(r"\$\{LABS_(REDIS|RABBITMQ|KAFKA)_IMAGE:-([^}\s]+)\}")
Version = tuple[int, ...]
Served = Iterable[tuple[str, str]]
"""(broker, version) of each recorded point; the version in words, empty or `unknown` where it is not known."""


@cache
def pinned(compose: Path = COMPOSE) -> Mapping[str, str]:
    """Broker -> the version that compose starts, by its image's tag; a broker whose tag names none is not there."""
    try:
        images = IMAGE.findall(compose.read_text("utf-8"))
    except OSError:  # the package alone, without its checkout
        return {}
    found = {name.lower(): _tag(image) for name, image in images}
    return {broker: tag for broker, tag in found.items() if tag}


def _tag(image: str) -> str:
    """host:5000/apache/kafka:4.4.0-rc1@sha256:... -> 4.4.0"""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    found = re.match(r"v?(\d+(?:\.\d+)*)", tag)
    return found[1] if found else ""


def number(text: str) -> Version | None:
    """The version as numbers; None where there is none."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", text.strip())
    return tuple(map(int, found[1].split("."))) if found else None


def is_older(recorded: Version, pin: Version) -> bool:
    """As far as both say: 8.0.6 is not older than 8, and of 4.3 it is not known whether it is older than 4.3.1."""
    width = min(len(recorded), len(pin))
    return recorded[:width] < pin[:width]


def line(served: Served, pins: Mapping[str, str] | None = None) -> str:
    """What a page and a card say of it; empty where nothing is older than what compose starts."""
    starts, known, unknown = pinned() if pins is None else pins, dict[str, set[str]](), set[str]()
    for broker, text in served:
        if number(text):
            known.setdefault(broker, set()).add(text)
        else:
            unknown.add(broker)
    old = {broker: found for broker in BROKERS if (found := _older(known.get(broker, ()), starts.get(broker, "")))}
    said = [_of_older(old, starts, {broker for broker in old if len(old[broker]) < len(known[broker])})] if old else []
    if dark := [SERVERS[broker] for broker in BROKERS if broker in unknown]:
        said.append(f"Which version of {enumerated(dark)} was recorded is not known.")
    return " ".join(said)


def newer(served: Served, pins: Mapping[str, str] | None = None) -> str:
    """What a run card says of it, by broker: Redis 8.10.2, which docker-compose.yml starts."""
    starts = pinned() if pins is None else pins
    old = [broker for broker, text in served if _older([text], starts.get(broker, ""))]
    said = enumerated([f"{SERVERS[one]} {starts[one]}" for one in dict.fromkeys(old)]) if old else ""
    return f"{said}, which docker-compose.yml starts" if said else ""


def _older(texts: Iterable[str], pin: str) -> list[str]:
    against = number(pin)
    found = [(known, text) for text in texts if (known := number(text)) and against and is_older(known, against)]
    return [text for _, text in sorted(found)]


def _of_older(old: Mapping[str, list[str]], starts: Mapping[str, str], partly: set[str]) -> str:
    have = [
        f"{SERVERS[one]} {enumerated(texts)}{' in some points' if one in partly else ''}" for one, texts in old.items()
    ]
    gets = [starts[one] if len(old) == 1 else f"{SERVERS[one]} {starts[one]}" for one in old]
    newer = "maker's newer version" if len(old) == 1 else "makers' newer versions"
    return (
        f"Recorded with {enumerated(have)}; docker-compose.yml starts {enumerated(gets)}. "
        f"The {newer} may answer otherwise: run it."
    )


def of_card(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The brokers that a card names with their versions; none of what others published, nor of our memory server."""
    if "machine" not in card:
        return []
    said, names = str(card.get("broker", "")), "|".join(map(re.escape, (SERVERS[one] for one in BROKERS)))
    brokers = {SERVERS[one]: one for one in BROKERS}
    return [(brokers[name], text.strip(" ,")) for name, text in re.findall(rf"\b({names}) ([^\s,]+)", said)]


def of_point(digest: Digest) -> list[tuple[str, str]]:
    """Those of a point; none where the reader chooses the `server`, and an old one is meant."""
    return [] if "server" in digest.settings else of_card(digest.card)


def of_file(file: Recording) -> str:
    """The line of a lab's recording."""
    return line(one for digest in file.digests for one in of_point(digest))


def of_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """The line of the benchmark."""
    return line((str(row["broker"]), str(row.get("server", ""))) for row in rows if row["broker"] in BROKERS)
