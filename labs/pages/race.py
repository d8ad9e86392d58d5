"""The picture of the landing page: a recorded run replayed. Each mark runs along time and stops where it arrived.

The marks stand at the recorded quantiles, so the still picture (print, no scripts, reduced motion) says the same.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from labs.experiments import experiment
from labs.model.digest import Digest
from labs.model.profile import RUNGS
from labs.model.text import BROKER_NAMES, enumerated, ms_text, rate_text
from labs.pages.pages import NOT_RECORDED, table
from labs.pages.parts import command
from labs.pages.recordings import recorded, recorded_on
from labs.pages.state import view
from labs.show.looks import LATENCY_LOOK

LAB = "latency-ladder"
PAGE = "05-4-latency-ladder.html"
POINT: dict[str, Any] = {"rung": 2, "rate_per_s": 1000, "body_bytes": 100, "arrivals": "poisson"}
MARKS = 50
"""One mark is one message in fifty."""
LANE, TOP, RIGHT = 64, 14, 16
ROWS = 5
"""Marks of a lane do not cover each other: they take turns on five heights."""
WIDE, NARROW = 760, 350


def quantile(curve: Sequence[Sequence[float]], share: float) -> float:
    """The latency, ms, that `share` of the messages stayed within; between two points of the curve a straight line."""
    at = min(max(bisect_left([q for q, _ in curve], share), 1), len(curve) - 1)
    (q0, ms0), (q1, ms1) = curve[at - 1], curve[at]
    return ms0 + (ms1 - ms0) * min(max((share - q0) / (q1 - q0), 0.0), 1.0)


def middle(digest: Digest) -> Mapping[str, Any]:
    """The repeat whose median is the middle one."""
    repeats: list[Mapping[str, Any]] = sorted(digest.repeats, key=lambda one: float(one["latency_ms"]["p50"]))
    return repeats[len(repeats) // 2]


def arrivals(digest: Digest) -> list[float]:
    """When MARKS messages of the middle repeat arrived, ms after they were due."""
    curve = middle(digest)["curve"]
    shares = [(number + 0.5) / MARKS for number in range(MARKS)]
    came = 1 - middle(digest).get("never", 0) / middle(digest).get("count", 1)
    return [quantile(curve, share) for share in shares if share <= came]


def points(digests: Sequence[Digest]) -> list[Digest]:
    """The one of each broker that is shown; messages come at random; an older recording says
    nothing of how they came."""
    return [d for d in digests if POINT.items() <= {"arrivals": "poisson", **d.settings}.items()]


def race(folder: Path | None = None) -> str:
    """The picture with its finding, its data and the command that repeats it."""
    file = recorded(LAB, folder)
    found = points(file.digests) if file else []
    if file is None or not found:
        return f'<p class="lab-note">{NOT_RECORDED}</p>'
    said = " ".join(LATENCY_LOOK.said(digest) for digest in found)
    pictures = "".join(_picture(found, width, said) for width in (WIDE, NARROW))
    under = f"<figcaption>{_under(found, recorded_on(file))}</figcaption>"
    head = f'<p class="race-title">{escape(LATENCY_LOOK.finding(found))}</p>'
    return f'<figure class="race lab-wide" data-race>{head}{pictures}{under}{_data(found)}</figure>'


def _under(found: Sequence[Digest], date: str) -> str:
    """What a mark is, and why those of a broker are hollow; short, for the doors stand below it."""
    rate = rate_text(POINT["rate_per_s"])
    return (
        f"Each mark is one message in {MARKS} of a run at {rate}, recorded {escape(date)}, and "
        f"stops where it arrived. All settings survive {RUNGS[POINT['rung']]}. "
        f'{_why_hollow(found)}<a href="{PAGE}">The lab, with other rates and promises</a>.'
    )


def _why_hollow(found: Sequence[Digest]) -> str:
    """Broker by broker the reason that is true of it: a figure that is mostly the harness says nothing else."""
    ours = [BROKER_NAMES[d.settings["broker"]] for d in found if d.at_most("p50")]
    client = [BROKER_NAMES[d.settings["broker"]] for d in found if _hollow(d) and not d.at_most("p50")]
    told = [f"more than half of {enumerated(ours)}’s median is our own harness"] if ours else []
    told += [f"our client was the limit of {enumerated(client)}"] if client else []
    return f"Hollow marks: {'; '.join(told)}. " if told else ""


def _data(found: Sequence[Digest]) -> str:
    lab = experiment(LAB)
    rows = [row for digest in found for row in view(lab.look, digest, "")["rows"]]
    asked = f"labs run {LAB} --set rung={POINT['rung']} --set rate={POINT['rate_per_s']}"
    inside = table(lab.look.columns, rows, f"{lab.title}: data") + command(asked)
    return f"<details><summary>Data of the picture</summary>{inside}</details>"


def _hollow(digest: Digest) -> bool:
    return bool(digest.median["stamp"] == "client-bound") or digest.at_most("p50")


@dataclass(frozen=True)
class Axis:
    """Milliseconds along a logarithmic axis of whole decades, in the units of the drawing."""

    low: int
    high: int
    left: float
    width: int

    @property
    def span(self) -> float:
        """From the first decade to the last."""
        return self.width - self.left - RIGHT

    def share(self, ms: float) -> float:
        """0 at the first decade, 1 at the last."""
        return (math.log10(ms) - self.low) / (self.high - self.low)

    def x(self, ms: float) -> float:
        """Where it stands."""
        return self.left + self.span * self.share(ms)


def _picture(found: Sequence[Digest], width: int, said: str) -> str:
    times = [arrivals(digest) for digest in found]
    low, high = math.floor(math.log10(min(map(min, times)))), math.ceil(math.log10(max(map(max, times))))
    axis = Axis(low, high, 96 if width > NARROW else 8, width)
    bottom, name = TOP + LANE * len(times), f"race-{width}"
    lanes = "".join(_lane(d, times[at], axis, TOP + at * LANE) for at, d in enumerate(found))
    clock = f'<path class="race-clock" d="M{axis.left} {TOP - 8}V{bottom}" stroke="var(--ink)" stroke-width="2"/>'
    words = f'<title id="{name}-name">When messages arrived, broker by broker</title>'
    words += f'<desc id="{name}-more">{escape(said)}</desc>'
    box = f'class="{name}" viewBox="0 0 {width} {bottom + 40}" style="--w:{axis.span}px"'
    inside = f"{words}{_scale(axis, bottom)}{lanes}{clock}"
    return f'<svg {box} role="img" aria-labelledby="{name}-name {name}-more">{inside}</svg>'


def _scale(axis: Axis, bottom: float) -> str:
    parts = []
    for power in range(axis.low, axis.high + 1):
        x, anchor = axis.x(10**power), {axis.low: "start", axis.high: "end"}.get(power, "middle")
        parts.append(f'<path d="M{x:.1f} {TOP - 8}V{bottom}" stroke="var(--line)" stroke-width="1"/>')
        label = f"{10**power:g} ms"
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="{anchor}" class="soft">{label}</text>')
    parts.append(f'<text x="{axis.left}" y="{bottom + 36}" class="soft">after the message was due (logarithmic)</text>')
    return "".join(parts)


def _lane(digest: Digest, times: Sequence[float], axis: Axis, top: float) -> str:
    broker, half = digest.settings["broker"], statistics.median(times)
    colour, foot = f"var(--{broker})", top + LANE - 4
    most = "at most " if digest.at_most("p50") else ""
    name, value = BROKER_NAMES[broker], f"half within {most}{ms_text(half)}"
    if axis.width > NARROW:
        words = f'<text x="4" y="{top + 26}" class="head" fill="{colour}">{name}</text>'
        words += f'<text x="{axis.x(half):.1f}" y="{foot}" text-anchor="middle" class="soft">{value}</text>'
    else:
        words = f'<text x="{axis.left}" y="{foot}" class="head" fill="{colour}">{name}, '
        words += f'<tspan class="soft">{value}</tspan></text>'
    marks = "".join(
        f'<g class="racer" style="--d:{axis.share(ms):.3f}">{_mark(broker, axis.x(ms), top + 6 + at % ROWS * 8)}</g>'
        for at, ms in enumerate(times)
    )
    fill = "var(--paper)" if _hollow(digest) else colour
    return f'{words}<g fill="{fill}" stroke="{colour}" stroke-width="1.5">{marks}</g>'


def _mark(broker: str, x: float, y: float) -> str:
    if broker == "rabbitmq":
        return f'<path d="M{x - 2.5:.1f} {y - 2.5}h5v5h-5z"/>'
    if broker == "kafka":
        return f'<path d="M{x:.1f} {y - 3.5}l3.5 3.5l-3.5 3.5l-3.5-3.5z"/>'
    return f'<circle cx="{x:.1f}" cy="{y}" r="2.8"/>'
