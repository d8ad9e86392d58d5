"""The look of a lab about jobs: a point is a way of handing out work; each job was done once, twice, or is lost."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from labs.model.digest import Digest, Table
from labs.model.text import count_of, counted, in_words, ms_text, seconds, span, was
from labs.show import Json
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.quantities import Quantities, Quantity

FATES = {"lost": "lost", "once": "done once", "twice": "done twice"}
LOST, TWICE, ONCE = "some jobs are lost", "some jobs are done twice", "every job is done once"


def judged(digest: Digest) -> list[Table]:
    """The repeats that can say: the worker's death is proven, and of each job what became of it."""
    return [repeat for repeat in digest.repeats if repeat["verdict"] != "unknown" and not repeat["jobs"]["unknown"]]


def counts(digest: Digest, fate: str) -> list[int]:
    """Jobs of a fate in each judged repeat."""
    return [repeat["jobs"].get(fate, 0) for repeat in judged(digest)]


def times(name: str) -> Callable[[Digest], list[float]]:
    """A time in each judged repeat that could say it, s."""
    return lambda digest: [repeat[name] for repeat in judged(digest) if repeat.get(name) is not None]


def truth(digest: Digest) -> str:
    """The worst that happened to any job in any repeat."""
    if len(judged(digest)) < len(digest.repeats) or not digest.repeats:
        return "unknown"
    return LOST if any(counts(digest, "lost")) else TWICE if any(counts(digest, "twice")) else ONCE


def strip(digest: Digest) -> list[Json]:
    """The parts of a bar, each with its share of the jobs: medians over the repeats."""
    jobs = statistics.median(counts(digest, "jobs") or [0])
    parts = [(fate, counts(digest, fate)) for fate in FATES] if jobs else []
    return [
        {"fate": fate, "share": round(statistics.median(found) / jobs, 4), "text": f"{span(found)} {FATES[fate]}"}
        for fate, found in parts
    ]


def _proof(digest: Digest) -> str:
    found = [(repeat.get("fault") or {}).get("evidence", "") for repeat in digest.repeats]
    return "; ".join(filter(None, found)) or "none"


def _title(digest: Digest) -> str:
    if not judged(digest):
        return "{label}: what became of the jobs is unknown"
    lost, twice = (counts(digest, fate) for fate in ("lost", "twice"))
    again = f"{count_of(twice, [max(twice, default=0) + 1] * len(twice), 'job').split(' of ')[0]} {was(twice)}"
    return f"{{label}}: {{lost_of}} {was(lost)} lost, and {again} done twice"


def _told(digest: Digest) -> str:
    """Of how many lost jobs the sender heard; empty where none was lost."""
    told, lost = counts(digest, "told"), counts(digest, "lost")
    return f" The sender was told of {count_of(told, lost, 'lost job')}." if any(told) else ""


def _few(digest: Digest) -> str:
    known, whole = len(judged(digest)), len(digest.repeats)
    return f" Only {known} of {counted(whole, 'repeat')} can say." if 0 < known < whole else ""


def _count(fate: str, head: str = "") -> Quantity[list[int]]:
    return Quantity(fate, lambda digest: counts(digest, fate), span, head, none="unknown")


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Way"),
    Quantity("", lambda digest: digest.settings.get("prefetch") or None, head="Taken at once"),
    _count("jobs", "Jobs"), _count("lost", "Lost"), _count("once", "Done once"), _count("twice", "Done twice"),
    Quantity("", lambda digest: [repeat["jobs"]["unknown"] for repeat in digest.repeats], span, "Unknown"),
    Quantity("redelivery_s", times("redelivery_s"), seconds, "First one again after"),
    Quantity("again_s", lambda digest: statistics.median(found) if (found := times("redelivery_s")(digest)) else None,
             lambda value: ms_text(value * 1000)),
    Quantity("lost_of", lambda digest: count_of(counts(digest, "lost"), counts(digest, "jobs"), "job")
             if judged(digest) else "", none="unknown"),
    Quantity("judged", lambda digest: f"{len(judged(digest))} of {len(digest.repeats)}", head="Repeats"),
    _count("told"),
    Quantity("restart_s", times("restart_s"), seconds),
    Quantity("took", lambda digest: [repeat["took_s"] for repeat in digest.repeats if "took_s" in repeat], seconds),
    Quantity("outcome", lambda digest: str(digest.median["outcome"])),
    Quantity("", _proof, card="Proof of the kill"),
))  # fmt: skip


def shapes(digest: Digest) -> View:
    """A way of handing out work, as a bar; and what does nothing to it."""
    without = [] if digest.settings.get("batches", True) else ["prefetch"]
    return {"strip": strip(digest), "aside": QUANTITIES["redelivery_s"].cell(digest), "unmoved_by": without}


def layouts(_digests: Sequence[Digest]) -> dict[str, Json]:
    """What the columns of the bars are called, and the parts in their order."""
    names = ["Way", "What became of the jobs", "First one again after"]
    return {"strips": {"heads": names, "fates": [list(one) for one in FATES.items()]}}


def summary(digests: Sequence[Digest]) -> str:
    """The finding of several points: how many of them lost jobs, and how many did some twice."""
    lost, twice = (sum(any(counts(digest, fate)) for digest in digests) for fate in ("lost", "twice"))
    gone = f"{in_words(lost)} lost some jobs" if lost else "none lost a job"
    again = f"{in_words(twice)} did some twice" if twice else "none did one twice"
    return f"Of {in_words(len(digests))} ways to hand out jobs, {gone} and {again}"


JOBS_LOOK = Look(
    point=("mode", "prefetch"),
    charts=(Chart("strips", "What became of the jobs", "strips", rows="mode"),),
    quantities=QUANTITIES,
    title=_title,
    sentence=(
        _title, ".", _few, _told, " Another worker finished the dead one’s first job after {again_s}.",
    ),
    part=lambda digest: "{lost} lost and {twice} twice" if judged(digest) else "unknown",
    event="the worker is killed",
    shapes=shapes,
    layouts=layouts,
    several=summary,
)  # fmt: skip
JOBS_GUESS = Guess(
    question="{label}: {event} in the middle of a job. What becomes of the jobs?",
    options=(ONCE, TWICE, LOST),
    truth=truth,
)
