"""What a panel of a timeline says: which line goes farthest, how it got there and when, and what the others did."""

from __future__ import annotations

import math

from labs.model.text import capital
from labs.show.pictures.base import value_text
from labs.show.pictures.panels import Line, Panel

Moment = int | None


def head(panel: Panel) -> str:
    """backlog, messages"""
    return f"{panel.name}, {panel.unit}" if panel.unit else panel.name


def whose(line: Line, panel: Panel) -> str:
    """The first cell of a row."""
    return head(panel) if len(panel.lines) == 1 else f"{line.name} ({head(panel)})"


def finding(panel: Panel) -> tuple[str, Moment]:
    """Subject, verb, number of the line that goes farthest; and when, None where there is no such moment."""
    top, *rest = ranked(panel)
    if top.farthest(panel.seen) is None:
        return f"{capital(panel.name)}: nothing was measured", None
    known = [top, *(line for line in rest if line.known())]
    levels = {value for line in known for _, value in line.known()}
    if len(known) > 1 and len(levels) == 1:
        every = "both" if len(known) == 2 else f"all {len(known)}"
        return f"{capital(panel.name)} stayed at {value_text(levels.pop(), panel.unit)} for {every} lines", None
    text, at_ns = _course(top, panel)
    subject = capital(panel.name) if len(panel.lines) == 1 else f"{capital(panel.name)} of {top.name}"
    return f"{subject} {text}", at_ns


def ranked(panel: Panel) -> list[Line]:
    """The lines, the one that goes farthest first; those without a value last."""
    sign = -1 if panel.seen == "highest" else 1
    return sorted(panel.lines, key=lambda line: sign * (line.farthest(panel.seen) or (0, -sign * -math.inf))[1])


def _course(line: Line, panel: Panel) -> tuple[str, Moment]:
    """rose to 9 ms; fell from 9 ms to 1 ms, where it began at its highest; stayed at 5 ms."""
    (at_ns, far), begin = line.farthest(panel.seen) or (0, 0.0), line.known()[0][1]
    up = panel.seen == "highest"
    back_ns, back = line.farthest("lowest" if up else "highest") or (0, 0.0)
    text, other = value_text(far, panel.unit), value_text(back, panel.unit)
    if far == back:
        return f"stayed at {text}", None
    if begin == far:
        return f"{'fell' if up else 'rose'} from {text} to {other}", back_ns
    return f"{'rose' if up else 'fell'} to {text}", at_ns


def others(panel: Panel) -> str:
    """How far the other lines went, and which have nothing."""
    word, said = "at most" if panel.seen == "highest" else "at least", []
    for line in ranked(panel)[1:]:
        far = line.farthest(panel.seen)
        said.append(f"{line.name} {word} {value_text(far[1], panel.unit)}" if far else f"{line.name} was not measured")
    return f" ({', '.join(said)})" if said else ""
