"""The pictures that open the chapters on Kafka and Redis: a log with its readers' places, a memory with its append-only
file. Each is a stretch of what another page's picture was recorded for, up to where that page's question begins."""

from __future__ import annotations

from dataclasses import replace

from labs.model.digest import Digest, Recording
from labs.show.pictures import Messages, PictureError, Timeline, picture
from labs.show.pictures.base import About
from labs.show.pictures.messages import Message, Scene

MODE = "kafka-all"
READERS = {
    "published": "producer",
    "live reader": "reader who was there",
    "reader from the first": "reader who came later",
}
"""The lines of the recorded picture that are shown, and what they are called here."""
AFTER_NS = 500_000_000
"""The still picture ends so long after a flush: some messages are in the file then, and some in memory alone."""
LOG = About(
    title="Reading moves a reader\u2019s own place, and takes nothing out of the log",
    under="One partition of a Kafka topic: how far the producer is, and how far each of two readers.",
    command=f"labs run read-it-again --set mode={MODE}",
)
MEMORY = About(
    title="Redis answers out of its memory, and its file follows",
    under="A Redis list with an append-only file that is flushed every second. One dot is one message.",
    command="python -m labs.experiments.message_pictures power-cut",
)


def log(file: Recording) -> Timeline:
    """Of the topic that keeps all: the producer, the reader who was there, and the one who read it again."""
    digest: Digest = next(one for one in file.digests if one.settings["mode"] == MODE)
    course = picture(digest.pictures["course"], "read-it-again, course")
    if not isinstance(course, Timeline):
        raise PictureError("read-it-again, course: it is no timeline; record the lab again")
    lines = {line.name: line for line in course.panels[0].lines}
    end_ns = max(at for at, _ in lines["reader from the first"].points)
    drawn = [
        replace(lines[name], name=said, points=tuple(one for one in lines[name].points if one[0] <= end_ns))
        for name, said in READERS.items()
    ]
    panel = replace(course.panels[0], name="offset", lines=tuple(drawn))
    return Timeline((panel,), course.marks, (), replace(LOG, card=digest.card))


def memory(film: Messages) -> Messages:
    """The first scene of the film of the power cut, and it ends before the power does: nothing is lost in it."""
    scene = film.scenes[0]
    flushes = tuple(mark for mark in scene.marks if mark.text == "flush")
    end_ns = flushes[-1].at_ns + AFTER_NS
    if end_ns >= scene.end_ns:
        raise PictureError(f"{scene.name}: its last flush is too near to its end; measure the film again")
    sent = [one for one in scene.messages if one.times[0] is not None and one.times[0] <= end_ns]
    found = [Message(tuple(at if at is not None and at <= end_ns else None for at in one.times)) for one in sent]
    name = "Memory and append-only file"
    stages = ("sent", "confirmed, in memory", "in the file")
    return Messages(stages, (Scene(name, scene.ink, tuple(found), end_ns, flushes, scene.card),), MEMORY)
