"""Every generated text that a reader meets, of the recorded runs and of altered ones: `python -m tests.read_aloud`.

Prints them lab by lab; a lab's name after it prints that lab alone, `--recorded` leaves the altered ones out.
`test_sentences.py` holds rules over what this finds.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from labs.experiments import EXPERIMENTS
from labs.experiments.base import Experiment
from labs.model.digest import Digest
from labs.pages.recordings import recorded, words
from labs.pages.state import view

LONG = 30
"""So many words a sentence has at most."""
TIMES: Mapping[str, float] = {"small": 0.001, "large": 1000.0}
KEPT = ("curve", "seed", "halves", "counted_s", "attempt", "kind", "repeats", "lost_share", "done")
"""Figures that scaling leaves alone: what they say does not grow with a machine."""


@dataclass(frozen=True)
class Text:
    """A text, what kind it is (`sentence`, `title`, `verdict`, `cell`, `card`, `mark`) and where it comes from."""

    kind: str
    where: str
    words: str


def words_of(sentence: str) -> list[str]:
    """Its words without what stands in brackets."""
    return re.sub(r"\([^()]*\)", "", sentence).replace("\u00a0", "").split()


def scaled(value: Any, by: float) -> Any:
    """All figures of a repeat so many times as large; counts stay whole."""
    if isinstance(value, Mapping):
        return {name: one if name in KEPT else scaled(one, by) for name, one in value.items()}
    if isinstance(value, list):
        return [scaled(one, by) for one in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return int(value * by) if isinstance(value, int) else value * by


def unknown(value: Any) -> Any:
    """A repeat in which no step of a latency had samples enough."""
    if isinstance(value, Mapping):
        steps = {"p50", "p90", "p99", "p999", "mean", "max"}
        return {name: None if name in steps and not isinstance(one, Mapping) else unknown(one)
                for name, one in value.items()}  # fmt: skip
    return value


def altered(lab: Experiment, digest: Digest) -> Iterator[tuple[str, Digest]]:
    """The point with other repeats: one, equal ones, small and large figures, and latencies that cannot be said."""
    first = digest.repeats[:1]
    kinds: dict[str, Sequence[Any]] = {"one": first, "equal": [*first] * max(len(digest.repeats), 3)}
    kinds |= {name: [scaled(one, by) for one in digest.repeats] for name, by in TIMES.items()}
    kinds["missing"] = [unknown(one) for one in digest.repeats]
    for name, repeats in kinds.items():
        try:
            summed = lab.sum_up(repeats)
        except (TypeError, ValueError, ZeroDivisionError):
            continue
        kept = {"median": {**digest.median, **summed["median"]}, "spread": summed["spread"]}
        yield name, replace(digest, repeats=repeats, **kept)


def of_view(shown: Mapping[str, Any], where: str) -> Iterator[Text]:
    """What one point says."""
    for kind in ("title", "sentence", "part", "event", "label"):
        if shown.get(kind):
            yield Text(kind, where, shown[kind])
    yield from (Text("card", where, f"{name}: {text}") for name, text in shown.get("card", ()))
    yield from (Text("cell", where, cell) for row in shown["rows"] for cell in row)
    yield from (Text("mark", where, text) for text in _marks(shown))


def _marks(shown: Mapping[str, Any]) -> Iterator[str]:
    """The words in and at the pictures: of bars, bills, cells, hovers."""
    yield from (part["text"] for part in shown.get("strip", ()) if part["text"])
    yield from (f"{line['name']}: {line['text']}" for line in shown.get("bill", ()))
    yield from shown.get("cell", {}).get("lines", ())
    yield from filter(None, (shown.get("aside"), shown.get("counted")))
    for bars in shown.get("bars", {}).values():
        yield from (bars["title"], bars["subtitle"])
        yield from (row["note"] for row in bars["rows"])
    for traces in shown.get("traces", {}).values():
        yield from (text for trace in traces for text in trace.get("text", ()))


def of_points(lab: Experiment, digests: Sequence[Digest], where: str) -> Iterator[Text]:
    """What points say one by one, pair by pair and all together, and what the lab's rules say of them."""
    for one in digests:
        yield from of_view(view(lab.look, one, ""), f"{where} {lab.look.key(one.settings)}")
    yield from (Text("title", f"{where}, two", lab.look.finding(pair)) for pair in pairwise(digests))
    yield Text("title", f"{where}, all", lab.look.finding(digests))
    layouts = lab.look.layouts(digests)
    yield from (Text("said", where, one["said"]) for one in layouts.values() if isinstance(one.get("said"), str))
    for verdict in words(lab, digests):
        yield Text("verdict", f"{where} {verdict.claim} ({verdict.word})", verdict.text)


def of_lab(lab: Experiment, *, only_recorded: bool = False) -> Iterator[Text]:
    """What a lab says of its recording, and of each altered one."""
    file = recorded(lab.name)
    if file is None:
        return
    yield from of_points(lab, file.digests, lab.name)
    if only_recorded:
        return
    whole: dict[str, list[Digest]] = {}
    for digest in file.digests:
        for name, other in altered(lab, digest):
            whole.setdefault(name, []).append(other)
    for name, digests in whole.items():
        yield from of_points(lab, digests, f"{lab.name} {name}")


def everything(*, only_recorded: bool = False) -> Iterator[Text]:
    """Of all labs."""
    for lab in EXPERIMENTS.values():
        yield from of_lab(lab, only_recorded=only_recorded)


def main(given: Sequence[str]) -> int:
    """Print each text once, under what says it."""
    names = [one for one in given if not one.startswith("--")] or list(EXPERIMENTS)
    told: set[tuple[str, str]] = set()
    for name in names:
        for text in of_lab(EXPERIMENTS[name], only_recorded="--recorded" in given):
            if (text.kind, text.words) not in told:
                print(f"{text.kind} {text.where}: {text.words}")
            told.add((text.kind, text.words))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
