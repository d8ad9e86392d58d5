"""The lab about the killed worker: its digest, its words on the claims, and its command."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from labs.experiments import experiment
from labs.experiments.kill_the_worker import digest
from labs.experiments.rules import Verdict
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.scenarios.jobs import MODES
from labs.scenarios.jobs.event_log import Kind
from tests.made import FIRST_IN_WORK, job_run

LAB = experiment("kill-the-worker")


def point(mode: str, lost: int = 0, *, verdict: str = "kept", waiting: tuple[int, int] = (50, 0)) -> Digest:
    """A digest with the parts that the rules read: two repeats, the second one as given."""
    first: dict[str, Any] = {"verdict": "kept", "jobs": {"lost": 0, "unknown": 0}, "waiting": {"jobs": 50, "lost": 0}}
    second = {"verdict": verdict, "jobs": {"lost": lost, "unknown": 0}}
    second["waiting"] = dict(zip(("jobs", "lost"), waiting, strict=True))
    if mode == "asyncio-queue":
        first = second
    settings = {"mode": mode, "label": MODES[mode].label, "broker": MODES[mode].broker, "prefetch": 10}
    return Digest(lab=LAB.name, settings=settings, repeats=[first, second], median={"redelivery_s": 0.8}, card={})


SAFE = [point("rabbitmq-manual-ack"), point("redis-stream"), point("kafka-commit-after")]
INSIDE_LOST_ALL = point("asyncio-queue", 50, verdict="broken", waiting=(50, 50))


def words(*points: Digest) -> dict[str, str]:
    return {verdict.claim: verdict.word for verdict in LAB.verdict(points)}


def test_one_way_without_a_loss_for_each_broker_makes_c18_hold_with_the_seconds() -> None:
    found: dict[str, Verdict] = {verdict.claim: verdict for verdict in LAB.verdict(SAFE)}
    assert found["C18"].word == "holds"
    assert "Kafka: Kafka, commit after the work after 0.8 s" in found["C18"].text


@pytest.mark.parametrize(
    ("points", "word"),
    [
        ([], "undecided here"),
        (SAFE[:2], "undecided here"),
        ([*SAFE[:2], point("kafka-commit-after", verdict="unknown")], "undecided here"),
        ([*SAFE[:2], point("kafka-commit-after", 1)], "holds with conditions"),
        ([point(one, 1) for one in ("rabbitmq-manual-ack", "redis-stream", "kafka-commit-after")], "never held"),
    ],
)
def test_c18_asks_every_broker_and_one_repeat_with_a_loss_is_enough(points: list[Digest], word: str) -> None:
    assert words(*points)["C18"] == word


@pytest.mark.parametrize(
    ("behind", "direct", "word"),
    [(0, 0, "holds with conditions"), (0, 3, "holds"), (3, 0, "no longer holds"), (3, 3, "undecided here")],
)
def test_c19_compares_a_queue_with_a_caller_that_retries(behind: int, direct: int, word: str) -> None:
    assert words(point("rabbitmq-manual-ack", behind), point("http-retry", direct))["C19"] == word


def test_c19_is_undecided_when_one_of_the_two_is_missing_or_cannot_say() -> None:
    assert words(point("rabbitmq-manual-ack"))["C19"] == "undecided here"
    silent = point("http-retry", verdict="unknown")
    assert words(point("rabbitmq-manual-ack"), silent)["C19"] == "undecided here"


@pytest.mark.parametrize(
    ("inside", "others", "word"),
    [
        (INSIDE_LOST_ALL, SAFE, "never held"),
        (point("asyncio-queue", 49, verdict="broken", waiting=(50, 49)), SAFE, "undecided here"),
        (point("asyncio-queue", 0, waiting=(0, 0)), SAFE, "undecided here"),
        (INSIDE_LOST_ALL, [point("redis-blpop", 1)], "undecided here"),
    ],
)
def test_c26_wants_everything_queued_lost_here_and_nothing_lost_there(
    inside: Digest, others: list[Digest], word: str
) -> None:
    assert words(inside, *others)["C26"] == word


def test_c02_is_decided_here_only_if_some_ways_lose_and_some_do_not() -> None:
    assert words(*SAFE, point("redis-blpop", 1))["C02"] == "holds with conditions"
    assert words(*SAFE)["C02"] == "undecided here"
    assert words(point("redis-blpop", 1))["C02"] == "undecided here"
    assert words(point("http-no-retry", 1), *SAFE)["C02"] == "undecided here"  # no broker in it


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
    assert "none lost" in result.stdout
    wrong = labs("run", "kill-the-worker", "--set", "mode=redis-brpop")
    assert wrong.returncode == 1
    assert "redis-blpop" in wrong.stderr
