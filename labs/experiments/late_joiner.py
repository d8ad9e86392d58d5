"""L2.4 The late joiner: messages are published, then another service joins. What does it see, and who has to know?

Seven ways to join, and what becomes of the payload afterwards. Claims C20 and C21.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labs.experiments import joining_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.judge.card import card
from labs.judge.repeats import Summed, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import BROKERS
from labs.scenarios.joining import CHANGES, MODES, Mode, mode_of
from labs.show.looks.joining import JOINING_GUESS, JOINING_LOOK
from labs.show.short.joining import late_joiner

if TYPE_CHECKING:
    from labs.scenarios.joining.facts import JoinRun

NAME = "late-joiner"
REPEATS, CHANGED_REPEATS = 5, 3
"""With the payload as it was, and with another one: what a reader makes of a payload hangs on no clock."""
LOCAL_CLIENT = "Python's own http.server and http.client"


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: the chosen way to join and what becomes of the payload, once a repeat."""
    from labs.scenarios.joining.conductor import run as run_joining

    mode, change, repeats = mode_of(settings["mode"]), settings["change"], settings.get("repeats", 1)
    runs: list[tuple[JoinRun, float]] = []
    with place(mode.broker if mode.broker in BROKERS else "", observer) as endpoint:
        for at in range(repeats):
            start_s = time.monotonic()
            found = run_joining(mode, endpoint, change, observer.part(at, repeats, mode.label))
            found.save(new_run_file(NAME, mode.name))
            runs.append((found, time.monotonic() - start_s))
        on_card = _card(endpoint, [one for one, _ in runs])
    return [digest(mode, change, runs, on_card)]


def digest(mode: Mode, change: str, runs: Sequence[tuple[JoinRun, float]], on_card: Card) -> Digest:
    """One point of the lab from its runs and the seconds that each took."""
    repeats = [_repeat(mode, one, took_s) for one, took_s in runs]
    return Digest(
        lab=NAME,
        settings={
            "mode": mode.name,
            "label": mode.label,
            "broker": mode.broker,
            "change": change,
            "change_label": CHANGES[change],
        },
        repeats=repeats,
        card=on_card,
        **sum_up(repeats),
    )


def _repeat(mode: Mode, run: JoinRun, took_s: float) -> Repeat:
    from labs.scenarios.joining.judge import judge, mentions

    tally = judge(run)
    return {
        "outcome": tally.outcome,
        "verdict": tally.verdict,
        "joined": tally.for_digest(),
        "sender": {
            "same_process": tally.same_process,
            "same_file": tally.same_file,
            "file": run.seen[0].file if run.seen else "",
            "told": tally.told,
            "direct": tally.direct,
            "mentions": mentions(mode.file.read_text("utf-8")),
        },
        "trouble": run.trouble,
        "took_s": round(took_s, 1),
    }


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """How much of the history and of what came after the late one got, over the repeats, and on what they agree."""
    known = {name: [one["joined"]["late"][name] for one in repeats] for name in ("history", "after")}
    outcomes = {one["outcome"] for one in repeats}
    median = {name: known_median(values) for name, values in known.items()}
    median |= {"took_s": known_median([one["took_s"] for one in repeats], 1)}
    outcome = outcomes.pop() if len(outcomes) == 1 else "mixed"
    spread = {name: known_range(values) for name, values in known.items()}
    return {"median": {"outcome": outcome, **median}, "spread": spread}


def _card(endpoint: Endpoint | None, runs: Sequence[JoinRun]) -> dict[str, object]:
    from labs.scenarios.joining import AFTER, BEFORE, CHANGED

    messages = f"{BEFORE} before the late one joins, {AFTER} after it; each is answered before the next is sent"
    more = {"messages": messages, "changed_payload": f"the last {CHANGED}, where one is chosen"}
    if endpoint is None:
        return card(None, None, runs[-1].facts, {**more, "client": LOCAL_CLIENT}, repeats=len(runs))
    return card(endpoint, None, runs[-1].facts, more, repeats=len(runs))


def grid() -> list[Settings]:
    """Every way to join with every payload."""
    rounds = {change: REPEATS if change == "none" else CHANGED_REPEATS for change in CHANGES}
    return [{"mode": mode, "change": change, "repeats": n} for mode in MODES for change, n in rounds.items()]


LAB = Experiment(
    name=NAME,
    number="L2.4",
    title="The late joiner",
    question="What does a service see that joins late, and who has to know of it?",
    short=late_joiner,
    claims=("C20", "C21"),
    controls=(
        Control(
            "mode", "Way to join", "choice", "rabbitmq-queue", tuple(Option(m.name, m.label) for m in MODES.values())
        ),
        Control("change", "Payload, later", "choice", "none", tuple(Option(*one) for one in CHANGES.items())),
    ),
    grid=grid,
    run=run,
    rules=joining_verdicts.RULES,
    needs=BROKERS,
    sum_up=sum_up,
    point_s=4.0,
    quiet=False,
    look=JOINING_LOOK,
    guess=JOINING_GUESS,
)
