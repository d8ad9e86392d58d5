"""Workers elsewhere: the same ledger as here, clocks stated or refused, and killed workers who leave unknowns."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dask import config as dask_config
from distributed import Client

from labs import stack
from labs.experiments import EXPERIMENTS
from labs.judge.latency import NoLatencyError, end_to_end_ns
from labs.judge.limit import bottleneck
from labs.judge.loss import account
from labs.model.clock_offset import Offset, measured, sentence
from labs.model.endpoint import Endpoint
from labs.model.observer import Observer
from labs.model.profile import Profile, profile
from labs.model.run import Run
from labs.model.workload import Load, Workload
from labs.record.recorder import record
from labs.record.remote import agent
from labs.record.remote.cluster import ExecutorError, _fit, dask_pool, scheduler
from labs.record.worker_pool import POOL
from labs.show.looks import FAULT_LOOK, JOBS_LOOK
from tests.conftest import free_port
from tests.made import labs, make_run
from tests.secured import authority, secured, signed

MS = 1_000_000
needs_root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0 or not shutil.which("unshare"), reason="needs root"
)
PLAN = Workload(rate_per_s=500, duration_s=1.5, warmup_s=0.5)
LONG = Workload(rate_per_s=1000, duration_s=6, warmup_s=0)
SITTINGS = 3
"""A run that ends before its first third, because the machine stood still, has nobody killed: it is asked again."""


def test_the_quickest_round_trip_bounds_the_offset_and_later_ones_widen_it() -> None:
    first = measured([(0, 1_000_900, 2000), (5000, 1_005_110, 5200), (9000, 1_009_000, 9900)])
    assert first == Offset(1_000_010, 100)
    assert abs(first.ns - 1_000_000) <= first.within_ns
    assert first.hull(Offset(1_000_400, 50)) == Offset(1_000_180, 270)


def test_a_latency_is_refused_when_the_clocks_are_less_sure_than_a_tenth_of_it() -> None:
    run = make_run([0, 1], [0, 1], [0, 1])
    run = replace(run, columns=dict(run.columns) | {"delivered_ns": run["due_ns"][:2] + 5 * MS})
    sure, unsure = (
        replace(run, facts={"executor": "dask", "clocks": {"within_ns": within}}) for within in (MS // 3, MS)
    )
    assert end_to_end_ns(sure).tolist() == [5 * MS, 5 * MS]
    with pytest.raises(NoLatencyError, match=r"known to 1\.000 ms, the median is 5\.000 ms"):
        end_to_end_ns(unsure)
    assert account(unsure).verdict == "kept"


def test_what_nobody_here_could_see_is_no_bottleneck() -> None:
    run = replace(make_run([*range(1000)], [*range(1000)], [*range(1000)]), facts={"executor": "dask"})
    assert bottleneck(run, "redis")[0] == "unknown"


@pytest.mark.parametrize(
    "url", ["", "dask", "dask://", "dask://host", "dask://host:port", "http://host:1", "dask://h:1/x"]
)
def test_what_is_no_executor_is_refused_with_the_form(url: str) -> None:
    with pytest.raises(ExecutorError, match="dask://HOST:PORT"):
        scheduler(url)


def test_the_form_of_an_executor() -> None:
    assert scheduler("dask://10.0.0.7:8786") == "tcp://10.0.0.7:8786"
    assert scheduler("tls://[::1]:8786") == "tls://[::1]:8786"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (ModuleNotFoundError("No module named 'labs'"), "cannot run the labs"),
        (agent.about() | {"protocol": 99}, f"protocol 99, here it is {agent.PROTOCOL}"),
        (agent.about() | {"version": "0.0.1"}, "version 0.0.1"),
    ],
)
def test_a_worker_with_another_program_is_named_and_not_hired(told: Any, said: str) -> None:
    with pytest.raises(ExecutorError, match=said):
        _fit({"name": "seven", "address": "tcp://127.0.0.1:1"}, told)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["loss-matrix"], "loss-matrix runs on this machine only. With --executor go: .*latency-ladder"),
        (["redis-forgets"], "redis-forgets runs on this machine only"),
        (["kill-the-worker"], "kill-the-worker runs on this machine only"),
        (["acknowledged"], "acknowledged runs on this machine only"),
        (
            ["kafka-million", "--set", "way=perf-tool"],
            "ProducerPerformance.*this machine only. With --executor go: .*kafka-python",
        ),
        (["redis-million", "--set", "way=benchmark"], "redis-benchmark.*this machine only"),
        (["fifty-thousand", "--set", "way=perf-test"], "PerfTest.*this machine only"),
        (["latency-ladder", "--executor", "nonsense"], "dask://HOST:PORT"),
    ],
)
@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["run", "dry-run"])
def test_what_keeps_to_this_machine_is_refused_with_an_executor_before_a_broker_is_started(
    arguments: list[str], said: str, dry: list[str], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    refused = labs("run", "--executor", "dask://127.0.0.1:1", *arguments, *dry, LABS_HOME=str(home))
    assert refused.returncode == 1
    assert re.search(said, refused.stderr)
    assert len(refused.stderr.strip().splitlines()) == 1
    assert refused.stdout == ""
    assert not home.exists()


def test_every_lab_that_breaks_a_broker_keeps_to_this_machine() -> None:
    assert not [lab.name for lab in EXPERIMENTS.values() if lab.far and lab.look in (FAULT_LOOK, JOBS_LOOK)]


def test_tls_without_certificates_names_the_settings_that_hold_them() -> None:
    with pytest.raises(ExecutorError, match="DASK_DISTRIBUTED__COMM__TLS__CA_FILE"), dask_pool("tls://127.0.0.1:1"):
        pass


# ---- a scheduler and two workers, as processes of this machine


@contextmanager
def dask(*arguments: str, before: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """A process of Dask's on loopback and without a dashboard."""
    command = [*before, sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1", "--no-dashboard"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, env=os.environ | {"PYTHONPATH": os.getcwd()}) as process:  # noqa: PTH109
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def workers(url: str, *names: str, before: tuple[str, ...] = ()) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Workers of those names; `before` is a program that starts the last of them."""
    at = url.replace("dask", "tcp")
    with ExitStack() as all_of_them:
        started = [
            all_of_them.enter_context(
                dask("worker", at, "--name", name, "--nthreads", "1", "--no-nanny", before=before * (name == names[-1]))
            )
            for name in names
        ]
        with Client(at, timeout=30, set_as_default=False) as client:
            until_s = time.monotonic() + 60
            while {one["name"] for one in client.scheduler_info(n_workers=-1)["workers"].values()} != set(names):
                assert time.monotonic() < until_s, "the workers did not come up"
                time.sleep(0.1)
        yield started


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    port = free_port()
    with dask("scheduler", "--port", str(port), "--no-show"):
        yield f"dask://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def memory() -> Iterator[Endpoint]:
    with stack.session(("memory",), "native", report=lambda _text: None) as found:
        yield found["memory"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where spools of this test lie."""
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    return tmp_path


def recorded(
    url: str, there: Endpoint, plan: Load = PLAN, observer: Observer | None = None, *, using: Profile | None = None
) -> Run:
    """A run by workers of a cluster."""
    token = POOL.set(partial(dask_pool, url))
    try:
        return record(there, using or profile("memory"), plan, observer or Observer())
    finally:
        POOL.reset(token)


def test_a_scheduler_that_does_not_answer_is_told_with_the_command_that_starts_one(memory: Endpoint) -> None:
    with pytest.raises(ExecutorError, match="dask scheduler"):
        recorded(f"dask://127.0.0.1:{free_port()}", memory)


@pytest.mark.broker
def test_far_workers_give_the_ledger_of_those_here_and_the_command_says_whose_clocks(
    cluster: str, memory: Endpoint, folder: Path
) -> None:
    with pytest.raises(ExecutorError, match="has 0 worker"):
        recorded(cluster, memory)
    with workers(cluster, "consumer", "producer"):
        run = recorded(cluster, memory)
        answer = labs("run", "latency-ladder", "--set", "broker=redis", "--set", "rate=1000", "--executor", cluster)
    assert (run.trouble, run.settled) == ("", True)
    assert account(run) == account(record(memory, profile("memory"), PLAN))
    assert run.facts["clocks"]["producer"]["worker"] == "producer"
    assert run.facts["clocks"]["within_ns"] == 0
    assert np.array_equal(run["delivered_due_ns"], run["due_ns"][run["delivered_sequence"]])
    assert end_to_end_ns(run).min() > 0
    assert run["cpu_producer_ns"].max() > 0
    assert answer.returncode == 0, answer.stderr
    assert "producer on worker producer, consumer on worker consumer: both read one clock" in answer.stderr
    assert [*folder.glob("spool/*"), *folder.glob("far/*")] == []


@pytest.mark.broker
@pytest.mark.parametrize("role", ["producer", pytest.param("consumer", marks=pytest.mark.long)])
def test_a_far_worker_killed_in_the_middle_leaves_unknown_messages_and_no_lost_ones(
    role: str, cluster: str, memory: Endpoint, folder: Path
) -> None:
    killed: list[float] = []
    for _ in range(SITTINGS):
        with workers(cluster, "producer", "consumer") as both:

            def kill_at_a_third(share: float, _text: str, both: list[subprocess.Popen[bytes]] = both) -> None:
                if share > 0.33 and not killed:
                    killed.append(share)
                    os.kill(both[role == "consumer"].pid, signal.SIGKILL)

            run = recorded(cluster, memory, LONG, Observer(kill_at_a_third))
        if killed:
            break
    ledger = account(run)
    assert killed, run.trouble
    assert f"{role}: its worker {role} was lost" in run.trouble
    assert not run.settled
    assert (ledger.lost, ledger.unexpected) == (0, 0)
    assert 1500 < ledger.attempted < 6000
    assert ledger.delivered + ledger.unconfirmed + ledger.unknown == ledger.attempted
    if role == "consumer":
        assert ledger.unknown > 0
    else:
        assert run.facts["sent_only_seen_arriving"] >= 0
    assert list(folder.glob("spool/*")) == []


@pytest.mark.broker
@needs_root
@pytest.mark.long
def test_a_worker_that_has_not_the_brokers_tls_files_is_named_with_them_and_what_to_do(
    cluster: str, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In a namespace of mounts, where an empty folder hides them: as on another machine."""
    files = tmp_path_factory.mktemp("tls")
    hidden = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', str(files))
    with secured(files, ["redis"]) as theirs:
        one = theirs["redis"]
        command = ("run", "latency-ladder", "--set", "broker=redis", "--set", "rung=0", "--redis", one.url)
        with workers(cluster, "consumer", "producer", before=hidden):
            answer = labs(*command, "--executor", cluster, **one.env)
        with workers(cluster, "consumer", "producer"):
            run = recorded(cluster, one.endpoint(), using=profile("redis-list-none"))
    assert answer.returncode == 1
    said = f"worker producer cannot read {one.env['LABS_TLS_CA']} (LABS_TLS_CA): No such file or directory"
    assert said in answer.stderr
    assert "copy them to the same path on each worker's machine" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert one.endpoint().password not in answer.stderr
    assert (run.trouble, account(run).verdict) == ("", "kept")
    assert [*folder.glob("spool/*"), *folder.glob("far/*")] == []


@pytest.mark.broker
@pytest.mark.long
def test_a_cluster_in_tls_does_the_work_and_says_which_files_are_wanted_where(
    memory: Endpoint, folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, port = tmp_path_factory.mktemp("dask"), free_port()
    named = {"CA_FILE": authority(files, "ours")}
    for who in ("CLIENT", "SCHEDULER", "WORKER"):
        named[f"{who}__CERT"], named[f"{who}__KEY"] = signed(files, "ours", who.lower(), "IP:127.0.0.1")
    for name, path in named.items():
        monkeypatch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{name}", str(path))
    url = f"tls://127.0.0.1:{port}"
    try:
        dask_config.refresh()
        with dask("scheduler", "--port", str(port), "--no-show", "--protocol", "tls"), workers(url, "one", "two"):
            run = recorded(url, memory)
            with pytest.raises(ExecutorError, match="If it runs and wants TLS, name it tls://"):
                recorded(url.replace("tls", "dask"), memory)
        named["CLIENT__KEY"].unlink()
        with pytest.raises(ExecutorError, match=r"cannot be used \(.*No such file.*each worker want such files"):
            recorded(url, memory)
    finally:
        monkeypatch.undo()
        dask_config.refresh()
    assert (run.trouble, account(run).verdict) == ("", "kept")


@pytest.mark.broker
@needs_root
def test_a_worker_whose_clock_is_an_hour_off_gives_the_same_ledger_and_a_latency_only_if_it_is_sure(
    cluster: str, memory: Endpoint, folder: Path
) -> None:
    """In a namespace of time, whose monotonic clock is another one: as on another machine."""
    moved = ("unshare", "--time", "--monotonic", "3600", "--fork", "--kill-child")
    with workers(cluster, "producer", "consumer", before=moved):
        began_s = time.monotonic()
        run = recorded(cluster, memory)
    told, ledger = run.facts["clocks"], account(run)
    assert run.trouble == ""
    assert (ledger.delivered, ledger.lost, ledger.verdict) == (PLAN.messages, 0, "kept")
    assert abs(told["consumer"]["offset_ns"] - 3600 * 10**9) <= told["within_ns"]
    assert 0 < told["within_ns"] < (time.monotonic() - began_s) * 10**9
    assert np.array_equal(run["delivered_due_ns"] // MS, run["due_ns"][run["delivered_sequence"]] // MS)
    assert "3,600,0" in sentence(told) or "3,599,9" in sentence(told)
    sure = replace(run, facts={})
    if told["within_ns"] > np.median(end_to_end_ns(sure)) / 10:
        with pytest.raises(NoLatencyError, match="clocks of producer and consumer are known to"):
            end_to_end_ns(run)
    else:
        assert len(end_to_end_ns(run)) == len(end_to_end_ns(sure))
