"""The look of L1.2: a point is a carrier that brings an answer, or what its callers saw while the service was away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labs.model.digest import Digest
from labs.model.text import ms_text
from labs.show.looks.base import Chart, Look, View
from labs.show.looks.calls import bound, client_bound, cores, dot_heads, dots, over, step_of, trouble
from labs.show.looks.promises import ASKED, unlike
from labs.show.looks.ranges import span

ENDS = {
    "answered": "answered",
    "late": "answered when the service was back",
    "refused": "refused",
    "timed_out": "given up",
    "unknown": "unknown",
}
QUESTION_COLUMNS = (
    "Carrier",
    "Service",
    "Rate",
    "Payload, B",
    "Median",
    "p90",
    "p99",
    "Answered",
    "Failed",
    "Unknown",
    "Caller knows after",
)


def away(digest: Digest) -> bool:
    """Whether the service was away when the questions were asked."""
    return bool(digest.settings["service"] == "stopped")


def _groups(digest: Digest) -> list[Mapping[str, Any]]:
    return [repeat["away"][who] for repeat in digest.repeats if repeat["away"] for who in ("hasty", "patient")]


def became(digest: Digest) -> dict[str, list[int]]:
    """With the service away: how each repeat's questions ended, by the names of ENDS."""
    found = []
    for repeat in digest.repeats:
        both = [repeat["away"][who] for who in ("hasty", "patient")]
        counts = {name: sum(group[name] for group in both) for name in ("refused", "timed_out", "unknown")}
        found.append(counts | {"late": sum(group["answered"] for group in both)})
    return {name: [one[name] for one in found] for name in ("late", "refused", "timed_out", "unknown")}


def within(digest: Digest, what: str) -> str:
    """The shortest and the longest time over all repeats: `told_ms` until an error, `answered_ms` until an answer."""
    known = [group[what] for group in _groups(digest) if group[what]]
    if not known:
        return "–"
    ends = [ms_text(min(one[0] for one in known)), ms_text(max(one[1] for one in known))]
    return " to ".join(dict.fromkeys(ends))


def failed(digest: Digest) -> str:
    """Refused and timed out together, over the repeats."""
    return span(r["ends"]["refused"] + r["ends"]["timed_out"] for r in digest.repeats)


def question_title(digest: Digest) -> str:
    """The finding of one point."""
    label = digest.settings["label"]
    if not away(digest):
        return f"{label}: half of the answers within {ms_text(digest.median['waited_ms']['p50'])}"
    counts = became(digest)
    said = [f"{span(values)} {ENDS[name]}" for name, values in counts.items() if any(values)]
    return f"{label}, service away: {', '.join(said) or 'nothing is known'}"


def question_sentence(digest: Digest) -> str:
    """What the point says, in words."""
    settings = digest.settings
    if away(digest):
        text = f"{question_title(digest)}. An error came after {within(digest, 'told_ms')}"
        if any(became(digest)["late"]):
            text += f", an answer after {within(digest, 'answered_ms')}"
        return f"{text}. The service did {nobody(digest)} calls whose callers had given up."
    p99 = ms_text(digest.median["waited_ms"]["p99"])
    asked = f"{settings['rate_per_s']:,g}/s, {settings['body_bytes']:,} bytes"
    ends = f"{over(digest, 'answered')} of {over(digest, 'calls')} answered.{bound(digest)}"
    return f"{question_title(digest)}, 99\u00a0%: {p99}, at {asked}; {ends}"


def nobody(digest: Digest) -> str:
    """Calls that the service did when it was back, whose callers had gone."""
    return span(repeat["away"]["for_nobody"] for repeat in digest.repeats if repeat["away"])


def question_row(digest: Digest) -> list[str]:
    """The point as one row of the data table; QUESTION_COLUMNS names the cells."""
    settings, steps = digest.settings, digest.median["waited_ms"]
    first = [
        settings["label"],
        settings["service"],
        f"{settings['rate_per_s']:g}/s" if "rate_per_s" in settings else "–",
    ]
    times = ["–"] * 3 if away(digest) else [ms_text(steps[step]) for step in ("p50", "p90", "p99")]
    ends = [over(digest, "answered"), failed(digest), over(digest, "unknown")]
    return [*first, f"{settings['body_bytes']:,}", *times, *ends, within(digest, "told_ms") if away(digest) else "–"]


def question_view(digest: Digest) -> View:
    """A carrier as a row of dots, or with the service away as a bar."""
    found: View = {
        "label": digest.settings["label"],
        "title": question_title(digest),
        "part": within(digest, "told_ms") if away(digest) else ms_text(digest.median["waited_ms"]["p50"]),
        "event": "an error after" if away(digest) else "half of the answers within",
        "traces": {},
        "sentence": question_sentence(digest),
        "rows": [question_row(digest)],
        "measured": [["Processor", cores(digest)]],
        "bound": client_bound(digest),
        "trouble": trouble(digest),
    }
    if away(digest):
        return found | {"strip": strip(digest), "aside": nobody(digest)}
    return found | {"dots": dots(digest, "waited_ms"), "aside": ms_text(digest.median["waited_ms"]["p50"])}


def strip(digest: Digest) -> list[dict[str, Any]]:
    """The parts of a bar, each with its share of the questions: sums over the repeats."""
    counts = became(digest)
    whole = sum(sum(values) for values in counts.values()) or 1
    when = {"late": "answered_ms", "refused": "told_ms", "timed_out": "told_ms"}
    return [
        {
            "fate": name,
            "share": round(sum(values) / whole, 4),
            "text": f"{span(values)} {ENDS[name]}" + (f" after {within(digest, when[name])}" if name in when else ""),
        }
        for name, values in counts.items()
        if any(values)
    ]


def question_layouts(digests: Sequence[Digest]) -> dict[str, dict[str, Any]]:
    """Heads of both tables."""
    names = ["Carrier", "What became of the questions", "Done for nobody"]
    fates = [[name, text] for name, text in ENDS.items() if name != "answered"]
    up, gone = ([digest for digest in digests if away(digest) is one] for one in (False, True))
    return {
        "latency": dot_heads("From when a question was due to its answer", unlike(up, ASKED)),
        "away": {"heads": names, "fates": fates, "said": unlike(gone, ASKED)},
    }


def applying(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Without the rate while the service is away: each caller asks once."""
    return {name: value for name, value in settings.items() if name != "rate_per_s" or settings["service"] == "up"}


QUESTION_LOOK = Look(
    applies=applying,
    point=("carrier", "service", "rate_per_s", "body_bytes"),
    charts=(
        Chart("latency", "From due to answered", "dots", rows="carrier", only="dots"),
        Chart("away", "What callers saw while the service was away", "strips", rows="carrier", only="strip"),
    ),
    columns=QUESTION_COLUMNS,
    view=question_view,
    rank=lambda digest: None if away(digest) else digest.median["waited_ms"]["p50"],
    layouts=question_layouts,
    quantities={
        **{step: step_of("waited_ms", step) for step in ("p50", "p90", "p99")},
        "failed": failed,
        "answered": lambda digest: over(digest, "answered"),
        "told": lambda digest: within(digest, "told_ms"),
        "late": lambda digest: within(digest, "answered_ms"),
        "nobody": nobody,
    },
)
