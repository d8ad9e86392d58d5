"""What holds for every page: no figure is typed. And for the first chapter: every claim is judged."""

import re
from pathlib import Path

import pytest

from labs.experiments import experiment
from labs.pages.claims import board
from labs.pages.course import chapters, pages
from tests.made import prose

PAGES = sorted((Path(__file__).parent.parent / "book").glob("*.md"))
NAMES = {"202", "99"}
"""Not figures: HTTP's status for accepted, and the percentile."""
NAMED = r"acks=[01]\b|(RabbitMQ|Python)\s+(up to )?\d+\.\d+|(?<=, )4\.3(?= does not)"
"""Names too: settings of Kafka, and versions."""
CLASSIC = {
    **dict.fromkeys(("1", "2"), "the versions of RabbitMQ's classic queues"),
    "4.0": "the release of RabbitMQ without version 1 (its release notes)",
}
GIVEN = {
    "02-2-burst-or-overload": {
        **dict.fromkeys(("80", "200"), "ms of a job and what sixteen workers can do, the lab's own"),
        **dict.fromkeys(("50",), "jobs a second of a worker that an exercise supposes"),
        "503": "the code with which a pool turns a caller away",
    },
    "02-3-kill-the-worker": {"45": "seconds of a session of Kafka's as it is shipped"},
    "02-4-late-joiner": {"0": "where a group of Redis begins, a setting of it"},
    "02-5-share-the-work": {
        **dict.fromkeys(("1", "10", "200"), "prefetch settings, ways of the lab"),
        **dict.fromkeys(("2", "4", "8"), "partitions, ways of the lab"),
        "160": "milliseconds of a job, the lab's own",
        "4.2": "the release of Kafka that brought share groups",
    },
    "03-1-messages-or-megabytes": {"16": "bytes of a message, a point of the grid", "64": "KiB, another"},
    "03-2-loss-matrix": {
        "2,000": "messages a second that an exercise supposes",
        **dict.fromkeys(("4.3.6", "29.1.1", "14"), "versions of the server that was asked, its Erlang and its Debian"),
        **dict.fromkeys(("30", "2026"), "the day on which it was asked"),
    },
    "03-3-delivery-shapes": {"4.2": "the release of Kafka with share groups (its upgrade notes)"},
    "03-5-how-benchmarks-lie": {
        **dict.fromkeys(
            ("1.0", "0"), "of AMQP's versions: 0-9-1 has seconds (its timestamp), 1.0 milliseconds (1.6.17)"
        ),
        **CLASSIC,
    },
    "04-1-is-it-fifty-thousand": CLASSIC,
    "04-2-price-of-persistence": {"1": "the window that an exercise asks about, a point of the grid"},
    "04-4-bad-message": {
        **dict.fromkeys(("30", "5", "0.6", "130"), "of the load: ms between messages and of an attempt, s, attempts"),
        "200": "ms of delay that the trial asks for, the lab's own",
        "2": "the delivery limit of a solution",
        "1": "the lab's prefetch",
        **dict.fromkeys(("4.0", "4.3"), "versions of RabbitMQ that its release notes name"),
    },
    "05-1-is-it-a-million": {"100": "bytes of a message, the lab's own"},
    "08-1-one-app-three-brokers": {
        "5.7": "the release of Celery and kombu that is pinned",
        "5": "the visibility time-out of Redis that the lab sets, in seconds",
        "6": "the session time-out of Kafka that the lab sets, in seconds",
        "100": "kombu's own: a look every 10 s, of which each tenth searches (its Redis transport's text)",
        "45": "the session time-out that Kafka's clients have by themselves, in seconds",
    },
    "08-2-upgrade-trap": {
        **dict.fromkeys(("4.3", "5.6", "5.6.3", "5.7", "5.7.0"), "releases that the lab compares"),
        "2021": "the year in which such queues were called deprecated (RabbitMQ's blog of 21 August)",
    },
    "08-3-run-twice": {
        **dict.fromkeys(("1", "2", "4", "5"), "seconds of a task and of a time-out, settings of the lab"),
        "5.7": "the release of Celery and kombu that is pinned",
        **dict.fromkeys(("4.2", "4.3"), "releases of RabbitMQ, whose notes are linked"),
        **dict.fromkeys(("10", "100"), "kombu's own: it wakes up every 10 s, and each tenth time it searches"),
    },
    "05-2-log-group-share": {
        **dict.fromkeys(
            ("100", "2,000"), "records that may be in flight, settings of the lab and of Kafka as it comes"
        ),
        **dict.fromkeys(("4.0", "4.2", "4.4"), "releases of Kafka (their upgrade notes)"),
        "45": "seconds of a session of Kafka's as it is shipped",
        **dict.fromkeys(("1", "4", "5", "6", "8", "3"), "partitions and consumers, sizes of the lab"),
    },
    "05-3-acknowledged": {
        "8,000": "messages a second, the lab's own",
        **dict.fromkeys(("10", "100", "80"), "of a reckoning: a flush that is supposed, and what follows from it"),
    },
    "05-5-read-it-again": {"0": "the first offset of a log"},
    "06-1-is-it-a-million": {"512": "commands at once, a way of the lab", "8": "a version of Redis"},
    "07-2-big-backlog": {"64": "MB from which Redis rewrites its file by itself, its default (redis.conf)"},
    "06-3-four-queues": {
        **dict.fromkeys(("0", "1"), "answers of PUBLISH, and a limit that is none"),
        "52": "MB that the slow reader is sent, the lab's own",
        **dict.fromkeys(("8.2", "8.8"), "versions of Redis that its documentation names"),
    },
    "06-4-pending-claimed": {
        **dict.fromkeys(
            ("0.4", "0.6", "0.8", "1.8"), "seconds of the load: of the kill, a slow job, and who stands still"
        ),
        **dict.fromkeys(("150", "1.5"), "ms and s until a claim, ways of the lab"),
        "50": "entries that a limit keeps, a way of the lab",
        "0": "an answer of XACK",
        **dict.fromkeys(
            ("8.2", "8.2.3", "8.4"), "versions of Redis: of its documentation, and of a server tried by hand"
        ),
    },
    "08-4-cost-of-switching": {
        "4.2": "the release of Kafka with share groups (its upgrade notes)",
        "40": "MB that wait for a slow worker, the lab's own",
    },
    "measuring": {
        "6.12": "a version of Linux, of which labs/model/kernel.py names the source",
        "5.3.2": "a section of the book that is cited there",
    },
    "glossary": dict.fromkeys(("0", "1"), "values of acks"),
    "monday": dict.fromkeys(("2", "3"), "rungs of the latency ladder, in a role"),
    "app-licences": dict.fromkeys(("7.2", "7.4"), "versions of Redis that its LICENSE.txt names"),
    "app-brokers": {"127.0.0.1": "the address of loopback", "12": "a release of Debian"},
    "app-command-line": dict.fromkeys(("3", "4"), "codes that a command ends with"),
    "teaching": dict.fromkeys(
        ("01", "02", "03", "06", "4", "5", "8", "10", "20", "25", "30", "35", "45", "90", "180", "360"),
        "pages and minutes of two sittings",
    ),
    "teach-02": dict.fromkeys(("2", "5", "10", "20", "25", "30", "75", "90"), "pages and minutes of two lessons"),
    "teach-03": dict.fromkeys(("3", "5", "10", "30", "35", "90"), "pages and minutes of two lessons"),
    "teach-04": dict.fromkeys(("4", "5", "10", "30", "35", "90"), "pages and minutes of two lessons"),
    "teach-05": {
        **dict.fromkeys(("5", "10", "15", "30", "35", "60", "90"), "pages and minutes of three lessons"),
        "4.2": "the release of Kafka that brought share groups",
    },
    "teach-06": dict.fromkeys(("5", "6", "10", "15", "30", "35", "90"), "pages and minutes of two lessons"),
    "teach-07": dict.fromkeys(
        ("4", "5", "6", "7", "10", "15", "25", "30", "35", "40", "90"), "pages and minutes of two lessons"
    ),
    "teach-08": dict.fromkeys(("5", "8", "10", "15", "25", "30", "35", "40", "90"), "pages and minutes of two lessons"),
    "teach-01": dict.fromkeys(("1", "1.1", "1.2", "1.3", "5", "10", "15", "90"), "pages and minutes of a lesson"),
}
"""Page -> numbers that are typed because nobody here measured them, each with what it is."""


def figures(text: str) -> list[str]:
    """Numbers in the prose."""
    return re.findall(r"(?<![\w.-])\d(?:[\d,.]*\d)?", re.sub(NAMED, "", prose(text)))


def typed(text: str) -> list[str]:
    """Numbers in the prose that are no setting of the page's labs."""
    allowed = set(NAMES)
    for name in re.findall(r"\{lab-panel\} (\S+)", text):
        for control in experiment(name).controls:
            if control.kind == "box":  # on or off: its value is no figure
                continue
            allowed |= {str(control.default), *(str(option.value) for option in control.options)}
    return [number for number in figures(text) if number not in allowed]


def test_the_pages_are_all_that_the_contents_name() -> None:
    assert {page.stem for page in pages()} <= {path.stem for path in PAGES}
    assert len(PAGES) >= 15


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_no_figure_is_typed_but_those_that_nobody_measured(page: Path) -> None:
    """As a set, so that a number that has left its page leaves the list."""
    assert set(typed(page.read_text("utf-8"))) == set(GIVEN.get(page.stem, ()))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_typed_figure_would_be_found(page: Path) -> None:
    text = page.read_text("utf-8")
    assert typed(f"{text}\nHalf of the calls took 3.4 ms and 1,200 were lost; in `code 7` nothing is.\n")[-2:] == [
        "3.4",
        "1,200",
    ]


def test_every_claim_of_the_chapter_has_a_verdict_from_a_run_or_a_document() -> None:
    first = chapters()[0]
    words = {entry["id"]: entry["word"] for entry in board() if entry["id"] in first.claims}
    assert len(words) == len(first.claims) == 11
    assert "not tested yet" not in words.values()
