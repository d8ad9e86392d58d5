"""Faults on real brokers: each brings evidence, each is survived by the harness, and nothing is left of it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from labs import stack
from labs.brokers.redis.admin import client, start_arguments
from labs.judge.fault_digest import repeat
from labs.model import paths
from labs.model.faults import LOAD
from labs.model.observer import UNOBSERVED, CancelledError, Observer
from labs.model.profile import UnknownNameError, profile
from labs.scenarios.fault_run import record_fault
from labs.scenarios.faults import Fault
from labs.stack import disks, state
from labs.stack.disks import shim
from tests.both_backends import compared, told
from tests.interrupts import mounted

BOTH = [
    pytest.param("loop", marks=(pytest.mark.loop, pytest.mark.long)),
    pytest.param("ledger", marks=pytest.mark.ledger),
]


def quiet(_line: str) -> None:
    """Progress that nobody reads."""


def struck(name: str, kind: str, seed: int = 1, disk: str = "") -> dict:
    """The bill of one run."""
    return told(name, Fault(kind, seed, disk=disk))[0]


def sessions() -> set[str]:
    """The folders of sessions; other tests of this process may have theirs."""
    return {path.name for path in paths.home().glob("session-*")}


def engine_names() -> set[str]:
    """Our containers and volumes."""
    asked = (["docker", "ps", "--all", "--format", "{{.Names}}"], ["docker", "volume", "ls", "--quiet"])
    found = [subprocess.run(one, capture_output=True, text=True, check=True).stdout.split() for one in asked]
    return {name for names in found for name in names if name.startswith(f"labs-{state.home_tag()}-")}


def running() -> set[str]:
    """Our containers that run."""
    asked = ["docker", "ps", "--format", "{{.Names}}"]
    found = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    return {name for name in found if name.startswith(f"labs-{state.home_tag()}-")}


@pytest.mark.broker
def test_the_same_load_without_a_fault_loses_and_doubles_nothing() -> None:
    run = record_fault(profile("redis-list-none"), LOAD, Fault("kill"), UNOBSERVED, control=True, backend="native")
    found = repeat(run)
    assert run.settled
    assert found["ledger"]["delivered"] == found["ledger"]["attempted"] == LOAD.messages
    assert found["ledger"]["lost"] == found["ledger"]["duplicated"] == found["ledger"]["unexpected"] == 0
    assert found["outcome"] == "unknown"  # no fault happened, so nothing was proven


@pytest.mark.broker
@pytest.mark.parametrize(
    ("name", "kind", "outcome"),
    [
        ("redis-list-rdb", "stop", "none lost"),  # it saves when it is asked to end
        ("redis-list-rdb", "kill", "all lost"),  # no snapshot is due within the run
        ("redis-list-no", "kill", "none lost"),  # written to the kernel before the answer
        pytest.param("redis-list-everysec", "kill", "none lost", marks=pytest.mark.long),
    ],
)
def test_a_killed_redis_keeps_what_it_gave_to_the_kernel_and_no_more(name: str, kind: str, outcome: str) -> None:
    found = struck(name, kind)
    assert found["outcome"] == outcome, found
    assert "pid " in found["fault"]["evidence"]


@pytest.mark.broker
@pytest.mark.parametrize("disk", BOTH)
@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("redis-list-no", "all lost"),  # the kernel writes after 30 s, the run is shorter
        ("redis-list-everysec", "some lost"),
        ("redis-list-always", "none lost"),
    ],
)
def test_both_power_cuts_tell_the_three_flush_policies_of_redis_apart(name: str, outcome: str, disk: str) -> None:
    found = struck(name, "power", disk=disk)
    assert found["outcome"] == outcome, found
    assert found["fault"]["method"] == disks.METHODS[disk]
    assert found["ledger"]["holes"] == 0
    if outcome == "some lost":
        assert 0 < found["loss_window_s"] < 2.5  # flushed each second; a slow flush may hold back two more
    assert mounted() == []


@pytest.mark.broker
@pytest.mark.parametrize("disk", BOTH)
@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("rabbitmq-confirms", "by version"),  # before 4.0 a classic queue flushed first, since then it does not
    ],
)
def test_both_power_cuts_agree_on_rabbitmq_and_kafka(name: str, outcome: str, disk: str) -> None:
    found, run = told(name, Fault("power", disk=disk))
    if outcome == "by version":
        outcome = "none lost" if str(run.facts["server"]).startswith("3.") else "all lost"
    assert found["outcome"] == outcome, (found, run.trouble)
    assert mounted() == []


@pytest.mark.compose
@pytest.mark.parametrize(
    ("name", "kind", "outcome"),
    [
        ("redis-list-rdb", "stop", "none lost"),
        ("redis-list-rdb", "kill", "all lost"),
        ("redis-list-no", "freeze", "none lost"),
        pytest.param("redis-list-no", "power", "all lost", marks=pytest.mark.loop),
        pytest.param("redis-list-always", "power", "none lost", marks=pytest.mark.loop),
    ],
)
def test_a_container_is_broken_by_the_same_verbs_and_gives_the_same_answers(name: str, kind: str, outcome: str) -> None:
    found, run = told(name, Fault(kind), "compose")
    assert run.facts["backend"] == "compose"
    assert found["outcome"] == outcome, found
    assert found["fault"]["evidence"].startswith("labs-")
    assert mounted() == []


@pytest.mark.compose
@pytest.mark.loop
@pytest.mark.parametrize(("name", "word"), [("rabbitmq-confirms", "all lost"), ("rabbitmq-quorum", "none lost")])
def test_native_and_contained_brokers_give_the_same_word_about_a_power_cut(name: str, word: str) -> None:
    # The cells that opposite words were had from before both ran one release. All cells: python -m tests.both_backends
    words, servers = compared(name, "power")
    assert words == {"native": [word], "compose": [word]}
    assert servers["native"] == servers["compose"]


@pytest.mark.compose
@pytest.mark.parametrize("kind", ["disk-full", "slow-fsync"])
def test_a_fault_that_no_container_can_have_is_refused_by_name(kind: str) -> None:
    with pytest.raises(stack.StackError, match="only native brokers can have it"):
        record_fault(profile("redis-list-no"), LOAD, Fault(kind), UNOBSERVED, backend="compose")


@pytest.mark.broker
def test_a_freeze_delays_and_loses_nothing() -> None:
    found = struck("redis-list-always", "freeze")
    assert found["outcome"] == "none lost"
    assert "state T" in found["fault"]["evidence"]


@pytest.mark.broker
@pytest.mark.parametrize("name", ["redis-list-everysec", pytest.param("kafka-acks-all", marks=pytest.mark.long)])
def test_a_silent_network_delays_and_what_waited_arrives_once(name: str) -> None:
    found = struck(name, "cut")
    assert found["outcome"] == "none lost"
    assert found["ledger"]["acknowledged"] == LOAD.messages
    assert found["ledger"]["duplicated"] == 0
    waited = int(found["fault"]["evidence"].partition("; ")[2].split()[0].replace(",", ""))
    assert waited > 0  # with one request under way, its answer may be all that stood before the cut


@pytest.mark.broker
def test_full_memory_is_refused_message_by_message_and_nothing_acknowledged_goes() -> None:
    found = struck("redis-list-none", "memory-full")
    assert found["outcome"] == "none lost"
    refused = int(found["fault"]["evidence"].partition("; ")[2].split()[0].replace(",", ""))
    assert refused > 0
    assert found["ledger"]["refused"] > 0  # a batch is one command, so there are at least as many messages
    assert found["ledger"]["acknowledged"] + found["ledger"]["refused"] == LOAD.messages


@pytest.mark.broker
@pytest.mark.long
def test_full_memory_is_refused_by_name_where_the_limit_cannot_be_moved() -> None:
    with pytest.raises(stack.StackError, match="memory of kafka"):
        struck("kafka-acks-1", "memory-full")


@pytest.mark.broker
@pytest.mark.ledger
def test_a_slow_disk_counts_the_flushes_that_waited() -> None:
    found = struck("redis-list-everysec", "slow-fsync")
    after = found["fault"]["evidence"].partition("; ")[2]
    assert int(after.split()[0]) >= 1, after


@pytest.mark.broker
@pytest.mark.loop
def test_a_full_disk_makes_redis_refuse_and_loses_nothing_that_it_had_flushed() -> None:
    found = struck("redis-list-always", "disk-full")
    assert "bytes left free" in found["fault"]["evidence"]
    assert found["outcome"] in ("none lost", "did not start"), found  # with `always` it ends when it cannot write
    assert mounted() == []


@pytest.mark.broker
def test_a_fault_upon_a_fault_is_refused_and_the_first_one_can_be_ended() -> None:
    with stack.arena("redis", report=quiet) as arena:
        arena.freeze()
        with pytest.raises(stack.StackError, match="a fault is active: it is frozen"):
            arena.kill()
        with pytest.raises(stack.StackError, match="a fault is active"):
            arena.freeze()
        arena.thaw()
        with pytest.raises(stack.StackError, match="ordinary disk"):
            arena.cut_power()
        with pytest.raises(stack.StackError, match="only a small image of our own"):
            arena.fill_disk()
        assert "SIGKILL" in arena.kill().text
        with pytest.raises(stack.StackError, match="it does not run: it was ended by SIGKILL"):
            arena.kill()
        assert arena.start() < 10


@pytest.mark.broker
def test_a_broker_that_does_not_come_back_is_an_outcome_with_its_last_words() -> None:
    settings = ["--appendonly", "yes"]
    with stack.arena("redis", settings=settings, report=quiet) as arena:
        arena.kill()
        log = next(Path(arena.endpoint.data_dir).rglob("*.incr.aof"))
        log.write_bytes(b"this was never a log of commands\r\n" * 9)
        with pytest.raises(stack.NotStarted, match="it ended with exit code 1") as told:
            arena.start()
        assert "Bad file format" in told.value.log or "AOF" in told.value.log
    with stack.arena("redis", report=quiet) as arena:
        assert arena.kill().method == "SIGKILL"


@pytest.mark.broker
@pytest.mark.loop
def test_a_cancel_in_the_middle_of_a_power_cut_leaves_no_mount_and_no_loop_device() -> None:
    asked, before = [], sessions()

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 40

    struck_by = Fault("power", disk="loop")
    with pytest.raises(CancelledError):
        record_fault(profile("redis-list-always"), LOAD, struck_by, Observer(cancelled=cancelled), backend="native")
    assert mounted() == []
    assert sessions() <= before


WITHOUT_DEVICES = """
set -e
mkdir "$1"
mount --rbind /dev "$1"
mount -t tmpfs -o mode=755 none /dev
for name in null zero full random urandom tty; do touch /dev/$name; mount --bind "$1/$name" /dev/$name; done
mkdir /dev/shm
mount --bind "$1/shm" /dev/shm
ln -s /proc/self/fd /dev/fd
touch /dev/loop-control
mount --bind "$1/null" /dev/loop-control
umount --lazy "$1"
rmdir "$1"
shift
exec "$@"
"""
"""A /dev of its own, seen by one program and what it starts: its loop-control knows of no device, so the system's own
losetup and mount find none and say so in their own words."""


@pytest.mark.loop
@pytest.mark.parametrize(
    "backend",
    [pytest.param("native", marks=pytest.mark.broker), pytest.param("compose", marks=pytest.mark.compose)],
)
def test_without_a_free_loop_device_a_power_cut_is_refused_with_the_way_out_and_nothing_is_left(
    backend: str, tmp_path: Path
) -> None:
    asked = ["run", "loss-matrix", "--set", "setting=redis-list-always", "--set", "fault=power", "--set", "disk=loop"]
    apart = ["unshare", "--mount", "sh", "-c", WITHOUT_DEVICES, "sh", str(tmp_path / "dev")]
    before = sessions() | (engine_names() if backend == "compose" else set())
    result = subprocess.run(
        [*apart, sys.executable, "-m", "labs", *asked],
        env=os.environ | {"LABS_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1, result
    said = " ".join(result.stderr.split())
    assert re.search(
        r"labs: putting \S+disk\.img on a loop device: none is free \(losetup: cannot find an unused", said
    ), said
    assert "--set disk=ledger" in said
    assert "Traceback" not in said
    assert mounted() == []
    assert sessions() | (engine_names() if backend == "compose" else set()) <= before


@pytest.mark.compose
@pytest.mark.loop
def test_a_dead_volume_is_gone_although_a_native_broker_has_copied_the_mounts_of_the_machine() -> None:
    with stack.arena("redis", "compose", disk="loop", report=quiet) as contained:
        contained.sync()
        with stack.arena("redis", disk="loop", report=quiet) as beside:  # its mount namespace begins as a copy of ours
            assert "EIO" in contained.cut_power().text
            assert contained.start() < 30
            assert "SIGKILL" in beside.kill().text
    assert mounted() == []


@pytest.mark.compose
@pytest.mark.loop
@pytest.mark.parametrize(
    ("until", "signs"),
    [
        ("its disk is there", lambda _before: mounted()),
        ("its container is there as well", lambda before: mounted() and engine_names() - before),
        ("its broker runs", lambda before: mounted() and running() - before),
    ],
)
def test_a_killed_owner_leaves_a_container_and_a_loop_device_only_until_the_next_command(
    until: str, signs: Callable[[set[str]], object], tmp_path: Path
) -> None:
    asked = ["run", "loss-matrix", "--set", "setting=redis-list-always", "--set", "fault=power", "--set", "disk=loop"]
    before, words = sessions() | engine_names(), tmp_path / "words.txt"
    assert mounted() == []  # somebody else's would say nothing of this owner
    with words.open("w") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "labs", *asked],
            env=os.environ | {"LABS_BACKEND": "compose"},
            stdout=out,
            stderr=out,
        )
    try:
        deadline = time.monotonic() + 60
        while not signs(before):
            assert child.poll() is None, f"it ended before {until}: {words.read_text()}"
            assert time.monotonic() < deadline, f"it never came so far that {until}: {words.read_text()}"
            time.sleep(0.02)
    finally:
        child.kill()
    assert child.wait() == -signal.SIGKILL, words.read_text()
    assert mounted()  # so there is something to remove
    assert sessions() | engine_names() > before
    stack.down(report=quiet)
    assert mounted() == []
    assert sessions() | engine_names() <= before


def test_an_unknown_fault_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="power"):
        Fault("powr")


def test_the_moment_of_a_fault_is_drawn_from_its_seed_alone() -> None:
    assert Fault("kill", 7).at_s == Fault("stop", 7).at_s
    moments = {Fault("kill", seed).at_s for seed in range(50)}
    assert len(moments) > 40
    assert all(2.5 <= at <= 3.4 for at in moments)


def test_without_root_and_without_a_compiler_a_power_cut_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LABS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "C compiler" in str(shim.why_not())
    with pytest.raises(stack.StackError, match=r"needs root on Linux.*C compiler"):
        Fault("power").place("native")


WRITTEN = ("one", "two", "three", "four", "five")


@pytest.mark.ledger
def test_a_home_with_a_space_does_not_keep_the_library_out_of_the_broker(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LABS_CACHE", str(paths.cache()))
    monkeypatch.setenv("LABS_HOME", str(tmp_path / "a home"))
    flushing = start_arguments({"appendonly": "yes", "appendfsync": "always"})
    with stack.arena("redis", disk="ledger", settings=flushing, report=quiet) as arena:
        arena.sync()
        for name in WRITTEN:
            with client(arena.endpoint) as link:
                link.set(name, "flushed before the answer")
        assert arena.cut_power().facts["flushes"] >= len(WRITTEN)
        arena.start()
        with client(arena.endpoint) as link:
            assert link.exists(*WRITTEN) == len(WRITTEN)


def test_flushes_that_no_library_saw_are_an_error_and_not_a_loss(tmp_path: Path) -> None:
    unseen = shim.Shim(tmp_path)
    unseen.begin()
    with pytest.raises(stack.StackError, match="would count as lost"):
        unseen.counts()
