"""What is right about Redis's own queues: what the server says of its commands, and which ways do what is asked."""

from __future__ import annotations

from collections.abc import Sequence

from labs.pages.exercises.truths import Digests, NoTruth, answer

UNTOLD = ("", "untold")


@answer
def since_of(digests: Digests, commands: Sequence[str]) -> dict[str, str]:
    """Command, in small letters, -> the version that the server gives it. NoTruth where it lacks it or does not say."""
    found = {}
    for name in commands:
        told = {str(repeat["since"].get(name, "")) for one in digests for repeat in one.repeats}
        if len(told) != 1 or told & set(UNTOLD):
            raise NoTruth(f"This server does not say since when it has {name}: run the lab on Redis 7.0 or newer.")
        found[name.lower()] = told.pop()
    return found


@answer
def ways_with(digests: Digests, trials: Sequence[str]) -> frozenset[str]:
    """The ways that say yes to all of these trials, in every repeat. NoTruth where a trial did not take place."""
    found = set()
    for one in digests:
        words = {str(repeat["trials"].get(trial, {}).get("outcome")) for repeat in one.repeats for trial in trials}
        if words - {"yes", "no", "partly"}:
            raise NoTruth(f"{one.settings['label']}: this run does not say what became of a trial. Run it again.")
        if words == {"yes"}:
            found.add(str(one.settings["way"]))
    if len(digests) < 2:
        raise NoTruth("This run has one way only: run the lab with all of them.")
    return frozenset(found)
