"""What a lab is: a question, controls, a grid to record, a run, charts and a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any, Literal

from labs import soundness
from labs.digest import Digest
from labs.looks import LATENCY_LOOK, Guess, Look
from labs.owning import check_ours
from labs.profile import BROKERS, UnknownNameError
from labs.recorder import Watch

Word = Literal["holds", "holds with conditions", "no longer holds", "never held", "undecided here"]
Settings = dict[str, Any]


@dataclass(frozen=True)
class Option:
    """One choice of a control; `reason` says why it cannot be chosen, empty if it can."""

    value: Any
    label: str
    reason: str = ""


@dataclass(frozen=True)
class Control:
    """One thing the reader sets. A slider has `low` and `high` and moves on a log scale."""

    name: str
    label: str
    kind: Literal["many", "slider", "steps", "choice"]
    default: Any
    options: tuple[Option, ...] = ()
    unit: str = ""
    low: float = 0
    high: float = 0
    alias: str = ""

    def read(self, value: Any) -> Any:
        """A checked value from what a panel or a command line gave; ValueError says what is allowed."""
        if self.kind == "slider":
            return self._number(value)
        known = {str(option.value): option.value for option in self.options}
        if self.kind != "many":
            if str(value) not in known:
                raise UnknownNameError(f"value of {self.name}", str(value), list(known))
            return known[str(value)]
        chosen = value.split(",") if isinstance(value, str) else list(value)
        for one in chosen:
            if str(one) not in known:
                raise UnknownNameError(f"value of {self.name}", str(one), list(known))
        if not chosen:
            raise ValueError(f"{self.name} must name at least one of {', '.join(known)}")
        return [known[str(one)] for one in dict.fromkeys(chosen)]

    def _number(self, value: Any) -> float | int:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"{self.name} must be a number, got {value!r}") from None
        if not self.low <= number <= self.high:
            raise ValueError(f"{self.name} must be {self.low:g} to {self.high:g} {self.unit}, got {number:g}".rstrip())
        return int(number) if number.is_integer() else number


@dataclass(frozen=True)
class Verdict:
    """A word on one claim and the sentence that gives the figures."""

    claim: str
    word: Word
    text: str


@dataclass(frozen=True)
class _OfSound:
    """A rule that is asked about the points that count: not about void ones, nor where messages were refused unasked.
    It says which ones it was not asked about."""

    inner: Callable[[Sequence[Digest]], list[Verdict]]

    @classmethod
    def rule(cls, one: Callable[[Sequence[Digest]], list[Verdict]]) -> _OfSound:
        """The same rule, once."""
        return one if isinstance(one, cls) else cls(one)

    def __call__(self, digests: Sequence[Digest]) -> list[Verdict]:
        why = {str(one["settings"].get("label", one["lab"])): said for one in digests if (said := soundness.said(one))}
        if not why:
            return self.inner(digests)
        found = self.inner([digest for digest in digests if not soundness.said(digest)])
        left_out = " ".join(f"{label}: {said}" for label, said in why.items())
        return [replace(one, text=f"{one.text} Left out: {left_out}") for one in found]


@dataclass(frozen=True)
class Experiment:
    """One lab. `run` measures live; everything a page shows comes from digests alone."""

    name: str
    number: str
    title: str
    question: str
    claims: tuple[str, ...]
    controls: tuple[Control, ...]
    grid: Callable[[], list[Settings]]
    """The settings that `labs record` records."""
    run: Callable[[Settings, Watch], list[Digest]]
    verdict: Callable[[Sequence[Digest]], list[Verdict]]
    warm_up: Callable[[Watch], dict[str, Any]] | None = None
    """What `labs record` does with fresh brokers before it measures; gives facts for the file's card."""
    charts: Mapping[str, Callable[[Sequence[Digest]], Any]] = field(default_factory=dict)
    """Name -> figure of digests; the first is the lab's picture."""
    needs: tuple[str, ...] = (*BROKERS, "memory")
    """Brokers that `labs record` starts once for all points; a fault lab starts its own for each run."""
    elsewhere: Callable[[], list[Digest]] | None = None
    """Points that others have published, for `labs record` to put beside the measured ones."""
    judge: Callable[[Sequence[Path]], list[Digest]] | None = None
    """Raw runs -> digests, where the raw runs say all: what was recorded can be judged anew without a broker."""
    far: bool = False
    """Whether its producers and consumers may run elsewhere: `labs run --executor`."""
    only_here: Callable[[Settings], str] = lambda _settings: ""
    """Of such a lab: why these settings keep to this machine all the same; empty where they do not."""
    look: Look = LATENCY_LOOK
    """What its digests look like on a page and in the panel."""
    guess: Guess | None = None
    """What the reader commits to before an outcome is shown; None shows it at once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", _OfSound.rule(self.verdict))
        object.__setattr__(self, "run", _checked(self.name, self.run))

    def settings(self, given: Mapping[str, Any] | None = None) -> Settings:
        """Every control's value, the defaults overridden by `given`; unknown names offer the nearest."""
        chosen = {control.name: control.default for control in self.controls}
        names = {c.name: c for c in self.controls} | {c.alias: c for c in self.controls if c.alias}
        for name, value in (given or {}).items():
            if name in ("repeats", "seed", "backend", "mix", "rungs"):
                chosen[name] = _extra(name, value)
            elif name not in names:
                raise UnknownNameError("setting", name, sorted(names))
            else:
                chosen[names[name].name] = names[name].read(value)
        return chosen


def _checked(name: str, run: Callable[[Settings, Watch], list[Digest]]) -> Callable[[Settings, Watch], list[Digest]]:
    """The run, which begins only where what it keeps can be kept: PermissionError with the cure, before measuring."""

    @wraps(run)
    def checked(settings: Settings, watch: Watch) -> list[Digest]:
        check_ours(name)
        return run(settings, watch)

    return checked


def _extra(name: str, value: Any) -> Any:
    if name in ("repeats", "seed"):
        most = 100 if name == "repeats" else 1_000_000
        if not str(value).isdigit() or not 1 <= int(value) <= most:
            raise ValueError(f"{name} must be 1 to {most:,}, got {value!r}")
        return int(value)
    if name == "backend":
        return str(value)
    return str(value).lower() in ("1", "true", "yes") if name == "mix" else dict(value)
