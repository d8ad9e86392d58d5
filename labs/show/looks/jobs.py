"""The look of a lab about jobs: a point is a way of handing out work; each job was done once, twice, or is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from labs.model.digest import Digest, Table
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.ranges import middle, seconds, span

USUAL = 10
FATES = ("lost", "once", "twice")
FATE_WORDS = {"lost": "lost", "once": "done once", "twice": "done twice"}
LOST, TWICE, ONCE = "some jobs are lost", "some jobs are done twice", "every job is done once"
COLUMNS = (
    "Way",
    "Taken at once",
    "Jobs",
    "Lost",
    "Done once",
    "Done twice",
    "Unknown",
    "First one again after",
    "Repeats",
)


def judged(digest: Digest) -> list[Table]:
    """The repeats that can say: the worker's death is proven, and of each job what became of it."""
    return [repeat for repeat in digest.repeats if repeat["verdict"] != "unknown" and not repeat["jobs"]["unknown"]]


def counts(digest: Digest, fate: str) -> list[int]:
    """Jobs of a fate in each judged repeat."""
    return [repeat["jobs"][fate] for repeat in judged(digest)]


def again(digest: Digest) -> list[float | None]:
    """Seconds from the kill until a job that the dead worker had held was finished, a value a judged repeat."""
    return [repeat.get("redelivery_s") for repeat in judged(digest)]


def name(digest: Digest) -> str:
    """The way, with how many jobs are handed out at once where that is not the usual ten."""
    settings = digest.settings
    return f"{settings['label']}" + (f", {settings['prefetch']} at once" if settings["prefetch"] != USUAL else "")


def again_text(digest: Digest) -> str:
    """redelivered after 6.1 s; in words where nothing was."""
    known = [value for value in again(digest) if value is not None]
    return f"redelivered after {seconds(known)}" if known else "nothing redelivered"


def truth(digest: Digest) -> str:
    """The worst that happened to any job in any repeat."""
    if len(judged(digest)) < len(digest.repeats) or not digest.repeats:
        return "unknown"
    return LOST if any(counts(digest, "lost")) else TWICE if any(counts(digest, "twice")) else ONCE


def title(digest: Digest) -> str:
    """The finding of one way."""
    label = digest.settings["label"]
    if not judged(digest):
        return f"{label}: what became of the jobs is unknown"
    lost, twice = (span(counts(digest, fate)) if any(counts(digest, fate)) else "none" for fate in ("lost", "twice"))
    return f"{label}: of {span(counts(digest, 'jobs'))} jobs {lost} lost, {twice} done twice"


def summary(digests: Sequence[Digest]) -> str:
    """The finding of several points: how many of them lost jobs, and how many did some twice."""
    if len(digests) == 1:
        return title(digests[0])
    lost, twice = (sum(any(counts(digest, fate)) for digest in digests) for fate in ("lost", "twice"))
    return f"Of {len(digests)} points {lost} lost jobs and {twice} did some twice"


def sentence(digest: Digest) -> str:
    """What the point says, in words."""
    number = len(judged(digest))
    text = f"{title(digest)} ({number} of {len(digest.repeats)} repeats can say)"
    if any(told := [repeat["jobs"].get("told", 0) for repeat in judged(digest)]):
        text += f"; the sender was told of {span(told)} of the lost"
    if any(value is not None for value in again(digest)):
        text += f"; the first job of the dead worker was finished by another after {seconds(again(digest))}"
    return text + "."


def strip(digest: Digest) -> list[dict[str, Any]]:
    """The parts of a bar, each with its share of the jobs: medians over the repeats."""
    jobs = middle(counts(digest, "jobs"))
    if not jobs:
        return []
    parts = [(fate, middle(counts(digest, fate)) or 0) for fate in FATES]
    return [
        {"fate": fate, "share": round(value / jobs, 4), "text": f"{span(counts(digest, fate))} {FATE_WORDS[fate]}"}
        for fate, value in parts
    ]


def row(digest: Digest) -> list[str]:
    """The point as one row of the data table; COLUMNS names the cells."""
    settings, unknown = digest.settings, span(repeat["jobs"]["unknown"] for repeat in digest.repeats)
    cells = [span(counts(digest, fate)) for fate in ("jobs", *FATES)]
    number = f"{len(judged(digest))} of {len(digest.repeats)}"
    return [settings["label"], str(settings.get("prefetch") or "–"), *cells, unknown, seconds(again(digest)), number]


def view(digest: Digest) -> View:
    """A way of handing out work, as a bar."""
    lost, twice = (span(counts(digest, fate)) for fate in ("lost", "twice"))
    return {
        "label": digest.settings["label"],
        "title": title(digest),
        "part": f"{lost} lost and {twice} twice" if judged(digest) else "unknown",
        "event": "the worker is killed",
        "traces": {},
        "sentence": sentence(digest),
        "rows": [row(digest)],
        "measured": [["Proof of the kill", _proof(digest)]],
        "strip": strip(digest),
        "aside": seconds(again(digest)),
        "trouble": "\n\n".join(dict.fromkeys(str(r["trouble"]) for r in digest.repeats if r.get("trouble"))),
    }


def _proof(digest: Digest) -> str:
    found = [(repeat.get("fault") or {}).get("evidence", "") for repeat in digest.repeats]
    return "; ".join(filter(None, found)) or "none"


def heads(_digests: Sequence[Digest]) -> dict[str, dict[str, Any]]:
    """What the columns of the bars are called, and the parts in their order."""
    names = ["Way", "What became of the jobs", "First one again after"]
    return {"strips": {"heads": names, "fates": [[fate, FATE_WORDS[fate]] for fate in FATES]}}


def _over(fate: str) -> Callable[[Digest], str]:
    return lambda digest: span(counts(digest, fate)) if judged(digest) else "unknown"


QUANTITIES: dict[str, Callable[[Digest], str]] = {
    **{fate: _over(fate) for fate in ("jobs", *FATES, "told")},
    "redelivery_s": lambda digest: seconds(again(digest)),
    "restart_s": lambda digest: seconds(repeat.get("restart_s") for repeat in judged(digest)),
    "took": lambda digest: seconds(repeat.get("took_s") for repeat in digest.repeats),
    "outcome": lambda digest: str(digest.median["outcome"]),
}

JOBS_LOOK = Look(
    point=("mode", "prefetch"),
    charts=(Chart("strips", "What became of the jobs", "strips", rows="mode"),),
    columns=COLUMNS,
    view=view,
    layouts=heads,
    quantities=QUANTITIES,
    caption="medians",
    several=summary,
)
JOBS_GUESS = Guess(
    question="{label}: {event} in the middle of a job. What becomes of the jobs?",
    options=(ONCE, TWICE, LOST),
    truth=truth,
)
