"""Closed loops, rates and the rate labs: what is counted, who is named, and what the rules say of planted figures."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labs import stack
from labs.experiments import EXPERIMENTS, experiment
from labs.experiments.rate_lab import PUBLISHED, _digest, fastest, said_elsewhere
from labs.judge.latency import NoLatencyError, end_to_end_ns, lateness_ns
from labs.judge.lift import Limit, held_up
from labs.judge.limit import Stamp, bottleneck, cpu_cores
from labs.judge.loss import account
from labs.judge.saturation import ceiling
from labs.judge.throughput import confirmed_per_s, counted_ns, delivered_per_s, halves, is_steady
from labs.model.digest import Digest
from labs.model.observer import Observer
from labs.model.profile import profile
from labs.model.published import published
from labs.model.run import NEVER, Run, load
from labs.model.text import BROKER_NAMES
from labs.model.workload import NS_PER_S, Ceiling, Length, Workload
from labs.pages.recordings import recorded
from labs.pages.state import view
from labs.record.recorder import record
from labs.scenarios.bench.base import Figure
from labs.show.looks import rate as rate_look
from tests.made import closed_run
from tests.made_rates import point

MS = 1_000_000
RATE_LABS = [lab for lab in EXPERIMENTS.values() if lab.ways and lab.name != "routing-at-rate"]
"""That one holds a way against itself without routing, in turns in one run: its figure is a share and no rate."""
rate_labs = pytest.mark.parametrize("lab", RATE_LABS, ids=lambda lab: lab.name)


def test_a_rate_counts_from_the_first_message_after_the_warm_up_to_its_last_answer() -> None:
    run = closed_run([0, 0, 100, 200, 300], [50, 60, 150, 250, 600], [90, 90, 190, 290, 1100])
    assert confirmed_per_s(run) == pytest.approx(5 / 0.6)
    assert delivered_per_s(run) == pytest.approx(5 / 1.1)
    late = replace(run, workload=replace(run.workload, warmup_messages=2))
    assert confirmed_per_s(late) == pytest.approx(3 / 0.5)
    assert delivered_per_s(late) == pytest.approx(3 / 1.0)


def test_reading_alone_counts_from_its_own_first_delivery_which_does_not_count() -> None:
    run = closed_run([0, 0, 0, 0], [1, 1, 1, 1], [500, 500, 700, 1000], part="consume")
    assert delivered_per_s(run) == pytest.approx(2 / 0.5)


def test_what_was_never_answered_or_delivered_is_no_rate() -> None:
    run = closed_run([0, 0], [-1, -1], [-1, -1])
    assert confirmed_per_s(run) == 0
    assert delivered_per_s(run) == 0


def test_the_limit_of_a_ceiling_names_no_client_that_was_not_there() -> None:
    cores: dict[str, float | None] = {"broker": 0.2, "producer": 0.3, "consumer": 0.0}
    seen = cores | {"consumer": 0.1}, cores, cores | {"broker": None, "producer": None}
    said = "broker 0.20 cores, clients 0.30 and 0.10 cores", "broker 0.20 cores, clients 0.30 cores"
    for known, words in zip(seen, (*said, "broker not seen, clients not seen"), strict=True):
        assert ceiling(known, "memory")[1].endswith(f"({words})")


def test_a_duplicate_counts_once() -> None:
    run = closed_run([0, 0], [10, 10], [100, 200])
    again = {name: np.concatenate([run[name], run[name]]) for name in run.columns if name.startswith("delivered")}
    again["delivered_ns"] = np.array([100, 200, 900, 900], np.int64) * MS
    assert delivered_per_s(replace(run, columns=dict(run.columns) | again)) == pytest.approx(2 / 0.2)


def by_time(per_half_second: list[int], warmup_s: float, counted_s: float, part: str = "produce") -> Run:
    """A closed loop by time in which so many messages were answered, and arrived, in each half second, evenly."""
    times = [round((at + (n + 1) / count) * 500) for at, count in enumerate(per_half_second) for n in range(count)]
    run = closed_run([0, *times[:-1]], times, times, part=part)
    return replace(run, workload=replace(run.workload, warmup_s=warmup_s, counted_s=counted_s))


def test_by_time_the_warm_up_and_what_comes_after_the_end_do_not_count() -> None:
    for part, rate in (("produce", confirmed_per_s), ("both", delivered_per_s)):
        run = by_time([5, 10, 50, 50, 50, 500], 1.0, 1.5, part)
        assert counted_ns(run) == (1000 * MS, 2500 * MS)
        assert rate(run) == pytest.approx(100)
        assert halves(run, part) == pytest.approx(1.0, rel=0.05)  # type: ignore[arg-type]


def test_by_time_answers_that_come_many_at_once_count_between_two_of_them() -> None:
    batches = [at for at in (300, 700, 1100, 1500, 1900, 2300) for _ in range(40)]
    run = closed_run([0] * len(batches), batches, [], part="produce")
    run = replace(run, workload=replace(run.workload, warmup_s=1.0, counted_s=1.2))
    assert confirmed_per_s(run) == pytest.approx(100)  # three batches in three times 400 ms


@pytest.mark.parametrize(
    ("halves", "said"),
    [
        ((0.77, 1.26, 1.01), "23 % slower to 26 % faster"),  # the median of them would hide both
        ((1.2, 1.26, 1.12), "12 % faster to 26 % faster"),
        ((0.8, 1.0, 0.7), "30 % slower to no faster"),
        ((1.2, 1.2, 1.2), "20 % faster"),
    ],
)
def test_a_rate_that_was_not_steady_says_how_far_its_rounds_went_both_ways(halves: Any, said: str) -> None:
    one = point(experiment("fifty-thousand"), "raw-window", 50_000.0)
    repeats = [{**repeat, "halves": half} for repeat, half in zip(one.repeats, halves, strict=True)]
    wild = replace(one, repeats=repeats, median={**one.median, "steady": False})
    assert (
        rate_look.limit(wild)
        .replace("\u00a0", " ")
        .endswith(f". The rate was not steady: the second half of a round was {said} than the first")
    )
    assert "steady" not in rate_look.limit(replace(wild, median={**one.median, "steady": True}))


def held(one: Digest) -> Digest:
    told = "the broker held its publishers up: connection.blocked: low on memory"
    return replace(one, repeats=[{**one.repeats[0], "limit": told}, *one.repeats[1:]])


def test_a_rate_whose_publishers_the_broker_stopped_says_so_and_wins_nothing() -> None:
    lab = experiment("fifty-thousand")
    one, quick = (point(lab, way, per_s) for way, per_s in (("raw-window", 50_000.0), ("raw-quorum", 60_000.0)))
    stopped = held(quick)
    told = rate_look.limit(stopped)
    assert f"In 1 of {len(quick.repeats)} rounds the broker held its publishers up (connection.blocked: low on" in told
    assert told.endswith("so this rate is held against no other")
    assert rate_look.shapes(stopped)["dots"]["kind"] == "open"
    assert "held its publishers" not in rate_look.limit(quick)
    assert rate_look.unheld([one, stopped]) == [one]
    assert rate_look.unheld([stopped]) == [stopped]
    assert rate_look.fastest([one, stopped]) == rate_look.fastest([one])
    assert fastest([one, stopped]) == one
    assert fastest([one, quick]) == quick
    both = [point(lab, "pika-one", 1000.0), one]
    assert lab.short is not None
    assert lab.short([*both, stopped]).answer == lab.short(both).answer


def test_the_recorded_quorum_queue_says_that_its_broker_was_short_of_memory() -> None:
    file = recorded("fifty-thousand")
    assert file is not None
    row = next(one for one in file.digests if one.settings["way"] == "raw-quorum")
    assert bool(held_up(row.repeats)) == ("low on memory" in rate_look.limit(row))


def test_the_answer_in_short_says_of_a_rate_that_it_was_not_steady() -> None:
    lab = experiment("kafka-million")
    one, many = (point(lab, way, per_s) for way, per_s in (("batch-1", 9000.0), ("batch-5000", 2e6)))
    wild = replace(one, repeats=[{**repeat, "halves": 1.2} for repeat in one.repeats])
    wild = replace(wild, median={**wild.median, "steady": False})
    assert lab.short is not None
    assert "went at 9,000/s (not steady), 5,000 at 2,000,000/s: " in lab.short([wild, many]).answer
    assert "steady" not in lab.short([one, many]).answer


def test_a_rate_whose_halves_differ_by_more_than_a_tenth_is_not_steady() -> None:
    assert halves(by_time([9, 9, 100, 80], 1.0, 1.0), "produce") == pytest.approx(0.8, rel=0.03)
    assert [is_steady(ratio) for ratio in (0.8, 0.92, 1.0, 1.09, 1.2)] == [False, True, True, True, False]
    assert halves(closed_run([0, 0], [1, 2], []), "produce") is None


def test_by_time_there_is_room_for_more_than_the_trial_reached_and_never_for_more_than_the_broker_has() -> None:
    plan = Ceiling(messages=1000, window=500, batch=100)
    lasts = plan.lasting(Length(1.0, 5.0, 10_000))
    assert (lasts.messages, lasts.warmup_s, lasts.counted_s) == (90_000, 1.0, 5.0)
    small = plan.lasting(Length(1.0, 5.0, 10_000, most=30_000))
    assert (small.messages, round(small.warmup_s, 3), round(small.counted_s, 3)) == (30_000, 0.429, 2.571)
    near = plan.lasting(Length(1.5, 5.0, 10_000, most=59_000))
    assert (near.warmup_s, near.counted_s) == (pytest.approx(0.9), pytest.approx(5.0))
    assert plan.lasting(Length(1.0, 5.0, 10)).messages == 5000  # ten windows at least


@pytest.mark.broker
@pytest.mark.parametrize("part", ["both", "produce"])
def test_a_loop_by_time_ends_when_it_is_over_and_keeps_what_was_handed_over(part: Any, tmp_path: Path) -> None:
    plan = Ceiling(messages=100, window=50, batch=10).lasting(Length(0.2, 0.5, 1_000_000))
    with stack.session(("memory",), "native", report=lambda _text: None) as found:
        run = record(found["memory"], profile("memory"), plan, part=part)
    assert 100 < run.workload.messages < plan.messages
    assert 0 < run.workload.warmup_messages < run.workload.messages
    assert 0.5 < int(run["sent_ns"].max()) / NS_PER_S < 0.75
    assert (account(run).attempted, account(run).lost) == (run.workload.messages, 0)
    assert (delivered_per_s if part == "both" else confirmed_per_s)(run) > 0
    run.save(tmp_path / "run.npz")
    assert load(tmp_path / "run.npz").workload == run.workload


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("messages", 0, "messages must be at least 1"),
        ("window", 10, "window must be at least 100"),
        ("batch", 0, "batch must be at least 1"),
        ("body_bytes", 15, "body_bytes must be at least 16"),
        ("warmup_messages", 1000, "warmup_messages must be at least 0 and at most 999"),
    ],
)
def test_a_closed_loop_that_cannot_be_is_refused_with_the_range(field: str, value: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Ceiling(**({"messages": 1000, "window": 500, "batch": 100} | {field: value}))


@pytest.mark.parametrize("ask", [end_to_end_ns, lateness_ns])
def test_a_closed_loop_has_no_latency_and_says_so(ask: Any) -> None:
    with pytest.raises(NoLatencyError, match="has no latency"):
        ask(closed_run([0], [1], [2]))


@pytest.mark.broker
@pytest.mark.parametrize("part", ["both", "produce", "consume"])
def test_a_closed_loop_never_has_more_under_way_than_its_window(part: Any, tmp_path: Path) -> None:
    plan = Ceiling(messages=20_000, window=300, batch=70)
    with stack.session(("memory",), "native", report=lambda _text: None) as found:
        run = record(found["memory"], profile("memory"), plan, part=part)
    run.save(tmp_path / "run.npz")
    run = load(tmp_path / "run.npz")
    assert run.workload == plan
    assert (run["confirmed_ns"] != NEVER).all()
    # at each hand-over: how many were out, and how many of them had been answered before
    out = np.arange(1, plan.messages + 1)
    answered = np.searchsorted(np.sort(run["confirmed_ns"]), run["sent_ns"], "left")
    assert (out - answered).max() <= plan.window
    ledger = account(run)
    assert (ledger.acknowledged, ledger.lost, ledger.duplicated) == (plan.messages, 0, 0)
    assert ledger.verdict == ("unknown" if part == "produce" else "kept")
    assert ledger.delivered == (0 if part == "produce" else plan.messages)
    cores, (stamp, why) = cpu_cores(run), bottleneck(run, "memory")
    if all(used is None for used in cores.values()):
        assert (stamp, why) == ("unknown", "it was over before anybody's CPU use could be seen")
    else:
        assert stamp in ("client-bound", "broker-bound", "machine-bound", "not-full")
        assert f"broker {cores['broker']:.2f} cores" in why


def at_work(broker: float, producer: float, consumer: float, samples: int = 5) -> Run:
    """A closed loop of a second in which each used that many cores, on a machine of eight."""
    run, at = (
        closed_run([0, 500, 1000], [10, 600, 1000], [20, 700, 1000]),
        np.linspace(0, 1000 * MS, samples).astype(np.int64),
    )
    used = {"broker": broker, "producer": producer, "consumer": consumer, "machine": broker + producer + consumer}
    columns = {f"cpu_{role}_ns": (at * cores).astype(np.int64) for role, cores in used.items()}
    processors = {"processors": {"room": [8.0, 1.0, 8.0, "", 8, 4.0], "periods": [0, 0], "stolen": 0.0}}
    return replace(run, columns={**run.columns, **columns, "cpu_at_ns": at}, facts=run.facts | processors)


@pytest.mark.parametrize(
    ("run", "stamp", "said"),
    [
        (at_work(0.95, 0.3, 0.2), "broker-bound", "the broker ran out of CPU (broker 0.95 cores"),
        (at_work(0.3, 0.95, 0.2), "client-bound", "our client ran out of CPU (broker 0.30 cores"),
        (at_work(0.3, 0.2, 0.95), "client-bound", "clients 0.20 and 0.95 cores"),
        (at_work(0.95, 0.95, 0.2), "broker-bound", "the broker ran out"),  # it is asked first
        (at_work(0.3, 0.3, 0.2), "not-full", "neither side ran out of CPU (broker 0.30 cores"),
        (at_work(0.95, 0.3, 0.2, samples=1), "unknown", "it was over before anybody's CPU use could be seen"),
    ],
)
def test_a_closed_loop_is_stamped_with_whom_its_own_samples_show_at_the_limit(run: Run, stamp: str, said: str) -> None:
    found, why = bottleneck(run, "memory")
    assert found == stamp
    assert said in why


@pytest.mark.broker
def test_nobody_can_read_alone_what_was_not_kept() -> None:
    with (
        stack.session(("redis",), "native", report=lambda _text: None) as found,
        pytest.raises(ValueError, match="keeps nothing for a reader that comes late"),
    ):
        record(found["redis"], profile("redis-pubsub"), Ceiling(messages=1000), part="consume")


def test_files_of_open_loops_from_before_are_still_read(tmp_path: Path) -> None:
    run = replace(closed_run([0], [1], [2]), workload=Workload(rate_per_s=1, duration_s=1, warmup_s=0))
    run.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as archive:
        header = json.loads(archive["header"].tobytes())
        columns = {name: archive[name] for name in archive.files if name != "header"}
    assert header.pop("loop") == "open"
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez_compressed(tmp_path / "old.npz", header=text, **columns)
    assert load(tmp_path / "old.npz").workload == run.workload


# ---- the labs


@rate_labs
def test_a_client_bound_point_never_carries_the_name_of_the_broker(lab: Any) -> None:
    for one in lab.ways:
        bound, free = (point(lab, one.name, 12_345.0, word) for word in ("client", "broker"))
        shown = lab.look.view(bound)
        told = json.dumps(
            [shown["label"], shown["title"], shown["sentence"], shown["dots"], lab.figure("rates", [bound]).to_json()]
        )
        assert not any(name in told for name in BROKER_NAMES.values()), told
        assert (shown["dots"]["kind"], shown["dots"]["word"]) == ("open", "client")
        assert BROKER_NAMES[one.broker] in lab.look.view(free)["title"]
        assert (lab.look.view(free)["dots"]["kind"], lab.look.view(free)["dots"]["word"]) == ("at", "broker")


@rate_labs
@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("window", "and the window was the limit"),
        ("not found", "; the limit was not found"),
        ("not looked for", "; the limit was not looked for"),
    ],
)
def test_a_rate_that_may_not_be_the_most_of_the_broker_is_not_drawn_as_that(lab: Any, word: Limit, said: str) -> None:
    shown = lab.look.view(point(lab, lab.ways[0].name, 12_345.0, word))
    assert (shown["dots"]["kind"], shown["dots"]["word"]) == ("open", word)
    assert shown["title"].endswith(said)
    assert "open" in dict(lab.look.layouts([])["rates"]["key"])


def test_a_page_says_once_that_nobody_looked_for_the_limit_and_its_dots_have_no_column_of_it() -> None:
    lab = experiment("fifty-thousand")
    ways = [lab.ways[0].name, "raw-window"]
    without, with_limits = ([point(lab, way, 9.0, word) for way in ways] for word in ("not looked for", "broker"))
    mixed = [without[0], with_limits[1], *lab.elsewhere()]
    assert [len(lab.look.layouts(some)["rates"]["heads"]) for some in (without, with_limits, mixed, [])] == [2, 3, 3, 3]
    assert rate_look.limits([*without, *lab.elsewhere()]).startswith("In this recording nobody looked for the limit")
    assert "In this recording" not in rate_look.limits(mixed)
    assert rate_look.limits([point(lab, "raw-window", 9.0, "window")]).endswith(" In this recording none is full.")
    under = [lab.figure("rates", some).layout.title.text for some in (without, with_limits, mixed)]
    assert [("filled: " in text, "hollow: " in text) for text in under] == [(False, True), (True, False), (True, True)]
    assert ["cross: " in text for text in under] == [False, False, True]
    assert "not looked for" not in str([trace.text for trace in lab.figure("rates", without).data])


def test_what_was_not_seen_was_not_idle() -> None:
    run = closed_run([0, 1, 2], [1, 2, 3], [1, 2, 3])
    assert bottleneck(run, "redis") == ("unknown", "it was over before anybody's CPU use could be seen")


def test_where_nobody_looked_for_the_limit_a_client_that_ran_out_of_cpu_still_gives_the_broker_no_name() -> None:
    lab = experiment("redis-million")
    stamps: tuple[Stamp, ...] = ("not-full", "client-bound", "client-bound")
    figures = [Figure(1.0, 1.0, {}, f"said {stamp}", stamp=stamp) for stamp in stamps]
    median = _digest(lab.name, lab.ways[0], figures, {}).median
    assert (median["stamp"], median["client_bound"]) == ("not looked for", True)
    assert median["limit"] == "Said client-bound; the limit was not looked for"
    shown = lab.look.view(_digest(lab.name, lab.ways[0], figures, {}))
    assert "Redis" not in shown["title"]
    assert shown["title"].endswith(", and our client ran out of CPU")
    assert (shown["dots"]["kind"], shown["dots"]["word"]) == ("open", "not looked for")


@rate_labs
def test_each_way_has_a_profile_a_lane_that_can_run_it_and_a_place_in_the_control(lab: Any) -> None:
    offered = {option.value: option.reason for option in lab.controls[0].options}
    for one in lab.ways:
        assert offered[one.name] == ""
        assert one.broker in lab.needs
    for name, reason in offered.items():
        assert name.startswith(PUBLISHED) == bool(reason)


@rate_labs
def test_published_figures_are_points_with_source_and_conditions_and_cannot_be_run(lab: Any) -> None:
    for digest in lab.elsewhere():
        name = digest.settings["way"].removeprefix(PUBLISHED)
        assert digest.median["per_s"] == published()[name].per_s
        shown = lab.look.view(digest)
        assert published()[name].source in shown["sentence"]
        assert shown["dots"]["kind"] == "cross"
        card = dict(shown["measured"])
        assert (card.get("Conditions"), "Limit" in card) == (digest.card["conditions"], False)
        assert view(lab.look, digest, "recorded 2026-11-30")["origin"] == "published by others"
        assert published()[name].source in shown["dots"]["more"]
        with pytest.raises(ValueError, match="published by others"):
            lab.run(lab.settings({"way": digest.settings["way"]}), Observer())
    assert said_elsewhere(lab.name, ()) == []


@rate_labs
def test_what_was_recorded_in_three_steps_or_more_is_a_curve_and_what_in_fewer_is_dots(lab: Any) -> None:
    steps = Counter(one.line for one in lab.ways if one.line)
    curves = {line for line, many in steps.items() if many >= 3}
    drawn = [chart for chart in lab.look.charts if chart.slider]
    assert bool(curves) == bool(drawn)
    found = [point(lab, one.name, 1000.0 + n) for n, one in enumerate(lab.ways)]
    for digest in found:
        on_curve = digest.settings.get("line") in curves
        view = lab.look.view(digest)
        assert bool(view["traces"].get("lines")) == on_curve
        assert view.get("row", digest.settings["way"]) == digest.settings["line" if on_curve else "way"]


@pytest.mark.parametrize("lab", [lab for lab in RATE_LABS if lab.look.charts[0].slider], ids=lambda lab: lab.name)
def test_a_curve_runs_from_left_to_right_and_what_is_hollow_as_a_dot_is_hollow_on_it(lab: Any) -> None:
    on_lines = [one for one in lab.ways if one.line]
    bound = on_lines[0].name
    words: dict[str, Limit] = {bound: "client"}
    found = [point(lab, one.name, 1000.0 + n, words.get(one.name, "broker")) for n, one in enumerate(on_lines)]
    figure = lab.figure("lines", [*reversed(found), *lab.elsewhere()])
    lines = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert lines
    for line in lines:
        assert list(line.x) == sorted(line.x)
        assert len(line.x) > 2
        assert not any(name in line.name for name in BROKER_NAMES.values())
    assert sum(mark.endswith("-open") for line in lines for mark in line.marker.symbol) == 1
    said = [one.text for one in figure.layout.annotations if "the article" in (one.text or "")]
    assert len(said) == sum("article" in one.settings["way"] for one in lab.elsewhere())
    assert len(figure.layout.shapes) == len(said)


@rate_labs
def test_the_dots_of_a_lab_stand_on_whole_decades_that_hold_every_figure(lab: Any) -> None:
    found = [point(lab, one.name, 70.0 * 9**n) for n, one in enumerate(lab.ways[:6])]
    axis = lab.look.layouts(found)["rates"]["axis"]
    low, high = axis["range"]
    assert [math.log10(end) % 1 for end in (low, high)] == [0, 0]
    assert all(low <= value <= high for one in found for value in (one.median["per_s"], *one.each("per_s")))
    assert [at for at, _ in axis["ticks"]] == [
        10.0**power for power in range(round(math.log10(low)), round(math.log10(high)) + 1)
    ]
