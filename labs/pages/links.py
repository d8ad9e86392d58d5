"""Addresses of views: the page of a lab with its panel set to the very point that a sentence speaks of.

The panel reads and writes the same (js/address.mjs). In a page's text {run} links by itself; elsewhere:

    view_of("latency-ladder", {"rung": 2, "broker": ["kafka"]})   05-4-latency-ladder.html#lab=...&broker=kafka&rung=2
    view_of("loss-matrix", digest.settings)                       03-2-loss-matrix.html#lab=loss-matrix&setting=...
    view_of_run("fifty-thousand way=pika-one per_s")              what {run} links to; "" if no panel can show it
    view_of_claim("C48")                                          the points that the claim's rule asks for first

What is not named is as the panel begins. A view that is asked about first still asks: a link shows no outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from labs.experiments import EXPERIMENTS, experiment
from labs.experiments.rules import first_asked
from labs.model.digest import Digest
from labs.pages import course, glue
from labs.pages.claims import may_vote
from labs.pages.recordings import recorded


def view_of(lab: str, settings: Mapping[str, Any]) -> str:
    """The address of the lab's panel at these settings, a point's own or those of its controls; a control that takes
    many may have a list. Empty if no page has the panel. Raises UnknownNameError where there is no such lab."""
    page = _pages().get(lab)
    if page is None:
        return ""
    pairs = [("lab", lab)]
    for control in experiment(lab).controls:
        names = [name for name in (control.sets, control.name, control.typed) if name in settings]
        if names and settings[names[0]] != "":
            pairs.append((control.typed, _text(settings[names[0]])))
    said = "&".join(f"{name}={quote(value, safe=',:/')}" for name, value in pairs)
    return f"{page}.html#{said}"


def view_of_run(text: str, folder: Path | None = None) -> str:
    """The view of the figure that {run} gives for this text; empty where no panel shows it."""
    found = glue.points(text, folder)
    return view_of(text.split()[0], _shared(text.split()[0], found)) if found else ""


def view_of_claim(claim: str, folder: Path | None = None) -> str:
    """The view of what a measured claim is judged by; empty where no recorded lab with a page may judge it."""
    for lab in EXPERIMENTS.values():
        rule = next((one for one in lab.rules if one.claim == claim and may_vote(lab, claim)), None)
        file = recorded(lab.name, folder) if rule and lab.name in _pages() else None
        if rule and file:
            found = [one for one in first_asked(rule, file.digests) if one.lab == lab.name]
            return view_of(lab.name, _shared(lab.name, found) if found else {})
    return ""


def _shared(lab: str, found: Sequence[Digest]) -> dict[str, Any]:
    """What the points have in common; of the control that takes many, each one's value."""
    many = next((control.sets for control in experiment(lab).controls if control.kind == "many"), "")
    each = [dict(one.settings) for one in found]
    same = {name: value for name, value in each[0].items() if all(one.get(name) == value for one in each)}
    return same | ({many: list(dict.fromkeys(one[many] for one in each))} if many in each[0] else {})


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


@cache
def _pages() -> dict[str, str]:
    return course.panels()
