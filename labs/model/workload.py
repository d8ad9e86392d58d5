"""A workload: how many messages are due when, and how large they are. Arithmetic only."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
import numpy.typing as npt

from labs.model.message import HEADER_BYTES
from labs.model.profile import UnknownNameError

NS_PER_S = 1_000_000_000
MAX_RATE_PER_S = 1_000_000
MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_MESSAGES = 20_000_000
WARM_PART, BRIEF = 7, 0.4
SPARE = 1.5
"""Times the messages that a trial's rate asks for: room for more than it reached."""


@dataclass(frozen=True)
class Workload:
    """An open-loop schedule: `rate_per_s` for `warmup_s` (not judged) and then for `duration_s`."""

    name: str = "steady"
    rate_per_s: float = 1000.0
    duration_s: float = 4.0
    warmup_s: float = 1.0
    body_bytes: int = 100
    arrivals: Literal["uniform", "poisson"] = "uniform"
    spin: bool = False
    """Wait for each due time in a loop, at any rate: punctual, and a core is gone for it."""
    seed: int = 1

    def __post_init__(self) -> None:
        _between("rate_per_s", self.rate_per_s, 0, MAX_RATE_PER_S, above=True)
        _between("duration_s", self.duration_s, 0, 3600, above=True)
        _between("warmup_s", self.warmup_s, 0, 600)
        _between("body_bytes", self.body_bytes, HEADER_BYTES, MAX_BODY_BYTES)
        _between("messages (rate_per_s x seconds)", self.messages, 1, MAX_MESSAGES)
        if self.arrivals not in ("uniform", "poisson"):
            raise UnknownNameError("arrivals", self.arrivals, ["uniform", "poisson"])

    @property
    def messages(self) -> int:
        """Messages in all, the warm-up included."""
        return round(self.rate_per_s * (self.warmup_s + self.duration_s))

    @property
    def warmup_messages(self) -> int:
        """Messages that are sent first and not judged for latency (loss is judged for all)."""
        return min(round(self.rate_per_s * self.warmup_s), self.messages)

    def due_ns(self) -> npt.NDArray[np.int64]:
        """When each message is due, ns after the start, ascending; shape (messages,)."""
        if self.arrivals == "uniform":
            return np.round(np.arange(self.messages) * (NS_PER_S / self.rate_per_s)).astype(np.int64)
        gaps = np.random.default_rng(self.seed).exponential(NS_PER_S / self.rate_per_s, self.messages)
        return np.round(np.cumsum(gaps)).astype(np.int64)


@dataclass(frozen=True)
class Ceiling:
    """A closed loop, to find how much goes through: at most `window` messages are without an answer, `batch` go in one
    call, and the next batch leaves when there is room. A message is due the moment it is handed over, so a closed loop
    has no latency worth the name."""

    name: str = "ceiling"
    messages: int = 100_000
    window: int = 500
    batch: int = 100
    body_bytes: int = 100
    seed: int = 1
    warmup_messages: int = 0
    """Sent first and not counted for the rate (loss is judged for all)."""
    warmup_s: float = 0.0
    counted_s: float = 0.0
    """Of a loop by time: nothing is handed over after these two together, `messages` are then the most that go, and
    what is answered in `counted_s` counts for the rate. 0: a loop by messages."""

    def __post_init__(self) -> None:
        _between("messages", self.messages, 1, MAX_MESSAGES)
        _between("batch", self.batch, 1, MAX_MESSAGES)
        _between("window", self.window, self.batch, MAX_MESSAGES)
        _between("body_bytes", self.body_bytes, HEADER_BYTES, MAX_BODY_BYTES)
        _between("warmup_messages", self.warmup_messages, 0, self.messages - 1)
        _between("warmup_s", self.warmup_s, 0, 600)
        _between("counted_s", self.counted_s, 0, 3600)

    @property
    def ends_ns(self) -> int | None:
        """When the last message is handed over, ns after the first; None where the messages say when."""
        return round((self.warmup_s + self.counted_s) * NS_PER_S) if self.counted_s else None

    def scaled(self, share: float) -> Ceiling:
        """The same with this share of its messages, but as many as fill the window ten times; a tenth at most warms."""
        messages = max(round(self.messages * share), 10 * self.window)
        return replace(self, messages=messages, warmup_messages=min(self.warmup_messages, messages // 10))

    def lasting(self, length: Length) -> Ceiling:
        """The same for so long, whatever number of messages goes through. Where there is no room for all, the warm-up
        gets shorter first, to a seventh of the whole."""
        asked, least = (length.warmup_s + length.counted_s) * length.per_s, 10 * self.window
        most = max(min(length.most or MAX_MESSAGES, MAX_MESSAGES), least)
        messages = min(max(round(SPARE * asked), least), most)
        whole_s = min(length.warmup_s + length.counted_s, most / length.per_s if length.per_s else float("inf"))
        warm_s = max(min(length.warmup_s, whole_s - length.counted_s), whole_s / WARM_PART)
        return replace(self, messages=messages, warmup_messages=0, warmup_s=warm_s, counted_s=whole_s - warm_s)


@dataclass(frozen=True)
class Length:
    """How long a ceiling is measured: `warmup_s` that do not count and `counted_s` that do. `per_s` is what a trial
    reached, by which room is made; `most` messages find room on the broker at all (0: as many as come)."""

    warmup_s: float
    counted_s: float
    per_s: float
    most: int = 0

    def __post_init__(self) -> None:
        _between("counted_s", self.counted_s, 0, 3600, above=True)

    def brief(self) -> Length:
        """Two fifths of it: of what is only held against another rate."""
        return replace(self, warmup_s=self.warmup_s * BRIEF, counted_s=self.counted_s * BRIEF)


Load = Workload | Ceiling


def _between(name: str, value: float, low: float, high: float, *, above: bool = False) -> None:
    if not (value > low if above else value >= low) or value > high:
        word = "above" if above else "at least"
        raise ValueError(f"{name} must be {word} {low:g} and at most {high:g}, got {value:g}")


@cache
def workloads() -> dict[str, Workload]:
    """All workloads by name, from `labs/model/workloads/*.toml`."""
    found = [path for path in files("labs.model").joinpath("workloads").iterdir() if path.name.endswith(".toml")]
    names = {path.name.removesuffix(".toml"): path for path in sorted(found, key=lambda path: path.name)}
    return {name: Workload(name=name, **tomllib.loads(path.read_text("utf-8"))) for name, path in names.items()}


def workload(name: str, **changes: float | int | str) -> Workload:
    """The workload of that name with some fields replaced."""
    known = workloads()
    if name not in known:
        raise UnknownNameError("workload", name, list(known))
    fields = set(Workload.__dataclass_fields__) - {"name"}
    for field in changes:
        if field not in fields:
            raise UnknownNameError("setting", field, sorted(fields))
    return replace(known[name], **changes)  # type: ignore[arg-type]
