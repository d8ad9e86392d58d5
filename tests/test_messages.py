"""Moving pictures: every dot is a message of a raw run, at its recorded times, and lost is what was not recovered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from labs.experiments.message_pictures import FOLDER, PICTURES, after_the_cut, from_the_middle
from labs.judge.loss import account
from labs.model.run import Run
from labs.pages.pictures.frame import frame
from labs.scenarios.rebalance import EVENTS
from labs.show.pictures import Mark, Messages, PictureError, picture
from labs.show.pictures.messages import Message, Scene
from tests.made import MS, closed_run

CUT_MS = 100


def cut_run(flushes_ms: list[int], delivered: list[int], **more: Any) -> Run:
    """Five messages 20 ms apart, confirmed 5 ms later, the last one not; the power is cut at 100 ms."""
    run = closed_run([0, 20, 40, 60, 80], [5, 25, 45, 65, -1], delivered)
    before = [(CUT_MS - at) * MS for at in flushes_ms]
    fault = {"at_ns": CUT_MS * MS, "facts": {"flushed_before_ns": before}}
    return replace(run, facts={**run.facts, "fault": fault}, **more)


def test_a_dot_is_a_message_of_the_run_and_lost_is_what_was_confirmed_and_not_recovered() -> None:
    run = cut_run([50, 10], [500, 501, 502, -1, -1])
    scene, ledger = after_the_cut(run, "made", "redis", {"date": "2000-01-01"}), account(run)
    assert [one.times for one in scene.messages] == [
        (0, 5 * MS, 10 * MS), (20 * MS, 25 * MS, 50 * MS), (40 * MS, 45 * MS, 50 * MS), (60 * MS, 65 * MS, None),
        (80 * MS, None, None),
    ]  # fmt: skip
    assert [one.fate for one in scene.messages] == ["kept", "kept", "kept", "lost", "open"]
    assert (scene.reached(0), scene.reached(1), scene.count("lost")) == (
        ledger.attempted, ledger.acknowledged, ledger.lost,
    )  # fmt: skip
    assert scene.card["ledger"]["lost"] == ledger.lost == 1
    assert [(mark.at_ns, mark.text) for mark in scene.marks] == [
        (10 * MS, "flush"), (50 * MS, "flush"), (100 * MS, "a power cut"),
    ]  # fmt: skip


def test_a_message_that_is_flushed_before_it_is_confirmed_is_on_the_disk_when_it_is_confirmed() -> None:
    scene = after_the_cut(cut_run([3, 23, 43, 63], [500, 501, 502, 503, -1]), "made", "rabbitmq", {})
    assert [one.times[2] for one in scene.messages[:4]] == [at * MS for at in (5, 25, 45, 65)]


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (lambda: cut_run([10], [500, 501, -1, -1, -1]), "message 1 was there afterwards and no flush was seen"),
        (lambda: cut_run([50], [500, 501, 502, -1, -1], settled=False), "it did not settle"),
        (lambda: replace(cut_run([50], [1] * 5), facts={"fault": {"at_ns": 1, "facts": {}}}), "no flush was seen"),
    ],
)
def test_a_run_that_cannot_say_makes_no_picture(run: Callable[[], Run], said: str) -> None:
    with pytest.raises(PictureError, match=said):
        after_the_cut(run(), "made", "redis", {})


def test_a_stretch_of_a_run_has_what_was_under_way_at_its_beginning_and_is_still_at_its_end() -> None:
    run = closed_run([0, 10, 20, 30, 40, 50], [25, 15, 35, 38, 45, -1], [-1] * 6)  # the middle is at 30 ms
    scene = from_the_middle(run, "made", "rabbitmq", {}, 12 * MS)
    assert [one.times for one in scene.messages] == [(0, 5 * MS), (0, 8 * MS), (10 * MS, None)]
    assert {one.fate for one in scene.messages} == {"open"}


def stored(name: str) -> Messages:
    found = picture(json.loads((FOLDER / f"{name}.json").read_text("utf-8")), name)
    assert isinstance(found, Messages)
    return found


@pytest.mark.parametrize("name", PICTURES)
def test_a_stored_picture_is_that_of_its_command_and_agrees_with_the_ledger_of_its_runs(name: str) -> None:
    found, film = stored(name), PICTURES[name]
    assert (found.stages, found.about) == (film.stages, film.about)
    assert len(found.scenes) == len(film.scenes)
    for scene in found.scenes:
        ledger = scene.card["ledger"]
        assert scene.card["machine"]
        assert scene.card["date"]
        if "begun" in ledger:
            assert len(scene.messages) == ledger["jobs"]
            # What waits when the arrivals end is done later than the scene shows.
            assert 0 < scene.reached(2) <= scene.reached(1) <= ledger["begun"] == ledger["done"] == ledger["jobs"]
        elif "handed_over" in ledger:
            assert ledger["sent"] == ledger["acknowledged"] == len(scene.messages)
            # It ends with the last confirm: some wait in the queue, no more than the prefetch are with the consumer.
            assert ledger["confirmed"] == scene.reached(1) > scene.reached(2) > scene.reached(3) > 0
            _, _, begun, ended = zip(*(one.times for one in scene.messages), strict=True)
            over = [scene.end_ns + 1 if at is None else at for at in ended]
            for now in filter(None, begun):
                held = sum(at is not None and at <= now < end for at, end in zip(begun, over, strict=True))
                assert held <= int(scene.card["prefetch"])
        elif "shown" in ledger:
            assert len(scene.messages) == ledger["shown"] <= ledger["published"]
            assert 0 < ledger["done"] <= ledger["published"]
            # What waits while the group stands still is done in the end, but for what came in the last moment.
            assert len(scene.messages) - scene.reached(1) < 12
            assert [mark.text for mark in scene.marks] == [one.said for one in EVENTS]
        elif len(found.stages) == 3:
            assert (scene.reached(1), scene.count("lost")) == (ledger["acknowledged"], ledger["lost"])
            assert scene.count("kept") == scene.reached(2) == ledger["acknowledged"] - ledger["lost"]
        else:
            assert 0 < scene.reached(1) <= ledger["acknowledged"]
            window = int(scene.card["window"])
            sent, done = ([one.times[at] for one in scene.messages] for at in (0, 1))
            ends = [scene.end_ns + 1 if at is None else at for at in done]
            for now in sent:
                assert sum(begin <= now < end for begin, end in zip(sent, ends, strict=True)) <= window


def scene(*messages: Message, end: int = 100, name: str = "made") -> Scene:
    return Scene(name, "redis", messages or (Message((1, 2), "kept"),), end)


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: Messages(("sent",), (scene(),)), "it has 1 stages; 2 to 4 can be drawn"),
        (lambda: Messages(("a", "b"), ()), "it has 0 scenes; 1 to 3 can be compared"),
        (lambda: Messages(("a", "b"), (scene(), scene())), "'made' is there twice"),
        (lambda: Messages(("a", "b"), (scene(Message((1,))),)), "message 0: it has 1 times; one for each of 2 stages"),
        (lambda: Messages(("a", "b"), (scene(Message((None, 2))),)), "it enters a stage without the one before"),
        (lambda: Messages(("a", "b"), (scene(Message((3, 2))),)), "its times go back"),
        (lambda: Messages(("a", "b"), (scene(Message((3, 200))),)), "it moves after the end"),
        (lambda: Messages(("a", "b"), (scene(Message((3, 4), "lost")),)), "it is lost and in the last stage"),
        (lambda: Messages(("a", "b"), (scene(*[Message((1, 2))] * 701),)), "it has 701 messages; 1 to 700"),
        (lambda: Messages(("a", "b"), (replace(scene(), marks=(Mark(1, " "),)),)), "it has no text"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(build: Callable[[], Any], said: str) -> None:
    with pytest.raises(PictureError, match=re.escape(said)):
        build()


def test_the_finding_says_what_each_run_lost_or_how_far_it_came() -> None:
    some = scene(Message((1, 2, 3), "kept"), Message((1, 2, None), "lost"), name="some")
    none, every = scene(Message((1, 2, 3), "kept"), name="none"), scene(Message((1, 2, None), "lost"), name="every")
    made = Messages(("sent", "confirmed", "kept"), (some, none, every))
    assert made.title == "some lost 1 of 2 confirmed messages; none lost none of 1; every lost all of 1"
    assert "some: 2 messages sent, 2 confirmed, 1 kept, 1 lost." in made.sentence
    assert made.figures()["some lost"] == "1"
    opened = Messages(("sent", "confirmed"), (scene(Message((1, 2)), Message((1, None)), end=5 * MS),))
    assert opened.title.replace("\u00a0", " ") == "made: 1 confirmed, in 5.00 ms"
    assert "lost" not in opened.sentence
    assert opened.rows[0][3] == "not asked"


def test_without_a_script_each_dot_stands_where_its_message_ended() -> None:
    ended = after_the_cut(cut_run([50, 10], [500, 501, 502, -1, -1]), "x", "redis", {})
    made = Messages(("sent", "confirmed", "on the disk"), (ended,))
    stages = frame(made).split('class="pic-stage"')[1:]
    assert [stage.count("<i") for stage in stages] == [1, 1, 3]
    assert [stage.count('class="gone"') for stage in stages] == [0, 1, 0]
    assert "1 lost" in frame(made)
