"""Which recorded files obey the rules of today, counted for the page of the rules: some are older than a rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from labs.experiments import EXPERIMENTS
from labs.model.digest import Digest, Recording
from labs.pages.promise_page import recorded_promises
from labs.pages.recordings import recorded

ROUNDS, COUNTED_S = 5, 4.9
LADDER = "latency-ladder"
CUTS = ("R22", "Q21", "K16")
"""The promises that cut the power both ways at the same moment, a row for each setting."""


def rules(folder: Path | None = None) -> str:
    """How many of the recorded files have five rounds, rounds of five seconds, a limit that was looked for, and random
    arrivals."""
    files = {name: file for name in EXPERIMENTS if (file := recorded(name, folder)) and file.digests}
    rates = [file for name, file in files.items() if EXPERIMENTS[name].ways]
    ladder = [file for name, file in files.items() if name == LADDER]
    told = [
        _count([_all(one, _enough) for one in files.values()], "recorded files have five rounds a point"),
        _count([_all(one, _long) for one in rates], "files of rates have rounds of five seconds"),
        _count([_all(one, _lifted) for one in rates], "of them looked for the limit"),
        _count([_all(one, _random) for one in ladder], "latency ladders have random arrivals"),
    ]
    return f"{'; '.join(told)}. A file that does not is older than the rule."


def cuts(folder: Path | None = None) -> str:
    """In how many settings the two ways to cut the power are recorded, and in how many they agree."""
    content = recorded_promises(folder)
    found = [row for row in content["rows"] if str(row["id"]).startswith(CUTS)] if content else []
    known = [row for row in found if row.get("outcomes")]
    agree = sum(row["word"] == "kept" for row in known)
    return f"{len(known)} of {len(found)} settings are recorded so, and the two ways agree in {agree} of these"


def _count(kept: Sequence[bool], what: str) -> str:
    return f"{sum(kept)} of {len(kept)} {what}"


def _all(file: Recording, obeys: Callable[[Digest], bool]) -> bool:
    """Whether each point of our own does."""
    ours = [one for one in file.digests if not one.settings.get("published")]
    return bool(ours) and all(obeys(one) for one in ours)


def _enough(one: Digest) -> bool:
    return len(one.repeats) >= ROUNDS


def _long(one: Digest) -> bool:
    return all(float(repeat.get("counted_s", 0)) >= COUNTED_S for repeat in one.repeats)


def _lifted(one: Digest) -> bool:
    return all(bool(repeat.get("lift")) for repeat in one.repeats)


def _random(one: Digest) -> bool:
    return "arrivals" in one.settings
