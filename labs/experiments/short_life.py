"""L7.1 Messages with a short life: what comes fresh, what comes stale, and what is dropped. Claim C62.

Eight ways to send what is worth something for half a second; the consumer may stand still, or be killed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from labs.experiments import short_life_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.experiments.short_life_pictures import course
from labs.judge import soundness
from labs.judge.card import card
from labs.judge.repeats import Summed, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import BROKERS, profile
from labs.scenarios.fleeting import BODY_BYTES, GAPS, LIFE_S, PER_S, SECONDS, WAYS, Way, way_of
from labs.show.looks.short_life import CHART, SHORT_LIFE_GUESS, SHORT_LIFE_LOOK, said_of
from labs.show.pictures.base import About
from labs.show.short.short_life import short_life

if TYPE_CHECKING:
    from labs.scenarios.fleeting.facts import FleetingRun

NAME = "short-life"
REPEATS, CRASHES = 5, 3
"""The word needs five rounds of a consumer that reads and of one that stands still; it does not hang on the crash."""


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: the chosen way and what becomes of the consumer, once a repeat."""
    from labs.scenarios.fleeting.conductor import run as run_fleeting

    way, gap, repeats = way_of(settings["way"]), settings["gap"], settings.get("repeats", 1)
    runs: list[FleetingRun] = []
    with place(way.broker, observer) as endpoint:
        assert endpoint
        for at in range(repeats):
            found = run_fleeting(way, endpoint, gap, observer.part(at, repeats, way.label))
            found.save(new_run_file(NAME, way.name))
            runs.append(found)
        on_card = _card(endpoint, way, runs)
    return [digest(way, gap, runs, on_card)]


def digest(way: Way, gap: str, runs: Sequence[FleetingRun], on_card: Card) -> Digest:
    """One point of the lab from its runs; the picture is of the last."""
    from labs.scenarios.fleeting.judge import judge, void

    counted = soundness.counted(runs, void)
    repeats = [judge(one) for one in counted.runs]
    found = Digest(
        lab=NAME,
        settings={
            "way": way.name,
            "label": said_of(way.label, gap),
            "broker": way.broker,
            "gap": gap,
            "gap_label": GAPS[gap],
        },
        repeats=repeats,
        card=on_card,
        **sum_up(repeats),
    )
    under = f"{found.settings['label']}. One run of {SECONDS:g} s, {PER_S} messages a second."
    picture = course(counted.runs[-1], About(under=under, card=on_card)).to_json()
    return counted.told_by(replace(found, pictures={CHART: picture}))


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """The median and the range of each figure over the repeats, and whether all of them can say."""
    values = {name: [one["figures"][name] for one in repeats] for name in repeats[0]["figures"]}
    median = {name: known_median(each) for name, each in values.items()}
    spread = {name: known_range(each) for name, each in values.items()}
    known = all(one["verdict"] == "known" for one in repeats)
    return {
        "median": {"verdict": "known" if known else "unknown", "figures": median},
        "spread": {"figures": spread},
    }


def _card(endpoint: Endpoint, way: Way, runs: Sequence[FleetingRun]) -> dict[str, object]:
    more = {
        "payload_bytes": BODY_BYTES,
        "messages": f"{PER_S} a second for {SECONDS:g} s, each when it is due; no answer is waited for",
        "life": f"{LIFE_S * 1000:g} ms from when a message was due",
        "evidence": runs[-1].evidence or "a consumer that reads all the time",
    }
    return card(endpoint, profile(way.profile), runs[-1].facts, more, repeats=len(runs))


def grid() -> list[Settings]:
    """Every way with every consumer."""
    rounds = {gap: CRASHES if gap == "crash" else REPEATS for gap in GAPS}
    return [{"way": way, "gap": gap, "repeats": number} for gap, number in rounds.items() for way in WAYS]


LAB = Experiment(
    name=NAME,
    number="L7.1",
    title="Messages with a short life",
    question="What comes fresh, what comes stale and what is dropped of messages that are soon worthless?",
    short=short_life,
    claims=("C62",),
    controls=(
        Control("way", "Way", "choice", "redis-pubsub", tuple(Option(w.name, w.label) for w in WAYS.values())),
        Control("gap", "The consumer", "choice", "pause", tuple(Option(*one) for one in GAPS.items())),
    ),
    grid=grid,
    run=run,
    rules=short_life_verdicts.RULES,
    needs=BROKERS,
    sum_up=sum_up,
    point_s=6.0,
    quiet=False,
    look=SHORT_LIFE_LOOK,
    guess=SHORT_LIFE_GUESS,
)
