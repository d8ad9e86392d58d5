"""What is right about joining late: read off what the late one got, and what its readers could not read."""

from __future__ import annotations

from typing import Any

from labs.experiments import experiment
from labs.model.digest import Digest
from labs.pages.exercises.truths import Digests, NoTruth, answer, point
from labs.show.looks.joining import HANDLERS, NOTHING, PART, WHOLE, broke, judged, sizes, truth

NAMES = {WHOLE: "all", PART: "some", NOTHING: "none"}


def _sure(digest: Digest) -> Digest:
    """A point of which every repeat can say."""
    if len(judged(digest)) < len(digest.repeats) or not digest.repeats:
        raise NoTruth(f"What {digest.settings['label']} gave is not proven in this run. Run it again.")
    return digest


@answer
def history_by_mode(digests: Digests) -> dict[str, str]:
    """Way to join -> how much of the history the late one got."""
    found = {str(one.settings["mode"]): _sure(one) for one in digests if one.settings.get("change") == "none"}
    ways = {one.value: one.label for one in experiment("late-joiner").controls[0].options}
    if missing := [label for name, label in ways.items() if name not in found]:
        raise NoTruth(f"Not in this run: {'; '.join(missing)}.")
    words = {name: truth(found[name]) for name in ways}
    if mixed := [ways[name] for name, word in words.items() if word not in NAMES]:
        raise NoTruth(f"The rounds differ: {'; '.join(mixed)}. Run it again.")
    return {name: NAMES[word] for name, word in words.items()}


@answer
def meaning(digests: Digests, mode: str) -> str:
    """`false` where a renamed field broke a reader of which the sender knows nothing."""
    found = _sure(point(digests, mode=mode, change="renamed"))
    if min(broke(found, "strict")) > 0:
        return "false"
    if not any(broke(found, "strict")):
        return "true"
    raise NoTruth("A renamed field broke the reader in some rounds and not in others. Run it again.")


@answer
def who_goes_on(digests: Digests, **settings: Any) -> dict[str, str]:
    """Reader -> whether it could read all messages with that payload."""
    found = _sure(point(digests, **settings))
    counts = {name: broke(found, name) for name in HANDLERS}
    if any(0 < one < of for values in counts.values() for one, of in zip(values, sizes(found, "changed"), strict=True)):
        raise NoTruth("A reader could read some of the changed messages and others not. Run it again.")
    return {name: "breaks" if any(values) else "on" for name, values in counts.items()}
