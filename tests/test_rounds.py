"""Recording in rounds: what is merged, in which order, what is kept when it is interrupted. No broker but memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labs.experiments import EXPERIMENTS
from labs.experiments.record_plan import Agenda, why_due
from labs.experiments.rounds import Rounds, Watcher, disturbance, key_of, order, rules_of, servers
from labs.judge.code_fingerprint import _bare, code_of
from labs.judge.merging import merged
from labs.judge.recording import load, save
from labs.judge.recording_journal import InUseError, Journal
from labs.model.digest import Digest
from labs.model.endpoint import BrokerError
from labs.model.observer import UNOBSERVED
from labs.model.paths import PROJECT, RECORDED
from tests.recording_child import LAB, RATES, ROUNDS

RECORDINGS = sorted(path for path in RECORDED.glob("*.json") if path.stem in EXPERIMENTS)
SMALL = [LAB.settings(point) for point in LAB.grid()]
POINTS = [LAB.settings({"rate": rate, "repeats": 3}) for rate in (400, 600, 800)]
SILENT = Watcher(lambda _number, _point: UNOBSERVED)


def rounds_of(digest: Digest) -> list[Digest]:
    """A recorded point as the rounds that it was."""
    sum_up = EXPERIMENTS[digest.lab].sum_up
    card = {**digest.card, "repeats": 1}
    return [replace(digest, repeats=[one], card=card, **sum_up([one])) for one in digest.repeats]


def figures(digest: Digest) -> dict[str, object]:
    """Its medians; who was the limit is judged by today's rules, and an older file's by those of its day."""
    return {name: one for name, one in digest.median.items() if name not in ("stamp", "limit")}


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_rounds_that_are_merged_are_the_point_that_many_repeats_gave(path: Path) -> None:
    digests = [one for one in load(path).digests if not one.settings.get("published")]
    assert digests
    for digest in digests:
        found = merged(rounds_of(digest), EXPERIMENTS[digest.lab].sum_up)
        assert found.repeats == digest.repeats
        assert figures(found) == figures(digest)
        assert found.card["repeats"] == len(digest.repeats)
        for name, kept in digest.spread.items():
            assert found.spread[name] == (pytest.approx(kept, rel=1e-4) if isinstance(kept, list) else kept)


def part(p50: float, *, void: str = "", foreign: float = 0.01, server: str = "Redis 8.0.6", **more: Any) -> Digest:
    """One round of a made point."""
    ladder = {"p50": p50}
    repeat: Any = {
        **dict.fromkeys(("latency_ms", "service_ms", "lateness_ms"), ladder), "confirm_ms": None,
        "stamp": "valid", "ledger": {"verdict": "kept", "attempted": 100}, "cpu": {"foreign": foreign},
    }  # fmt: skip
    card = {"broker": server, "date": "2026-11-30", "repeats": 1, "others": f"{foreign:.2f} cores", **more}
    settings: Any = {"rate_per_s": 400}
    return Digest(lab="made", settings=settings, repeats=[repeat], card=card, void=void, **LAB.sum_up([repeat]))


def test_a_merged_point_counts_what_was_done_again_and_names_all_days() -> None:
    parts = [part(1.0, disturbed_runs_left_out=1), part(3.0, date="2026-12-01", disturbed_runs_left_out=2, foreign=0.1)]
    card = merged(parts, LAB.sum_up).card
    assert (card["disturbed_runs_left_out"], card["date"]) == (3, "2026-11-30 to 2026-12-01")
    assert (card["others"], card["repeats"]) == ("0.01 to 0.10 cores", 2)


def test_a_void_round_is_left_out_and_said_and_all_void_is_void() -> None:
    found = merged([part(1.0), part(9.0, void="the machine stood still for 2.0 s"), part(3.0)], LAB.sum_up)
    assert found.median["latency_ms"]["p50"] == 2.0
    assert found.card["void_runs_left_out"] == "1 of 3: the machine stood still for 2.0 s"
    assert not found.void
    assert merged([part(1.0, void="x"), part(2.0, void="x")], LAB.sum_up).void == "x"


def test_refusals_of_all_rounds_are_counted_together() -> None:
    refused = replace(part(1.0), refused={"count": 5, "of": 90, "first": "full"})
    assert merged([part(1.0), refused], LAB.sum_up).refused == {"count": 5, "of": 190, "first": "full"}


def test_every_round_measures_every_point_once_in_an_order_that_the_seed_gives() -> None:
    many = [{"n": at, "repeats": 3} for at in range(20)]
    drawn = [order("made", many, number) for number in (1, 2, 3)]
    assert all(sorted(one) == list(range(20)) for one in drawn)
    assert len({tuple(one) for one in drawn}) == 3
    assert drawn == [order("made", many, number) for number in (1, 2, 3)]
    assert drawn[0] != order("made", many, 1, seed=2)
    assert order("made", [{"repeats": 1}, {"repeats": 3}], 2) == [1]


def made(tmp_path: Path, **by: str) -> Rounds:
    return Rounds(LAB, POINTS, Journal(tmp_path / "made.jsonl", by or {"code": "a"}))


def test_a_disturbed_or_broken_point_is_done_again_at_the_end_of_its_round_and_twice_at_most(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    odd = {(400, 1): 9, (600, 2): 1, (800, 3): 1}  # how often each comes out wrong

    def measure(point: Any, _observer: Any) -> list[Digest]:
        this = (point["rate"], point["seed"])
        wrong = seen.count(this) < odd.get(this, 0)
        seen.append(this)
        if wrong and this == (800, 3):
            raise BrokerError("it broke")
        return [part(1.0, foreign=0.5 if wrong else 0.0)]

    found = made(tmp_path).run(measure, SILENT)
    by_round = [[rate for rate, number in seen if number == turn] for turn in (1, 2, 3)]
    assert [sorted(Counter(one).values()) for one in by_round] == [[1, 1, 3], [1, 1, 2], [1, 1, 2]]
    assert by_round[0][-2:] == [400, 400]
    assert [one[-1] for one in by_round[1:]] == [600, 800]
    assert [one.card["disturbed_runs_left_out"] for one in found] == [2, 1, 1]
    assert disturbance(part(1.0, foreign=0.5)) == "others used 0.50 cores"
    assert disturbance(part(1.0, foreign=0.5), quiet=False) == ""


def test_a_point_that_breaks_three_times_ends_the_recording_and_the_rest_is_kept(tmp_path: Path) -> None:
    def measure(point: Any, _observer: Any) -> list[Digest]:
        if point["rate"] == 600:
            raise BrokerError("it broke")
        return [part(1.0)]

    with pytest.raises(BrokerError, match="it broke"):
        made(tmp_path).run(measure, SILENT)
    assert {(one.key, one.round) for one in made(tmp_path).journal.parts()} == {
        (key_of(point), 1) for point in POINTS if point["rate"] != 600
    }


def test_what_other_code_or_another_server_measured_is_not_mixed_in_and_is_said(tmp_path: Path) -> None:
    half = made(tmp_path)
    for point in POINTS[:2]:
        half.journal.add(key_of(point), 1, [part(77.0).to_json()], 1.0)
    other = made(tmp_path, code="b")
    assert (len(other.left()), other.journal.dropped) == (9, Counter(code=2))
    found = made(tmp_path).run(lambda *_: [part(1.0, server="Redis 8.0.7")], SILENT)
    assert {one["latency_ms"]["p50"] for digest in found for one in digest.repeats} == {1.0}
    assert made(tmp_path, code="b").left()  # nobody of code b has measured


def test_a_server_is_told_from_its_version_on_any_card() -> None:
    assert servers({"broker": "Redis 8.0.6, RabbitMQ 4.3.6, Apache Kafka 4.3.1"}) == {
        "Redis": "Redis 8.0.6", "RabbitMQ": "RabbitMQ 4.3.6", "Apache Kafka": "Apache Kafka 4.3.1",
    }  # fmt: skip
    assert servers({"broker": "none"}) == {}


def test_a_line_that_a_crash_cut_short_is_no_part_and_is_not_written_on_to(tmp_path: Path) -> None:
    journal = made(tmp_path).journal
    journal.add("a", 1, [], 1.0)
    with journal.path.open("a") as file:
        file.write('{"key":"b","round":1')
    again = made(tmp_path).journal
    assert [one.key for one in again.parts()] == ["a"]
    again.add("c", 1, [], 1.0)
    assert [one.key for one in made(tmp_path).journal.parts()] == ["a", "c"]


def test_two_do_not_record_the_same_at_once(tmp_path: Path) -> None:
    once, again = made(tmp_path).journal, made(tmp_path).journal
    with once.held(), pytest.raises(InUseError, match="by another process"), again.held():
        pass


def test_a_comment_a_docstring_and_a_rule_are_no_part_of_what_measures() -> None:
    import ast

    def dump(text: str) -> str:
        return ast.dump(_bare(ast.parse(text)))

    one = "def f():\n    return 1\n"
    assert dump(one) == dump('"""Doc."""\ndef f():\n    """Doc."""\n    # why\n    return 1\n')
    assert dump(one) == dump(one + "@rule('C1', of_part=())\ndef c1(d):\n    return 2\n")
    assert dump(one) != dump(one.replace("1", "2"))
    assert code_of(["labs.experiments.redis_million"]) != code_of(["labs.experiments.kafka_million"])


def test_a_file_is_out_of_date_by_its_rules_and_by_the_servers_that_run_here(tmp_path: Path) -> None:
    path, here = tmp_path / "made.json", {"Redis": "Redis 8.0.6"}
    assert why_due(LAB, path, here) == "not recorded"
    save(path, "made", [part(1.0)], {})
    assert why_due(LAB, path, here).startswith("other rules")
    save(path, "made", [part(1.0)], {"recording": {"rules": rules_of(LAB)}})
    assert why_due(LAB, path, here) == ""
    assert why_due(LAB, path, {"Redis": "Redis 8.10.2"}) == "recorded with Redis 8.0.6, here runs Redis 8.10.2"
    save(path, "made", [part(1.0, server="Redis 8.0.6 (Debian)")], {"recording": {"rules": rules_of(LAB)}})
    assert why_due(LAB, path, here) == ""


def test_the_time_left_is_that_of_the_points_that_were_measured_and_else_what_was_expected(tmp_path: Path) -> None:
    rounds, agenda = made(tmp_path), Agenda()
    agenda.add(rounds, [10.0, 20.0, 30.0])
    assert (agenda.count, agenda.left_s()) == (9, 180.0)
    agenda.done("made", rounds.journal.add(key_of(POINTS[2]), 1, [], 3.0))
    assert agenda.left_s() == 3 * 10 + 3 * 20 + 2 * 3.0


# ---- interrupted


class Child:
    """`labs record made` in a home and an output folder of its own."""

    def __init__(self, tmp_path: Path) -> None:
        self.out, self.home = tmp_path / "out", tmp_path / "home"
        self.home.mkdir()

    def start(self, *more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.recording_child", "made", "--out", str(self.out), *more]
        env = {**os.environ, "LABS_HOME": str(self.home)}
        return subprocess.Popen(
            command, cwd=PROJECT, env=env, text=True, stderr=subprocess.PIPE, start_new_session=True
        )

    def begun(self) -> list[str]:
        path = self.home / "begun"
        return path.read_text().splitlines() if path.exists() else []

    def stop_when(self, is_time: Callable[[], bool], number: signal.Signals) -> tuple[int, str]:
        child = self.start()
        until = time.monotonic() + 180  # beside two full lanes a child alone has taken a minute to begin
        while not is_time():
            assert child.poll() is None, child.communicate()
            if time.monotonic() > until:
                child.kill()
                pytest.fail(f"after 180 s {self.begun()} had begun: {child.communicate()[1]}")
            time.sleep(0.01)
        child.send_signal(number)
        said = child.communicate(timeout=180)[1]
        return child.returncode, said

    def kept(self) -> int:
        return sum(len(path.read_text().splitlines()) for path in self.home.glob("recording/*.jsonl"))


@pytest.fixture
def child(tmp_path: Path) -> Child:
    return Child(tmp_path)


def facts(path: Path) -> Any:
    """A recorded file without what no two runs have alike."""
    content = json.loads(path.read_text())
    head = {name: one for name, one in content["card"]["recording"].items() if name in ("seed", "order", "rules")}
    keep = ("ledger", "count", "delivered", "trouble")
    return head, [
        (one["settings"], [{name: each[name] for name in keep} for each in one["repeats"]], sorted(one["card"]))
        for one in content["digests"]
    ]


@pytest.mark.long
@pytest.mark.broker
def test_a_recording_that_was_interrupted_and_killed_goes_on_and_gives_the_file_of_one_that_was_not(
    child: Child, tmp_path: Path
) -> None:
    total = len(RATES) * ROUNDS
    code, said = child.stop_when(lambda: len(child.begun()) == 2, signal.SIGINT)  # within the second point
    assert code == 130
    assert "measurements are kept: the same command goes on." in said
    kept = child.kept()
    assert kept in (1, 2), "the second point may have ended before the signal came"
    code, _ = child.stop_when(
        lambda: child.kept() == kept + 1, signal.SIGKILL
    )  # between two points, or in the next one
    assert (code, child.out.exists()) == (-signal.SIGKILL, False)
    with child.start() as last:
        assert "4 of 4" not in last.communicate(timeout=180)[1]  # of what is left
    assert last.returncode == 0
    begun = child.begun()
    assert total <= len(begun) <= total + 2  # two were cut off at most
    whole = [f"{RATES[at]} {number}" for number in range(1, ROUNDS + 1) for at in order("made", SMALL, number)]
    assert list(dict.fromkeys(begun)) == whole
    (tmp_path / "other").mkdir()
    other = Child(tmp_path / "other")
    with other.start() as straight:
        straight.communicate(timeout=180)
    assert other.begun() == whole
    assert facts(child.out / "made.json") == facts(other.out / "made.json")
    assert (child.kept(), other.kept()) == (0, 0)


@pytest.mark.broker
def test_when_the_time_is_over_it_stops_after_a_point_and_says_that_it_goes_on(child: Child) -> None:
    with child.start("--for", "0.01") as process:
        said = process.communicate(timeout=180)[1]
    assert process.returncode == 0
    assert "The time is over. " in said
    assert not (child.out / "made.json").exists()
    assert child.kept() == len(child.begun()) < len(RATES) * ROUNDS
