"""The lab about limits: its judge on planted histories, its verdict, and what is left on a broker by a killed run."""

import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from labs.brokers.redis.admin import client
from labs.experiments import experiment
from labs.experiments.limit_pictures import course
from labs.experiments.when_it_blocks import digest
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.model.observer import UNOBSERVED
from labs.model.run import NEVER
from labs.scenarios.limits import MODES
from labs.scenarios.limits.facts import NO, NOBODY, YES, History, empty
from labs.scenarios.limits.judge import ERROR, LOSES, NOTHING, WAITS, judge
from labs.show.looks import limits as look

LAB = experiment("when-it-blocks")
MS, S = 1_000_000, 1_000_000_000
MESSAGES, PAUSE_NS, RESUME_NS = 40, S, 3 * S


def history(mode: str = "rabbitmq-reject", **changed: object) -> History:
    """A publisher of ten messages a second whose every call takes 2 ms and is told yes, and a reader that has all."""
    columns = empty(MESSAGES)
    columns["due_ns"] = np.arange(MESSAGES, dtype=np.int64) * S // 10
    columns["called_ns"] = columns["due_ns"].copy()
    columns["returned_ns"] = columns["called_ns"] + 2 * MS
    columns["told_ns"], columns["told"] = columns["returned_ns"].copy(), np.full(MESSAGES, YES, np.int64)
    columns["read_ns"] = columns["returned_ns"] + 5 * MS
    given = {"evidence": "seen", "facts": {"gone_ns": [], "heard_ns": []}} | changed
    return History(mode, columns, PAUSE_NS, RESUME_NS, **given)  # type: ignore[arg-type]


def blocked() -> History:
    """A call that begins a second after the reader stopped and lasts two."""
    run = history("rabbitmq-memory-alarm", marks=((2 * S, "memory alarm"), (4 * S, "memory alarm over")))
    run["returned_ns"][20] = run["called_ns"][20] + 2 * S
    return run


def refused() -> History:
    """Five messages that are turned down at once, from 1.5 s after the reader stopped on."""
    run = history(words="basic.nack")
    run["refused"][25:30], run["told"][25:30], run["read_ns"][25:30] = 1, NO, NEVER
    return run


def dropped() -> History:
    """A subscriber that is dropped a second after it stopped, and ten messages that nobody has."""
    facts = {"gone_ns": [3 * S + 5 * MS], "heard_ns": []}
    run = history("redis-pubsub", marks=((2 * S, "subscriber dropped"),), facts=facts)
    run["told"][20:30], run["read_ns"][20:30] = NOBODY, NEVER
    return run


def test_a_publisher_that_is_blocked_waits_and_the_call_is_as_long_as_it_was() -> None:
    found = judge(blocked())
    assert (found.outcome, found.waited, found.refused, found.lost) == (WAITS, 1, 0, 0)
    assert found.longest_ms == pytest.approx(2000)
    assert found.trouble_s == pytest.approx(1.0)


def test_a_call_that_never_came_back_waits_until_the_last_that_is_known_of_the_run() -> None:
    run = blocked()
    for name in ("returned_ns", "told_ns", "read_ns"):
        run[name][20:] = NEVER
    found = judge(run)
    assert found.outcome == WAITS
    assert found.longest_ms == pytest.approx(2000), "from 2 s to the end of the alarm at 4 s"


def test_a_refused_message_is_an_error_and_never_lost() -> None:
    found = judge(refused())
    assert (found.outcome, found.refused, found.lost, found.waited) == (ERROR, 5, 0, 0)
    assert found.trouble_s == pytest.approx(1.502)


def test_a_no_that_comes_after_the_call_is_an_error_too() -> None:
    run = refused()
    run["refused"][:] = 0
    assert judge(run).outcome == ERROR


def test_a_publisher_that_is_told_nothing_loses_what_the_reader_never_had() -> None:
    run = history("rabbitmq-unconfirmed")
    run["told"][:], run["read_ns"][25:30] = 0, NEVER
    found = judge(run)
    assert (found.outcome, found.lost, found.refused) == (LOSES, 5, 0)


def test_a_publisher_that_never_waits_notices_nothing() -> None:
    found = judge(history("kafka-no-limit"))
    assert (found.outcome, found.lost, found.trouble_s) == (NOTHING, 0, None)


def test_a_long_call_without_a_limit_is_the_machine_and_no_wait() -> None:
    run = blocked()
    assert judge(History(**{**vars(run), "evidence": "", "marks": ()})).outcome == NOTHING
    before = history()
    before["returned_ns"][3] = before["called_ns"][3] + S // 2
    found = judge(before)
    assert (found.outcome, found.longest_ms, found.before_ms) == (NOTHING, 2.0, 500.0)


def test_a_dropped_subscriber_is_who_pays() -> None:
    found = judge(dropped())
    assert (found.outcome, found.dropped, found.lost, found.unheard) == (LOSES, 1, 10, 10)
    assert (found.longest_ms, found.trouble_s) == (2.0, 1.0)


def test_what_was_not_read_out_is_unknown_and_not_lost() -> None:
    run = dropped()
    found = judge(History(**{**vars(run), "drained": False}))
    assert (found.outcome, found.lost) == ("unknown", 0)


def test_a_message_that_a_listening_publisher_heard_nothing_of_is_unknown_and_not_lost() -> None:
    run = history("kafka-no-limit")
    run["told"][30:], run["read_ns"][30:] = 0, NEVER
    found = judge(run)
    assert (found.outcome, found.lost) == ("unknown", 0)


def point(*runs: History) -> Digest:
    """A point of these runs."""
    return digest(MODES[runs[0].mode], [(one, 9.0) for one in runs], {})


@pytest.mark.parametrize(
    ("points", "word"),
    [
        ([point(refused(), refused())], "never held"),
        ([point(blocked()), point(history("kafka-no-limit"))], "never held"),
        ([point(history("kafka-no-limit")), point(dropped())], "holds"),
        ([point(refused(), history())], "undecided here"),
        ([], "undecided here"),
    ],
)
def test_c16_wants_one_limit_that_every_round_ran_into(points: list[Digest], word: str) -> None:
    assert LAB.verdict(points)[0].word == word


def test_the_judge_and_those_who_speak_of_it_have_the_same_words() -> None:
    assert (look.WAITS, look.ERROR, look.LOSES, look.NOTHING) == (WAITS, ERROR, LOSES, NOTHING)


def test_the_timeline_marks_the_first_refusal_and_draws_it_whatever_is_left_out() -> None:
    drawn = course(refused(), MODES["rabbitmq-reject"])
    assert [(mark.text, mark.at_ns) for mark in drawn.marks] == [("refused", int(2.5 * S))]
    assert [line.name for line in drawn.panels[0].lines] == ["taken", "refused"]
    assert drawn.panels[0].lines[1].points[0][0] == int(2.5 * S)
    assert [(span.start_ns, span.end_ns) for span in drawn.spans] == [(PAUSE_NS, RESUME_NS)]


def test_a_limit_is_full_after_its_size_over_rate_times_payload() -> None:
    assert MODES["rabbitmq-reject"].limit_s == 1.5
    assert MODES["kafka-no-limit"].limit_s is None


def labs(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "labs", *arguments]


@pytest.mark.parametrize("mode", [one.name for one in MODES.values() if one.ours])
def test_on_a_broker_of_the_readers_what_others_would_feel_is_refused_in_one_line(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = MODES[mode].broker
    monkeypatch.setenv(f"LABS_{broker.upper()}_URL", "somewhere")
    with pytest.raises(StackError, match="names a broker of yours") as told:
        LAB.run(LAB.settings({"mode": mode}), UNOBSERVED)
    assert MODES[mode].label in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.broker
def test_a_run_that_is_killed_leaves_a_limit_that_the_next_command_takes_away(endpoints: dict[str, Endpoint]) -> None:
    with client(endpoints["redis"]) as redis:
        before = redis.config_get("maxmemory*")
        run = subprocess.Popen(labs("run", LAB.name, "--set", "mode=redis-noeviction"), stdout=subprocess.DEVNULL)
        give_up_s = time.monotonic() + 30
        while redis.config_get("maxmemory")["maxmemory"] == before["maxmemory"]:
            assert time.monotonic() < give_up_s
            assert run.poll() is None
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert redis.config_get("maxmemory")["maxmemory"] != before["maxmemory"], "it was killed while it was in force"
        said = subprocess.run(labs("status"), capture_output=True, text=True, timeout=60, check=True)
        assert redis.config_get("maxmemory*") == before
        assert re.search(r"its settings put back", said.stdout + said.stderr)
        assert redis.keys("labs-*") == []
