"""The lab about the killed worker: its digest, its words on the claims, and its command."""

import json
import os
import subprocess
import sys

import pytest

from labs.experiments import experiment
from labs.experiments.kill_the_worker import digest
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.scenarios.jobs import MODES
from labs.scenarios.jobs.event_log import Kind
from tests.made import FIRST_IN_WORK, job_run

LAB = experiment("kill-the-worker")


def test_a_digest_tells_each_seed_and_calls_a_disagreement_mixed() -> None:
    lost = job_run(FIRST_IN_WORK)
    kept = job_run([*FIRST_IN_WORK, (Kind.DONE, 1, 2, 500), (Kind.DONE, 2, 2, 510)])
    found = digest(MODES["redis-blpop"], 10, [(lost, 3.0), (lost, 3.2), (kept, 3.1)], {})
    assert [r["outcome"] for r in found.repeats] == ["some lost", "some lost", "none lost"]
    assert (found.median["outcome"], found.median["agree"]) == ("mixed", 2)
    assert (found.median["lost"], found.spread["lost"]) == (2, [0, 2])
    assert found.median["verdict"] == "broken"
    assert found.median["redelivery_s"] == pytest.approx(0.4)
    assert found.repeats[0]["fault"]["evidence"].startswith("the system reports that process 4711 died of SIGKILL")


def test_the_grid_has_every_mode_and_the_prefetches_of_manual_acknowledgement() -> None:
    points = [(one["mode"], one["prefetch"]) for one in LAB.grid()]
    assert {mode for mode, prefetch in points if prefetch == 10} == set(MODES)
    assert [prefetch for mode, prefetch in points if mode == "rabbitmq-manual-ack"] == [10, 1, 50]


def labs(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labs", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ, check=False)


@pytest.mark.broker
def test_one_run_from_the_command_line_is_under_twenty_seconds_and_says_what_became_of_the_jobs(
    endpoints: dict[str, Endpoint],
) -> None:
    result = labs("run", "kill-the-worker", "--set", "mode=redis-blpop", "--set", "seed=1", "--json")
    assert result.returncode == 0, result.stderr
    [found] = map(Digest.from_json, json.loads(result.stdout)["digests"])
    jobs = found.repeats[0]["jobs"]
    assert jobs["once"] + jobs["lost"] == jobs["jobs"] == 200
    assert found.median["took_s"] < 20
    assert found.card["broker"] == f"Redis {endpoints['redis'].version}"
    assert found.card["durability"]["appendfsync"] == "everysec"


def test_without_json_the_command_prints_the_counts_and_a_wrong_mode_is_named() -> None:
    result = labs("run", "kill-the-worker", "--set", "mode=http-retry")
    assert result.returncode == 0, result.stderr
    assert "none of 200 jobs was lost" in result.stdout
    wrong = labs("run", "kill-the-worker", "--set", "mode=redis-brpop")
    assert wrong.returncode == 1
    assert "redis-blpop" in wrong.stderr
