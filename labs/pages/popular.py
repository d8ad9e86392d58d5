"""Whether the three are the most popular brokers: claim C05, counted from the three measures of popular.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from labs.model.text import capital, enumerated, how_many, in_words, number_text, sentences

Proxy = Mapping[str, Any]
THREE = ("RabbitMQ", "Kafka", "Redis")


@cache
def proxies() -> tuple[Proxy, ...]:
    """The measures as the file has them."""
    text = files("labs.pages").joinpath("popular.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["proxy"])


def totals(proxy: Proxy) -> dict[str, int]:
    """Broker -> the sum of its parts, the largest first; nothing where only the order was read."""
    found = {broker: sum(parts.values()) for broker, parts in proxy.get("figures", {}).items()}
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def leads(proxy: Proxy) -> bool:
    """Whether the three are the first three, and none of them only as much as the next."""
    found = totals(proxy)
    first = list(found or proxy["order"])[: len(THREE)]
    rest = list(found.values())[len(THREE) :]
    return set(first) == set(THREE) and not (rest and rest[0] == found[first[-1]])


def verdict(_folder: Path | None = None) -> dict[str, Any]:
    """The word on C05, its sentences and the documents that they rest on; no recording is asked."""
    led = [one["name"] for one in proxies() if leads(one)]
    others = [one["name"] for one in proxies() if not leads(one)]
    word = "holds with conditions" if led and others else "holds" if led else "never held"
    where = f": in {enumerated(led)}" if led else ""
    where += f"{', and ' if led else ': '}not in {enumerated(others)}" if others else ""
    text = f"The three lead in {how_many(len(led))} of {in_words(len(proxies()))} measures{where}."
    read = [source for one in proxies() for source in one["source"]]
    days = ", ".join(dict.fromkeys(one["read"] for one in proxies()))
    return {
        "word": word,
        "evidence": text,
        "items": list(map(told, proxies())),
        "read": read,
        "when": f"Documents, read {days}.",
        "decided": "documents",
    }


def told(proxy: Proxy) -> list[str]:
    """A measure in words: of what it is and what it counts or in which order, then its bias, sentence by sentence."""
    per = proxy.get("per", 1)
    found = [f"{broker} {_figure(count, per)}" for broker, count in totals(proxy).items()]
    counted = ", ".join(found) or ", then ".join(proxy["order"])
    beside = {name: _figure(count, per) for name, count in proxy["beside"].items()}
    said = [f"{capital(proxy['name'])} ({proxy['of']}): {counted}.", *sentences(f"Bias: {proxy['bias']}")]
    return [one.format(**beside) for one in said]


def _figure(count: int, per: int) -> str:
    return number_text(round(count / per, 1))
