"""A profile: one broker, its settings, the durability rung it claims and what it promises."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

from labs.model.facts import Facts

Late = Literal["replays", "queued", "misses"]
RUNGS = ("nothing", "a clean stop", "a killed process", "a power cut", "a lost machine")
LANES = ("idiomatic", "fast")
"""Idiomatic: the client that readers use. Fast: frames built here, or a client in C; see `labs.brokers.on_lane`."""
BROKERS = ("redis", "rabbitmq", "kafka")


SHOWN = 12
"""Names that a message lists where none is near."""


class UnknownNameError(ValueError):
    """A lab, profile, workload or setting that does not exist; the message offers the nearest names."""

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        self.near = close or sorted(known)
        listed = ", ".join(self.near[:SHOWN]) + (f", ... ({len(known)} in all)" if len(self.near) > SHOWN else "")
        offer = f"{'Nearest' if close else 'There are'}: {listed}." if known else "There is none to choose from."
        super().__init__(f"There is no {kind} named {name!r}. {offer}")


@dataclass(frozen=True)
class Promise:
    """What the profile says a broker does; printed in the book and attacked by tests."""

    acknowledges: bool
    redelivers_unacked: bool
    late_subscriber: Late
    """A subscriber that comes after the messages: gets them all again, gets what is queued, or misses them."""


@dataclass(frozen=True)
class Profile:
    """One broker with its settings. `rung` is an index into RUNGS: the worst event it claims to survive."""

    name: str
    broker: str
    adapter: str
    rung: int
    label: str
    promise: Promise
    settings: Facts = field(default_factory=dict)
    lane: str = "idiomatic"

    def __post_init__(self) -> None:
        if not 0 <= self.rung < len(RUNGS):
            raise ValueError(f"{self.name}: rung must be 0 to {len(RUNGS) - 1}, got {self.rung}")


def _parse(name: str, table: Facts) -> Profile:
    promise = Promise(**table.pop("promise"))
    return Profile(name=name, promise=promise, **table)


@cache
def profiles() -> dict[str, Profile]:
    """All profiles by name, from `labs/model/profiles/*.toml`."""
    found = sorted(files("labs.model").joinpath("profiles").iterdir(), key=lambda path: path.name)
    texts = {path.name.removesuffix(".toml"): path.read_text("utf-8") for path in found if path.name.endswith(".toml")}
    return {name: _parse(name, tomllib.loads(text)) for name, text in texts.items()}


def profile(name: str) -> Profile:
    """The profile of that name, or UnknownNameError with the nearest ones."""
    try:
        return profiles()[name]
    except KeyError:
        raise UnknownNameError("profile", name, list(profiles())) from None
