"""A big backlog and many readers: the judge on planted runs, the rules on planted digests, one run on a real broker."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labs.brokers.rabbitmq.management import ask
from labs.experiments import experiment
from labs.experiments.backlog_verdicts import c65, c66
from labs.experiments.big_backlog import WARM_RUNS, digest, warm_up
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.observer import Observer
from labs.model.run import NEVER
from labs.pages.exercises.truths_backlog import caught_up_after, further_reader
from labs.pages.recordings import recorded
from labs.scenarios.backlog import LOADS, PACE, PACED_AT, READERS, WAYS, Kind, Lengths, Load
from labs.scenarios.backlog import conductor as under_test
from labs.scenarios.backlog.facts import BacklogRun, Phase
from labs.scenarios.backlog.judge import judge, void
from labs.scenarios.backlog.weighing import weigh
from labs.show.looks.backlog import BACKLOG_LOOK, COPY, NOTHING, PART, bytes_text, truth
from labs.show.short.backlog import big_backlog
from labs.stack import mending

S = 1_000_000_000
SMALL = Load("small", "little", 1, 1000, 50)


def phase(kind: Kind, readers: int = 0, **more: Any) -> Phase:
    """A thousand messages in a tenth of a second, a kilobyte each to disk."""
    usual = {
        "before": 0,
        "messages": 1000,
        "took_ns": S // 10,
        "had": 1000,
        "caused": 1_000_000,
        "limit": "",
        "stamp": "",
    }
    return Phase(kind, readers, **(usual | more))  # type: ignore[arg-type]


def planted(
    *, onto: float = 1.0, paced: float = 1.0, copies: int = 0, second: int = 1000, stamp: str = "not-full"
) -> BacklogRun:
    """A run in which publishing onto the backlog and to five readers goes at that part of the rate; each further reader
    writes so many bytes."""
    pairs = [
        phase(kind, took_ns=int(S / 10 / rate), stamp=stamp) for kind, rate in ((Kind.EMPTY, 1.0), (Kind.FULL, onto))
    ]
    read = [phase(Kind.READ, one, caused=1_000_000 + 1000 * copies * (one - 1)) for one in READERS]
    slow = [
        phase(Kind.PACED, one, took_ns=int(S / 10 / rate), caused=1_000_000 + 1000 * copies * (one - 1), stamp=stamp)
        for one, rate in ((1, 1.0), (5, paced))
    ]
    caught = [phase(Kind.CATCH_UP, 1, took_ns=S // 2), phase(Kind.CATCH_UP, 2, had=second)]
    weights = [{"memory": at, "data": None, "disk": 2 * at, "caused": at} for at in (1000, 501_000)]
    phases = (phase(Kind.FILL), *pairs * 3, *caught, *read, *slow)
    return BacklogRun("kafka-topic", "big", phases, (weights[0], weights[1]))


def points(changed: Mapping[str, Mapping[str, Any]], rounds: int = 5) -> list[Digest]:
    """Every way with the big backlog; those named are planted otherwise."""
    found = []
    for name, way in WAYS.items():
        runs = [planted(**changed.get(name, {}))] * rounds
        found.append(digest(way, LOADS["big"], runs, {}))
    return found


def others(**planted: float) -> dict[str, dict[str, float]]:
    """The same for every way but Kafka's."""
    return {name: planted for name in WAYS if name != "kafka-topic"}


def test_the_judge_finds_what_was_planted() -> None:
    found = judge(planted(onto=0.5, paced=0.9, copies=250, second=400))
    figures = found["figures"]
    assert figures["onto"] == 0.5
    assert figures["paced"] == 0.9
    assert figures["empty_per_s"] == 10_000
    assert figures["catch_up_per_s"] == 2000
    assert figures["each_more"] == 250
    assert figures["growth"] == 2
    assert (figures["disk"], figures["memory"]) == (1000, 500)
    assert found["counts"] == {
        "there": 1000, "first": 1000, "second": 400, "published": 2000, "read_by_each": 2000,
    }  # fmt: skip


def test_what_cannot_be_seen_is_unknown_and_no_figure() -> None:
    run = planted()
    blind = replace(run, phases=tuple(one._replace(caused=NEVER) for one in run.phases))
    dark = {"memory": None, "data": None, "disk": None, "caused": None}
    figures = judge(replace(blind, weights=(dark, dark)))["figures"]
    assert [figures[name] for name in ("growth", "each_more", "written_1", "disk", "memory")] == [None] * 5
    assert figures["onto"] == 1


def test_a_run_in_which_the_machine_stood_still_is_void() -> None:
    run = planted()
    still = replace(run, phases=(*run.phases, phase(Kind.PACED, 5, limit="stood still for 3 s", stamp="void")))
    assert not void(run)
    assert void(still) == "stood still for 3 s"


@pytest.mark.parametrize(
    ("kafka", "word"),
    [
        ({}, "holds"),
        ({"onto": 0.81}, "holds"),
        ({"onto": 0.79}, "never held"),
        ({"onto": 0.79, "stamp": "machine-bound"}, "undecided here"),
        ({"onto": 0.81, "stamp": "machine-bound"}, "holds"),
        ({"second": 999}, "never held"),
    ],
)
def test_a_backlog_is_judged_by_its_rate_and_by_the_second_readers_history(kafka: dict[str, Any], word: str) -> None:
    assert c65(points({"kafka-topic": kafka})).word == word


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({}, "holds with conditions"),
        (others(paced=0.5), "holds"),
        (others(copies=300), "holds"),
        ({"kafka-topic": {"paced": 0.79}}, "never held"),
        ({"kafka-topic": {"paced": 0.79, "stamp": "client-bound"}}, "undecided here"),
        ({"kafka-topic": {"copies": 14}}, "never held"),  # 5.6 % more with five
        ({"kafka-topic": {"copies": 12}}, "holds with conditions"),
    ],
)
def test_five_groups_are_judged_by_the_rate_by_the_disk_and_by_who_else_passes(
    changed: dict[str, Any], word: str
) -> None:
    assert c66(points(changed)).word == word


def test_four_rounds_decide_nothing_and_a_missing_way_is_named() -> None:
    assert c66(points({}, rounds=4)).word == "undecided here"
    without = [one for one in points({}) if one.settings["way"] != "rabbitmq-stream"]
    for rule in (c65, c66):
        found = rule(without)
        assert found.word == "undecided here"
        assert "RabbitMQ stream" in found.text


def test_what_a_further_reader_puts_on_disk_is_told_by_the_size_of_the_message() -> None:
    words = [truth(points({"kafka-topic": {"copies": size}})[0]) for size in (0, 50, 51, 799, 800)]
    assert words == [NOTHING, NOTHING, PART, PART, COPY]
    assert further_reader(points({"redis-stream": {"copies": 270}}), "big")["redis-stream"] == "part"


def test_a_reader_catches_up_by_the_difference_of_the_rates() -> None:
    assert caught_up_after(points({}), "kafka-topic", "big", behind=1000, coming_per_s=1000) == 1


@pytest.mark.parametrize("way", [*WAYS])
@pytest.mark.broker
def test_both_readers_get_the_whole_history_of_a_log_and_the_second_none_of_a_queue(
    way: str, endpoints: dict[str, Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "READERS", (1, 5))
    mode = WAYS[way]
    run = under_test.run(mode, SMALL, endpoints[mode.broker], seed=1, lasts=Lengths(1, 0.1, 0.1, 0.1))
    first, second = run.of(Kind.CATCH_UP)
    assert first.had == first.messages >= SMALL.messages
    assert second.had == (0 if mode.copies else first.messages)
    for one in (*run.of(Kind.READ), *run.of(Kind.PACED)):
        assert one.had == one.messages > 0
    before, after = run.weights
    if mode.broker == "redis":
        assert after["data"] - before["data"] > SMALL.messages * SMALL.body_bytes  # type: ignore[operator]
    if before["disk"] is not None and after["disk"] is not None:
        assert after["disk"] - before["disk"] > SMALL.messages * SMALL.body_bytes


def test_the_pace_is_said_as_it_was_when_a_point_was_recorded() -> None:
    assert (PACE, PACED_AT) == (1 / 5, "a fifth")
    now = points({})[0]
    older = replace(now, setup={name: value for name, value in now.setup.items() if name != "paced_at"})
    assert [BACKLOG_LOOK.quantities["paced_at"].text(one) for one in (now, older)] == ["a fifth", "half"]


def test_files_are_weighed_by_what_they_take_and_not_by_their_holes(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(bytes(range(256)) * 400)
    with (tmp_path / "index").open("wb") as file:
        file.truncate(10_000_000)
    found = weigh(Endpoint("kafka", "127.0.0.1", 1, data_dir=str(tmp_path)))
    assert found.disk is not None
    assert 100_000 < found.disk < 200_000
    assert found.memory is None  # no process of it is to be seen


KILLED = """
import sys
from labs import stack
from labs.scenarios.backlog import LOADS, WAYS
from labs.scenarios.backlog.conductor import run
from labs.model.observer import Observer

def told(share, what):
    print(what, flush=True)

if __name__ == "__main__":
    with stack.session(("rabbitmq",), report=lambda _: None) as found:
        run(WAYS["rabbitmq-classic"], LOADS["small"], found["rabbitmq"], 1, Observer(told, lambda: False))
"""


@pytest.mark.broker
def test_a_killed_run_leaves_no_queue_and_no_exchange_behind(endpoints: dict[str, Endpoint], tmp_path: Path) -> None:
    place = endpoints["rabbitmq"]

    def ours() -> list[str]:
        found = [one["name"] for what in ("queues", "exchanges") for one in ask(place, "GET", what)]
        return [one for one in found if one.startswith("labs-")]

    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    before = set(ours())
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        while "publishing" not in run.stdout.readline():
            assert run.poll() is None
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert set(ours()) > before
    mending.mend([].append)
    assert set(ours()) <= before


@pytest.mark.parametrize(
    ("rates", "runs"), [([1.0, 1.3, 1.6, 1.62, 2.0], 4), ([1.0, 0.9], 2), ([1.2**at for at in range(20)], WARM_RUNS)]
)
def test_kafka_is_loaded_before_the_recording_until_it_is_no_faster_than_before(
    rates: list[float], runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the first rate a thousand messages take a tenth of a second."""
    going = iter(rates)

    def run(*_: object) -> BacklogRun:
        rate, one = next(going), planted()
        return replace(one, phases=tuple(each._replace(took_ns=int(S / 10 / rate)) for each in one.phases))

    there = nullcontext(Endpoint("kafka", "127.0.0.1", 1))
    monkeypatch.setattr(under_test, "run", run)
    monkeypatch.setattr("labs.experiments.big_backlog.place", lambda *_: there)
    told = warm_up(Observer())
    assert told["kafka_warm_up_runs"] == runs
    assert told["kafka_first_per_s"] == 10_000
    assert told["kafka_warm_per_s"] == pytest.approx(10_000 * rates[runs - 1], rel=1e-3)


def test_every_way_is_recorded_with_every_backlog() -> None:
    lab = experiment("big-backlog")
    assert len(lab.grid_keys()) == len(set(lab.grid_keys())) == len(WAYS) * len(LOADS)


@pytest.mark.parametrize(("value", "told"), [(-0.1, "about 0"), (0.08, "about 0"), (0.6, "0.6 B"), (1011.6, "1,012 B")])
def test_bytes_of_which_nothing_is_known_are_about_none(value: float, told: str) -> None:
    assert bytes_text(value).replace("\u00a0", " ") == told


def test_rounds_of_kafka_that_differ_and_a_full_processor_are_said_beside_the_count() -> None:
    file = recorded("big-backlog")
    assert file
    [kafka] = [one for one in file.digests if (one.settings["way"], one.settings["backlog"]) == ("kafka-topic", "big")]

    def answer(*onto: float, full: bool) -> str:
        found: list[Any] = [
            {**kafka.repeats[0], "figures": {**kafka.repeats[0]["figures"], "onto": one}, "machine_full": full}
            for one in onto
        ]
        return big_backlog([replace(kafka, repeats=found)]).answer.replace("\u00a0", " ")

    assert "Kafka’s rounds differ, from 63 % to 110 %, and the processor was full in two of two." in answer(
        0.63, 1.1, full=True
    )
    assert answer(0.63, 1.1, full=False).endswith(". Kafka’s rounds differ, from 63 % to 110 %.")
    assert "differ" not in answer(0.9, 1.1, full=True)
