"""How many recorded points obey the rules of today, counted for the page of the rules: some are older than a rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from labs.experiments import EXPERIMENTS
from labs.model.digest import Digest
from labs.pages.promise_page import recorded_promises
from labs.pages.recordings import recorded

ROUNDS, COUNTED_S = 5, 4.9
FEW = 8
"""So many rows and labs that fall short are named."""
LADDER = "latency-ladder"
TOOL = "vendor's tool"
"""The lane of a row whose rounds are as long as a maker's tool has them."""
CUTS = ("R22", "Q21", "K16")
"""The promises that cut the power both ways at the same moment, a row for each setting."""
REST = (
    "What does not obey is older than the rule, or was meant to have three rounds because no claim reads it. "
    "A round is shorter where the broker had no more room."
)


def rules(folder: Path | None = None) -> str:
    """How many of the recorded points have five rounds, rounds of five seconds, a limit that was looked for, and random
    arrivals; which rows of rates were shorter, where those are few."""
    files = {name: _ours(file.digests) for name in EXPERIMENTS if (file := recorded(name, folder)) and file.digests}
    points = [one for digests in files.values() for one in digests]
    rates = [one for name, digests in files.items() if EXPERIMENTS[name].ways for one in digests]
    timed = [one for one in rates if one.settings.get("lane") != TOOL]
    told = [
        _count(points, _enough, "recorded points have five rounds"),
        _count(timed, _long, "rows of rates by our generator were counted for five seconds in each round"),
        _count(rates, _lifted, "rows of rates looked for the limit"),
        _count(files.get(LADDER, []), _random, "points of the latency ladder have random arrivals"),
    ]
    return f"{'; '.join(told)}. {_short(timed)}{REST}"


def _short(timed: Sequence[Digest]) -> str:
    """Which rows were shorter: a lab of which all were by its title. Nothing where there is none, or are too many."""
    by_lab: dict[str, list[Digest]] = {}
    for one in timed:
        by_lab.setdefault(one.lab, []).append(one)
    whole = [lab for lab, those in by_lab.items() if not any(map(_long, those))]
    rows = [str(one.settings["label"]) for one in timed if one.lab not in whole and not _long(one)]
    names = [f"all of “{EXPERIMENTS[lab].title}”" for lab in whole] + rows
    return f"Shorter were: {'; '.join(names)}. " if 0 < len(names) <= FEW else ""


def cuts(folder: Path | None = None) -> str:
    """In how many settings the two ways to cut the power are recorded, and in how many they agree."""
    content = recorded_promises(folder)
    found = [row for row in content["rows"] if str(row["id"]).startswith(CUTS)] if content else []
    known = [row for row in found if row.get("outcomes")]
    agree = sum(row["word"] == "kept" for row in known)
    return f"{len(known)} of {len(found)} settings are recorded so, and the two ways agree in {agree} of these"


def _count(those: Sequence[Digest], obeys: Callable[[Digest], bool], what: str) -> str:
    return f"{sum(map(obeys, those))} of {len(those)} {what}"


def _ours(digests: Sequence[Digest]) -> list[Digest]:
    """Those that we measured."""
    return [one for one in digests if not one.settings.get("published")]


def _enough(one: Digest) -> bool:
    return len(one.repeats) >= ROUNDS


def _long(one: Digest) -> bool:
    return all(float(repeat.get("counted_s", 0)) >= COUNTED_S for repeat in one.repeats)


def _lifted(one: Digest) -> bool:
    return all(bool(repeat.get("lift")) for repeat in one.repeats)


def _random(one: Digest) -> bool:
    return "arrivals" in one.settings
