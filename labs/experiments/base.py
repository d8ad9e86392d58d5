"""What a lab is: a question, controls, a grid to record, a run, and the rules that judge it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from labs.experiments.rules import Rule, Verdict
from labs.judge.repeats import SumUp
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.observer import Observer
from labs.model.paths import check_ours
from labs.model.profile import BROKERS, UnknownNameError
from labs.model.text import enumerated
from labs.show.looks import LATENCY_LOOK, Guess, Look
from labs.show.short import InShort

if TYPE_CHECKING:
    from labs.experiments.rate_lab import Way
    from labs.show.charts import Figure

Settings = dict[str, Any]
BACKENDS = ("auto", "compose", "native")
EXTRAS = {"repeats": 100, "seed": 1_000_000, "seconds": 600, "backend": 0}
"""What a run takes beside its lab's controls, and the most that a number may be. `seconds`, how long a repeat
is judged, is for the labs whose grid says it."""


@dataclass(frozen=True)
class Option:
    """One choice of a control; `reason` says why it cannot be chosen, empty if it can."""

    value: Any
    label: str
    reason: str = ""


@dataclass(frozen=True)
class Control:
    """One thing the reader sets. A slider has `low` and `high` and moves on a log scale; a box has two options, the
    second of which is chosen where it is ticked."""

    name: str
    label: str
    kind: Literal["many", "slider", "steps", "choice", "box"]
    default: Any
    options: tuple[Option, ...] = ()
    unit: str = ""
    low: float = 0
    high: float = 0
    alias: str = ""
    sets: str = ""
    """What a point calls it, where that is another name: `brokers` chooses the points of each `broker`."""
    per: str = ""
    """The control, one that takes many, of which each value may have its own of this one."""
    own: str = ""
    """The setting of a run that has these, as a table; the panel offers to mix."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sets", self.sets or self.name)

    @property
    def typed(self) -> str:
        """Its name as a command line has it."""
        return self.alias or self.name

    def read_own(self, value: Any) -> dict[str, Any]:
        """A checked table of each one's own value; ValueError says what is allowed."""
        if not isinstance(value, Mapping):
            said = f"is a table, which a command line cannot give: --set {self.typed}={self.default} is for all"
            raise ValueError(f"{self.own} {said}")
        return {str(one): self.read(own) for one, own in value.items()}

    def read(self, value: Any) -> Any:
        """A checked value from what a panel or a command line gave; ValueError says what is allowed."""
        if self.kind == "slider":
            return self._number(value)
        known = {str(option.value): option.value for option in self.options}
        if self.kind != "many":
            if str(value) not in known:
                raise UnknownNameError(f"value of {self.typed}", str(value), list(known))
            return known[str(value)]
        chosen = value.split(",") if isinstance(value, str) else list(value)
        for one in chosen:
            if str(one) not in known:
                raise UnknownNameError(f"value of {self.typed}", str(one), list(known))
        if not chosen:
            raise ValueError(f"{self.typed} must name at least one of {', '.join(known)}")
        return [known[str(one)] for one in dict.fromkeys(chosen)]

    def _number(self, value: Any) -> float | int:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"{self.typed} must be a number, got {value!r}") from None
        if not self.low <= number <= self.high:
            raise ValueError(f"{self.typed} must be {self.low:g} to {self.high:g} {self.unit}, got {number:g}".rstrip())
        return int(number) if number.is_integer() else number


@dataclass(frozen=True)
class Experiment:
    """One lab. `run` measures live; everything a page shows comes from digests alone."""

    name: str
    number: str
    title: str
    question: str
    controls: tuple[Control, ...]
    grid: Callable[[], list[Settings]]
    """The settings that `labs record` records."""
    run: Callable[[Settings, Observer], list[Digest]]
    sum_up: SumUp
    """A point's repeats -> their medians and ranges: of one round's and of all rounds' alike."""
    claims: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    """How each of its claims is judged."""
    beside: tuple[str, ...] = ()
    """Labs whose recorded points its rules look at besides their own."""
    warm_up: Callable[[Observer], dict[str, Any]] | None = None
    """What `labs record` does with fresh brokers before it measures; gives facts for the file's card."""
    needs: tuple[str, ...] = (*BROKERS, "memory")
    """Brokers that `labs record` starts once for all points; a fault lab starts its own for each run."""
    elsewhere: Callable[[], list[Digest]] | None = None
    """Points that others have published, for `labs record` to put beside the measured ones."""
    judge: Callable[[Sequence[Path]], list[Digest]] | None = None
    """Raw runs -> digests, where the raw runs say all: what was recorded can be judged anew without a broker."""
    point_s: float = 10.0
    """About how long one point of one round takes, s; said before it was recorded for the first time."""
    quiet: bool = True
    """Whether a point is recorded again where other programs used the processor: they take from a rate and add to a
    time. What becomes of a message does not depend on them; such a run is void only where its clock or fault is."""
    far: bool = False
    """Whether its producers and consumers may run elsewhere: `labs run --executor`."""
    only_here: Callable[[Settings], str] = lambda _settings: ""
    """Of such a lab: why these settings keep to this machine all the same; empty where they do not."""
    look: Look = LATENCY_LOOK
    """What its digests look like on a page and in the panel."""
    guess: Guess | None = None
    """What the reader commits to before an outcome is shown; None shows it at once."""
    short: InShort | None = None
    """What its page says in short, right under the title; None of a lab that has no page of its own."""
    missing: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """Broker and rung -> why there is no such setting, of a lab that lets both be chosen."""
    why_not: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """What makes a point's key -> why there can be no such point."""
    ways: tuple[Way, ...] = ()
    """Of a lab whose one control is the way of sending: the ways that can be run here."""

    def verdict(self, digests: Sequence[Digest]) -> list[Verdict]:
        """A word on each claim by these points, whatever the grid has besides."""
        return [rule(digests) for rule in self.rules]

    def figure(self, chart: str, digests: Sequence[Digest]) -> Figure:
        """A chart of its look for a notebook: `lab.figure("ladder", digests)`."""
        from labs.show.charts import figure  # a page is built without plotly

        return figure(self.look, chart, digests)

    def judged(self, digests: Sequence[Digest], beside: Sequence[Digest] = ()) -> list[Verdict]:
        """The words that these points can carry; `undecided here` with what is missing for the others. `beside` are
        the recorded points of the labs of that name."""
        lacking, whole = self.lacking(digests), len(self.grid_keys())
        older = enumerated([f"“{one.label}”" for one in self.newer(digests)] or [""])
        return [rule.judged([*digests, *beside], lacking, whole, older) for rule in self.rules]

    def newer(self, digests: Sequence[Digest]) -> list[Control]:
        """The controls that all of the grid's points have and none of these, which are older than they."""
        points = [self.look.applies(one) for settings in self.grid() for one in self.points_of(settings)]
        old = [one for one in self.controls if not any(one.sets in digest.settings for digest in digests)]
        return [one for one in old if digests and all(one.sets in point for point in points)]

    def lacking(self, digests: Sequence[Digest]) -> list[str]:
        """The keys of the grid's points that are not among these."""
        known = {self.look.key(digest.settings) for digest in digests}
        return [key for key in self.grid_keys() if key not in known]

    def grid_keys(self) -> list[str]:
        """The keys of all points that the grid has and that there can be."""
        points = [one for settings in self.grid() for one in self.points_of(settings)]
        return [self.look.key(one) for one in points if (one.get("broker"), one.get("rung")) not in self.missing]

    def points_of(self, settings: Settings) -> list[Settings]:
        """One table of settings a point: a control that takes many makes as many points."""
        many = next((control for control in self.controls if control.kind == "many"), None)
        return [settings | {many.sets: one} for one in settings[many.name]] if many else [settings]

    def __post_init__(self) -> None:
        judged = [one.claim for one in self.rules]
        if sorted(judged) != sorted(self.claims):
            raise ValueError(
                f"{self.name}: its claims are {', '.join(self.claims)}; its rules judge {', '.join(judged)}"
            )
        object.__setattr__(self, "run", _checked(self.name, self.run))

    def settings(self, given: Mapping[str, Any] | None = None) -> Settings:
        """Every control's value, the defaults overridden by `given`; unknown names offer the nearest."""
        chosen = {control.name: control.default for control in self.controls}
        names = {c.name: c for c in self.controls} | {c.alias: c for c in self.controls if c.alias}
        owns = {control.own: control for control in self.controls if control.own}
        offered = sorted(control.typed for control in self.controls)
        for name, value in (given or {}).items():
            if name in EXTRAS and (name != "seconds" or any(name in point for point in self.grid())):
                chosen[name] = _extra(name, value)
            elif name in owns:
                chosen[name] = owns[name].read_own(value)
            elif name not in names:
                raise UnknownNameError(f"setting of {self.name}", name, offered)
            else:
                chosen[names[name].name] = names[name].read(value)
        return chosen


@contextmanager
def place(broker: str, observer: Observer) -> Iterator[Endpoint | None]:
    """That broker for the length of the block; None of no name, and none is started."""
    from labs import stack

    if not broker:
        yield None
        return
    with stack.session((broker,), report=partial(observer.progress, 0.0)) as endpoints:
        yield endpoints[broker]


def _checked(
    name: str, run: Callable[[Settings, Observer], list[Digest]]
) -> Callable[[Settings, Observer], list[Digest]]:
    """The run, which begins only where what it keeps can be kept: PermissionError with the cure, before measuring.

    Whoever waits for another run meanwhile says so, and a cancel ends it.
    """

    @wraps(run)
    def checked(settings: Settings, observer: Observer) -> list[Digest]:
        from labs.record.monitor import waiting

        check_ours(name)
        with waiting(observer):
            return run(settings, observer)

    return checked


def _extra(name: str, value: Any) -> Any:
    """What every lab's run takes beside its controls, checked."""
    if name != "backend":
        most = EXTRAS[name]
        if not str(value).isdigit() or not 1 <= int(value) <= most:
            raise ValueError(f"{name} must be 1 to {most:,}, got {value!r}")
        return int(value)
    if str(value) not in BACKENDS:
        raise UnknownNameError("backend", str(value), list(BACKENDS))
    return str(value)
