"""How far the same differs between recorded files: what a page says of rates and flushes on another day, computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labs.experiments import EXPERIMENTS
from labs.judge import benchmark
from labs.judge.card import BACKENDS, SERVERS
from labs.model import environ
from labs.model.digest import Digest
from labs.model.paths import RECORDED
from labs.model.text import about_per_s, ms_span, span, three_digits
from labs.pages.recordings import recorded
from labs.show.looks import trick_words, tricks

Key = tuple[object, ...]
TRICKS_LAB = "how-benchmarks-lie"
BENCH = "bench"
SAME: Mapping[tuple[str, str], str] = {
    ("fifty-thousand", "pika-one"): "article-rabbitmq-one",
    ("fifty-thousand", "pika-window"): "article-rabbitmq-batched",
    ("fifty-thousand", "raw-window"): "article-rabbitmq-fast",
    ("fifty-thousand", "stream"): "article-rabbitmq-stream",
    ("redis-million", "redis-py-one"): "article-redis-one",
    ("redis-million", "redis-py-512"): "article-redis-batched",
    ("kafka-million", "kafka-python-one"): "article-kafka-one",
    ("kafka-million", "kafka-python-batches"): "article-kafka-batched",
    ("kafka-million", "batch-5000"): "article-kafka-fast",
}
"""(Lab, way) -> the row of the benchmark that measures the same once more: same profile, client, window and batch."""


def key_of(digest: Digest) -> Key | None:
    """What makes two ways of sending the same: promise, lane, window, batch, body, and whether somebody reads. None of
    a tool, a published figure, a way with several publishers or readers, and one that takes turns with another."""
    settings, card = digest.settings, digest.card
    unlike = any({"ledgers", "ratio"} & {*one} for one in digest.repeats)
    if settings.get("published") or "window" not in card or unlike:
        return None
    names = ("broker", "profile", "lane", "body_bytes")
    return (*(settings.get(name) for name in names), bool(settings.get("read")), card["window"], card["batch"])


@dataclass(frozen=True)
class Seen:
    """A rate of one file: which recording, its page's title, the day, how it was sent; `how` it was measured besides:
    where the broker ran, its version, how long a round was, as far as the file says."""

    file: str
    title: str
    date: str
    label: str
    per_s: float
    how: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> float:
        """The rate as a reader sees it."""
        return max(three_digits(self.per_s), 1e-9)

    @property
    def told(self) -> str:
        """40,000/s in “How fast” of 2026-11-27"""
        return f"{about_per_s(self.per_s)} in “{self.title}” of {self.date}"


def _unlike(low: Seen, high: Seen) -> str:
    """What was not alike besides the day, the lower one's first; empty where the files tell no difference."""
    both = [(low.how[name], high.how[name]) for name in low.how if name in high.how]
    told = [f"{one} and {other}" for one, other in both if one != other]
    return f"; unlike were {'; '.join(told)}" if told else ""


def _rounds(seconds: list[float]) -> dict[str, str]:
    return {"round": f"rounds of {span(seconds, '{:.1f}'.format)} s"} if seconds else {}


def _how(digest: Digest) -> dict[str, str]:
    """Of a lab's point."""
    found = {name: str(digest.card[name]) for name in ("backend", "broker") if name in digest.card}
    if "backend" in found:  # the benchmark's file does not tell the kinds of network apart
        found["backend"] = found["backend"].partition(",")[0]
    return found | _rounds([long for long in digest.each("counted_s") if long])


def said(lab: str, folder: Path | None = None) -> str:
    """The pair that differs most of all points that this lab's file shares with another file, the benchmark's and the
    tricks' among them, in words; empty if it shares none."""
    found: dict[Key, list[Seen]] = defaultdict(list)
    rows = _benchmark(folder)
    for digest in _all(folder):
        if (key := key_of(digest)) is not None:
            title, label = EXPERIMENTS[digest.lab].title, str(digest.settings["label"])
            date = str(digest.card.get("date"))
            found[key].append(Seen(digest.lab, title, date, label, _per_s(digest), _how(digest)))
            row = SAME.get((digest.lab, str(digest.settings.get("way"))))
            found[key] += [rows[row]] if row in rows else []
    for key, one in _tricks(folder):
        found[key].append(one)
    pairs = [
        tuple(sorted((mine, other), key=lambda one: one.per_s))
        for seen in found.values()
        for mine in seen
        for other in seen
        if mine.file == lab != other.file
    ]
    if not pairs:
        return ""
    low, high = max(pairs, key=lambda pair: pair[1].shown / pair[0].shown)
    own = low if low.file == lab else high
    return f"up to {high.shown / low.shown:.2f} times ({own.label}: {low.told} and {high.told}{_unlike(low, high)})"


def flushes(lab: str, folder: Path | None = None) -> str:
    """The least and the most that one flush took on the cards of other recordings by the same machine as this lab's;
    empty where none has it."""
    own = recorded(lab, folder)
    mine = own.digests[0].card if own else {}
    files = [recorded(other, folder) for other in EXPERIMENTS if other != lab]
    cards = [one.card for file in files if file for one in file.digests]
    there = [one for one in cards if all(one.get(name) == mine.get(name) for name in ("machine", "cores"))]
    found = [float(ms) for one in there if isinstance(ms := one.get("fsync_ms"), int | float)]
    return ms_span(found) if found else ""


def _benchmark(folder: Path | None) -> dict[str, Seen]:
    """Row -> what it had; nothing of a damaged file, which its own page names."""
    path = Path(folder or environ.read("LABS_RUNS") or RECORDED) / "bench.json"
    content = benchmark.load(path) if path.exists() else {}
    day = content.get("card", {}).get("date")
    return {
        one["id"]: Seen(BENCH, "How fast", day, one["ours"]["name"], one["ours"]["median"], _how_row(one))
        for one in content.get("rows", [])
        if day and one["ours"]["median"]
    }


def _how_row(one: Mapping[str, Any]) -> dict[str, str]:
    """Of a row of the benchmark, in the words of a lab's card."""
    backend = BACKENDS.get(one.get("backend", ""), "").partition(",")[0]
    server = f"{SERVERS.get(one['broker'], '')} {one.get('server') or 'unknown'}"
    found = {"backend": backend, "broker": server}
    return {name: text for name, text in found.items() if text} | _rounds(benchmark.lasted_s(one))


def _tricks(folder: Path | None) -> Iterator[tuple[Key, Seen]]:
    """Each rate of the charts about tricks whose broker was warm, whichever chart it stands in."""
    file = recorded(TRICKS_LAB, folder)
    for digest in file.digests if file else ():
        if trick_words.trick_of(digest).unit != "messages/s":
            continue
        for chart, setups in digest.setups.items():
            for broker, setup in setups.items():
                per_s = tricks.value(digest, chart, broker)
                if per_s and setup["warm"] and setup["window"]:
                    key = (broker, *(setup[name] for name in ("profile", "lane", "body_bytes")), False)
                    label, title = str(digest.settings["label"]), EXPERIMENTS[TRICKS_LAB].title
                    seen = Seen(TRICKS_LAB, title, str(digest.card.get("date")), label, per_s)
                    yield (*key, setup["window"], setup["batch"]), seen


def in_benchmark(digest: Digest, folder: Path | None = None) -> str:
    """What the benchmark has of the same, in a sentence with its day, so that no two pages have two figures and no
    word; empty where it has none, or the same figure."""
    found = _benchmark(folder).get(SAME.get((digest.lab, str(digest.settings.get("way"))), ""))
    if found is None or about_per_s(found.per_s) == about_per_s(_per_s(digest)):
        return ""
    return f" The benchmark of “How fast” had {about_per_s(found.per_s)} for the same measurement on {found.date}."


def _all(folder: Path | None) -> Iterator[Digest]:
    for lab in EXPERIMENTS.values():
        if lab.ways and (file := recorded(lab.name, folder)) is not None:
            yield from file.digests


def _per_s(digest: Digest) -> float:
    return float(digest.median["per_s"])
