"""L2.1 When "non-blocking" blocks: what does a publisher notice when its reader stops and something is full?

Ten limits and publishers on three brokers. Claim C16.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.experiments.rules import Said, Undecided, rule, seen
from labs.judge import soundness
from labs.judge.card import card
from labs.judge.repeats import Summed, agreement, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import BROKERS, profile
from labs.model.text import BROKER_NAMES, enumerated
from labs.scenarios.limits import MODES, Mode, mode_of
from labs.show.looks.limits import LIMITS_GUESS, LIMITS_LOOK
from labs.show.short.limits import when_it_blocks

if TYPE_CHECKING:
    from labs.scenarios.limits.facts import History

NAME = "when-it-blocks"
ROUNDS = 5
COUNTS = ("published", "waited", "refused", "lost", "unheard", "dropped")
LEFT_BYTES = 120_000_000
"""What is free above the broker's mark: two seconds of publishing."""
FIGURES = ("longest_ms", "before_ms", "trouble_s")


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: the chosen limit, once a repeat."""
    from labs import stack
    from labs.scenarios.limits.conductor import run as run_limit

    mode, repeats = mode_of(settings["mode"]), settings.get("repeats", 1)
    if mode.ours:
        stack.spare(mode.broker, f"reaching the limit of {mode.label}")
    runs: list[tuple[History, float]] = []
    with _place(mode, observer) as endpoint:
        for at in range(repeats):
            start_s = time.monotonic()
            found = run_limit(mode, endpoint, observer.part(at, repeats, mode.label))
            found.save(new_run_file(NAME, mode.name))
            runs.append((found, time.monotonic() - start_s))
        return [digest(mode, runs, _card(mode, endpoint, [one for one, _ in runs]))]


@contextmanager
def _place(mode: Mode, observer: Observer) -> Iterator[Endpoint]:
    """The broker of the session; for a disk that runs full one of its own, on a small disk that is nearly full.

    StackError where there can be no such disk.
    """
    from labs import stack
    from labs.stack.allowed import LEAST

    if not mode.own_disk:
        with place(mode.broker, observer) as endpoint:
            if endpoint is None:
                raise ValueError(f"{mode.name} names no broker")
            yield endpoint
        return
    with stack.arena(mode.broker, disk="loop", report=partial(observer.progress, 0.0)) as arena:
        arena.fill_disk(LEAST[mode.broker] + LEFT_BYTES)
        yield arena.endpoint


def digest(mode: Mode, runs: Sequence[tuple[History, float]], on_card: Card) -> Digest:
    """One point of the lab from its runs and the seconds that each took."""
    from labs.experiments.limit_pictures import course
    from labs.scenarios.limits.judge import void

    counted = soundness.counted(runs, lambda one: void(one[0]))
    repeats = [_repeat(one, took_s) for one, took_s in counted.runs]
    last = counted.runs[-1][0]
    found = Digest(
        lab=NAME,
        settings={"mode": mode.name, "label": mode.label, "broker": mode.broker},
        setup={"limit_bytes": mode.limit_bytes, "limit_s": mode.limit_s, "looks": mode.looks, "said": last.words},
        repeats=repeats,
        card=on_card,
        pictures={"course": course(last, mode).to_json()},
        **sum_up(repeats),
    )
    return counted.told_by(found)


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """On what the repeats agree, and the medians and ranges of what each counted."""
    known: dict[str, list[float | None]] = {name: [one["ends"][name] for one in repeats] for name in COUNTS}
    known |= {name: [one["figures"][name] for one in repeats] for name in FIGURES}
    median = agreement(repeats) | {name: known_median(values, 3) for name, values in known.items()}
    median["took_s"] = known_median([one["took_s"] for one in repeats], 1)
    return {"median": median, "spread": {name: known_range(values) for name, values in known.items()}}


def _repeat(found: History, took_s: float) -> Repeat:
    from labs.scenarios.limits.judge import judge

    tally = judge(found)
    return {
        "outcome": tally.outcome,
        "verdict": "unknown" if not tally.known else "broken" if tally.lost else "kept",
        "ends": {name: getattr(tally, name) for name in COUNTS},
        "figures": {name: getattr(tally, name) for name in FIGURES},
        "trouble": found.trouble,
        "fault": {"kind": "limit", "method": "a reader that is told to stop reading", "evidence": found.evidence},
        "took_s": round(took_s, 1),
    }


def _card(mode: Mode, endpoint: Endpoint, runs: Sequence[History]) -> dict[str, object]:
    from labs.scenarios.limits.conductor import BEFORE_S

    more = {
        "payload_bytes": mode.body_bytes,
        "rate": f"{mode.rate_per_s}/s, each message when it is due",
        "reader": f"stops {BEFORE_S:g} s after the first message",
    }
    return card(endpoint, profile(mode.profile), runs[-1].facts, more, repeats=len(runs))


def grid() -> list[Settings]:
    """Every limit and publisher."""
    return [{"mode": mode, "repeats": ROUNDS} for mode in MODES]


def _met(repeat: Repeat) -> bool:
    """Whether the publisher waited, at a limit that is shown, or got an error."""
    return repeat["ends"]["waited"] > 0 or repeat["ends"]["refused"] > 0


@rule("C16", of_part=("never held",))
def c16(digests: Sequence[Digest]) -> Said:
    """One broker whose publisher waits or gets an error, in every repeat, refutes it."""
    sides = [(one, seen(one, _met)) for one in digests if one.repeats]
    met = [one for one, side in sides if side]
    if met:
        told = enumerated([LIMITS_LOOK.quantities.said("{label}", one) for one in met])
        most = max(met, key=lambda one: one.number("longest_ms") or 0)
        brokers = enumerated([BROKER_NAMES[one] for one in BROKERS if any(p.settings["broker"] == one for p in met)])
        text = f"With {brokers} a publisher waited longer than 100 ms or got an error while its reader was paused."
        text += f" These did in every round: {told}."
        return (
            "never held",
            f"{text} {LIMITS_LOOK.quantities.said('The longest call lasted {longest} ({label}).', most)}",
        )
    if sides and all(side is False for _, side in sides):
        return "holds", "No publisher waited longer than 100 ms or got an error while its reader was paused."
    raise Undecided("No limit made the publisher wait or gave it an error in every round.")


LAB = Experiment(
    name=NAME,
    number="L2.1",
    title="When “non-blocking” blocks",
    question="What does a publisher notice when its reader stops and something is full?",
    short=when_it_blocks,
    claims=("C16",),
    controls=(
        Control(
            "mode",
            "Limit and publisher",
            "choice",
            "rabbitmq-reject",
            tuple(Option(m.name, m.label) for m in MODES.values()),
        ),
    ),
    grid=grid,
    run=run,
    rules=(c16,),
    needs=BROKERS,
    sum_up=sum_up,
    point_s=10.0,
    quiet=False,
    look=LIMITS_LOOK,
    guess=LIMITS_GUESS,
)
