"""How far the same point differs between two recorded files: what a page says of rates on another day, computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from labs.experiments import EXPERIMENTS
from labs.model.digest import Digest
from labs.model.text import about_per_s
from labs.pages.recordings import recorded

Key = tuple[object, ...]


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
