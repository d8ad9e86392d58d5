"""What a sceptic asks of a latency: what never came, how many stalls, whose it was, and how far the repeats differ."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labs.experiments import experiment
from labs.judge import recording
from labs.judge.digest import digest, repeat
from labs.judge.latency import end_to_end_ns, never_answered, never_came, percentile, stalls
from labs.judge.loss import account
from labs.model.digest import Digest
from labs.model.profile import profile
from labs.model.run import NEVER, RECEIVED, Run, RunFileError
from labs.pages.bundle import JS
from labs.pages.glue import NO_RATIO, number
from labs.pages.state import series, views
from labs.show.looks import LATENCY_LOOK
from labs.show.sentences import CLOSE, STEP_WORDS, templates, title
from labs.show.traces import ladder_traces, rate_traces
from tests.made import MS, open_run

DENO = str(Path(sys.executable).with_name("deno"))
POINT = {"rate_per_s": 1000, "body_bytes": 100}
USING = profile("rabbitmq-confirms")


def without(run: Run, gone: Any) -> Run:
    """The same, but these messages never arrived."""
    kept = ~np.isin(run["delivered_sequence"], gone)
    return replace(run, columns={**run.columns, **{name: run[name][kept] for name in RECEIVED}})


def waiting(*humps: tuple[int, int], messages: int = 2000) -> Run:
    """A message a millisecond; each hump (at, ms) stops all deliveries from then on for so long."""
    due_ms = np.arange(messages)
    wait_ms = np.ones(messages)
    for at, ms in humps:
        wait_ms = np.maximum(wait_ms, np.where((due_ms >= at) & (due_ms < at + ms), at + ms - due_ms, 0))
    run = open_run()
    return replace(run, columns={**run.columns, "delivered_ns": run["due_ns"] + (wait_ms * MS).astype(np.int64)})


def made(*runs: Run, floor: dict[str, float] | None = None, **settings: Any) -> Digest:
    return replace(digest("latency-ladder", POINT | settings, list(runs), USING, {}), floor_ms=floor or {})


# ---- what never came


def test_two_lost_messages_in_a_hundred_make_the_p99_never_and_leave_the_median_alone() -> None:
    lossy = made(without(open_run(), range(0, 2000, 50)))
    [one] = lossy.repeats
    assert (one["never"], one["count"], one["ledger"]["lost"]) == (40, 2000, 40)
    assert {step: one["latency_ms"][step] for step in ("p50", "p90", "p99", "max")} == {
        "p50": 1.0, "p90": 1.0, "p99": math.inf, "max": math.inf,
    }  # fmt: skip
    assert one["service_ms"]["p99"] == math.inf
    assert lossy.median["latency_ms"]["p99"] == math.inf
    survivors = percentile(end_to_end_ns(without(open_run(), range(0, 2000, 50))), 0.99)
    assert survivors == 1 * MS, "of those that came alone it would be a millisecond"


def test_one_lost_message_in_a_thousand_is_the_slowest_and_the_p99_is_a_number() -> None:
    [one] = made(without(open_run(), [7, 1007])).repeats
    assert (one["latency_ms"]["p99"], one["latency_ms"]["max"]) == (1.0, math.inf)


def test_what_was_refused_is_no_latency_and_what_nobody_confirmed_and_nobody_got_is_infinitely_late() -> None:
    run, gone = open_run(), np.arange(0, 2000, 50)
    silent, told = run["confirmed_ns"].copy(), run["refused_ns"].copy()
    silent[gone] = NEVER
    told[gone] = run["sent_ns"][gone] + MS
    lost = without(run, gone)
    unconfirmed = replace(lost, columns={**lost.columns, "confirmed_ns": silent})
    refused = replace(lost, columns={**lost.columns, "confirmed_ns": silent, "refused_ns": told})
    assert (account(unconfirmed).unconfirmed, never_came(unconfirmed), never_answered(unconfirmed)) == (40, 40, 40)
    assert (account(refused).refused, never_came(refused), never_answered(refused)) == (40, 0, 0)
    assert repeat(refused, "rabbitmq")["latency_ms"]["max"] == 1.0
    assert repeat(unconfirmed, "rabbitmq")["confirm_ms"]["mean"] == math.inf  # type: ignore[index]


def test_what_may_still_be_on_its_way_had_not_come_either_and_what_nobody_read_is_not_late() -> None:
    run = without(open_run(), range(40))
    assert never_came(replace(run, settled=False)) == 40
    assert never_came(replace(without(open_run(), range(2000)), facts={"part": "produce"})) == 0


def test_a_never_is_a_word_in_the_file_and_comes_back_as_what_is_larger_than_any_limit(tmp_path: Path) -> None:
    lossy = made(*(without(open_run(), range(0, 2000, step)) for step in (50, 50, 1000)))
    path = tmp_path / "lab.json"
    recording.save(path, "latency-ladder", [lossy], {})
    content = json.loads(path.read_text("utf-8"), parse_constant=lambda word: pytest.fail(word))
    assert content["digests"][0]["median"]["latency_ms"]["p99"] == "never"
    assert content["digests"][0]["spread"]["p99"] == [1.0, "never"]
    [back] = recording.load(path).digests
    assert back.median["latency_ms"]["p99"] == math.inf > 50
    assert back.each("latency_ms", "p99") == [math.inf, math.inf, 1.0]


@pytest.mark.parametrize("said", ["Infinity", "1e999", '"soon"', "12.5"])
def test_a_never_that_was_altered_in_the_file_is_found(tmp_path: Path, said: str) -> None:
    path = tmp_path / "lab.json"
    recording.save(path, "latency-ladder", [made(without(open_run(), range(0, 2000, 50)))], {})
    path.write_text(path.read_text("utf-8").replace('"p99":"never"', f'"p99":{said}', 1))
    with pytest.raises(RunFileError):
        recording.load(path)


def test_a_never_breaks_the_line_and_the_words_say_it() -> None:
    lossy = made(without(open_run(), range(0, 2000, 50)))
    said = LATENCY_LOOK.said(lossy)
    assert "within 1.00\u00a0ms, but more than 1\u00a0% never arrived." in said
    assert "40 of 2,000 (2\u00a0%) never came and count as infinitely late." in said
    assert LATENCY_LOOK.quantities["p99"].text(lossy) == "never"
    assert title([lossy]) == "At 1,000/s RabbitMQ’s p99 is never reached"
    ladder = {trace["meta"]["role"]: trace for trace in ladder_traces(lossy)}
    assert max(ladder["median"]["x"]) < -math.log10(0.02) + 0.01 < -math.log10(0.01)
    assert ladder["never"]["text"] == ["never"]
    assert ladder["never"]["x"] == ladder["median"]["x"][-1:]
    rate = {trace["meta"]["role"]: trace for trace in rate_traces(lossy)}
    assert rate["median"]["y"] == [None]
    assert rate["never"]["y"] == [1.0]
    json.dumps(LATENCY_LOOK.view(lossy), allow_nan=False)


# ---- stalls


@pytest.mark.parametrize(
    ("humps", "count"),
    [
        ((), 0),
        (((300, 60), (900, 60), (1500, 60)), 3),
        (((300, 60),), 1),
        (((300, 60), (380, 60)), 1),  # 20 ms after the end of the first: one event
        (((300, 60), (500, 60)), 2),
        (((300, 8),), 0),  # not over ten milliseconds
    ],
)
def test_messages_that_were_stalled_together_are_one_event(humps: tuple[tuple[int, int], ...], count: int) -> None:
    assert stalls(waiting(*humps)) == count


def test_what_never_came_is_no_stall_and_hides_none() -> None:
    assert stalls(without(open_run(), range(500, 540))) == 0
    assert stalls(without(waiting((300, 60), (900, 60)), range(1500, 1540))) == 2


def test_repeats_that_differ_much_are_told_as_a_range_with_their_stalls() -> None:
    wide = made(waiting((300, 30)), waiting((300, 60), (900, 60), (1500, 60)), waiting((300, 40)))
    text = LATENCY_LOOK.quantities["p99"].text(wide)
    low, high = min(wide.each("latency_ms", "p99")), max(wide.each("latency_ms", "p99"))
    assert (low, high) == (10.0, 54.0)
    assert text == "10.0 to 54.0\u00a0ms"
    assert LATENCY_LOOK.quantities.rows(wide)[0][LATENCY_LOOK.columns.index("p99")] == text
    assert f"99\u00a0% within {text}, depending on the repeat." in LATENCY_LOOK.said(wide)
    assert " The slowest of a repeat came from one to three stalls." in LATENCY_LOOK.said(wide)
    assert title([wide]) == "At 1,000/s RabbitMQ’s p99 is 10.0 to 54.0\u00a0ms"
    calm = made(waiting((300, 30)), waiting((300, 32)))
    assert LATENCY_LOOK.quantities["p99"].text(calm) == "11.0\u00a0ms"


# ---- whose it was


def named(broker: str, p99_ms: float, floor_ms: float) -> Digest:
    one = made(open_run(round(p99_ms * MS)), floor={"p50": floor_ms, "p99": floor_ms})
    return replace(one, settings={**one.settings, "broker": broker, "label": broker})


def unseen(one: Digest) -> Digest:
    """The same, of a broker whose processes cannot be seen."""
    repeats = [each | {"cpu": dict(each["cpu"]) | {"broker": None}} for each in one.repeats]
    return replace(one, repeats=repeats)  # type: ignore[arg-type]


@pytest.mark.parametrize(("floor_ms", "bound"), [(0.6, True), (0.51, True), (0.5, False), (0.2, False)])
def test_a_figure_of_which_more_than_half_is_the_harness_is_at_most(floor_ms: float, bound: bool) -> None:
    one = named("redis", 1.0, floor_ms)
    assert one.at_most("p99") is bound
    assert LATENCY_LOOK.quantities["p99"].text(one) == ("at most 1.00\u00a0ms" if bound else "1.00\u00a0ms")
    assert ("is our own harness" in LATENCY_LOOK.said(one)) is bound
    assert any("at most" in text for trace in ladder_traces(one) for text in trace.get("text", ())) is bound
    assert any("at most" in text for trace in rate_traces(one) for text in trace.get("text", ())) is bound
    assert rate_traces(one)[1]["meta"]["hollow"] is bound


def test_no_ratio_and_no_headline_is_made_of_what_is_mostly_the_harness() -> None:
    redis, rabbit, kafka = named("redis", 1.0, 0.6), named("rabbitmq", 4.0, 0.6), named("kafka", 8.0, 0.6)
    also = "; that of Redis is below what our own harness can tell"
    assert (
        title([redis, rabbit, kafka])
        == "At 1,000/s Kafka’s p99 is 8.00\u00a0ms, 2.0 times RabbitMQ’s 4.00\u00a0ms" + also
    )
    assert title([redis]) == "At 1,000/s the p99 of Redis is below what our own harness can tell"
    said = "; the broker’s processor time was not seen"
    assert title([unseen(redis)]) == title([redis]) + said
    assert title([unseen(redis), rabbit, kafka]) == title([redis, rabbit, kafka]) + said
    assert LATENCY_LOOK.quantities["p99"].bound(redis)
    assert not LATENCY_LOOK.quantities["p99"].bound(kafka)


def test_a_figure_without_a_floor_beside_it_is_told_as_it_is() -> None:
    assert not made(open_run()).at_most("p99")


def test_prose_gets_no_ratio_of_what_is_mostly_the_harness_and_a_limit_holds_in_every_repeat(tmp_path: Path) -> None:
    slow = replace(made(waiting(), waiting((300, 60)), waiting()), floor_ms={"p50": 0.9, "p99": 0.9})
    fast = made(waiting(), waiting(), waiting(), rate_per_s=250)
    recording.save(tmp_path / "latency-ladder.json", "latency-ladder", [fast, slow], {})
    assert slow.median["latency_ms"]["p99"] == 1.0
    assert number("latency-ladder rabbitmq rung=2 p99 under=10", tmp_path) == "250/s"
    assert number("latency-ladder rabbitmq rate=1000 p99", tmp_path) == "at most 1.00 to 40.0\u00a0ms"
    assert number("latency-ladder rabbitmq rate=1000 p99/p50", tmp_path) == NO_RATIO
    assert number("latency-ladder rabbitmq rate=250 p99/p50", tmp_path) == "1.0"


def test_a_limit_is_kept_up_to_a_rate_only_where_no_lower_one_breaks_it(tmp_path: Path) -> None:
    early, usual = made(waiting(), waiting(), rate_per_s=250), made(waiting(), waiting())
    slow = made(waiting(), waiting((300, 60)), rate_per_s=500)
    asked, file = "latency-ladder rabbitmq rung=2 p99 under=10", tmp_path / "latency-ladder.json"
    for line, told in (
        ([early, usual], "all rates up to 1,000/s"),
        ([early, slow, usual], "250/s and 1,000/s (but not at 500/s)"),
        ([early, slow], "250/s"),
        ([slow], "none of the recorded rates"),
    ):
        recording.save(file, "latency-ladder", line, {})
        assert number(asked, tmp_path) == told


# ---- what blocks a caller


def test_the_mean_stands_beside_the_median_of_a_confirmation_because_each_wait_holds_the_next_one_up() -> None:
    run = open_run()
    confirmed = run["sent_ns"] + np.where(np.arange(2000) % 20 == 0, 20 * MS, 1000)
    one = made(replace(run, columns={**run.columns, "confirmed_ns": confirmed}))
    waited = one.median["confirm_ms"]
    assert (waited["p50"], waited["mean"]) == (0.001, pytest.approx(1.001, abs=1e-3))
    card = dict(LATENCY_LOOK.quantities.card(one))
    assert card["Handed over to confirmed"] == "median 0.00\u00a0ms, mean 1.00\u00a0ms, p99 20.0\u00a0ms"


@pytest.mark.parametrize(
    "digests",
    [
        [made(open_run())],
        [made(without(open_run(), range(0, 2000, 50)))],
        [named("redis", 1.0, 0.6)],
        [unseen(named("redis", 1.0, 0.6))],
        [unseen(named("redis", 1.0, 0.6)), named("rabbitmq", 4.0, 0.6), named("kafka", 8.0, 0.6)],
        [named("redis", 1.0, 0.6), named("rabbitmq", 2.0, 1.5)],
        [named("redis", 1.0, 0.6), named("rabbitmq", 4.0, 0.6), named("kafka", 8.0, 0.6)],
        [named("redis", 1.0, 0.1), made(without(open_run(), range(0, 2000, 50)))],
        [named("redis", 1.0, 0.1), made(waiting((300, 30)), waiting((300, 60), (900, 60), (1500, 60)))],
        [named("redis", 4.0, 0.1), named("kafka", 4.4, 0.1)],
    ],
)
def test_a_browser_titles_each_of_these_as_a_notebook_does(digests: list[Digest]) -> None:
    shown = views(experiment("latency-ladder"), digests, "")
    state = {"titles": templates(), "steps": STEP_WORDS, "close": CLOSE, "series": series()}
    asked = json.dumps([state, list(shown.values())], allow_nan=False)
    module = (JS / "text.mjs").as_uri()
    script = f"import {{ titleOf }} from '{module}'; console.log(titleOf(...{asked}, false));"
    done = subprocess.run([DENO, "eval", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == title(digests)


def test_a_p99_that_never_comes_is_beyond_every_limit_of_a_verdict() -> None:
    lossy = [made(*[without(open_run(), range(0, 2000, 50))] * 5) for _ in range(2)]
    kafka, java = (replace(one, settings={**one.settings, "broker": "kafka", "rung": 2}) for one in lossy)
    kafka = replace(kafka, settings={**kafka.settings, "profile": "kafka-acks-all"})
    java = replace(java, settings={**java.settings, "profile": "kafka-linger"})
    found = {one.claim: one for one in experiment("latency-ladder").verdict([kafka, java])}
    assert found["C48"].word == "no longer holds"
    assert "never" in found["C48"].text
