"""What a result of the benchmark says: its ratio, its word, its figures."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labs.judge.recording import checked
from labs.model.run import RunFileError
from labs.model.text import NONE, measured_text, number_text, rate_text, three_digits

ROW_IDS = (
    "redis-publish",
    "redis-xadd",
    "redis-accounted",
    "redis-idiomatic",
    "rabbitmq-produce",
    "rabbitmq-end-to-end",
    "rabbitmq-stream",
    "rabbitmq-accounted",
    "rabbitmq-idiomatic",
    "kafka-produce",
    "kafka-produce-acks-1",
    "kafka-consume",
    "kafka-accounted",
    "kafka-idiomatic",
    "p99-under-20-ms",
    "p99-under-100-ms",
    "p99-under-500-ms",
    "lateness-1000",
    "lateness-10000",
    "lateness-50000",
    "article-redis-one",
    "article-redis-batched",
    "article-redis-fast",
    "article-rabbitmq-one",
    "article-rabbitmq-batched",
    "article-rabbitmq-fast",
    "article-rabbitmq-stream",
    "article-kafka-one",
    "article-kafka-batched",
    "article-kafka-fast",
)
"""What a page may ask for; a test holds them against the rows of the benchmark, which a page does not import."""


SENT = re.compile(r"([\d,]+) of [\d,]+ acknowledged")


def ratios(one: Mapping[str, Any]) -> list[float]:
    """Ours over theirs, round by round, of the rates themselves: the file keeps four decimals, of 0.0015 too few."""
    sides = zip(one["ours"]["values"], one["theirs"]["values"], strict=False)
    return [ours / theirs for ours, theirs in sides if theirs] if one["ratios"] else []


def ratio(one: Mapping[str, Any]) -> float | None:
    """The median of the rounds' ratios, which need not be the ratio of the two medians; None where there is none."""
    return _middle(one, ratios(one))


def ratio_text(one: Mapping[str, Any]) -> str:
    """1.07 (1.02 to 1.11), or – where there is none."""
    found = ratios(one)
    if (middle := _middle(one, found)) is None:
        return NONE
    return f"{measured_text(middle)} ({measured_text(min(found))} to {measured_text(max(found))})"


def _middle(one: Mapping[str, Any], found: list[float]) -> float | None:
    return statistics.median(found) if found and one["median"] is not None else None


def lasted_s(one: Mapping[str, Any]) -> list[float]:
    """How long our side's rounds were, by their messages and their rates; empty where a row says no number."""
    found = SENT.search(str(one["ours"].get("said", ""))) if one["unit"] == "messages/s" else None
    return [int(found[1].replace(",", "")) / rate for rate in one["ours"]["values"] if rate] if found else []


def word(one: Mapping[str, Any]) -> str:
    """reached, missed, shown or not run."""
    if one["median"] is None:
        return "not run"
    return {None: "shown", True: "reached", False: "missed"}[one["met"]]


def figure(value: float | None, unit: str) -> str:
    """Three digits, as every figure of the book; a rate as 2,330,000/s."""
    if value is None:
        return NONE
    shown = three_digits(value)
    return rate_text(shown) if unit == "messages/s" else f"{number_text(shown)} {unit}"


def load(path: Path) -> dict[str, Any]:
    """A saved benchmark that agrees with itself; RunFileError when it is damaged, altered or of another format."""
    content = checked(path)[0]
    if "rows" not in content or "digests" in content:
        raise RunFileError(f"{path} is no benchmark: it wants rows and no digests. Measure it again with `make bench`.")
    return content
