"""The look of L1.2: a point is a carrier that brings an answer, or what its callers saw while the service was away."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace

from labs.model.digest import Digest, Table
from labs.model.text import (
    NBSP,
    capital,
    count_of,
    counted,
    enumerated,
    in_words,
    ms_text,
    rate_text,
    span,
    typical,
    was,
)
from labs.show import Json
from labs.show.looks.base import Chart, Look, View, ranking
from labs.show.looks.calls import CALLS, PROCESSOR, UNKNOWN, bound, client_bound, dot_heads, over, row, step_of
from labs.show.looks.promises import ASKED, unlike
from labs.show.quantities import Quantities, Quantity

ENDS = {
    "late": "answered when the service was back",
    "refused": "refused",
    "timed_out": "given up",
    "unknown": "unknown",
}
"""How a question can end with the service away."""
GROUPS = ("hasty", "patient")


def away(digest: Digest) -> bool:
    """Whether the service was away when the questions were asked."""
    return bool(digest.settings["service"] == "stopped")


def became(digest: Digest) -> dict[str, list[int]]:
    """With the service away: how each repeat's questions ended, by the names of ENDS."""
    asked = {name: "answered" if name == "late" else name for name in ENDS}
    return {
        name: [sum(away[who][as_] for who in GROUPS) for one in digest.repeats if (away := one["away"])]
        for name, as_ in asked.items()
    }


def within(what: str) -> Callable[[Digest], str]:
    """The shortest and the longest time over all repeats: `told_ms` until an error, `answered_ms` until an answer."""

    def text(digest: Digest) -> str:
        groups = [repeat["away"][who][what] for repeat in digest.repeats if repeat["away"] for who in GROUPS]
        return span([ms for group in groups if group for ms in group], ms_text)

    return text


def _middle(what: str) -> Callable[[Digest], float | None]:
    """The middle of the same times, a shortest and a longest a repeat; None where there is none."""

    def get(digest: Digest) -> float | None:
        groups = [repeat["away"][who][what] for repeat in digest.repeats if repeat["away"] for who in GROUPS]
        known = [ms for group in groups if group for ms in group]
        return statistics.median(known) if known else None

    return get


def _failed(digest: Digest) -> list[int]:
    return [repeat["ends"]["refused"] + repeat["ends"]["timed_out"] for repeat in digest.repeats]


def _nobody(digest: Digest) -> str:
    """Calls that the service did when it was back, whose callers had gone."""
    return span(repeat["away"]["for_nobody"] for repeat in digest.repeats if repeat["away"])


def _became(digest: Digest) -> str:
    if not away(digest):
        return ""
    counts, asked = became(digest), CALLS.value(digest) or [0]
    said = [(name, values) for name, values in counts.items() if any(values)]
    if len(said) == 1:
        return f"{count_of(said[0][1], asked, 'question')} {was(asked)} {ENDS[said[0][0]]}"
    found = [f"{_some(values)} {was(values)} {ENDS[name]}" for name, values in said]
    return f"of {counted(typical(asked), 'question')}, {enumerated(found)}" if found else "nothing is known"


def _some(values: Sequence[int]) -> str:
    return f"up to {max(values):,}" if not min(values) else f"{typical(values):,}"


def _half_ms(digest: Digest) -> float | None:
    found: float | None = None if away(digest) else digest.median["waited_ms"]["p50"]
    return found


def _step(step: str, head: str) -> Quantity[str]:
    """A step of how long an answer took; of no point whose service was away."""
    known = step_of("waited_ms", step, head)
    return replace(known, get=lambda digest: "" if away(digest) else known.get(digest))


def _rate(digest: Digest) -> float | None:
    found: float | None = digest.settings.get("rate_per_s")
    return found


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Carrier"),
    Quantity("service", lambda digest: str(digest.settings["service"]), head="Service"),
    Quantity("rate", _rate, rate_text, "Rate"),
    Quantity("body", lambda digest: digest.settings["body_bytes"], "{:,}".format, "Payload, B"),
    _step("p50", "Median"), _step("p90", "p90"), _step("p99", "p99"),
    Quantity("answered", over("answered"), span, "Answered"),
    Quantity("failed", _failed, span, "Failed"),
    UNKNOWN,
    Quantity("", lambda digest: within("told_ms")(digest) if away(digest) else "", head="Caller knows after"),
    Quantity("knew", _middle("told_ms"), ms_text), Quantity("came", _middle("answered_ms"), ms_text),
    Quantity("told", within("told_ms")), Quantity("late", within("answered_ms")),
    Quantity("nobody", _nobody), Quantity("half_ms", _half_ms), Quantity("became", _became), CALLS, PROCESSOR,
))  # fmt: skip


def strip(digest: Digest) -> list[Json]:
    """The parts of a bar, each with its share of the questions: sums over the repeats."""
    counts = became(digest)
    whole = sum(sum(values) for values in counts.values()) or 1
    when = {"late": "late", "refused": "told", "timed_out": "told"}
    after = {name: f" after {QUANTITIES[asked].text(digest)}" for name, asked in when.items()}
    return [
        {
            "fate": name,
            "share": round(sum(values) / whole, 4),
            "text": f"{span(values)} {ENDS[name]}{after.get(name, '')}",
        }
        for name, values in counts.items()
        if any(values)
    ]


def shapes(digest: Digest) -> View:
    """A carrier as a row of dots, or with the service away as a bar."""
    shown = {"bound": client_bound(digest)}
    if away(digest):
        return shown | {"strip": strip(digest), "aside": _nobody(digest)}
    return shown | {"dots": row(digest, "waited_ms")}


def layouts(digests: Sequence[Digest]) -> dict[str, Json]:
    """Heads of both tables."""
    names = ["Carrier", "What became of the questions", "Done for nobody"]
    up, gone = ([digest for digest in digests if away(digest) is one] for one in (False, True))
    return {
        "latency": dot_heads("From when a question was due to its answer", unlike(up, ASKED)),
        "away": {"heads": names, "fates": [list(one) for one in ENDS.items()], "said": unlike(gone, ASKED)},
    }


def applying(settings: Table) -> Table:
    """Without the rate while the service is away: each caller asks once."""
    return {name: value for name, value in settings.items() if name != "rate_per_s" or settings["service"] == "up"}


def title(digest: Digest) -> str:
    """The finding of one point."""
    return (
        "{label}: with the service away, {became}" if away(digest) else "{label}: half of the answers came within {p50}"
    )


def _slow(digest: Digest) -> str:
    """The rarer ones too, where there were answers enough; and at which rate."""
    if away(digest):
        return ""
    rare = digest.number("waited_ms", "p99")
    return ("" if rare is None else f", 99{NBSP}% within {{p99}}") + ", at {rate}"


def _asked(digest: Digest) -> str:
    """How many questions were answered; with the service away, when an error or an answer came."""
    if not away(digest):
        answered, calls = over("answered")(digest), CALLS.value(digest) or [0]
        return f" {capital(count_of(answered, calls, 'question'))} {was(answered)} answered."
    told = " A caller knew of the failure after {knew}." if QUANTITIES["knew"].value(digest) else ""
    late = " The late answers came after {came}." if any(became(digest)["late"]) else ""
    nobody = [repeat["away"]["for_nobody"] for repeat in digest.repeats if repeat["away"]]
    idle = f"{_some(nobody)} {'call' if max(nobody) == 1 else 'calls'}" if any(nobody) else "no call"
    return f"{told}{late} The service did {idle} whose caller had given up."


def several(digests: Sequence[Digest]) -> str:
    """The finding of several carriers: with the service away, over how many of them a caller had its answer late."""
    gone = [digest for digest in digests if away(digest)]
    if len(gone) < len(digests):
        return ranking(QUESTION_LOOK, [digest for digest in digests if not away(digest)])
    late = sum(any(became(digest)["late"]) for digest in gone)
    held = f"{in_words(late)} brought answers" if late else "none brought an answer"
    return f"Of {in_words(len(gone))} carriers, {held} when the service was back"


QUESTION_LOOK = Look(
    applies=applying,
    point=("carrier", "service", "rate_per_s", "body_bytes"),
    charts=(
        Chart("latency", "From due to answered", "dots", rows="carrier", only="dots"),
        Chart("away", "What callers saw while the service was away", "strips", rows="carrier", only="strip"),
    ),
    quantities=QUANTITIES,
    title=title,
    sentence=(title, _slow, ".", _asked, lambda digest: "" if away(digest) else bound(digest)),
    part=lambda digest: "{told}" if away(digest) else "{p50}",
    event=lambda digest: "an error after" if away(digest) else "half of the answers within",
    lead=lambda digest: "an error came after" if away(digest) else "half of the answers came within",
    shapes=shapes,
    layouts=layouts,
    rank="half_ms",
    several=several,
)
