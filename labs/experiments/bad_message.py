"""L4.4 The life of a bad message: where does it end, how often is it tried, and what do good ones wait for meanwhile?

Nine ways on three brokers. Claim C67 is judged by the rows that feature-rows asks of the running RabbitMQ.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labs.experiments import poison_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.judge import soundness
from labs.judge.card import card
from labs.judge.repeats import Summed, agreement, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Chosen, Repeat, figure
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import BROKERS
from labs.model.queue_features import number
from labs.scenarios.poison import EVERY_S, HEALS_S, MESSAGES, SHARES, WAYS, WORK_S, Plan, Way, way_of
from labs.show.looks.poison import POISON_GUESS, POISON_LOOK
from labs.show.short.poison import bad_message

if TYPE_CHECKING:
    from labs.scenarios.poison.facts import PoisonRun

NAME = "bad-message"
REPEATS = 5
COUNTS = ("good", "good_done", "heals", "heals_done", "heals_dead", "poison", "poison_dead", "stopped", "odd",
          "tries_least", "tries_most")  # fmt: skip
WAITS = ("wait_ms", "longest_ms")


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: a way with so many bad messages, others bad in each repeat."""
    from labs.scenarios.poison.conductor import run as send
    from labs.scenarios.poison.work import LacksError

    way, repeats, share = way_of(settings["way"]), settings.get("repeats", 1), settings["share"]
    runs: list[tuple[PoisonRun, float]] = []
    with place(way.broker, observer) as endpoint:
        assert endpoint  # every way has a broker
        if said := _lacks(way, endpoint):
            return [absent(way, share, said, _card(endpoint, {}, repeats))]
        for at in range(repeats):
            start_s = time.monotonic()
            try:
                found = send(
                    way, endpoint, Plan(share, settings.get("seed", 1) + at), observer.part(at, repeats, way.label)
                )
            except LacksError as lacks:
                return [absent(way, share, str(lacks), _card(endpoint, {}, repeats))]
            found.save(new_run_file(NAME, way.name))
            runs.append((found, time.monotonic() - start_s))
        return [digest(way, runs, _card(endpoint, runs[-1][0].facts, repeats), endpoint.version)]


def _lacks(way: Way, endpoint: Endpoint) -> str:
    """What shows that the server lacks what the way needs; empty if it has it. A server ignores arguments of queues
    that it does not know, so it is tried."""
    from labs.scenarios.features.judge import YES, judged
    from labs.scenarios.features.trials import site

    if not way.needs:
        return ""
    with site(endpoint, "quorum") as seen:
        found = judged("retry_delay", seen("retry_delay"))
    if found["outcome"] == YES:
        return ""
    return str(found.get("refused") or f"back after {found['back_ms']} ms, where {found['asked_ms']} ms were asked for")


def digest(way: Way, runs: Sequence[tuple[PoisonRun, float]], on_card: Card, version: str = "") -> Digest:
    """One point of the lab from its runs and the seconds that each took. `version` is the server's, where it counts."""
    from labs.experiments.poison_pictures import course
    from labs.scenarios.poison.judge import void

    counted = soundness.counted(runs, lambda one: void(one[0]))
    repeats = [_repeat(one, took_s) for one, took_s in counted.runs]
    last = counted.runs[-1][0]
    found = Digest(
        lab=NAME,
        settings=_chosen(way, last.share),
        setup={"limit_since": way.limit_since} if _older(version, way.limit_since) else {},
        repeats=repeats,
        card=on_card,
        pictures={"course": course(last).to_json()},
        **sum_up(repeats),
    )
    return counted.told_by(found)


def _older(version: str, brought: str) -> bool:
    """Whether that server is older than what it would need."""
    return bool(version and brought) and number(version) < number(brought)


def absent(way: Way, share: int, said: str, on_card: Card) -> Digest:
    """The point of a way that the server lacks, in the server's words."""
    repeats: list[Repeat] = [{"outcome": "absent", "verdict": "unknown", "ends": {}, "figures": {}}]
    setup = {"lacks": said, "needs": way.needs}
    return Digest(lab=NAME, settings=_chosen(way, share), setup=setup, repeats=repeats, card=on_card, **sum_up(repeats))


def _chosen(way: Way, share: int) -> Chosen:
    return {"way": way.name, "share": share, "label": way.label, "broker": way.broker}


def _repeat(run: PoisonRun, took_s: float) -> Repeat:
    from labs.scenarios.poison.judge import GIVEN_UP, HANDLED, LETTER, NOWHERE, TWICE, judge, wait_ms

    bill = judge(run)
    ends = {kind: sum(bill.places[kind].values()) for kind in ("good", "heals", "poison")}
    ends |= {"good_done": bill.places["good"][HANDLED], "heals_done": bill.places["heals"][HANDLED]}
    ends |= {f"{kind}_dead": bill.places[kind][LETTER] for kind in ("heals", "poison")}
    ends |= {"stopped": sum(one[GIVEN_UP] for one in bill.places.values())}
    ends |= {"odd": sum(one[place] for one in bill.places.values() for place in (TWICE, NOWHERE))}
    tries = bill.tries["poison"]
    ends |= {"tries_least": min(tries), "tries_most": max(tries)} if tries else {}
    return {
        "seed": run.seed,
        "outcome": "unknown" if run.trouble else bill.outcome,
        "verdict": "unknown" if run.trouble else "kept" if bill.sound else "broken",
        "ends": ends,
        "figures": {"wait_ms": wait_ms(bill, 0.5), "longest_ms": wait_ms(bill, 1.0)},
        "took_s": round(took_s, 1),
        "trouble": run.trouble,
    }


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """Where those ended that only needed time, on what the repeats agree, and the counts and waits."""
    known = {name: [figure(one, "ends", name) for one in repeats] for name in COUNTS}
    known |= {name: [figure(one, "figures", name) for one in repeats] for name in WAITS}
    median = agreement(repeats) | {name: known_median(values, 3) for name, values in known.items()}
    median["took_s"] = known_median([one.get("took_s") for one in repeats], 1)
    return {"median": median, "spread": {name: known_range(values) for name, values in known.items()}}


def _card(endpoint: Endpoint, facts: dict[str, object], repeats: int) -> dict[str, object]:
    every, takes = f"{EVERY_S * 1000:g} ms", f"{WORK_S * 1000:g} ms"
    more = {
        "messages": f"{MESSAGES}, one every {every}; an attempt takes {takes}",
        "bad": f"every other one succeeds {HEALS_S:g} s after its first attempt began, the others never",
        "worker": "one, one message at a time, in a thread of the sender’s process",
    }
    return card(endpoint, None, facts, more, repeats=repeats)


LAB = Experiment(
    name=NAME,
    number="L4.4",
    title="The life of a bad message",
    question="Where does a message end that cannot be handled, and what waits behind it?",
    short=bad_message,
    claims=("C67",),
    controls=(
        Control("way", "Handling", "choice", "rabbitmq-limit", tuple(Option(o.name, o.label) for o in WAYS.values())),
        Control("share", "Bad messages", "choice", SHARES[-1], tuple(Option(one, f"{one} %") for one in SHARES)),
    ),
    grid=lambda: [{"way": name, "share": share, "repeats": REPEATS} for name in WAYS for share in SHARES],
    run=run,
    rules=poison_verdicts.RULES,
    beside=(poison_verdicts.BESIDE,),
    needs=BROKERS,
    sum_up=sum_up,
    point_s=3.0,
    quiet=False,
    look=POISON_LOOK,
    guess=POISON_GUESS,
)
