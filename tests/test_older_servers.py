"""The labs that ask for features, on Debian 12's servers: they run, name these on the card, and grey what is absent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labs.experiments import experiment
from labs.model import paths
from labs.model.digest import Digest
from labs.model.queue_features import TRIALS
from labs.model.stream_features import BROUGHT, FEATURES
from labs.scenarios.queues import WAYS
from labs.stack.native import suites

pytestmark = [pytest.mark.long, pytest.mark.broker]
LABS = (sys.executable, "-m", "labs")
SUITE = "bookworm"
RABBITMQ, REDIS = "RabbitMQ 3.10.8", "Redis 7.0.15"
Run = Callable[..., list[Digest]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """`labs run` on a Redis and a RabbitMQ of Debian 12: the digests that it printed, of one server in all."""
    environ = os.environ | {
        "LABS_HOME": str(tmp_path_factory.mktemp("home")),
        "LABS_CACHE": str(paths.cache()),
        suites.VARIABLE: SUITE,
    }

    def labs(*asked: str) -> str:
        done = subprocess.run([*LABS, *asked], env=environ, cwd=paths.PROJECT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def measured(lab: str, server: str, *settings: str) -> list[Digest]:
        told = json.loads(labs("run", lab, "--json", *(word for one in settings for word in ("--set", one))))
        found = [Digest.from_json(one) for one in told["digests"]]
        assert {str(one.card["broker"]) for one in found} == {server}
        assert not [repeat["trouble"] for one in found for repeat in one.repeats if repeat.get("trouble")]
        return found

    try:
        labs("up", "--backend", "native", "redis", "rabbitmq")
        yield measured
    finally:
        labs("down")


def cells(digest: Digest) -> list[dict[str, Any]]:
    """The row of a point, as a page and a notebook draw it."""
    return list(experiment(digest.lab).look.view(digest)["grid"]["cells"])


def test_a_bad_message_has_grey_what_a_newer_rabbitmq_brought_and_an_answer_to_the_rest(run: Run) -> None:
    [rows] = run("feature-rows", RABBITMQ, "queue=quorum")
    row = dict(zip(TRIALS, cells(rows), strict=True))
    grey = {name: one["reason"] for name, one in row.items() if one["state"] == "absent"}
    assert grey == {"priority": "came with 4.3", "default_limit": "came with 4.0", "retry_delay": "came with 4.3"}
    assert [row[name]["state"] for name in ("ttl", "dead_letter", "limit")] == ["yes"] * 3

    [delayed] = run("bad-message", RABBITMQ, "way=rabbitmq-delayed", "share=4")
    told = experiment("bad-message").look.view(delayed)["title"]
    assert told == "RabbitMQ, delayed retry: this server does not have it (it came with 4.3)"
    [limit] = run("bad-message", RABBITMQ, "way=rabbitmq-limit", "share=4")
    said = experiment("bad-message").look.view(limit)["sentence"]
    assert "were then stopped by us. A delivery limit by default came with 4.0." in said


def test_a_stream_that_forgets_by_age_is_read_again_although_it_takes_no_message_back(run: Run) -> None:
    [found] = run("read-it-again", RABBITMQ, "mode=rabbitmq-age")
    assert found.repeats[0]["outcome"] != "unknown"


def test_every_queue_of_an_older_redis_is_tried_and_dated_by_the_server_itself(run: Run) -> None:
    found = run("four-queues", REDIS, "ways=sharded-pubsub,stream-group")
    assert [cells(one)[-1]["word"] for one in found] == ["7.0.0", "5.0.0"]
    for one in found:
        assert {cell["state"] for cell in cells(one)} <= {"yes", "no"}
        assert {repeat["since"]["XACKDEL"] for repeat in one.repeats} == {""}
    assert {str(one.settings["way"]) for one in found} <= set(WAYS)


def test_what_is_pending_is_claimed_and_what_a_newer_redis_brought_is_grey(run: Run) -> None:
    [claimed] = run("pending-claimed", REDIS, "way=late")
    assert claimed.repeats[0]["verdict"] == "kept"
    rows = {str(one.settings["way"]): cells(one) for one in run("stream-features", REDIS)}
    assert list(rows) == list(FEATURES)
    for name, (here, does, since) in rows.items():
        if name in ("xautoclaim", "told-gone"):
            assert (here["state"], does["state"]) == ("yes", "yes")
        else:
            assert (here["state"], here["reason"], does["state"]) == ("absent", f"came with {BROUGHT[name]}", "absent")
            assert (since["state"], since["word"]) == ("absent", BROUGHT[name])
