"""The pictures that open chapters 4 to 6: real times of recorded runs, and no answer that a later page asks for."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from labs.experiments import opening_pictures, queue_picture
from labs.model.paths import PROJECT
from labs.pages.pictures.shown import shown
from labs.pages.recordings import recorded
from labs.show.pictures import Messages, PictureError, Timeline

OPENINGS = {"04-0-the-question": "queue", "05-0-the-question": "log", "06-0-the-question": "memory"}
MS = 1_000_000


@pytest.mark.parametrize("stem", OPENINGS)
def test_the_first_page_of_a_brokers_chapter_shows_how_it_works_below_what_stands_on_the_first_screen(
    stem: str,
) -> None:
    """A picture is drawn when the page is there, and what stands below it moves: so nothing below it is seen first."""
    text = (PROJECT / "book" / f"{stem}.md").read_text("utf-8")
    assert text.index("## How it works, in one picture") < text.index(f"```{{picture}} {OPENINGS[stem]}\n")
    assert text.index("{chapter-guess}") < text.index("## How it works") < text.index("{chapter-able}")
    assert len(re.findall(r"\{picture\}", text)) == 1
    assert shown(OPENINGS[stem]) is not None


def film(name: str) -> Messages:
    found = shown(name)
    assert isinstance(found, Messages)
    return found


def test_of_the_memory_and_its_file_the_same_messages_are_shown_as_in_the_film_until_before_the_cut() -> None:
    whole, [part] = film("power-cut").scenes[0], film("memory").scenes
    assert part.end_ns < whole.end_ns
    assert part.marks
    assert {mark.text for mark in part.marks} == {"flush"}, "the power cut is another page's"
    assert {one.fate for one in part.messages} == {"open"}
    for one, same in zip(part.messages, whole.messages, strict=False):
        assert one.times == tuple(at if at is not None and at <= part.end_ns else None for at in same.times)
    assert 0 < part.reached(2) < part.reached(1), "some are in the file, and some in memory alone"


def test_a_film_whose_last_flush_is_too_near_to_its_cut_makes_no_picture() -> None:
    whole = film("power-cut")
    short = replace(whole.scenes[0], end_ns=whole.scenes[0].marks[-2].at_ns + MS, messages=())
    with pytest.raises(PictureError, match="too near to its end"):
        opening_pictures.memory(replace_scenes(whole, short))


def replace_scenes(whole: Messages, scene: object) -> Messages:
    """The film with another first scene, unchecked: what cannot be drawn would be refused before."""
    made = object.__new__(Messages)
    made.__dict__.update(whole.__dict__ | {"scenes": (scene,)})
    return made


def test_the_log_shows_the_recorded_places_of_the_producer_and_two_readers_and_nothing_else() -> None:
    file, found = recorded("read-it-again"), shown("log")
    assert file is not None
    assert isinstance(found, Timeline)
    [digest] = [one for one in file.digests if one.settings["mode"] == "kafka-all"]
    there = {one["name"]: one for one in digest.pictures["course"]["panels"][0]["lines"]}
    [panel] = found.panels
    assert [line.name for line in panel.lines] == list(opening_pictures.READERS.values())
    for line, name in zip(panel.lines, opening_pictures.READERS, strict=True):
        ms = [round(at / MS, 6) for at, _ in line.points]
        assert ms == there[name]["at_ms"][: len(ms)]
        assert [value for _, value in line.points] == there[name]["values"][: len(ms)]
        assert len(ms) > 3
    assert found.about.card["broker"].startswith("Apache Kafka")


def test_the_queue_ends_with_messages_in_every_place_and_counts_those_that_came_later() -> None:
    times = [[0, 5 * MS, 20 * MS, 30 * MS], [10 * MS, 15 * MS, 21 * MS, 40 * MS], [20 * MS, 25 * MS, 50 * MS, 60 * MS]]
    scene = queue_picture.scene_of(times, "a queue", {"broker": "RabbitMQ"})
    assert scene.end_ns == 25 * MS
    assert [one.times for one in scene.messages] == [
        (0, 5 * MS, 20 * MS, None), (10 * MS, 15 * MS, 21 * MS, None), (20 * MS, 25 * MS, None, None),
    ]  # fmt: skip
    assert scene.card["ledger"] == {"sent": 3, "confirmed": 3, "handed_over": 3, "acknowledged": 3}
