"""L4.2: how long confirmations take, what goes to disk, what a reader changes, and what is unknown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from docutils.core import publish_doctree
from docutils.parsers.rst import directives

from labs import stack
from labs.experiments import experiment
from labs.experiments.rate_figures import middle, repeat_of, sum_up
from labs.experiments.rate_lab import _digest
from labs.experiments.rate_rounds import LIVE_S, length, one_round
from labs.judge.soundness import left_out
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.observer import Observer
from labs.model.paths import PROJECT
from labs.model.profile import profile
from labs.model.run import load
from labs.model.workload import Ceiling
from labs.pages.glue import is_known, number
from labs.pages.state import panel_state
from labs.record import usage
from labs.record.recorder import record
from labs.record.usage import Written
from labs.scenarios.bench.base import Figure, Setting, VoidError
from labs.scenarios.bench.sides import _more
from labs.show.looks import PRICE_LOOK
from tests.made import closed_run

LAB = experiment("price-of-persistence")
IO = "rchar: 9\nwchar: 8\nsyscr: 7\nsyscw: 6\nread_bytes: 5\nwrite_bytes: 8192\ncancelled_write_bytes: 4096\n"
KNOWN: dict[str, Any] = {"confirm_ms": {"p50": 0.8, "p99": 12.0, "mean": 2.0}, "disk_bytes_per_message": 4420.0}


def point(name: str, more: dict[str, Any] | None = None, per_s: float = 500.0) -> Digest:
    """A digest of that way out of three repeats; without `more` one from before it was kept."""
    figures = [Figure(per_s * by, 1.0, {}, "the broker", stamp="broker-bound", more=more or {}) for by in (0.9, 1, 1.1)]
    way = next(one for one in LAB.ways if one.name == name)
    return _digest(LAB.name, way, figures, {"broker": "made up", "date": "2000-01-01", "repeats": 3})


# ---- bytes to disk


def test_the_kernels_figures_are_read_by_name_and_what_is_not_such_a_file_is_refused() -> None:
    assert usage.counted(IO) == Written(8192, 4096)
    for text in ("", "write_bytes: many\ncancelled_write_bytes: 0\n", "write_bytes: 1\n"):
        with pytest.raises((ValueError, KeyError)):
            usage.counted(text)


def test_bytes_count_from_the_first_look_and_a_process_that_took_its_part_along_makes_them_unknown() -> None:
    assert Written(9000, 100).since(Written(1000, 40)) == Written(8000, 60)
    assert usage.as_fact(Written(1000, 0), Written(9000, 60)) == {"caused": 8000, "cancelled": 60}
    assert usage.as_fact(Written(9000, 0), Written(1000, 0)) is None
    assert usage.as_fact(None, Written(1, 0)) is None
    assert usage.as_fact(Written(1, 0), None) is None


def test_a_process_and_its_child_count_together_and_a_page_counts_whole(tmp_path: Path) -> None:
    write = f"import os, sys; f = open({str(tmp_path / 'file')!r}, 'wb', 0)\n"
    write += "for line in sys.stdin: [(f.write(b'x'), os.fsync(f.fileno())) for _ in range(20)]; print(flush=True)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {write!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        for _ in range(2):  # once until the child is there, once to be counted
            before = usage.written([process.pid])
            process.stdin.write(b"\n")
            process.stdin.flush()
            process.stdout.readline()
        added = usage.as_fact(before, usage.written([process.pid]))
        process.stdin.close()
    assert added is not None
    assert added["caused"] >= 20 * 4096  # twenty bytes, each flushed alone


def test_where_a_process_may_not_be_seen_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert usage.written([]) is None
    assert usage.written([2**22 + 1]) is None
    monkeypatch.setattr(usage, "PROC", tmp_path)  # a system without it
    assert usage.written([os.getpid()]) is None
    (tmp_path / str(os.getpid())).mkdir()
    (tmp_path / str(os.getpid()) / "io").mkdir()  # there, and cannot be read
    assert usage.written([os.getpid()]) is None


# ---- a run, a round, a digest


def test_a_round_knows_its_confirmations_its_bytes_and_how_far_the_reader_was_behind() -> None:
    count = 2000
    run = closed_run(
        [10 * n for n in range(count)], [10 * n + 1 + n % 4 for n in range(count)], [10 * n + 5 for n in range(count)]
    )
    run.facts["broker_disk_bytes"] = {"caused": 500_000, "cancelled": 0}
    found = _more(run, profile("rabbitmq-confirms"), "both")
    assert found["confirm_ms"] == {"p50": 2.0, "p99": 4.0, "mean": 2.5}
    assert found["disk_bytes_per_message"] == 250.0
    assert found["behind"] == pytest.approx(1 / count)  # the last one, on its way
    run.facts["broker_disk_bytes"] = None
    alone = _more(run, profile("rabbitmq-confirms"), "produce")
    assert alone["disk_bytes_per_message"] is None
    assert "behind" not in alone
    assert "confirm_ms" not in _more(run, profile("redis-pubsub"), "produce")


def test_a_median_of_repeats_is_unknown_where_one_could_not_say_and_absent_where_one_did_not_ask() -> None:
    one, two = ({"disk": size, "ms": {"p50": ms, "p99": None}} for size, ms in ((1.0, 3.0), (3.0, 5.0)))
    assert middle([one, two]) == {"disk": 2.0, "ms": {"p50": 4.0, "p99": None}}
    assert middle([one, two | {"disk": None}])["disk"] is None
    assert middle([one, {}]) == {}
    assert "disk" not in sum_up([repeat_of(Figure(1.0, 1.0, stamp="valid"))])["median"]


def test_a_round_that_its_room_ended_too_soon_is_measured_once_more_with_more_room() -> None:
    asked: list[float] = []

    def side(here: Setting) -> Figure:
        assert here.length
        asked.append(here.length.per_s)
        return Figure(3000.0, 1.0, more={"counted_s": 0.9 if here.length.per_s < 2000 else 3.0})

    one = replace(next(way for way in LAB.ways if way.name == "persistent-1000"), side=side)
    here = Setting(Endpoint("rabbitmq", "127.0.0.1", 1), 1.0, Observer())
    assert one_round(one, replace(here, length=length(one, 1000.0, LIVE_S)), []).more["counted_s"] == 3.0
    assert asked == [1000.0, 3000.0]
    assert one_round(one, replace(here, length=length(one, 3000.0, LIVE_S)), []).more["counted_s"] == 3.0
    assert asked == [1000.0, 3000.0, 3000.0]


def test_a_round_in_which_the_machine_stood_still_is_measured_again_and_told_and_void_after_the_third() -> None:
    def side(here: Setting) -> Figure:
        if left.pop():
            raise VoidError("way: stood still for 0.6 s: the round is void. Run it again.")
        return Figure(3000.0, 1.0)

    one = replace(next(way for way in LAB.ways if way.name == "persistent-1000"), side=side)
    here, left, void = Setting(Endpoint("rabbitmq", "127.0.0.1", 1), 1.0, Observer()), [False, True, True], list[str]()
    assert one_round(one, here, void).value == 3000.0
    assert left_out(void, 5) == {"void_runs_left_out": "2 of 5: way: stood still for 0.6 s"}
    left += [True] * 3
    with pytest.raises(VoidError, match=r"0\.6 s: the round is void"):
        one_round(one, here, void)


def test_a_round_of_which_nothing_counts_goes_by_a_new_trial_and_is_void_if_that_does_not_help() -> None:
    asked: list[float] = []

    def side(here: Setting) -> Figure:
        asked.append(here.length.per_s if here.length else here.scale)
        if not here.length:
            return Figure(here.scale * 40_000, 1.0)
        enough = here.length.per_s > 1000
        return Figure(4000.0 if enough else 0.0, 1.0, more={"counted_s": 3.0 if enough else 0.0})

    one = replace(next(way for way in LAB.ways if way.name == "persistent-1000"), side=side)
    here = Setting(Endpoint("rabbitmq", "127.0.0.1", 1), 1.0, Observer(), length=length(one, 0.0, LIVE_S))
    assert one_round(one, here, []).value == 4000.0
    assert asked == [0.0, 0.1, 4000.0]
    dead = replace(one, side=lambda here: Figure(0.0, 1.0, more={"counted_s": 0.0} if here.length else {}))
    with pytest.raises(VoidError, match="before anything counted: the round is void"):
        one_round(dead, here, [])


def test_what_nobody_takes_away_is_measured_as_long_as_it_finds_room_and_the_rest_as_long_as_asked() -> None:
    names = {way.name: way for way in LAB.ways}
    assert length(names["persistent-100"], 1.0, LIVE_S).most == 2_000_000_000 // 125
    assert length(names["persistent-100-read"], 1.0, LIVE_S).most == 0


# ---- what is shown


def test_an_older_recording_gets_no_word_no_chart_and_no_figure_about_what_it_lacks() -> None:
    shown = PRICE_LOOK.view(point("persistent-100"))
    told = json.dumps(shown)
    assert "onfirm" not in told
    assert "disk" not in shown["sentence"]
    assert shown["traces"]["disk"] == []
    assert "confirm" not in shown
    assert shown["rows"][0].count("–") == 4
    assert len(shown["rows"][0]) == len(PRICE_LOOK.columns)


def test_what_was_measured_is_said_and_what_could_not_be_seen_is_unknown() -> None:
    shown = PRICE_LOOK.view(point("persistent-1", KNOWN))
    assert "Half of the confirmations came within 0.80\u00a0ms." in shown["sentence"]
    assert "4,420\u00a0B went to disk" in shown["sentence"]
    assert shown["rows"][0][3:7] == ["0.80\u00a0ms", "2.00\u00a0ms", "12.0\u00a0ms", "4,420"]
    assert shown["confirm"]["at"] < shown["confirm"]["tail"]
    blind = PRICE_LOOK.view(point("persistent-100", KNOWN | {"disk_bytes_per_message": None}))
    assert "could not be seen here" in blind["sentence"]
    assert blind["rows"][0][6] == "unknown"
    assert blind["traces"]["disk"] == []


@pytest.mark.parametrize(("behind", "said"), [(0.02, "The reader kept up"), (0.4, "The reader did not keep up")])
def test_a_reader_that_did_not_keep_up_is_told_as_such(behind: float, said: str) -> None:
    assert said in PRICE_LOOK.view(point("persistent-100-read", KNOWN | {"behind": behind}))["sentence"]
    assert "reader" not in PRICE_LOOK.view(point("persistent-100", KNOWN))["sentence"]


def test_a_line_is_a_kind_by_its_windows_and_of_the_bytes_a_kind_without_and_with_a_reader() -> None:
    views = [LAB.look.view(point(one.name, KNOWN)) for one in LAB.ways]
    rates = [trace for view in views for trace in view["traces"]["lines"] if trace["meta"]["role"] == "median"]
    assert sorted((trace["meta"]["line"], *trace["x"]) for trace in rates) == sorted(
        (kind, window) for kind in ("transient", "persistent", "quorum queue") for window in (1, 10, 100, 1000)
    )
    disks = [trace for view in views for trace in view["traces"]["disk"] if trace["meta"]["role"] == "median"]
    assert sorted((trace["meta"]["line"], *trace["x"]) for trace in disks) == sorted(
        (kind, at) for kind in ("transient", "persistent", "quorum") for at in range(2)
    )


def test_the_axes_hold_all_that_is_drawn_and_there_are_axes_before_anything_is_recorded() -> None:
    digests = [point(one.name, KNOWN, per_s) for one, per_s in zip(LAB.ways, range(150, 50_000, 700), strict=False)]
    for found in (digests, [point("persistent-100")], []):
        axes = {chart["name"]: chart["layout"] for chart in panel_state(LAB, found)["charts"]}
        assert axes["lines"]["yaxis"]["range"][0] < axes["lines"]["yaxis"]["range"][1]
        assert axes["disk"]["yaxis"]["range"][1] > 0
    low, high = LAB.look.layouts(digests)["lines"]["yaxis"]["range"]
    drawn = [y for digest in digests for trace in LAB.look.view(digest)["traces"]["lines"] for y in trace["y"]]
    assert 10**low <= min(drawn) <= max(drawn) <= 10**high


def test_a_page_speaks_of_a_figure_only_where_it_is_in_the_recording_and_known(tmp_path: Path) -> None:
    blind = KNOWN | {"disk_bytes_per_message": None}
    found = [point("transient-1"), point("persistent-1", KNOWN), point("quorum-1", blind)]
    file = {"format": 1, "lab": LAB.name, "card": {}, "digests": [one.to_json() for one in found]}
    (tmp_path / f"{LAB.name}.json").write_text(json.dumps(file), "utf-8")
    asked = {name: f"{LAB.name} way={name} disk" for name in ("transient-1", "persistent-1", "quorum-1")}
    assert number(asked["persistent-1"], tmp_path) == "4,420\u00a0B"
    assert [is_known(text, tmp_path) for text in asked.values()] == [False, True, False]
    assert not is_known(f"{LAB.name} way=persistent-100-read disk", tmp_path)  # no such point in it
    with pytest.raises(ValueError, match="cannot ask"):
        is_known(f"{LAB.name} way=persistent-1 dsik", tmp_path)


@pytest.mark.parametrize("asked", ["persistent-1", "transient-1", "quorum-1"])
def test_the_directive_leaves_out_what_the_recording_cannot_say(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(PROJECT / "book" / "_ext"))
    monkeypatch.setenv("LABS_RUNS", str(tmp_path))
    from labsbook import WhenRecorded, state_of

    directives.register_directive("when-recorded", WhenRecorded)
    blind = KNOWN | {"disk_bytes_per_message": None}
    found = [point("transient-1"), point("persistent-1", KNOWN), point("quorum-1", blind)]
    text = f".. when-recorded:: {LAB.name}\n   {{}}:has: way={asked} disk\n\n   It is said."
    assert "It is said" not in publish_doctree(text.format("")).astext()  # not recorded at all
    file = {"format": 1, "lab": LAB.name, "card": {}, "digests": [one.to_json() for one in found]}
    (tmp_path / f"{LAB.name}.json").write_text(json.dumps(file), "utf-8")
    state_of.cache_clear()  # a build reads each recording once; here it came meanwhile
    assert ("It is said" in publish_doctree(text.format("")).astext()) is (asked == "persistent-1")
    otherwise = publish_doctree(text.format(":not:\n   ")).astext()
    assert ("It is said" in otherwise) is (asked != "persistent-1")


# ---- a real broker


@pytest.mark.broker
def test_a_confirmed_persistent_message_has_gone_to_disk_and_a_run_file_keeps_how_much(tmp_path: Path) -> None:
    plan = Ceiling(messages=400, window=1, batch=1)
    with stack.session(("rabbitmq",), "native", report=lambda _text: None) as found:
        run = record(found["rabbitmq"], profile("rabbitmq-confirms"), plan, part="produce")
        digest = LAB.run(LAB.settings({"way": "persistent-100-read"}), Observer())[0]
    run.save(tmp_path / "run.npz")
    size = usage.per_message(load(tmp_path / "run.npz"))
    assert size is not None
    assert size >= plan.body_bytes
    assert digest.settings["read"] is True
    median = digest.median
    assert 0 < median["confirm_ms"]["p50"] <= median["confirm_ms"]["p99"]
    assert median["disk_bytes_per_message"] > 0
    assert 0 <= median["behind"] <= 1
    assert "to disk" in PRICE_LOOK.view(digest)["sentence"]
    assert np.isfinite(median["confirm_ms"]["mean"])
