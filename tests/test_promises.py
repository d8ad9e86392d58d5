"""The table of promises and its judge on planted outcomes, and the fast rows on real brokers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from labs.judge.promise_file import load
from labs.judge.promises import Outcome, Range, Row, Trial, as_expected, doubt, judge, surprises
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.scenarios.promises import report
from labs.scenarios.promises.cuts import compared
from labs.scenarios.promises.keeping import Kept
from labs.scenarios.promises.killable import READY, Note, killable
from labs.scenarios.promises.loader import BadRowError, read
from labs.scenarios.promises.running import Brokers, Result, run_rows
from labs.scenarios.promises.stage import Stage, TroubleError
from labs.scenarios.promises.table import EXPERIMENTS, chosen, rows
from labs.scenarios.promises.tally import tally
from labs.stack.processes import marked, start_of
from tests.conftest import free_port
from tests.made import struck_run

ROW = Row(
    id="R90",
    broker="redis",
    guarantee="Nothing is lost and at most three come twice.",
    sources=(),
    experiment="list_worker_killed",
    arguments={"keep": True},
    promise={"lost": Range(0, 0), "duplicated": Range(0, 3)},
    expected="kept",
    reason="it is kept",
    ranges={"attempted": Range(100, 100)},
)
CLEAN = {"attempted": 100, "acknowledged": 100, "lost": 0, "duplicated": 0, "unexpected": 0}
GOOD = Outcome(counts=CLEAN, control=CLEAN, happened="pid 7 died of SIGKILL")


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ({"lost": 0, "duplicated": 0}, "kept"),
        ({"lost": 0, "duplicated": 3}, "kept"),
        ({"lost": 0, "duplicated": 4}, "broken"),
        ({"lost": 1, "duplicated": 0}, "broken"),
        ({"lost": 100, "duplicated": 9}, "broken"),
    ],
)
def test_a_promise_is_kept_while_every_count_is_in_its_range(counts: dict[str, int], verdict: str) -> None:
    assert judge(ROW, replace(GOOD, counts=CLEAN | counts)) == verdict


@pytest.mark.parametrize("counts", [CLEAN, CLEAN | {"lost": 5}], ids=["all there", "some lost"])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"happened": ""}, "no evidence"),
        ({"trouble": "the broker did not start"}, "did not start"),
        ({"control": {}}, "no control"),
        ({"control": CLEAN | {"attempted": 0}}, "no control"),
        ({"control": CLEAN | {"lost": 1}}, "1 lost"),
        ({"control": CLEAN | {"duplicated": 2}}, "2 duplicated"),
        ({"control": CLEAN | {"unexpected": 1}}, "1 unexpected"),
        ({"control": {"attempted": 100}}, "not counted lost"),
    ],
)
def test_silence_a_fault_that_did_not_happen_or_a_bad_control_is_unknown(
    counts: dict[str, int], change: dict[str, object], why: str
) -> None:
    outcome = replace(GOOD, **{"counts": counts, **change})
    assert judge(ROW, outcome) == "unknown"
    assert why in doubt(ROW, outcome)


def test_no_message_and_a_count_that_is_missing_are_unknown() -> None:
    assert judge(ROW, replace(GOOD, counts=CLEAN | {"attempted": 0})) == "unknown"
    assert judge(ROW, replace(GOOD, counts={"attempted": 100, "lost": 0})) == "unknown"
    assert judge(ROW, replace(GOOD, counts={})) == "unknown"


def test_a_bound_may_be_another_count_and_one_that_was_not_counted_lets_nothing_through() -> None:
    all_lost = replace(ROW, promise={"lost": Range("acknowledged", "acknowledged")})
    assert judge(all_lost, replace(GOOD, counts=CLEAN | {"lost": 100})) == "kept"
    assert judge(all_lost, replace(GOOD, counts=CLEAN | {"lost": 99})) == "broken"
    assert not Range(0, "returned").holds(0, CLEAN)


@pytest.mark.parametrize(
    ("expected", "verdicts", "fine"),
    [
        ("kept", ["kept", "kept"], True),
        ("kept", ["kept", "broken"], False),
        ("broken", ["broken"], True),
        ("broken", ["kept"], False),
        ("sometimes", ["kept", "broken"], True),
        ("sometimes", ["kept", "kept"], True),
        ("sometimes", ["kept", "unknown"], False),
        ("kept", ["unknown"], False),
        ("broken", ["unknown"], False),
        ("kept", [], False),
    ],
)
def test_unknown_and_silence_are_never_as_expected(expected: str, verdicts: list[str], fine: bool) -> None:
    assert as_expected(replace(ROW, expected=expected), verdicts) is fine


def test_a_verdict_that_is_right_for_another_reason_is_a_surprise() -> None:
    few = replace(GOOD, counts=CLEAN | {"attempted": 3})
    assert judge(ROW, few) == "kept"
    assert surprises(ROW, few) == ["attempted is 3, expected 100"]
    assert not Result(ROW, outcomes=(few,)).as_expected
    assert Result(ROW, outcomes=(GOOD,)).as_expected


@pytest.mark.parametrize(
    ("attempted", "acknowledged", "delivered", "found"),
    [
        (3, [0, 1, 2], [0, 1, 2], {"delivered": 3, "lost": 0, "duplicated": 0, "reordered": 0}),
        (3, [0, 1, 2], [0, 2], {"lost": 1, "unconfirmed": 0}),
        (3, [0, 1], [0, 1], {"lost": 0, "unconfirmed": 1}),
        (3, [0, 1], [0, 1, 2], {"lost": 0, "recovered": 1}),
        (3, [0, 1, 2], [0, 1, 1, 2, 1], {"duplicated": 2, "lost": 0}),
        (3, [0, 1, 2], [0, 2, 1], {"reordered": 1, "lost": 0}),
        (3, [0, 1, 2], [0, 1, 2, 7], {"unexpected": 1, "duplicated": 0}),
        (2, [0, 1], [], {"lost": 2, "delivered": 0}),
    ],
)
def test_every_fate_is_counted_as_what_it_is(
    attempted: int, acknowledged: list[int], delivered: list[int], found: dict[str, int]
) -> None:
    counts = tally(attempted, acknowledged, delivered)
    assert {name: counts[name] for name in found} == found
    assert counts["attempted"] == attempted


ENTRY = """
[[row]]
id = "R90"
broker = "redis"
guarantee = "Nothing is lost."
sources = ["page"]
experiment = "list_worker_killed"
promise = { lost = [0, 0] }
expected = "kept"
reason = "it is kept"
"""


PAGE = 'title = "A page"\nurl = "https://x.example/"\nsays = "Nothing is lost."\nread = "2026-11-30"\n'
SOURCES = {"sources.toml": f"[page]\n{PAGE}"}


def test_a_good_entry_is_read_as_it_stands() -> None:
    row = read(SOURCES | {"redis.toml": ENTRY}, EXPERIMENTS)["R90"]
    assert (row.promise, row.seeds, row.fast) == ({"lost": Range(0, 0)}, 5, False)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("R90", "Q90", "an id of redis is R"),
        ('"redis"', '"rediss"', "Nearest: redis"),
        ('"kept"', '"always"', "kept, broken, sometimes"),
        ("list_worker_killed", "list_worker_kiled", "Nearest: list_worker_killed"),
        ('reason = "it is kept"', "", "reason must be given"),
        ('reason = "it is kept"', 'reason = ""', "reason must be given"),
        ("{ lost = [0, 0] }", "{}", "promise must be given"),
        ("lost = [0, 0]", "lots = [0, 0]", "Nearest: lost"),
        ("[0, 0]", "[1, 0]", "the lowest, 1, is above the highest, 0"),
        ("[0, 0]", "[0]", "lost must be [lowest, highest]"),
        ("[0, 0]", "[0, 0.5]", "whole number"),
        ("[0, 0]", '[0, "atempted"]', "Nearest: attempted"),
        ("lost.", "lost", "full stop"),
        ("expected =", "seeds = 0\nexpected =", "seeds must be 1 to 100"),
        ("expected =", "pendig = true\nexpected =", "Nearest: pending"),
        ("expected =", "fast = true\npending = true\nexpected =", "cannot be fast"),
        ("expected =", 'not_here = "x"\npending = true\nexpected =', "not both"),
        ("expected =", 'needs_disk = ["lop"]\nexpected =', "Nearest: loop"),
        ('["page"]', '["pgae"]', "Nearest: page"),
        ("expected =", 'stance = "sure"\nexpected =', "promised, warned, both, silent, ours"),
        ("[[row]]", "[[row]", "not TOML"),
        ("[[row]]", "[[wor]]", "has no [[row]]"),
    ],
)
def test_a_bad_entry_is_an_error_that_names_the_place_and_what_is_allowed(old: str, new: str, said: str) -> None:
    with pytest.raises(BadRowError, match=r"redis\.toml") as caught:
        read(SOURCES | {"redis.toml": ENTRY.replace(old, new)}, EXPERIMENTS)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("https", "http", "must begin with https"),
        ("says", "sayz", "wants title, url, says, read"),
        ('"A page"', '""', "wants"),
    ],
)
def test_a_bad_source_is_an_error_that_names_it(old: str, new: str, said: str) -> None:
    with pytest.raises(BadRowError, match=r"sources\.toml, page") as caught:
        read({"sources.toml": SOURCES["sources.toml"].replace(old, new), "redis.toml": ENTRY}, EXPERIMENTS)
    assert said in str(caught.value)


def test_an_id_stands_once() -> None:
    with pytest.raises(BadRowError, match="R90: the id stands twice"):
        read(SOURCES | {"redis.toml": ENTRY + ENTRY}, EXPERIMENTS)


def test_a_missing_experiment_is_an_error_unless_the_row_says_why() -> None:
    with pytest.raises(BadRowError, match="no experiment named"):
        read(SOURCES | {"redis.toml": ENTRY.replace("list_worker_killed", "not_written")}, EXPERIMENTS)
    waiting = ENTRY.replace("list_worker_killed", "not_written") + "pending = true\n"
    assert read(SOURCES | {"redis.toml": waiting}, EXPERIMENTS)["R90"].pending


def test_every_promise_has_its_row() -> None:
    there = {id_.rstrip("abcde") for id_ in rows()}
    assert there == {f"{letter}{n}" for letter, last in (("R", 22), ("Q", 21), ("K", 16)) for n in range(1, last + 1)}


def test_a_row_is_chosen_by_its_id_or_with_its_sisters() -> None:
    assert [row.id for row in chosen(["Q12"])] == ["Q12a", "Q12b", "Q12c"]
    assert [row.id for row in chosen(["q12b", "R13"])] == ["R13", "Q12b"]
    assert all(row.fast for row in chosen([], fast=True))
    with pytest.raises(ValueError, match="R13"):
        chosen(["R113"])


def test_a_row_that_is_not_run_is_counted_apart_and_is_no_success() -> None:
    absent = [row for row in rows().values() if row.not_here or row.pending]
    with Brokers("native") as brokers:
        results = list(run_rows(absent, EXPERIMENTS, brokers))
    assert len(results) == len(absent) > 5
    assert not any(result.as_expected or result.verdicts for result in results)
    assert not report.success(results)
    assert "0 of 0 rows as expected; not run:" in report.closing(results)
    assert all("not run" in report.line(result) for result in results)


def test_one_row_that_is_not_as_expected_fails_the_whole() -> None:
    good, bad = Result(ROW, "8.0", (GOOD,)), Result(ROW, "8.0", (GOOD, replace(GOOD, happened="")))
    assert report.success([good])
    assert not report.success([good, bad])
    assert "NOT AS EXPECTED" in report.line(bad)
    assert "unknown: there is no evidence" in report.line(bad)
    assert json.loads(json.dumps(report.result_data(bad)))["outcomes"][1]["verdict"] == "unknown"


NOWHERE = Stage(Endpoint("redis", "127.0.0.1", 1), "labs-test", 1, True)


def note_and_wait(_endpoint: Endpoint, _name: str, note: Note, last: int, leave: bool = False) -> None:
    note(READY)
    for sequence in range(last):
        note(sequence, sequence == 1)
    while not leave:
        time.sleep(1)


def test_what_a_killed_worker_has_noted_outlives_it_and_waitpid_is_the_evidence() -> None:
    with killable(NOWHERE, note_and_wait, last=3) as worker:
        worker.start()
        worker.await_noted(3)
        evidence = worker.kill()
        assert worker.noted() == [0, 1, 2]
        assert worker.again() == 1
        assert "died of SIGKILL" in evidence
        with pytest.raises(TroubleError, match="ended by itself"):
            worker.kill()


def test_a_worker_that_ends_by_itself_is_trouble_and_no_evidence_of_a_kill() -> None:
    with killable(NOWHERE, note_and_wait, last=2, leave=True) as worker:
        worker.start()
        give_up_s = time.monotonic() + 20
        while worker.alive and time.monotonic() < give_up_s:
            time.sleep(0.01)
        with pytest.raises(TroubleError, match="ended by itself"):
            worker.drain(lambda: 0)


def test_messages_that_are_left_after_the_drain_are_trouble_and_not_lost() -> None:
    left = iter([0, 4])
    with killable(NOWHERE, note_and_wait, last=2) as worker:
        worker.start()
        with pytest.raises(TroubleError, match="4 messages were left"):
            worker.drain(lambda: next(left))


def test_a_broker_that_cannot_be_reached_is_unknown() -> None:
    class Gone(Brokers):
        def get(self, broker: str, *, fresh: bool = False) -> tuple[Endpoint, float]:
            return Endpoint(broker, "127.0.0.1", free_port()), 0.0

    (result,) = run_rows([rows()["R16"]], EXPERIMENTS, Gone(), seeds=1)
    assert result.verdicts == ["unknown"]
    assert "ConnectionError" in report.line(result)


ALL, FEW, NONE = list(range(80)), list(range(60)), list[int]()
BOTH = rows()["R22d"]


@pytest.mark.parametrize(
    ("by_loop", "by_ledger", "verdict"),
    [
        (ALL, ALL, "kept"),
        (FEW, list(range(50)), "kept"),  # how many is a matter of moments
        (NONE, NONE, "kept"),
        (ALL, FEW, "broken"),
        (FEW, NONE, "broken"),
        (NONE, ALL, "broken"),
    ],
)
def test_two_power_cuts_agree_when_both_lost_all_some_or_none(
    by_loop: list[int], by_ledger: list[int], verdict: str
) -> None:
    found = compared({"loop": struck_run(by_loop), "ledger": struck_run(by_ledger)})
    assert judge(BOTH, Outcome(found.counts, CLEAN, found.happened, found.trouble)) == verdict
    assert (found.counts["lost"], found.counts["lost_by_ledger"]) == (80 - len(by_loop), 80 - len(by_ledger))


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"facts": {"fault": {}}}, "no evidence"),
        ({"settled": False, "trouble": "4 messages were left"}, "ledger: 4 messages were left"),
        ({"settled": False, "facts": {"did_not_start": "bad file"}}, "ledger: did not start: bad file"),
    ],
)
def test_if_one_of_two_power_cuts_says_nothing_they_do_not_agree(bad: dict[str, object], why: str) -> None:
    found = compared({"loop": struck_run(ALL), "ledger": struck_run(ALL, **bad)})
    outcome = Outcome(found.counts, CLEAN, found.happened, found.trouble)
    assert judge(BOTH, outcome) == "unknown"
    assert why in doubt(BOTH, outcome)


def test_where_a_kind_of_disk_cannot_be_had_its_rows_are_not_run_and_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    needy = [row for row in rows().values() if "loop" in row.needs_disk]
    assert {row.experiment for row in needy} == {"after_fault", "both_cuts"}
    with Brokers("native") as nobody:
        results = list(run_rows(needy, EXPERIMENTS, nobody))
    assert all("needs root on Linux" in report.line(result) for result in results)
    assert not report.success(results)


def test_a_row_tells_the_version_of_the_broker_that_was_broken_and_not_of_one_beside_it() -> None:
    class Beside(Brokers):
        def get(self, broker: str, *, fresh: bool = False) -> tuple[Endpoint, float]:
            return Endpoint(broker, "127.0.0.1", 1, version="9.9"), 0.0

    def broken(_stage: Stage, **_arguments: object) -> Trial:
        return Trial(CLEAN, "pid 7 died", version="1.2")

    (result,) = run_rows([ROW], {ROW.experiment: broken}, Beside(), seeds=1)
    assert (result.version, result.verdicts) == ("1.2", ["kept"])


@pytest.fixture(scope="module")
def brokers() -> Iterator[Brokers]:
    with Brokers("native") as found:
        yield found


FIRST = {(row.broker, row.experiment): row for row in reversed(chosen([], fast=True))}
"""Of each experiment on each broker one row; the others of it are long."""


@pytest.mark.broker
@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=row.id, marks=() if row in FIRST.values() else pytest.mark.long)
        for row in chosen([], fast=True)
    ],
)
def test_a_fast_row_comes_out_as_expected_on_real_brokers(row: Row, brokers: Brokers) -> None:
    (result,) = run_rows([row], EXPERIMENTS, brokers, seeds=1)
    assert result.as_expected, report.line(result)
    assert all(outcome.happened for outcome in result.outcomes)


def labs(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labs", "promises", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_table_is_listed_and_a_mistyped_row_offers_the_nearest() -> None:
    listed = labs("--list")
    assert listed.returncode == 0
    assert [line.split()[0] for line in listed.stdout.splitlines() if not line.startswith(" ")] == list(rows())
    assert json.loads(labs("--list", "--json", "R18").stdout)[0]["promise"] == {
        "lost": [0, 0],
        "refused": [1, "attempted"],
    }
    wrong = labs("R222")
    assert wrong.returncode == 1
    assert "R22" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_when_nothing_can_be_run_the_command_says_so_and_fails() -> None:
    answer = labs("R21", "K5")
    assert answer.returncode == 1
    assert answer.stdout.count("not run   needs") == 2


def is_at_work(process: psutil.Process) -> bool:
    """It is a worker of ours, and connected to the broker."""
    try:
        return "spawn_main" in str(process.cmdline()) and bool(process.net_connections())
    except psutil.Error:
        return False


@pytest.mark.broker
def test_ctrl_c_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    """In the middle of a row, with a broker and a worker of ours running."""
    (tmp_path / "tmp").mkdir()
    home = tmp_path / "home"
    variables = {"LABS_HOME": str(home), "TMPDIR": str(tmp_path / "tmp")}
    cache = os.environ.get("LABS_CACHE") or str(Path(__file__).parent.parent / ".labs" / "cache")
    command = [sys.executable, "-m", "labs", "promises", "R13", "--seeds", "50", "--backend", "native"]
    with subprocess.Popen(
        command, env=os.environ | variables | {"LABS_CACHE": cache}, stderr=subprocess.PIPE
    ) as process:
        give_up_s = time.monotonic() + 60
        children: list[psutil.Process] = []
        while not any(is_at_work(child) for child in children) and time.monotonic() < give_up_s:
            time.sleep(0.05)
            children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1].decode()
    assert children
    assert process.returncode == 130, said
    assert "Interrupted" in said
    time.sleep(1)  # the kernel ends those whose parent is gone
    assert not [child for child in children if start_of(child.pid)]
    assert not marked(home)
    assert not list((tmp_path / "tmp").iterdir())


class Three(Brokers):
    """Brokers of three kinds that are not started: RabbitMQ does not come up."""

    def __init__(self, version: str = "1.2") -> None:
        super().__init__()
        self.version, self.asked = version, list[str]()

    def get(self, broker: str, *, fresh: bool = False) -> tuple[Endpoint, float]:
        self.asked.append(broker)
        if broker == "rabbitmq":
            raise StackError("starting rabbitmq", "the port is taken.", "First: labs down")
        return Endpoint(broker, "127.0.0.1", 1, version=self.version), 0.0


def broken_as_told(_stage: Stage, **_arguments: object) -> Trial:
    return Trial(CLEAN | {"lost": 0, "duplicated": 0, "reordered": 0}, "pid 7 died", version="1.2")


MADE = dict.fromkeys(EXPERIMENTS, broken_as_told)
SOME = [rows()[name] for name in ("R12", "Q4", "Q9", "K10b")]


def test_a_broker_that_does_not_come_up_makes_its_rows_unknown_with_what_to_do_and_the_rest_goes_on() -> None:
    results = list(run_rows(SOME, MADE, Three(), seeds=1))
    assert [result.word for result in results] == ["kept", "unknown", "unknown", "kept"]
    assert "rabbitmq did not come up. starting rabbitmq: the port is taken. First: labs down" in report.line(results[1])


def test_a_broker_that_does_not_come_up_twice_in_a_row_is_not_tried_for_every_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = list[str]()

    @contextmanager
    def no_session(names: tuple[str, ...], *_: object, **__: object) -> Iterator[dict[str, Endpoint]]:
        tries.extend(names)
        raise StackError("starting", "no.", "")
        yield {}

    monkeypatch.setattr("labs.stack.session", no_session)
    results = list(run_rows([rows()[name] for name in ("Q4", "Q9", "Q10", "Q13")], MADE, Brokers(), seeds=1))
    assert [result.word for result in results] == ["unknown"] * 4
    assert tries == ["rabbitmq", "rabbitmq"]


def record(path: Path, chosen_rows: list[Row], brokers: Brokers, *, named: bool = False) -> list[str]:
    """Into the file, as the command does it; what was said."""
    said = list[str]()
    kept = Kept(path, rows(), said.append)
    for result in run_rows(chosen_rows, MADE, brokers, **({} if named else {"due": kept.due})):
        kept.put(result)
    return said


def measured(path: Path) -> dict[str, str]:
    found = load(path)["rows"]
    assert [row["id"] for row in found] == list(rows()), "every promise, recorded or not"
    return {row["id"]: row["word"] for row in found if row["outcomes"]}


def test_what_is_finished_is_in_the_file_at_once_and_a_recording_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path, brokers = tmp_path / "promises.json", Three()
    stopped = run_rows(SOME, MADE, brokers)
    Kept(path, rows(), print).put(next(stopped))
    stopped.close()
    assert measured(path) == {"R12": "kept"}
    assert record(path, SOME, brokers) == []
    assert measured(path) == {"R12": "kept", "Q4": "unknown", "Q9": "unknown", "K10b": "kept"}
    again = record(path, SOME, brokers)
    assert again == [] == [line for line in again if "K10b" in line or "R12" in line]
    assert measured(path)["Q4"] == "unknown"


def test_what_another_version_of_broker_or_experiment_measured_is_discarded_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, row = tmp_path / "promises.json", rows()["R12"]
    record(path, [row], Three("1.2"))
    assert record(path, [row], Three("1.2")) == []
    assert record(path, [row], Three("1.3")) == ["R12: measured again, because redis 1.2 was measured and 1.3 is here."]
    monkeypatch.setattr("labs.scenarios.promises.keeping.code_of", lambda _row: "other")
    (said,) = record(path, [row], Three("1.2"))
    assert "by another version of the experiment" in said


def test_a_row_that_is_named_is_measured_in_any_case_and_the_others_stay(tmp_path: Path) -> None:
    path, brokers = tmp_path / "promises.json", Three()
    record(path, [rows()["R12"], rows()["K10b"]], brokers)
    before = path.read_text().splitlines()
    brokers.asked.clear()
    assert record(path, [rows()["R12"]], brokers, named=True) == []
    assert "redis" in brokers.asked
    assert [line for line in path.read_text().splitlines() if "K10b" in line] == [
        line for line in before if "K10b" in line
    ]


def test_a_row_about_another_version_stays_as_it_was_recorded_there(tmp_path: Path) -> None:
    class Old(Three):
        def get(self, broker: str, *, fresh: bool = False) -> tuple[Endpoint, float]:
            return Endpoint(broker, "127.0.0.1", 1, version=self.version), 0.0

    path, row = tmp_path / "promises.json", rows()["Q5"]
    record(path, [row], Old("3.10.8"))
    assert measured(path) == {"Q5": "kept"}
    assert record(path, [row], Old("4.3.6")) == []
    record(path, [row], Old("4.3.6"), named=True)
    assert measured(path) == {"Q5": "kept"}


def test_a_recording_takes_no_other_number_of_seeds_and_says_what_it_would_do(tmp_path: Path) -> None:
    refused = labs("--out", str(tmp_path / "promises.json"), "--seeds", "1", "R12")
    assert "a recording has each row's own number of seeds" in refused.stderr
    plan = labs("--out", str(tmp_path / "promises.json"), "--dry-run", "--broker", "kafka")
    assert plan.returncode == 0
    lines = plan.stdout.splitlines()
    assert len(lines) == 22
    assert lines[0].split(maxsplit=1) == ["K1", "run: not recorded"]
    assert "K5   not run: needs three brokers" in lines
    assert not (tmp_path / "promises.json").exists()
