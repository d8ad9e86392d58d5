"""L4.3 Five routing puzzles: can bindings alone send each message to those who want it, with one and the same producer?

Claims C38 and C39.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labs.experiments import routing_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.judge.card import card
from labs.judge.repeats import Summed, known_median, known_range
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.profile import UnknownNameError
from labs.scenarios.routing.from_file import fits, read_file
from labs.scenarios.routing.puzzles import MESSAGES, PUZZLES, TRIES, Puzzle, events, judge
from labs.scenarios.routing.topology import Binding, Exchange
from labs.scenarios.routing.written import Line
from labs.show.looks.routing import LOOK
from labs.show.short.routing import in_short

NAME = "routing-puzzles"
REPEATS = 5
COUNTED = ("wanted", "missing", "stray", "doubled", "nowhere", "returned")
OWN, YOURS = "own", "your own"
"""A topology from a file of the reader's, and what that is called."""


@dataclass(frozen=True)
class _Bindings(Control):
    """How the queues are bound: one of TRIES, or what a file says that is named as @FILE."""

    def read(self, value: Any) -> Any:
        """The name, or the file's, which has been read once: what is wrong with it is said before a broker starts."""
        if str(value).startswith("@"):
            read_file(str(value)[1:])
            return str(value)
        if str(value) not in TRIES:
            raise UnknownNameError(f"value of {self.typed}", str(value), [*TRIES, "@FILE"])
        return super().read(value)


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: a puzzle by one topology, with other messages in each repeat."""
    puzzle, how, repeats = PUZZLES[settings["puzzle"]], settings["topology"], settings.get("repeats", 1)
    lines: list[Line] = []
    if how.startswith("@"):
        lines, file, how = read_file(how[1:]), how[1:], OWN
        fits(file, lines, puzzle)
    with place("rabbitmq", observer) as endpoint:
        assert endpoint  # it is named
        found = [
            _played(
                endpoint, puzzle, lines or how, settings.get("seed", 1) + at, observer.part(at, repeats, puzzle.title)
            )
            for at in range(repeats)
        ]
        on_card = card(endpoint, None, {}, _card(endpoint), repeats=repeats)
    label = f"{puzzle.title}, {TRIES.get(how, YOURS)}"
    chosen = {"broker": "rabbitmq", "puzzle": puzzle.name, "topology": how, "label": label}
    known = puzzle.topology(how)
    told = [one.said for one in lines] if lines else [*known.exchanges, *known.bindings]
    setup = {
        "exchanges": [f"{one.name} ({one.type})" for one in told if isinstance(one, Exchange)],
        "bindings": [str(one) for one in told if isinstance(one, Binding)],
    }
    return [Digest(lab=NAME, settings=chosen, setup=setup, repeats=found, card=on_card, **sum_up(found))]  # type: ignore[arg-type]


def _played(endpoint: Endpoint, puzzle: Puzzle, how: str | list[Line], seed: int, observer: Observer) -> Repeat:
    """What twenty messages of that seed did: where each arrived, and what that is against what was wanted. `how` is
    the name of a topology, or the lines of one."""
    from labs.scenarios.routing.own import play_own
    from labs.scenarios.routing.running import play

    observer.check("before publishing")
    observer.progress(0.1, f"publishing {MESSAGES} messages")
    sent = events(seed)
    played = play(endpoint, puzzle.topology(how), sent) if isinstance(how, str) else play_own(endpoint, how, sent)
    became = judge(puzzle, sent, played.arrived)
    counts = {name: len(getattr(became, name)) for name in COUNTED[1:-1]}
    return {
        "seed": seed,
        "outcome": "solved" if became.solved else "not solved",
        "jobs": {"messages": len(sent), "wanted": became.wanted, "returned": len(played.returned), **counts},
        "arrived": played.arrived,
        "returned": played.returned,
        "producer": played.producer,
    }


def _card(endpoint: Endpoint) -> dict[str, object]:
    from labs.scenarios.routing.running import protocols

    said = ", ".join(protocols(endpoint)) or "not seen from here"
    return {"messages": f"{MESSAGES} a round, persistent, each confirmed, mandatory", "protocols": said}


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """Medians and ranges of the counts, and whether all repeats ended alike."""
    ends = {one["outcome"] for one in repeats}
    known = {name: [float(one["jobs"][name]) for one in repeats] for name in COUNTED}
    median: dict[str, object] = {"outcome": ends.pop() if len(ends) == 1 else "mixed"}
    median |= {name: known_median(values) for name, values in known.items()}
    return {"median": median, "spread": {name: known_range(values) for name, values in known.items()}}


def grid() -> list[Settings]:
    """Every puzzle by its usual first try and by its solution."""
    return [{"puzzle": name, "topology": how, "repeats": REPEATS} for name in PUZZLES for how in TRIES]


LAB = Experiment(
    name=NAME,
    number="L4.3",
    title="Five routing puzzles",
    question="Can bindings alone bring each message to those who want it, with one and the same producer?",
    short=in_short,
    claims=("C38", "C39"),
    controls=(
        Control("puzzle", "Puzzle", "choice", "wildcards", tuple(Option(p.name, p.title) for p in PUZZLES.values())),
        _Bindings("topology", "Bindings", "choice", "first", tuple(Option(name, said) for name, said in TRIES.items())),
    ),
    grid=grid,
    run=run,
    rules=routing_verdicts.RULES,
    beside=(routing_verdicts.BESIDE,),
    needs=("rabbitmq",),
    sum_up=sum_up,
    point_s=1.0,
    quiet=False,
    look=LOOK,
)
