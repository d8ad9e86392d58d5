"""What a reader hears, read aloud: rules that every generated sentence keeps, and sentences word by word."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from labs.experiments import EXPERIMENTS
from labs.experiments.rules import Verdict
from labs.judge.lift import apart, limit_of
from labs.model.text import capital, change, count_of, how_many, pace, sentences, was
from labs.pages.recordings import recorded
from labs.show.looks import FAULT_LOOK, JOBS_LOOK, RATE_LOOK
from labs.show.sentences import plainly
from tests.faulted import fault_digest, jobs_digest, three
from tests.read_aloud import LONG, Text, of_lab, words_of

LABS = [lab for lab in EXPERIMENTS.values() if recorded(lab.name)]
VERBS = frozenset(re.findall(r"\w+", """
    is are was were has had have does did do can could needs took takes lost leads put came comes holds hold ran raised
    added arrived answered finished counted says said sets makes make sent carried used gave promised got went cost
    differs
    recorded keep keeps kept lie lies fared reached started acknowledges survives knew waits adds changes change names
    published managed stays ends turns disagree agree limits measured loses lose failed may stood decides gets went
    pass passes blocks blocked waited get grew completed solved dates showed read
    lasts lasted closed passes lack lacks forgets moved claimed
"""))  # fmt: skip
WRONG = {
    "a question mark where a figure is missing": r"(?<![A-Za-z])\?",
    "what Python calls nothing": r"\bNone\b|\bnan\b|\binf\b",
    "all of a range": r"\ball (?:of )?[\d,]+ to ",
    "a word twice": r"\b([A-Za-z]{2,}) \1\b",
    "punctuation twice": r"[.,;:]{2}|\s[.,;:]",
    "from one figure to the same": r"\bfrom (\S*\d\S*(?:\s\S+)?) to \1(?![\w.])",
    "a slowdown below one": r"\b0\.\d+ times",
    "a log of cores": r"\((?:broker|clients?) [\d?n]",
    "a figure with an exponent": r"\de[+-]\d",
    "the number of a lab": r"\bL\d\.\d",
    "the key of a point": r"\|",
    "a term of the house": r"\brungs?\b|client-bound|Client-bound",
    "old splices": r"own lateness makes|processor time left|points? lost|can say\)|limit at nobody|; of it the\b"
    r"|times the next|no property of",
}
"""What no text may have."""


def faults_of(text: Text) -> list[str]:
    """Which rules a text breaks."""
    found = [what for what, pattern in WRONG.items() if re.search(pattern, text.words)]
    if text.kind not in ("sentence", "verdict"):
        return found
    for one in sentences(text.words):
        spoken = words_of(one)
        found += [f"does not begin with a capital: {one}"] if capital(one) != one else []
        found += [f"does not end: {one}"] if not one.endswith(".") else []
        found += [f"has no verb: {one}"] if VERBS.isdisjoint(re.findall(r"[a-z]+", one)) else []
        found += [f"has {len(spoken)} words: {one}"] if len(spoken) > LONG else []
    return found


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_every_sentence_of_a_lab_is_english_whatever_was_measured(lab: Any) -> None:
    said = {text.words: text for text in of_lab(lab) if text.kind in ("sentence", "verdict", "title")}
    assert said
    broken = {words: found for words, text in said.items() if (found := faults_of(text))}
    assert not broken, "\n".join(f"{found}\n   {words}" for words, found in broken.items())


@pytest.mark.parametrize(
    "splice",
    [
        "The limit was nobody (broker 1.35 cores, clients 0.10 cores).",
        "It fell from 488 B to 488 B.",
        "Redis lost all of 2,682 to 3,486 messages.",
        "It was 0.87 times slower.",
        "Two of L2.3 lost jobs.",
        "the client was the limit.",
        "Unequal: payload, Redis 5.",
        "It was said that " + "and ".join(["this "] * 30) + ".",
        "It was the the limit.",
        "1 point is not recorded yet: redis|2|250.",
    ],
)
def test_a_splice_is_caught(splice: str) -> None:
    assert faults_of(Text("sentence", "made up", splice))


@pytest.mark.parametrize(
    ("parts", "wholes", "text", "verb"),
    [
        ([0, 0, 0], [300, 300, 300], "none of 300 jobs", "was"),
        ([300, 280], [300, 280], "all 280 jobs", "were"),
        ([1], [1], "the only job", "was"),
        ([0, 6, 2], [200, 200, 200], "up to 6 of 200 jobs", "were"),
        ([0, 1], [200, 200], "up to 1 of 200 jobs", "was"),
        ([5, 9, 7], [200, 200, 200], "7 of 200 jobs", "were"),
        ([4, 4, 4], [200, 200, 200], "4 of 200 jobs", "were"),
        ([1234], [5678], "1,234 of 5,678 jobs", "were"),
        ([0], [0], "no job", "was"),
    ],
)
def test_a_count_of_a_whole_is_the_median_or_the_most_and_its_verb_agrees(
    parts: list[int], wholes: list[int], text: str, verb: str
) -> None:
    assert (count_of(parts, wholes, "job"), was(parts)) == (text, verb)


def test_a_rate_beside_another_is_said_as_an_engineer_would() -> None:
    ratios = (2.41, 1.149, 1.0, 0.87, 0.31)
    said = [pace(ratio, "that").replace("\u00a0", " ") for ratio in ratios]
    assert said == [
        "2.4 times as fast as that", "15 % faster than that", "as fast as that", "13 % slower than that",
        "3.2 times as slow as that",
    ]  # fmt: skip
    assert (change("488 B", "488 B"), change("310 B", "0 B")) == ("unchanged at 488 B", "from 310 B to 0 B")
    assert [how_many(number) for number in (0, 1, 4, 13)] == ["none", "one", "four", "13"]


def test_a_name_of_code_keeps_its_letters_and_an_initial_ends_no_sentence() -> None:
    names = ("asyncio.Queue in it", "redis-py, XADD", "gRPC", "pika, one by one")
    assert [capital(one) for one in names] == ["asyncio.Queue in it", "redis-py, XADD", "gRPC", "Pika, one by one"]
    assert sentences("It is by S. Itzkovich. 0.33 ms of it is ours. acks=all was set.") == [
        "It is by S. Itzkovich.", "0.33 ms of it is ours. acks=all was set.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "said", "cores"),
    [
        ("nobody was at the limit: the window and the round trip decided (broker 1.35 cores, clients 0.10 cores)",
         "neither side ran out of CPU", "broker 1.35 cores, clients 0.10 cores"),
        ("the client had no processor time left (broker 0.13 cores, clients 1.09 cores)", "our client ran out of CPU",
         "broker 0.13 cores, clients 1.09 cores"),
        ("not all processor time could be seen (broker ?, clients 0.00 and 0.00 cores)",
         "CPU use was not recorded here", ""),
        ("the broker (client 0.24 cores, broker 0.89)", "the broker ran out of CPU", "client 0.24 cores, broker 0.89"),
        ("not all CPU use could be seen from here (broker, producer on other machines)",
         "not all CPU use could be seen from here (broker, producer on other machines)", ""),
    ],
)  # fmt: skip
def test_cores_leave_the_sentence_and_old_words_become_todays(told: str, said: str, cores: str) -> None:
    assert apart(told) == (said, cores)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("the producer's own lateness makes the p99 0.90 ms instead of 0.57",
         "0.33 ms of the p99 is our sender running late"),
        ("the producer used 0.93 of a core", "Our sender ran out of CPU"),
        ("the producer sent 3,500/s, 4,000 were asked for",
         "Our sender managed 3,500/s of the 4,000/s it was asked for"),
        ("broker and clients had taken all 2 cores (broker 1.69 cores, clients 0.08 and 0.08 cores)",
         "Broker and clients had taken all 2 cores"),
        ("neither the clients nor the broker were saturated", "Neither side ran out of CPU"),
    ],
)  # fmt: skip
def test_why_a_latency_was_limited_is_said_without_a_log(why: str, said: str) -> None:
    assert plainly(why).replace("\u00a0", " ") == said


def test_no_cell_and_no_line_of_a_card_has_an_old_splice() -> None:
    for lab in LABS:
        for text in of_lab(lab, only_recorded=True):
            for what in ("old splices", "from one figure to the same", "a log of cores", "the number of a lab"):
                assert not re.search(WRONG[what], text.words), (what, text)


def test_a_window_that_was_the_limit_is_said_first_and_then_what_showed_it() -> None:
    lift = {
        "window": {"what": "a window of 1,000", "blame": "the window of 500 messages was the limit", "per_s": 140.0}
    }
    told = {
        "per_s": 100.0,
        "stamp": "not-full",
        "limit": "neither side ran out of CPU (broker 1.35 cores)",
        "lift": lift,
    }
    assert limit_of([told] * 5).said == (
        "The window of 500 messages was the limit: a window of 1,000 added 40 % to the best without it. "
        "Neither side ran out of CPU"
    )


def test_losses_are_said_for_none_some_all_and_where_repeats_disagree() -> None:
    def of(*repeats: Any) -> str:
        return FAULT_LOOK.said(fault_digest("redis-list-everysec", "power", *repeats)).replace("\u00a0", " ")

    back = " The broker answered again after 500 ms."
    oldest = " The oldest lost one had been acknowledged {} before the fault."
    begin = "Redis list, AOF everysec: "
    assert of(*three("none lost", 2900)) == f"{begin}a power cut lost none of 2,900 acknowledged messages.{back}"
    assert of(*three("all lost", 2900, 2900, 2900, 2900)) == (
        f"{begin}a power cut lost all 2,900 acknowledged messages.{oldest.format('2.9 s')}{back}"
    )
    mixed = [*three("none lost", 2900)[:1], *three("some lost", 2900, 5, 9)]
    assert of(*mixed).startswith(f"{begin}the repeats disagree on a power cut. Of 3 repeats: none lost in 1, some lost")


def test_jobs_are_said_with_one_figure_a_fate() -> None:
    def of(*counts: Any) -> str:
        return JOBS_LOOK.said(jobs_digest("m", "A way", "redis", 10, list(counts)))

    assert of((12, 0, 0), (10, 0, 0), (11, 0, 0)) == "A way: 11 of 300 jobs were lost, and none was done twice."
    assert of((0, 0, 0), (0, 6, 0)).startswith("A way: none of 300 jobs was lost, and up to 6 were done twice. Another")
    assert of((0, 0, 9)) == "A way: what became of the jobs is unknown."
    assert of((0, 0, 9), (1, 0, 0)) == (
        "A way: 1 of 300 jobs was lost, and none was done twice. Only 1 of 2 repeats can say."
    )


def test_a_rate_is_said_without_a_log_and_a_published_one_with_its_source() -> None:
    file = recorded("fifty-thousand")
    assert file
    for digest in file.digests:
        said = RATE_LOOK.said(digest)
        assert not re.search(r"\d cores[,)]", said)
        assert said.startswith(("RabbitMQ took ", "The client reached ")) or "was published for RabbitMQ" in said
    [own] = [one for one in file.digests if one.settings["way"] == "pika-one"]
    assert RATE_LOOK.said(replace(own, repeats=own.repeats[:1])).count("CPU") == 1


def test_the_first_sentence_of_a_verdict_stands_alone() -> None:
    text = "Three rounds are recorded, and the rule needs five. Kafka, acks=all lost none of 2,818 messages to SIGKILL."
    assert Verdict("C45", "undecided here", text).first == "Three rounds are recorded, and the rule needs five."
