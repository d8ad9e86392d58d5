"""Messages: a dot a message, where it was at each moment, as it was recorded. Scenes beside each other have one clock.

A message goes through the stages of the picture, each entered at a recorded time; one that was lost vanishes at the end
of its scene. Times are ns after the start of the scene.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from labs.model.digest import Table
from labs.model.text import counted, enumerated
from labs.show import Json
from labs.show.pictures.base import (
    FORMAT,
    About,
    Mark,
    after_start,
    check,
    check_marks,
    distinct,
    known_ink,
    marked,
    to_ms,
    to_ns,
)

Fate = Literal["kept", "lost", "open"]
"""What became of a message: it was there afterwards, it was promised and was not, or nobody asked."""
MOST = 700
"""So many dots of a scene can be drawn and counted."""
STAGES = (2, 4)


@dataclass(frozen=True)
class Message:
    """One message of the run: when it entered each stage, None where it never did, and what became of it."""

    times: tuple[int | None, ...]
    fate: Fate = "open"


@dataclass(frozen=True)
class Scene:
    """One run, or its beginning: its messages until `end_ns`, and what happened meanwhile."""

    name: str
    ink: str
    messages: tuple[Message, ...]
    end_ns: int
    marks: tuple[Mark, ...] = ()
    card: Table = field(default_factory=dict)

    def reached(self, stage: int) -> int:
        """How many messages entered a stage."""
        return sum(one.times[stage] is not None for one in self.messages)

    def count(self, fate: Fate) -> int:
        """How many messages met that fate."""
        return sum(one.fate == fate for one in self.messages)


@dataclass(frozen=True)
class Messages:
    """The whole picture. Raises PictureError when it cannot be drawn."""

    stages: tuple[str, ...]
    """What a message goes through, in order: `sent`, `confirmed`, `on the disk`."""
    scenes: tuple[Scene, ...]
    about: About = field(default_factory=About)
    kind: Literal["messages"] = "messages"

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn or read."""
        low, high = STAGES
        many = f"it has {len(self.stages)} stages"
        check(low <= len(self.stages) <= high, "messages", many, f"{low} to {high} can be drawn")
        distinct(self.stages, "messages")
        check(1 <= len(self.scenes) <= 3, "messages", f"it has {len(self.scenes)} scenes", "1 to 3 can be compared")
        distinct((scene.name for scene in self.scenes), "messages")
        for scene in self.scenes:
            _check_scene(scene, len(self.stages))

    @property
    def title(self) -> str:
        """The finding: the given one, what each scene lost, or where nobody asked for that, how far it came."""
        if self.about.title:
            return self.about.title
        if any(scene.count("open") < len(scene.messages) for scene in self.scenes):
            first, *more = self.scenes
            return "; ".join([self._lost(first, f" {self.stages[-2]} messages"), *map(self._lost, more)])
        ends = {after_start(scene.end_ns) for scene in self.scenes}
        came = "; ".join(f"{scene.name}: {scene.reached(-1):,} {self.stages[-1]}" for scene in self.scenes)
        return f"{came}, in {enumerated(sorted(ends))}"

    def _lost(self, scene: Scene, what: str = "") -> str:
        lost, promised = scene.count("lost"), scene.count("lost") + scene.count("kept")
        many = "none" if not lost else "all" if lost == promised else f"{lost:,}"
        return f"{scene.name} lost {many} of {promised:,}{what}"

    @property
    def sentence(self) -> str:
        """Scene by scene what was sent, how far it came, what was lost, and what happened when."""
        return " ".join(f"{self._found(scene)}. {marked(scene.marks, ())}".strip() for scene in self.scenes)

    def _found(self, scene: Scene) -> str:
        told = [f"{scene.reached(at):,} {stage}" for at, stage in enumerate(self.stages) if at]
        lost = scene.count("lost")
        told += [f"{lost:,} lost"] if lost or scene.count("kept") else []
        return f"{scene.name}: {counted(scene.reached(0), 'message')} {self.stages[0]}, {', '.join(told)}"

    @property
    def alt(self) -> str:
        """What a reader who does not see it is told."""
        return f"Messages as dots that go through {', '.join(self.stages)}. {self.sentence}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Heads of the table."""
        return ("Run", *(stage.capitalize() for stage in self.stages), "Lost", "Shown", "First lost, before the end")

    @property
    def rows(self) -> list[list[str]]:
        """A row a scene."""
        return [
            [
                scene.name,
                *(f"{scene.reached(at):,}" for at in range(len(self.stages))),
                f"{scene.count('lost'):,}" if scene.count("lost") or scene.count("kept") else "not asked",
                after_start(scene.end_ns),
                _oldest(scene),
            ]
            for scene in self.scenes
        ]

    def figures(self) -> Mapping[str, str]:
        """What prose may ask: `quorum queue lost`, `window 1 confirmed`."""
        found: dict[str, str] = {}
        for scene in self.scenes:
            found |= {f"{scene.name} {stage}": f"{scene.reached(at):,}" for at, stage in enumerate(self.stages)}
            found[f"{scene.name} lost"] = f"{scene.count('lost'):,}"
        return found

    def to_json(self) -> Json:
        """Plain JSON, times in ms; `said` holds the words that follow from the data."""
        said = {"title": self.title, "sentence": self.sentence, "alt": self.alt}
        scenes = [_scene_json(scene) for scene in self.scenes]
        data = {"format": FORMAT, "kind": self.kind, "stages": list(self.stages), "scenes": scenes}
        return data | {"about": self.about.to_json(), "said": said}

    @classmethod
    def from_json(cls, data: Table) -> Messages:
        """What `to_json` gave; words are made anew from the data."""
        scenes = tuple(map(_scene_of, data["scenes"]))
        return cls(tuple(data["stages"]), scenes, About.from_json(data.get("about", {})))


def _check_scene(scene: Scene, stages: int) -> None:
    where = f"scene {scene.name!r}"
    known_ink(scene.ink, where)
    check_marks(scene.marks, ())
    many = len(scene.messages)
    check(1 <= many <= MOST, where, f"it has {many:,} messages", f"1 to {MOST} can be drawn: show a part of the run")
    for at, one in enumerate(scene.messages):
        spot = f"{where}, message {at}"
        check(len(one.times) == stages, spot, f"it has {len(one.times)} times", f"one for each of {stages} stages")
        known = [time for time in one.times if time is not None]
        skipped = any(a is None and b is not None for a, b in pairwise(one.times))
        check(bool(known) and not skipped, spot, "it enters a stage without the one before", "give each time")
        check(known == sorted(known), spot, "its times go back", "a stage comes after the one before")
        check(known[-1] <= scene.end_ns, spot, "it moves after the end", "end_ns is the last moment shown")
        last = one.times[-1] is None
        check(one.fate != "lost" or last, spot, "it is lost and in the last stage", "what is there is not lost")


def _oldest(scene: Scene) -> str:
    """How long before the end the first lost message had been promised."""
    lost = [time for one in scene.messages if one.fate == "lost" for time in one.times[-2:-1] if time is not None]
    return after_start(scene.end_ns - min(lost)) if lost else "–"


def _scene_json(scene: Scene) -> Json:
    times = [[None if time is None else to_ms(time) for time in one.times] for one in scene.messages]
    fates = "".join(one.fate[0] for one in scene.messages)
    marks = [mark.to_json() for mark in scene.marks]
    return {
        "name": scene.name, "ink": scene.ink, "end_ms": to_ms(scene.end_ns), "times_ms": times, "fates": fates,
        "marks": marks, "card": dict(scene.card),
    }  # fmt: skip


def _scene_of(data: Table) -> Scene:
    fates: dict[str, Fate] = {"k": "kept", "l": "lost", "o": "open"}
    messages = tuple(
        Message(tuple(None if ms is None else to_ns(ms) for ms in times), fates[fate])
        for times, fate in zip(data["times_ms"], data["fates"], strict=True)
    )
    marks = tuple(map(Mark.from_json, data["marks"]))
    return Scene(data["name"], data["ink"], messages, to_ns(data["end_ms"]), marks, data.get("card", {}))
