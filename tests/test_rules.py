"""The verdict kit: what a rule says of points that are missing, unclear or left out, and who may judge what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labs.experiments import experiment, rules
from labs.experiments.rules import Rule, Said, Undecided, agreed, by, each, every, point, points, rule
from labs.model.digest import Digest

HIGHEST_MS = 10


def measured(broker: str, *waits_ms: float | None, rate: int = 1000, **more: Any) -> Digest:
    """A point of that broker, a repeat each wait."""
    settings = {"broker": broker, "rate": rate, "label": broker.upper()}
    repeats = [{"wait_ms": {"p99": one}} for one in waits_ms]
    return Digest(lab="made-up", settings=settings, repeats=repeats, median={}, card={}, **more)


@rule("C48", of_part=("no longer holds",))
def quick(digests: Sequence[Digest]) -> Said:
    """Whether Kafka takes at most ten milliseconds."""
    waits_ms = each(point(digests, "Kafka at 1,000/s", broker="kafka", rate=1000), "wait_ms", "p99")
    text = f"It took {min(waits_ms):g} to {max(waits_ms):g} ms."
    return ("holds" if agreed(waits_ms, lambda ms: ms <= HIGHEST_MS, text) else "no longer holds"), text


def test_a_rule_whose_repeats_agree_gives_its_word_and_the_figures() -> None:
    said = quick([measured("redis", 1), measured("kafka", 4, 5, 5, 5, 6)])
    assert (said.claim, said.word, said.text) == ("C48", "holds", "It took 4 to 6 ms.")
    assert quick([measured("kafka", 11, 60, 60, 60, 60)]).word == "no longer holds"


def test_what_few_rounds_agree_on_is_said_only_where_somebody_asks_for_it_and_is_no_verdict() -> None:
    few, split = quick([measured("kafka", 4, 5)]), quick([measured("kafka", 4, 60)])
    assert few.word == split.word == "undecided here"
    with rules.by_any_rounds():
        assert quick([measured("kafka", 4, 5)]).word == "holds"
        assert quick([measured("kafka", 4, 60)]).word == "undecided here"
    assert quick([measured("kafka", 4, 5)]) == few


def test_a_rule_that_misses_a_point_names_it() -> None:
    for there in ([], [measured("redis", 1)], [measured("kafka", 1, rate=500)]):
        said = quick(there)
        assert (said.word, said.text) == ("undecided here", "Kafka at 1,000/s was not measured.")


def test_repeats_on_both_sides_decide_nothing_and_both_figures_are_said() -> None:
    said = quick([measured("kafka", 4.3, 4.4, 4.4, 4.4, 13.3)])
    assert (said.word, said.text) == ("undecided here", "It took 4.3 to 13.3 ms.")


def test_a_repeat_that_cannot_say_decides_nothing_whatever_the_others_say() -> None:
    for waits_ms in ((4, None), ()):
        said = quick([measured("kafka", *waits_ms)])
        assert (said.word, said.text) == ("undecided here", "Not every repeat of KAFKA has its p99.")


def test_a_value_for_which_a_rule_has_no_word_decides_nothing() -> None:
    def word(ms: float) -> str | None:
        return "low" if ms < 10 else "high" if ms > 50 else None

    assert agreed([60, 70, 70, 70, 70], word, "60 to 70") == "high"
    for values in ([20, 30, 30, 30, 30], [5, 20, 5, 5, 5], [5, 60, 60, 60, 60]):
        with pytest.raises(Undecided, match=r"^the figures$"):
            agreed(values, word, "the figures")
    with pytest.raises(Undecided, match=r"^Two rounds are recorded, and the rule needs five\. the figures$"):
        agreed([60, 70], word, "the figures")


def test_what_is_void_or_was_refused_or_published_is_not_asked_and_what_was_left_out_is_said() -> None:
    void = measured("kafka", 4, 4, 4, 4, 4, void="the machine stood still for 7.0 s")
    said = quick([void])
    left_out = "KAFKA is left out. Void, nothing was measured: the machine stood still for 7.0 s."
    assert (said.word, said.text) == ("undecided here", f"Kafka at 1,000/s was not measured. {left_out}")
    refused = measured("redis", 1, refused={"count": 3, "of": 9, "first": "out of memory"})
    said = quick([measured("kafka", 4, 4, 4, 4, 4), refused])
    assert said.word == "holds"
    assert said.text.startswith("It took 4 to 4 ms. REDIS is left out. ")
    assert "out of memory" in said.text
    told = measured("kafka", 4)
    assert (
        quick([replace(told, settings={**told.settings, "published": True})]).text
        == "Kafka at 1,000/s was not measured."
    )


def test_a_part_of_the_grid_carries_only_the_words_that_need_no_more() -> None:
    fast, slow = [measured("kafka", 4, 4, 4, 4, 4)], [measured("kafka", 60, 60, 60, 60, 60)]
    lacking = ["redis|1000", "redis|500", "kafka|500", "rabbitmq|500"]
    assert quick.judged(fast, [], 5) == quick(fast)
    assert quick.judged(slow, lacking, 5) == quick(slow)
    said = quick.judged(fast, lacking, 5)
    assert said.word == "undecided here"
    assert said.text.startswith("4 of the 5 points that the rule needs are not recorded yet. ")
    assert said.text.endswith("What is here: It took 4 to 4 ms.")
    few = quick.judged(
        [measured("kafka", 4, 4)], lacking, 5
    )  # undecided by itself: the reader still hears what is missing
    assert few.text.startswith("4 of the 5 points that the rule needs are not recorded yet. ")
    assert few.text.endswith(" not recorded yet. " + quick([measured("kafka", 4, 4)]).text)
    assert quick.judged([], lacking, 5).text.endswith(" not recorded yet. " + quick([]).text)
    told = quick.judged([], lacking[:1], 5, "“Arrivals”").text
    assert told.startswith(
        "1 of the 5 points that the rule needs is not recorded yet. This recording is older than the choice of “A"
    )
    assert quick.judged([], lacking, 4).text.startswith("No point of the 4 that the rule needs is recorded yet. ")


def test_points_are_found_by_their_settings_and_all_that_are_missing_are_named() -> None:
    there = [measured("redis", 1), measured("redis", 2, rate=500), measured("kafka", 3)]
    assert points(there, broker="redis") == there[:2]
    assert by(there, "broker", rate=1000) == {"redis": there[0], "kafka": there[2]}
    assert list(every(there, "broker", ("kafka", "redis"), rate=1000)) == ["kafka", "redis"]
    with pytest.raises(Undecided, match=r"^RabbitMQ and Kafka were not measured at 500/s\.$"):
        every(there, "broker", ("redis", "rabbitmq", "kafka"), " at 500/s", rate=500)


def test_a_lab_judges_each_of_its_claims_once_and_no_other() -> None:
    lab = experiment("latency-ladder")
    stranger = Rule("C99", quick.judge)
    for others in ((*lab.rules, stranger), lab.rules[1:], (*lab.rules, lab.rules[0])):
        with pytest.raises(ValueError, match=r"latency-ladder: its claims are C48, C58; its rules judge .*C"):
            replace(lab, rules=others)


def test_no_lab_gives_up_by_hand() -> None:
    """A rule that cannot decide raises Undecided: then what it lacks is said alike everywhere."""
    by_hand = {path.name for path in Path(rules.__file__).parent.glob("*.py") if '"undecided here"' in path.read_text()}
    assert by_hand == {"rules.py"}
