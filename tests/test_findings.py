"""What the landing page and README.md say was found: it follows the figures, and is silent where there are none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labs.experiments import experiment
from labs.judge.recording import save
from labs.model.digest import Digest
from labs.model.paths import PROJECT
from labs.pages import landing, loss_hero, obeyed, readme
from labs.pages.findings import LOSS, RATES, Finding, findings, told
from labs.pages.recordings import recorded
from tests.made_rates import point as made_point


def point(profile: str, fault: str, *lost: int, whole: int = 1000, word: str = "") -> Digest:
    """A point of the loss matrix, a round for each of `lost`."""

    def one(count: int) -> dict[str, Any]:
        outcome = word or ("none lost" if count == 0 else "all lost" if count == whole else "some lost")
        return {
            "outcome": outcome, "ledger": {"lost": count, "acknowledged": whole}, "fault": {"at_s": 2.9},
        }  # fmt: skip

    broker = profile.partition("-")[0]
    settings = {"profile": profile, "fault": fault, "broker": broker, "label": f"{profile}, a label"}
    return Digest(lab=LOSS, settings=settings, repeats=[one(n) for n in lost], median={}, card={"broker": "It 4.3.6"})


def rate(lab: str, label: str, per_s: float, **changed: object) -> Digest:
    broker = next(name for name, one in RATES.items() if one == lab)
    settings: dict[str, Any] = {"broker": broker, "label": label, "profile": f"{broker}-x", "body_bytes": 100}
    if "profile" not in changed:
        settings["profile"] = {"kafka": "kafka-acks-all", "redis": "redis-list-none", "rabbitmq": "rabbitmq-confirms"}[
            broker
        ]
    return Digest(lab=lab, settings=settings | changed, repeats=[], median={"per_s": per_s}, card={})


def only(points: Sequence[Digest]) -> Finding:
    [found] = told(points)
    return found


@pytest.mark.parametrize(
    ("lost", "number", "fate"),
    [
        ((1000, 1000), "1,000 of 1,000 lost", "A kill of the process took all 1,000 messages that It 4.3.6 had"),
        ((30, 40, 50), "40 of 1,000 lost", "A kill of the process took 40 of 1,000 messages that"),
        ((0, 0, 0), "0 of 1,000 lost", "A kill of the process took none of 1,000 messages that"),
        ((0, 1000), "0\u00a0% to 100\u00a0% lost", "A kill of the process took messages in 1 of 2 rounds that"),
    ],
)
def test_a_finding_about_a_loss_says_what_the_rounds_say(lost: Sequence[int], number: str, fate: str) -> None:
    found = only([point("redis-list-rdb", "kill", *lost)])
    assert found.number == number
    assert found.sentence.startswith(fate)
    assert found.condition == f"One node, 3 s after the first message; {len(lost)} rounds."


def test_one_round_and_one_message_are_singular() -> None:
    found = only([point("redis-list-rdb", "kill", 1, whole=1)])
    assert "took all 1 message that" in found.sentence
    assert found.condition.endswith("; 1 round.")


@pytest.mark.parametrize(
    ("profile", "why"), [("rabbitmq-confirms", "it confirms before"), ("kafka-acks-all", "page cache")]
)
def test_the_reason_stands_only_where_something_was_lost(profile: str, why: str) -> None:
    first, rest = told([point(profile, "power", 1000)])
    assert why in first.sentence
    assert rest.number == "0 of 1 setting"
    assert why not in told([point(profile, "power", 0)])[0].sentence


def test_where_a_round_did_not_say_what_was_lost_there_is_no_finding() -> None:
    for word in ("unknown", "did not start"):
        assert told([point("redis-list-rdb", "kill", 0, word=word)]) == []
    assert told([point("redis-list-rdb", "kill")]) == []
    assert told([point("redis-list-rdb", "kill", 0, whole=0)]) == []
    assert told([]) == []


def test_the_settings_that_kept_all_are_counted_and_named() -> None:
    points = [point("redis-list-no", "power", 9), point("kafka-flush", "power", 0), point("redis-list-rdb", "stop", 0)]
    found = only(points)
    assert found.number == "1 of 2 settings"
    assert found.sentence.endswith("through a power cut: kafka-flush, a label.")
    assert only(points[:1]).sentence == "A power cut cost every setting acknowledged messages."


def test_the_rates_are_compared_at_one_setting_and_with_the_article() -> None:
    slow, fast = rate("kafka-million", "one by one", 1000), rate("kafka-million", "batches", 2_000_000)
    found = only([slow, fast])
    assert found.number == "2,000 times"
    assert "took 1,000/s (one by one) and 2,000,000/s (batches)" in found.sentence
    assert found.sentence.endswith("the article’s 1,000,000/s is in between.")
    assert only([slow, replace(fast, median={"per_s": 2000.0})]).sentence.endswith("1,000,000/s was not reached.")
    assert "passed by all" in only([fast, replace(fast, median={"per_s": 3e6})]).sentence
    assert told([slow, rate("kafka-million", "other promise", 2e6, profile="kafka-flush")]) == []
    assert told([slow, rate("kafka-million", "large", 2e6, body_bytes=16384)]) == []
    assert told([slow, rate("kafka-million", "theirs", 2e6, published="article-kafka")]) == []
    both = only([slow, fast, rate("redis-million", "a", 10), rate("redis-million", "b", 30)])
    assert both.sentence.endswith("Likewise Redis list, no persistence 10/s to 30/s.")


def test_both_ends_of_a_rate_are_one_client_of_ours_on_one_queue_that_nobody_reads() -> None:
    slow, fast = rate("kafka-million", "one by one", 1006.8), rate("kafka-million", "batches", 3_468_900.0)
    tool = rate("kafka-million", "tool", 9e6, lane="vendor's tool")
    read = rate("kafka-million", "read", 9e6, read=True)
    many = replace(rate("kafka-million", "four", 9e6), repeats=[{"per_s": 9e6, "ledgers": []}])
    found = only([slow, fast, tool, read, many])
    assert found.number == "3,440 times", "3,470,000 over 1,010, as they are shown"
    assert "one queue, one client of this book, and nobody reads" in found.condition


@pytest.mark.parametrize(
    ("repeat", "told"),
    [
        (
            {"per_s": 1000.0, "said": "Kafka, acks=all; 800 of 800 acknowledged"},
            " Rounds were short: 800\u00a0ms each.",
        ),
        ({"per_s": 1000.0, "counted_s": 2.0}, " Rounds were short: 2\u00a0s each."),
        ({"per_s": 1000.0, "counted_s": 4.99}, ""),
        ({"per_s": 1000.0}, ""),
    ],
)
def test_a_rate_of_short_rounds_says_so_and_one_of_whole_rounds_does_not(repeat: dict[str, Any], told: str) -> None:
    ways = [replace(rate("kafka-million", name, 1000.0), repeats=[repeat]) for name in "ab"]
    condition = only(ways).condition
    assert condition.endswith(told)
    assert ("short" in condition) == bool(told)


def test_what_is_recorded_gives_five_findings_whose_figures_are_in_their_files() -> None:
    found = findings()
    assert len(found) == 5
    for one in found:
        assert re.fullmatch(r"[A-Z0-9].*[^.]\.", one.sentence)
        assert re.search(r"\d", one.number)
    html = landing.news(found)
    assert html.count("<li>") == 5
    assert 'href="03-2-loss-matrix.html#lab=loss-matrix&amp;setting=rabbitmq-confirms&amp;fault=power"' in html
    assert all(f'<p class="news-number">{one.number}</p>' in html for one in found)


def test_without_recordings_page_and_readme_say_so(tmp_path: Path) -> None:
    assert findings(tmp_path) == []
    assert "not recorded yet" in landing.news([])
    assert "not recorded yet" in loss_hero.hero(tmp_path)
    assert "Nothing is recorded yet." in readme.listed(tmp_path)
    with pytest.raises(ValueError, match="labs record loss-matrix"):
        readme.drawn(tmp_path)


def test_the_squares_are_the_recorded_points_with_their_outcomes() -> None:
    file = recorded(LOSS)
    assert file is not None
    html = loss_hero.hero()
    words = dict(re.findall(r'data-key="([^"]+)" data-word="([^"]+)"', html))
    assert words == {f"{d.settings['profile']}|{d.settings['fault']}": d.median["outcome"] for d in file.digests}
    poisoned = [replace(one, settings=one.settings | {"label": "<img src=x>"}) for one in file.digests]
    assert "<img" not in readme.picture(loss_hero.rows(poisoned))


def test_the_picture_and_the_findings_of_the_readme_are_those_of_the_recordings() -> None:
    text = readme.README.read_text("utf-8")
    assert readme.written(text) == text, "run `make readme`"
    assert readme.PICTURE.read_text("utf-8") == readme.drawn(), "run `make readme`"
    assert f"({readme.PICTURE.relative_to(PROJECT)})" in text
    with pytest.raises(ValueError, match="once each"):
        readme.written(text.replace(readme.END, ""))


def test_the_page_of_the_rules_counts_the_points_that_obey_them(tmp_path: Path) -> None:
    lab = experiment("fifty-thousand")
    way = made_point(lab, "raw-window", 9.0, "window")
    new = [{**one, "counted_s": 5.0} for one in (*way.repeats, *way.repeats)]
    short = [{**one, "counted_s": 1.0} for one in new]

    def made(name: str, repeats: list[Any]) -> Digest:
        one = made_point(lab, name, 9.0, "window")
        return replace(one, repeats=repeats, card={**one.card, "repeats": len(repeats)})

    def rules(*those: Digest) -> str:
        save(tmp_path / f"{lab.name}.json", lab.name, [*those], way.card)
        return obeyed.rules(tmp_path)

    tool = made("perf-test", [{name: one for name, one in each.items() if name != "counted_s"} for each in new])
    text = rules(made("raw-window", new), made("stream", [*new[:4], short[4]]), made("raw-one", new[:3]), tool)
    assert text.startswith("3 of 4 recorded points have five rounds; ")
    assert "; 2 of 3 rows of rates by our generator were counted for five seconds in each round; " in text
    assert "; 4 of 4 rows of rates looked for the limit; 0 of 0 points of the latency ladder" in text
    assert " Shorter were: stream protocol, 1,000 a frame. What does not obey" in text, "a row, not its file"
    assert f" Shorter were: all of “{lab.title}”. " in rules(made("stream", short), made("raw-one", short))
    assert "Shorter" not in rules(made("raw-window", new))
    assert obeyed.cuts(tmp_path).startswith("0 of 0 ")
    rows = [
        {"id": "R22a", "word": "kept", "outcomes": [1]}, {"id": "K16a", "word": "broken", "outcomes": [1]},
        {"id": "Q21b", "word": "not run", "outcomes": []}, {"id": "R2", "word": "kept", "outcomes": [1]},
    ]  # fmt: skip
    monkey = pytest.MonkeyPatch()
    monkey.setattr(obeyed, "recorded_promises", lambda _folder: {"rows": rows})
    assert obeyed.cuts() == "2 of 3 settings are recorded so, and the two ways agree in 1 of these"
    monkey.undo()
