"""The command line as a user meets it: each mistake has one message, a cure and a non-zero exit."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labs.brokers.base import Endpoint
from labs.jobs import facts
from labs.jobs.judge import judge
from labs.runs import FORMAT, read_columns, write_columns
from tests.test_jobs import FIRST_IN_WORK, made_run
from tests.test_runs import make_run


def labs(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labs", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ | variables, check=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "latency-lader"], "latency-ladder"),
        (["run", "latency-ladder", "--set", "rate=0"], "100 to 5000"),
        (["run", "latency-ladder", "--set", "rate=-7"], "got -7"),
        (["run", "latency-ladder", "--set", "rate=fast"], "must be a number"),
        (["run", "latency-ladder", "--set", "rat=5"], "Nearest: rate"),
        (["run", "latency-ladder", "--set", "rate"], "NAME=VALUE"),
        (["run", "latency-ladder", "--set", "broker=kafak"], "kafka"),
        (["run", "latency-ladder", "--set", "rung=1", "--set", "broker=kafka"], "acks=1"),
        (["up", "rabitmq"], "rabbitmq"),
        (["record", "nothing-like-it"], "There is no lab"),
        (["verify", "no-such-file.npz"], "no-such-file.npz"),
    ],
)
def test_a_mistake_is_named_with_what_to_do_and_ends_with_an_error(arguments: list[str], said: str) -> None:
    result = labs(*arguments)
    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_damaged_file_is_reported_by_verify(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"not a run")
    (tmp_path / "x.json").write_text("{")
    for name in ("x.npz", "x.json"):
        result = labs("verify", str(tmp_path / name))
        assert result.returncode == 1
        assert "ecord it again" in result.stderr


def test_verify_judges_a_run_of_killed_workers_by_its_own_rules_and_a_run_of_messages_by_the_ledger(
    tmp_path: Path,
) -> None:
    lost = made_run(FIRST_IN_WORK)
    lost.save(tmp_path / "jobs.npz")
    make_run([0, 1], [0, 1], [0]).save(tmp_path / "messages.npz")
    result = labs("verify", str(tmp_path / "jobs.npz"), str(tmp_path / "messages.npz"))
    assert result.returncode == 0, result.stderr
    jobs, messages = result.stdout.splitlines()
    assert jobs.startswith(f"jobs.npz: {lost.mode}, prefetch {lost.prefetch}, ")
    assert f"jobs {judge(lost).jobs}, once {judge(lost).once}, " in jobs
    assert messages.startswith("messages.npz: memory, 1000/s, 2 sent, 1 delivered: attempted 2, acknowledged 2, ")
    assert "delivered 1, lost 1, " in messages


def test_verify_names_a_run_of_killed_workers_that_is_cut_short_or_newer(tmp_path: Path) -> None:
    path = tmp_path / "jobs.npz"
    made_run(FIRST_IN_WORK).save(path)
    header, without_events = read_columns(path, facts.SENT)
    half = path.read_bytes()[:1000]
    for damage, said in (
        (lambda: path.write_bytes(half), "is not a readable run"),
        (lambda: write_columns(path, header, without_events), "event_kind is missing"),
        (lambda: write_columns(path, header | {"format": FORMAT + 1}, without_events), "Update the labs"),
    ):
        damage()
        result = labs("verify", str(path))
        assert result.returncode == 1
        assert said in result.stderr
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "command", ["up", "down", "status", "doctor", "run", "record", "list", "verify", "passport", "lab"]
)
def test_every_command_explains_itself(command: str) -> None:
    result = labs(command, "--help")
    assert result.returncode == 0
    assert len(result.stdout) > 80


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_a_request_to_end_is_an_interrupt_and_says_so(number: int, code: int) -> None:
    command = [sys.executable, "-m", "labs", "run", "passport", "--set", "repeats=100"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        time.sleep(4)
        process.send_signal(number)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == code
    assert "Interrupted" in said
    assert "Traceback" not in said


def test_list_status_and_doctor_speak_json() -> None:
    rows = json.loads(labs("list", "--json").stdout)
    assert {row["name"] for row in rows} >= {"passport", "latency-ladder"}
    assert "brokers" in json.loads(labs("status", "--json").stdout)
    report = json.loads(labs("doctor", "--json").stdout)
    assert all(check["ok"] or check["cure"] for check in report["checks"])


def test_a_dry_run_says_what_would_be_measured_and_measures_nothing() -> None:
    result = labs("run", "latency-ladder", "--set", "rate=1000", "--set", "rung=2", "--dry-run")
    assert json.loads(result.stdout)["settings"]["rate_per_s"] == 1000
    assert "latency-ladder" in labs("record", "latency-ladder", "--dry-run").stdout


def test_the_passport_measures_this_machine() -> None:
    answer = json.loads(labs("passport", "--json").stdout)
    median = answer["digests"][0]["median"]
    assert median["loopback_ms.p50"] > 0
    assert median["fsync_ms.p50"] > 0


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)  # containers have the same in test_compose
def test_one_run_prints_digests_and_verdicts_as_json(endpoints: dict[str, Endpoint]) -> None:
    result = labs("run", "latency-ladder", "--set", "rate=1000", "--set", "rung=2", "--json")
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert [d["settings"]["broker"] for d in answer["digests"]] == ["redis", "rabbitmq", "kafka"]
    for digest in answer["digests"]:
        assert digest["repeats"][0]["ledger"]["verdict"] == "kept"
        assert digest["median"]["latency_ms"]["p99"] > 0
        assert digest["median"]["latency_ms"]["p999"] is None
    assert {v["claim"] for v in answer["verdicts"]} == {"C48", "C58", "C62"}
    assert endpoints["redis"].version in answer["digests"][0]["card"]["broker"]
