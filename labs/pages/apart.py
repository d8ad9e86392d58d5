"""How far the same point differs between two recorded files: what a page says of rates on another day, computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from labs.experiments import EXPERIMENTS
from labs.judge import benchmark
from labs.model import environ
from labs.model.digest import Digest
from labs.model.paths import RECORDED
from labs.model.text import about_per_s
from labs.pages.recordings import recorded

Key = tuple[object, ...]
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
    a tool, a published figure, and a way with several publishers or readers."""
    settings, card = digest.settings, digest.card
    if settings.get("published") or "window" not in card or any("ledgers" in one for one in digest.repeats):
        return None
    names = ("broker", "profile", "lane", "body_bytes")
    return (*(settings.get(name) for name in names), bool(settings.get("read")), card["window"], card["batch"])


def said(lab: str, folder: Path | None = None) -> str:
    """The pair that differs most of all points that this lab's file shares with another file, in words; empty if it
    shares none."""
    found: dict[Key, list[Digest]] = defaultdict(list)
    for digest in _all(folder):
        if (key := key_of(digest)) is not None:
            found[key].append(digest)
    shared = [one for one in found.values() if {d.lab for d in one} > {lab}]
    if not shared:
        return ""
    most = max(shared, key=_times)
    low, high = min(most, key=_per_s), max(most, key=_per_s)
    each = (f"{about_per_s(_per_s(one))} in {page_of(one)} of {one.card.get('date')}" for one in (low, high))
    return f"up to {_times(most):.2f} times ({high.settings['label']}: {' and '.join(each)})"


def in_benchmark(digest: Digest, folder: Path | None = None) -> str:
    """What the benchmark has of the same, in a sentence with its day, so that no two pages have two figures and no
    word; empty where it has none, or the same figure."""
    path = Path(folder or environ.read("LABS_RUNS") or RECORDED) / "bench.json"
    name = SAME.get((digest.lab, str(digest.settings.get("way"))))
    if name is None or not path.exists():
        return ""
    content = benchmark.load(path)
    found = next((one["ours"]["median"] for one in content["rows"] if one["id"] == name), None)
    if found is None or about_per_s(found) == about_per_s(_per_s(digest)):
        return ""
    return f" The benchmark of “How fast” had {about_per_s(found)} by the same way on {content['card']['date']}."


def page_of(digest: Digest) -> str:
    """What a reader calls the page of a recording: “The price of persistence”."""
    return f"“{EXPERIMENTS[digest.lab].title}”"


def _all(folder: Path | None) -> Iterator[Digest]:
    for lab in EXPERIMENTS.values():
        if lab.ways and (file := recorded(lab.name, folder)) is not None:
            yield from file.digests


def _per_s(digest: Digest) -> float:
    return float(digest.median["per_s"])


def _times(digests: Sequence[Digest]) -> float:
    return max(map(_per_s, digests)) / max(min(map(_per_s, digests)), 1e-9)
