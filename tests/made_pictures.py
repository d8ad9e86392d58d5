"""Made data for the pictures: shapes that a real run seldom has. No figure in here was measured."""

from __future__ import annotations

from typing import Any

from labs.experiments.base import Control, Experiment, Option
from labs.judge.repeats import nothing
from labs.model.digest import Digest
from labs.show.looks import Chart, Guess
from labs.show.looks.picture import grid_look, picture_look
from labs.show.pictures import About, Grid, Lanes, Mark, Messages, Span, Timeline
from labs.show.pictures.grid import Capability, Cell, Quantity, Setup
from labs.show.pictures.items import Item, State
from labs.show.pictures.messages import Message, Scene
from labs.show.pictures.panels import Line, Panel

MS = 1_000_000
EVIL = "<img src=x onerror=alert(1)> & $x^2$ %{y} <b>b</b>"
"""A name that is HTML, TeX and a template to whoever reads it so."""
PLAIN, AGAIN = State("done", plain=True), State("redelivered", "conditions", "striped", "diamond")


def line(name: str, *values: float | None, ink: str = "ink", step_ms: int = 100) -> Line:
    """A value every `step_ms` from 0 on."""
    return Line(name, tuple((at * step_ms * MS, value) for at, value in enumerate(values)), ink)


def one_panel(*lines: Line, name: str = "publish latency", unit: str = "ms", marks: tuple[Mark, ...] = ()) -> Timeline:
    """One panel with these lines."""
    return Timeline((Panel(name, unit, lines),), marks, about=About(condition="with one publisher"))


def three_brokers() -> Timeline:
    """Three panels, a broker a line, one with a gap; marks so near to each other that their words need three rows."""
    redis = line("Redis", *[1 + at % 7 * 0.3 for at in range(60)], ink="redis")
    rabbitmq = line(
        "RabbitMQ", *[2.0 if at < 25 else None if at < 35 else 400.0 - at for at in range(60)], ink="rabbitmq"
    )
    kafka = line("Kafka", *[3 + at * 20.0 for at in range(60)], ink="kafka")
    both = (redis, rabbitmq, kafka)
    panels = (
        Panel("publish latency", "ms", both, "log"),
        Panel("backlog", "messages", both, shape="steps"),
        Panel("rate", "/s", both),
    )
    marks = (Mark(2400 * MS, "connection blocked"), Mark(2500 * MS, "killed"), Mark(2600 * MS, "flush"))
    about = About(under="Made data: nothing here was measured.", condition="with a full disk")
    return Timeline(panels, marks, (Span(3000 * MS, 4200 * MS, "paused"),), about)


def three_cuts() -> Messages:
    """Forty messages each, of which some, all and none are lost when it ends."""
    scenes = []
    for name, ink, flushed in (("some", "redis", 30), ("all", "rabbitmq", 0), ("none", "kafka", 40)):
        kept = [Message((at * 10 * MS, at * 10 * MS + MS, 400 * MS), "kept") for at in range(flushed)]
        lost = [Message((at * 10 * MS, at * 10 * MS + MS, None), "lost") for at in range(flushed, 40)]
        scenes.append(Scene(name, ink, (*kept, *lost), 450 * MS, (Mark(400 * MS, "flush"), Mark(450 * MS, "cut"))))
    return Messages(("sent", "confirmed", "on the disk"), tuple(scenes), About(condition="with one flush"))


def two_thousand() -> Lanes:
    """Twelve partitions with 2,000 messages, some redelivered, one never ended, dots among them."""
    items = []
    for at in range(2000):
        start = at * 5 * MS
        end = start if at % 10 == 0 else start + 40 * MS
        items.append(
            Item(f"partition {at % 12}", f"message {at}", start, end, "redelivered" if at % 97 == 0 else "done")
        )
    items[-1] = Item("partition 7", "message 1999", 1999 * 5 * MS, None, "done")
    marks = (Mark(4000 * MS, "killed", "partition 3"), Mark(6000 * MS, "rebalance"))
    lanes = tuple(f"partition {at}" for at in range(12))
    return Lanes(lanes, (PLAIN, AGAIN), tuple(items), marks, about=About(under="Made data: nothing here was measured."))


def every_state() -> Grid:
    """A cell of each state, a name that is markup, and a column of which nothing is known."""
    setups = (Setup("list", "Redis", "redis"), Setup("stream", "Redis", "redis"), Setup(EVIL, "Kafka", "kafka"))
    heads = (
        Capability("Keeps", "keeps all", "keep all"),
        Capability("Orders", "keeps order", "keep order"),
        Capability("Replays"),
    )
    cells = {
        ("list", "Keeps"): Cell("yes"),
        ("list", "Orders"): Cell("partly", figure="3 of 4"),
        ("list", "Replays"): Cell("absent"),
        ("stream", "Keeps"): Cell("no", "all lost", "300", "the log was off"),
        ("stream", "Orders"): Cell("mixed"),
        ("stream", "Replays"): Cell("unknown"),
        (EVIL, "Keeps"): Cell("failed", "did not start", reason=EVIL),
    }
    return Grid(setups, heads, cells, ("setting", "settings"), About(under="Made data: nothing here was measured."))


WAYS = ("list", "stream", "topic")
CONTROLS = (Control("way", "Way", "choice", "list", tuple(Option(way, way.capitalize()) for way in WAYS)),)


def digest(lab: str, way: str, **more: Any) -> Digest:
    """A digest as a lab of a picture would give it."""
    settings = {"way": way, "label": way.capitalize(), "broker": "redis"}
    return Digest(lab=lab, settings=settings, repeats=[{"trouble": ""}], card={}, **({"median": {}} | more))


def _lab(look: Any, guess: Guess | None = None) -> Experiment:
    return Experiment(
        name="made", number="L0.9", title="Made", question="?", controls=CONTROLS, grid=list,
        run=lambda _settings, _watch: [], sum_up=nothing, needs=(), look=look, guess=guess,
    )  # fmt: skip


def timeline_lab() -> tuple[Experiment, list[Digest]]:
    """A lab whose points are a timeline, lanes and a grid each."""
    charts = (
        Chart("course", "Over time", "timeline"),
        Chart("who", "Who did what", "lanes"),
        Chart("can", "Can", "grid"),
    )
    look = picture_look(("way",), charts, three_brokers().columns, asks=("backlog Kafka highest",))
    three = {"course": three_brokers().to_json(), "who": two_thousand().to_json(), "can": every_state().to_json()}
    found = [digest("made", way, pictures=three) for way in WAYS[:2]]
    return _lab(look), found


def _kept(count: int) -> Cell:
    return Cell("yes" if count else "no", figure=f"{count}")


def _named(way: str) -> Cell:
    return Cell("partly", way, reason="it is so called")


def grid_lab(guess: Guess | None = None) -> tuple[Experiment, list[Digest]]:
    """A lab whose points are the rows of a grid."""
    table = (
        Quantity[Digest](Capability("Kept"), lambda one: _kept(one.median["kept"])),
        Quantity[Digest](Capability("Named"), lambda one: _named(one.settings["way"])),
    )
    chart = Chart("grid", "What is kept", "grid", rows="way")
    look = grid_look(
        ("way",), chart, table, lambda one: Setup(one.settings["label"], "Redis", "redis"), noun=("way", "ways")
    )
    return _lab(look, guess), [digest("made", way, median={"kept": at}) for at, way in enumerate(WAYS)]
