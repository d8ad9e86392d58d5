"""Digests, stamps and verdict rules on made histories; no broker."""

import json
import os
from dataclasses import FrozenInstanceError, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labs.experiments import experiment
from labs.judge.card import broker_cpu, card
from labs.judge.digest import digest
from labs.judge.limit import UNSEEN, bottleneck, cpu_cores, disturbed, young
from labs.judge.recording import load, save
from labs.judge.repeats import median_of, spread_of
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.paths import RECORDED
from labs.model.profile import UnknownNameError, profile
from labs.model.run import NEVER, RECEIVED, Run, RunFileError
from labs.model.workload import NS_PER_S, Ceiling
from labs.show.looks import LATENCY_LOOK
from labs.show.sentences import title
from tests.made import open_run

RECORDINGS = sorted(path for path in RECORDED.glob("*.json") if path.stem not in ("bench", "promises"))


@pytest.mark.parametrize(
    ("run", "stamp"),
    [
        (open_run(), "valid"),
        (open_run(cores=(0.2, 0.9, 0.2, 1.5)), "client-bound"),
        (open_run(cores=(0.2, 0.2, 0.9, 1.5)), "client-bound"),
        (open_run(late_ns=150_000), "valid"),
        (open_run(late_ns=250_000), "client-bound"),
        (open_run(late_ns=150_000, latency_ns=5_000_000), "valid"),
        (open_run(cores=(0.95, 0.2, 0.2, 1.5)), "broker-bound"),
        (open_run(growth=500_000), "broker-bound"),
    ],
)
def test_every_point_says_who_was_the_bottleneck(run: Run, stamp: str) -> None:
    found, why = bottleneck(run, "redis")
    assert found == stamp
    assert why


def test_a_backlog_that_was_there_from_the_start_is_the_brokers_limit() -> None:
    stamp, why = bottleneck(open_run(latency_ns=600_000_000), "redis")
    assert stamp == "broker-bound"
    assert "30%" in why


def test_a_message_that_comes_twice_or_is_nobodys_counts_once_or_not_at_all_among_those_that_had_arrived() -> None:
    run = open_run(latency_ns=600_000_000)
    late = {name: np.concatenate([run[name], run[name][:600]]) for name in RECEIVED}
    strange = late | {"delivered_sequence": np.where(np.arange(2600) >= 2300, NEVER, late["delivered_sequence"])}
    for columns in (late, strange):
        assert bottleneck(replace(run, columns=run.columns | columns), "redis") == bottleneck(run, "redis")


def test_a_producer_that_cannot_keep_the_rate_is_client_bound() -> None:
    run = open_run()
    slow = replace(run, columns={**run.columns, "sent_ns": run["due_ns"] * 2, "delivered_ns": run["due_ns"] * 2 + 1000})
    assert bottleneck(slow, "redis") == ("client-bound", "the producer sent 500/s, 1,000 were asked for")


def test_a_lateness_below_a_tenth_of_the_period_is_nothing_however_fast_the_broker() -> None:
    assert bottleneck(open_run(latency_ns=110_000, late_ns=90_000), "redis")[0] == "valid"
    assert bottleneck(open_run(latency_ns=130_000, late_ns=105_000), "redis")[0] == "client-bound"


def test_a_run_is_disturbed_by_others_and_not_by_a_busy_broker_or_its_own_lateness() -> None:
    assert not disturbed(open_run())
    assert disturbed(open_run(cores=(0.2, 0.2, 0.2, 0.8)))
    assert not disturbed(open_run(cores=(0.95, 0.2, 0.2, 1.4)))
    assert not disturbed(open_run(late_ns=900_000))


def test_the_latency_without_the_producers_lateness_is_in_the_digest() -> None:
    [one] = digest("latency-ladder", {}, [open_run(late_ns=250_000)], profile("redis-stream-none"), {}).repeats
    assert (one["latency_ms"]["p99"], one["service_ms"]["p99"]) == (1.0, 0.75)


def test_the_machine_is_counted_now_and_then_and_that_is_enough() -> None:
    run = open_run()
    rare = run.columns["cpu_machine_ns"].copy()
    rare[1:-1] = NEVER
    assert cpu_cores(replace(run, columns={**run.columns, "cpu_machine_ns": rare}))["foreign"] == pytest.approx(0.1)
    ended = replace(run, columns={**run.columns, "cpu_machine_ns": run.columns["cpu_machine_ns"][::-1].copy()})
    assert (cpu_cores(ended)["machine"], cpu_cores(ended)["foreign"]) == (None, None)  # and not less than nothing


def test_a_kafka_that_has_just_started_is_young_and_the_sentence_says_so() -> None:
    run = open_run()
    old = replace(run, columns={**run.columns, "cpu_broker_ns": run["cpu_broker_ns"] + 40 * NS_PER_S})
    assert young(run, "kafka")
    assert not young(old, "kafka")
    assert not young(run, "redis")
    using = profile("kafka-acks-all")
    said = [
        LATENCY_LOOK.said(digest("latency-ladder", {"rate_per_s": 1000, "body_bytes": 100}, [one], using, {}))
        for one in (run, old)
    ]
    assert ["warming up" in one for one in said] == [True, False]


def hidden(run: Run) -> Run:
    """The same on a broker whose processes cannot be seen from here."""
    return replace(run, columns={**run.columns, "cpu_broker_ns": np.full(20, NEVER, np.int64)})


@pytest.mark.parametrize(
    ("run", "stamp", "said"),
    [
        (open_run(), "unknown", UNSEEN),
        (open_run(growth=500_000), "unknown", "the backlog grew"),
        (open_run(latency_ns=600_000_000), "unknown", "30% of the messages had not arrived"),
        (open_run(cores=(0.2, 0.9, 0.2, 1.5)), "client-bound", "the producer used 0.90 of a core"),
    ],
)
def test_a_broker_that_was_not_seen_is_neither_idle_nor_the_limit(run: Run, stamp: str, said: str) -> None:
    found, why = bottleneck(hidden(run), "redis")
    assert found == stamp
    assert said in why
    assert (UNSEEN in why) == (stamp == "unknown")
    point, using = {"rate_per_s": 1000, "body_bytes": 9}, profile("redis-stream-none")
    one, seen = (digest("x", point, [each], using, {}) for each in (hidden(run), run))
    assert ["processor time" in LATENCY_LOOK.said(each) for each in (one, seen)] == [True, False]
    assert ["processor time was not seen" in title([each]) for each in (one, seen)] == [True, False]
    assert [LATENCY_LOOK.view(each)["unseen"] for each in (one, seen)] == [True, False]


@pytest.mark.parametrize(
    ("clients", "seen", "unseen"),
    [
        ((0.8, 0.8), "machine-bound", "unknown"),
        ((0.1, 0.1), "not-full", "unknown"),
        ((1.0, 0.2), "client-bound", "client-bound"),
    ],
)
def test_nobody_knows_whether_a_broker_that_was_not_seen_shares_the_machine_or_has_time_left(
    clients: tuple[float, float], seen: str, unseen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    run = replace(open_run(cores=(0.2, *clients, 0.2 + sum(clients))), workload=Ceiling(messages=2000))
    assert bottleneck(run, "kafka")[0] == seen
    stamp, why = bottleneck(hidden(run), "kafka")
    assert stamp == unseen
    assert "broker not seen" in why


def test_what_cannot_be_seen_of_the_cpu_is_none_and_not_zero() -> None:
    cores = cpu_cores(hidden(open_run()))
    assert cores["broker"] is None
    assert cores["foreign"] is None
    assert cores["producer"] == pytest.approx(0.2)


def test_a_step_is_given_only_if_every_repeat_could_say() -> None:
    ladders = [{"p99": 3.0, "p999": 1.0}, {"p99": 1.0, "p999": None}, {"p99": 2.0, "p999": 1.0}]
    assert median_of(ladders) == {"p99": 2.0, "p999": None}
    assert spread_of(ladders) == {"p99": [1.0, 3.0], "p999": None}


LADDER = experiment("latency-ladder")


def test_a_recorded_file_comes_back_whole(tmp_path: Path) -> None:
    using = profile("redis-stream-everysec")
    one = digest(
        "latency-ladder", {"rate_per_s": 1000, "body_bytes": 100}, [open_run(), open_run()], using, {"cores": 2}
    )
    save(tmp_path / "lab.json", "latency-ladder", [one], {"cores": 2})
    assert list(load(tmp_path / "lab.json").digests) == [Digest.from_json(json.loads(json.dumps(one.to_json())))]
    assert one.median["latency_ms"]["p50"] == 1.0
    assert one.settings["rung"] == 2


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_every_recorded_file_is_written_back_as_it_was_read(path: Path, tmp_path: Path) -> None:
    file = load(path)
    save(tmp_path / path.name, file.lab, file.digests, file.card)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_a_run_card_names_the_broker_its_client_and_what_survives_and_says_none_where_there_is_none() -> None:
    using, facts = profile("redis-stream-everysec"), {"server": "7.2", "date": "2000-01-01", "durability": {"a": "b"}}
    here = Endpoint("redis", "far.example", 1, pids=(os.getpid(),), version="7.0")
    said = card(here, using, facts, {"jobs": "ten"}, repeats=3, others=[0.5, None, 0.25])
    assert said["broker"] == "Redis 7.2", "what the run was told counts"
    assert said["client"] == f"redis {version('redis')}, hiredis {version('hiredis')}"
    assert said["rung"].startswith("2: ")
    assert (said["durability"], said["date"], said["repeats"], said["jobs"]) == ({"a": "b"}, "2000-01-01", 3, "ten")
    assert said["others"] == "0.25 to 0.50 cores"
    given = replace(here, backend="given", pids=())
    assert card(given, using, {}, {}, repeats=1)["backend"] == "a broker of yours, elsewhere"
    assert card(given, using, {}, {}, repeats=1)["broker"] == "Redis 7.0"
    assert "not seen" in broker_cpu(given)["broker_cpu"]
    assert broker_cpu(here) == broker_cpu(None) == {}
    alone = card(None, None, {}, {"client": "our own"}, repeats=1)
    assert (alone["broker"], alone["backend"], alone["client"]) == ("none", "native processes", "our own")
    assert not {"rung", "replicas", "durability"} & set(alone)


def test_a_digest_cannot_be_changed() -> None:
    one = load(RECORDINGS[0]).digests[0]
    for part in fields(one):
        with pytest.raises(FrozenInstanceError):
            setattr(one, part.name, {})
    with pytest.raises((AttributeError, TypeError)):
        one.verdict = "kept"  # type: ignore[attr-defined]
    assert replace(one, void="made up").void != one.void


@pytest.mark.parametrize(
    ("change", "said"),
    [({"colour": 1}, "it has the unknown part colour. Update the labs"), ({"lab": None}, "it lacks lab")],
)
def test_a_digest_of_another_shape_is_named_with_the_cure(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    content = json.loads(RECORDINGS[0].read_text("utf-8"))
    parts = content["digests"][0] | change
    content["digests"][0] = {name: part for name, part in parts.items() if part is not None}
    (tmp_path / "lab.json").write_text(json.dumps(content))
    with pytest.raises(RunFileError, match=rf"lab\.json: {said}.*labs record"):
        load(tmp_path / "lab.json")


@pytest.mark.parametrize("text", ["", "{", '{"format": 0}', '{"format": 99, "digests": []}', '{"format": 1}', "[]"])
def test_a_damaged_or_older_recording_is_named_with_the_cure(tmp_path: Path, text: str) -> None:
    (tmp_path / "lab.json").write_text(text)
    with pytest.raises(RunFileError, match=r"labs record|Update"):
        load(tmp_path / "lab.json")


def test_settings_are_checked_before_anything_is_measured() -> None:
    lab = experiment("latency-ladder")
    assert lab.settings({"rate": "500", "broker": "kafka,redis"})["brokers"] == ["kafka", "redis"]
    for bad in (
        {"rate": 0},
        {"rate": -1},
        {"rate": "fast"},
        {"rate": 1e9},
        {"rung": 9},
        {"brokers": "kafak"},
        {"rat": 5},
    ):
        with pytest.raises(ValueError, match=r"must|Nearest|There are"):
            lab.settings(bad)
    with pytest.raises(UnknownNameError, match="latency-ladder"):
        experiment("latency-lader")


def test_a_rung_that_no_chosen_broker_has_is_refused_with_the_reason() -> None:
    lab = experiment("latency-ladder")
    with pytest.raises(ValueError, match="acks=1"):
        lab.run(lab.settings({"broker": "kafka", "rung": 1}), None)  # type: ignore[arg-type]
