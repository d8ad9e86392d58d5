"""The run card: what it names, what it must not name, and how a file keeps it once."""

from __future__ import annotations

import getpass
import json
import os
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from labs import stack
from labs.judge.card import about_several, card
from labs.judge.recording import load, save
from labs.model import machine
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.paths import RECORDED, home
from labs.model.profile import profile
from labs.model.run import RunFileError
from labs.pages.state import card_rest, card_rows
from labs.stack import ground

ABOUT = {"runtime": "r 1", "origin": "o 1", "heap": "h 1", "given": ["a 1", "b 2"], "file_system": "ext4"}
HERE = Endpoint("redis", "127.0.0.1", 1, pids=(os.getpid(),), version="8.0.6", about={**ABOUT, "fsync_ms": 0.2})
USING = profile("redis-stream-none")
FLAGS = "model name\t: A  B\nflags\t\t: fpu {}sse\n"


def point(rate: int, on_card: dict[str, object]) -> Digest:
    settings = {"rate_per_s": rate, "broker": "redis", "profile": USING.name, "label": USING.label, "rung": 0}
    return Digest(lab="latency-ladder", settings=settings, repeats=[], median={}, card=on_card)  # type: ignore[arg-type]


def test_a_card_names_processor_memory_kernel_runtime_origin_memory_and_what_we_configure() -> None:
    said = card(HERE, USING, {}, {}, repeats=1)
    assert ABOUT.items() <= said.items()
    assert (said["fsync_ms"], said["broker"]) == (0.2, "Redis 8.0.6")
    assert platform.release() in str(said["system"])
    assert {"processor", "virtual", "memory"} <= set(said)
    told = card(HERE, USING, {"about": {**ABOUT, "runtime": "r 2"}}, {}, repeats=1)
    assert told["runtime"] == "r 2", "what the run kept counts"
    assert not {*ABOUT} & set(card(None, None, {}, {}, repeats=1)), "without a broker there is no server"


def test_of_several_brokers_the_card_names_each() -> None:
    other = replace(HERE, broker="kafka", about={**ABOUT, "runtime": "Java 25"})
    said = about_several([HERE, other])
    assert said["runtime"] == "Redis: r 1; Apache Kafka: Java 25"
    assert said["given"] == {"Redis": ["a 1", "b 2"], "Apache Kafka": ["a 1", "b 2"]}


@pytest.mark.parametrize(
    ("cpuinfo", "makers", "word"),
    [
        (FLAGS.format("hypervisor "), [], "yes, by the processor's hypervisor flag"),
        (FLAGS.format("hypervisor "), ["QEMU", "Q35"], "yes, by the processor's hypervisor flag (QEMU Q35)"),
        (FLAGS.format(""), ["Amazon EC2", "m7g.large"], "yes, by its maker's name (Amazon EC2 m7g.large)"),
        (FLAGS.format(""), ["LENOVO", "20XW"], "no sign of it"),
        ("CPU part\t: 0xd0c\n", [], machine.UNSEEN),
    ],
)
def test_a_machine_is_called_virtual_by_its_flag_or_its_maker_and_unknown_where_neither_speaks(
    cpuinfo: str, makers: list[str], word: str
) -> None:
    assert machine.virtual(cpuinfo, makers) == word


def test_a_flush_takes_time_and_leaves_nothing_behind(tmp_path: Path) -> None:
    assert 0 < ground.flush_ms(tmp_path) < 1000
    assert not list(tmp_path.iterdir())
    assert ground.file_system(Path("/proc")) == "proc"
    assert ground.told(tmp_path / "nowhere") == {"file_system": machine.UNSEEN}


def test_a_file_has_once_what_is_alike_for_its_points_and_a_loaded_card_is_whole(tmp_path: Path) -> None:
    first, other = card(HERE, USING, {}, {}, repeats=1), card(
        replace(HERE, about={**ABOUT, "origin": "o 2"}), USING, {}, {}, repeats=1
    )  # fmt: skip
    points = [point(rate, dict(first if rate < 3 else other)) for rate in (1, 2, 3)]
    save(tmp_path / "a.json", "latency-ladder", points, first)
    text = (tmp_path / "a.json").read_text()
    assert text.count("o 1") == text.count("o 2") == text.count(str(first["system"])) == 1
    assert json.loads(text)["digests"][2]["card"]["see"] == ["machine", "server 2"]
    assert [one.card for one in load(tmp_path / "a.json").digests] == [first, first, other]
    save(tmp_path / "b.json", "latency-ladder", load(tmp_path / "a.json").digests, load(tmp_path / "a.json").card)
    assert (tmp_path / "b.json").read_text() == text
    for harm in ('"see": ["machine 7"]', '"see": "machine"', '"see": [["machine"]]'):
        (tmp_path / "c.json").write_text(text.replace('"see": ["machine", "server"]', harm, 1))
        with pytest.raises(RunFileError, match="a card names"):
            load(tmp_path / "c.json")


def test_what_an_older_recording_lacks_reads_not_recorded_and_what_does_not_apply_is_not_there() -> None:
    old = {"broker": "Redis 8.0.6", "machine": "Linux", "cores": 2}
    rows = dict(map(tuple, card_rest(old)))
    assert set(rows.values()) == {"not recorded"}
    assert {"Processor", "The server runs on", "Where the server came from"} <= set(rows)
    assert not {*rows} & {name for name, _ in card_rows(old)}
    assert "The server runs on" not in dict(map(tuple, card_rest({"broker": "none", "machine": "Linux"})))
    assert card_rest({"broker": "mqperf 2021", "source": "a page"}) == [], "others measured that"
    rows = dict(map(tuple, card_rest(card(HERE, USING, {}, {}, repeats=1))))
    assert "not recorded" not in rows.values()
    assert rows["Configuration that we give"] == "a 1; b 2"


def secrets_of_this_machine() -> set[str]:
    """What no recorded file may have: names and folders of whoever recorded it."""
    names = {platform.node(), str(Path.home()), str(home()), str(Path.cwd()), str(RECORDED.parents[1])}
    user = getpass.getuser()
    return {one for one in names if len(one) > 3} | ({f"/{user}", f"{user}@"} if len(user) > 3 else set())


def test_a_running_server_says_what_it_is_and_no_name_or_folder_of_this_machine_gets_into_the_file(
    tmp_path: Path,
) -> None:
    with stack.session(("redis",), "native", report=lambda _: None) as found:
        here = found["redis"]
        said = card(here, USING, {}, {}, repeats=1)
    assert machine.UNSEEN not in (said["runtime"], said["origin"], said["heap"], said["file_system"])
    assert "maxmemory 896 MiB" in str(said["heap"])
    assert "maxmemory 896mb" in said["given"]  # type: ignore[operator]
    assert 0 < said["fsync_ms"] < 1000  # type: ignore[operator]
    away = card(replace(here, backend="given", host="redis.mine.example", pids=()), USING, {}, {}, repeats=1)
    away["jobs"] = f"its log: {Path.home()}/x, {home()}/log/a.log, {Path.cwd()}/b"
    save(tmp_path / "made.json", "latency-ladder", [point(1, said), point(2, away)], said)
    text = (tmp_path / "made.json").read_text()
    assert not [one for one in {*secrets_of_this_machine(), "mine.example", here.password} if one in text]
