"""The look of the lab about Redis's own queues: a row a way, a column a trial, and since when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from labs.model.digest import Digest, Table
from labs.model.text import NBSP, count_of, enumerated, span
from labs.show.looks.base import Chart, Guess
from labs.show.looks.picture import grid_look
from labs.show.pictures.grid import Capability, Cell, Quantity, Setup, State
from labs.show.quantities import Quantity as Said

ALL, NONE, SOME = "all of them", "none of them", "some of them"
STATES: dict[str, State] = {
    "yes": "yes", "partly": "partly", "no": "no", "unknown": "unknown", "absent": "absent", "unmeasured": "unmeasured",
}  # fmt: skip
UNTRIED = "it would fill the memory of a broker of yours"


def trials(digest: Digest, name: str) -> list[Table]:
    """What each repeat keeps of a trial."""
    return [one["trials"].get(name, {"outcome": "unmeasured"}) for one in digest.repeats]


def word(digest: Digest, name: str) -> str:
    """What all repeats agree on; mixed where they do not."""
    found = {one["outcome"] for one in trials(digest, name)}
    return found.pop() if len(found) == 1 else "mixed"


def _counts(found: Sequence[Table]) -> str:
    """50 + 50 of two readers, 100 of 100 of one; of the first repeat, for the word says whether all agree."""
    got, sent = found[0]["got"].values(), found[0]["sent"]
    return " + ".join(f"{number:,}" for number in got) if len(got) > 1 else f"{next(iter(got)):,} of {sent:,}"


def _lost(found: Sequence[Table]) -> str:
    return f"{span(one['lost'] for one in found)} lost"


def _slow(found: Sequence[Table]) -> str:
    if any(one["cut"] for one in found):
        return megabytes(found, "behind_mb")
    return megabytes(found, "held_mb") if "held_mb" in found[0] else ""


def megabytes(found: Sequence[Table], name: str) -> str:
    """33.6 MB, or a range."""
    return span((one.get(name) for one in found), lambda value: f"{value:.1f}{NBSP}MB")


def _told(found: Sequence[Table]) -> str:
    if any(one["told"] is None for one in found):
        return ""
    return f"{span(one['told'] for one in found)} told"


def cell(name: str, figure: Callable[[Sequence[Table]], str]) -> Callable[[Digest], Cell]:
    """The cell of a trial, with its figure where it took place."""

    def get(digest: Digest) -> Cell:
        outcome = word(digest, name)
        if outcome == "absent":
            return Cell("absent", reason=_brought(digest))
        if outcome == "unmeasured":
            return Cell("unmeasured", reason=UNTRIED)
        known = [one for one in trials(digest, name) if one["outcome"] not in ("absent", "unmeasured")]
        return Cell(STATES.get(outcome, "mixed"), figure=figure(known))

    return get


def _brought(digest: Digest) -> str:
    told: dict[str, str] = {str(name): str(version) for name, version in digest.setup.get("brought", {}).items()}
    return enumerated([f"{name} came with {version}" for name, version in told.items()] or ["the server lacks it"])


def since(digest: Digest) -> Cell:
    """The version that brought the newest of the commands that the way needs, by the server's own table."""
    told = {str(one["newest"]) for one in digest.repeats}
    version = told.pop() if len(told) == 1 else "mixed"
    if not version:
        return Cell("absent", reason=_brought(digest))
    return Cell("unknown", reason="the server does not say") if version in ("untold", "mixed") else Cell("yes", version)


SHARES = ("lets workers share", "let workers share")
REACHES = ("gives every reader everything", "give every reader everything")
KEEPS = ("keeps it for a reader that is away", "keep it for a reader that is away")
TABLE = (
    Quantity(Capability("Workers share", *SHARES), cell("share", _counts)),
    Quantity(Capability("All get all", *REACHES), cell("fan_out", _counts)),
    Quantity(Capability("Was offline", *KEEPS), cell("offline", _counts)),
    Quantity(Capability("Is slow"), cell("slow", _slow)),
    Quantity(Capability("Reads again"), cell("replay", _counts)),
    Quantity(Capability("Worker killed"), cell("killed", _lost)),
    Quantity(Capability("Backlog told"), cell("backlog", _told)),
    Quantity(Capability("Since"), since),
)  # fmt: skip
CHART = Chart("grid", "What each of Redis’s queues can do", "grid", rows="way")


def row(digest: Digest) -> Setup:
    """What the row of a point is called."""
    return Setup(str(digest.settings["label"]), "", "redis")


def limit(name: str) -> Callable[[Digest], float | None]:
    """A part of the server's own limit for a subscriber."""
    return lambda digest: digest.setup.get("limit", {}).get(name)


def dated(command: str) -> Callable[[Digest], str]:
    """The version in which the server says that a command came."""

    def get(digest: Digest) -> str:
        return span_of({str(one["since"].get(command, "")) for one in digest.repeats})

    return get


def span_of(versions: set[str]) -> str:
    """One version, or that the server has none; empty where repeats differ."""
    [one, *more] = sorted(versions)
    return "" if more else {"": "not in this server", "untold": "not told"}.get(one, one)


def having(trial: str, name: str) -> Callable[[Digest], list[Table]]:
    """What the repeats keep of a trial that have such a figure."""
    return lambda digest: [one for one in trials(digest, trial) if one.get(name) is not None]


COMMANDS = (
    "LPUSH", "RPUSH", "BLPOP", "BLMOVE", "PUBLISH", "SUBSCRIBE", "SPUBLISH", "XADD", "XREADGROUP", "XAUTOCLAIM",
    "XACKDEL", "XNACK",
)  # fmt: skip
MORE = (
    *(Said(f"since_{name.lower()}", dated(name)) for name in COMMANDS),
    Said("messages", lambda digest: trials(digest, "share")[0].get("sent"), lambda value: f"{value:,}"),
    Said("heard", having("offline", "heard"), lambda found: span(one["heard"] for one in found)),
    Said("behind", having("slow", "behind_mb"), lambda found: megabytes(found, "behind_mb")),
    Said("answered", having("slow", "heard"), lambda found: span(one["heard"] for one in found)),
    Said("arrived", having("slow", "heard"), lambda found: span(one["got"]["first"] for one in found)),
    Said("held", having("slow", "held_mb"), lambda found: megabytes(found, "held_mb")),
    Said("hard_limit", limit("hard"), lambda value: f"{value:,.0f}"),
    Said("soft_limit", limit("soft"), lambda value: f"{value:,.0f}"),
    Said("soft_seconds", limit("seconds"), lambda value: f"{value:,.0f}{NBSP}s"),
    Said("lost", having("killed", "lost"), lambda found: span(one["lost"] for one in found)),
    Said("took_s", lambda digest: digest.number("took_s"), lambda value: f"{value:g}{NBSP}s"),
)  # fmt: skip
QUEUES_LOOK = replace(
    grid_look(("way",), CHART, TABLE, row, noun=("way", "ways"), more=MORE),
    lead="A reader that was away got",
    part="{was_offline}",
)


def truth(digest: Digest) -> str:
    """What a reader got that had been away."""
    return {"yes": ALL, "no": NONE, "partly": SOME}.get(word(digest, "offline"), "unknown")


def summary(digests: Sequence[Digest]) -> str:
    """All ways in a sentence."""
    kept = [str(one.settings["label"]) for one in digests if truth(one) == ALL]
    parts, wholes = [len(kept)], [len(digests)]
    if not kept:
        return "No way keeps messages for a reader that is away."
    return f"{count_of(parts, wholes, 'way')} kept every message for a reader that was away: {'; '.join(kept)}."


QUEUES_GUESS = Guess(
    "{label}: a reader is away while the messages are sent. How many does it get when it is back?",
    (ALL, NONE, SOME),
    truth,
    summary,
)
