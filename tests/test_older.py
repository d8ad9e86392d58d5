"""A page whose recording is older than what docker-compose.yml starts says so by itself, and no other page does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from labs.experiments import EXPERIMENTS
from labs.judge.recording import load
from labs.model.paths import RECORDED
from labs.pages import bench_page, older, pages
from labs.pages.build import outdated
from labs.pages.state import recorded_state

PINS = {"redis": "8.10.2", "rabbitmq": "4.3.6", "kafka": "4.4.0"}
LADDER = EXPERIMENTS["latency-ladder"]
LINE = (
    "Recorded with Redis 8.0.6; docker-compose.yml starts 8.10.2. "
    "The maker's newer version may answer otherwise: run it."
)


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("redis:8.10.2", "8.10.2"),
        ("rabbitmq:4.3.6-management", "4.3.6"),
        ("apache/kafka:4.4.0", "4.4.0"),
        ("registry.example:5000/mine/redis:v8.2@sha256:" + "0" * 64, "8.2"),
        ("redis@sha256:" + "1" * 64, ""),
        ("redis:latest", ""),
        ("redis", ""),
    ],
)
def test_what_compose_starts_is_read_from_the_tag_whatever_stands_around_it(
    image: str, version: str, tmp_path: Path
) -> None:
    (tmp_path / "c.yml").write_text(f"    image: ${{LABS_REDIS_IMAGE:-{image}}}\n")
    assert older.pinned(tmp_path / "c.yml").get("redis", "") == version
    assert older.pinned(tmp_path / "nowhere.yml") == {}


def test_the_compose_file_of_this_project_names_a_version_of_every_broker() -> None:
    assert set(older.pinned()) == {"redis", "rabbitmq", "kafka"}


@pytest.mark.parametrize(
    ("recorded", "pin", "is_so"),
    [
        ("8.0.6", "8.10.2", True),
        ("8.9", "8.10", True),
        ("8.10.2", "8.10.2", False),
        ("8.11.0", "8.10.2", False),
        ("8.0.6", "8", False),
        ("7.2.5", "8", True),
        ("4.3", "4.3.1", False),
        ("4.4.0-rc1", "4.4.0", False),
    ],
)
def test_versions_are_compared_as_numbers_and_only_as_far_as_both_say(recorded: str, pin: str, is_so: bool) -> None:
    assert bool(older.line([("redis", recorded)], {"redis": pin})) is is_so


def test_the_line_names_what_was_recorded_and_what_starts_and_says_what_is_not_known() -> None:
    assert older.line([("redis", "8.0.6"), ("rabbitmq", "4.3.6")], PINS) == LINE
    assert older.line([("redis", "8.10.2"), ("kafka", "4.4.0")], PINS) == ""
    both = older.line([("kafka", "4.3.1"), ("redis", "8.0.6"), ("redis", "8.10.2")], PINS)
    assert both == (
        "Recorded with Redis 8.0.6 in some points and Apache Kafka 4.3.1; docker-compose.yml starts Redis 8.10.2 and "
        "Apache Kafka 4.4.0. The makers' newer versions may answer otherwise: run it."
    )
    assert older.line([("kafka", "unknown")], PINS) == "Which version of Apache Kafka was recorded is not known."
    assert older.line([], PINS) == ""


def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **pins: str) -> None:
    """The ladder's recording, as if compose started these versions, and by default those that were recorded."""
    (tmp_path / "latency-ladder.json").write_bytes((RECORDED / "latency-ladder.json").read_bytes())
    served = dict(
        one for digest in load(RECORDED / "latency-ladder.json").digests for one in older.of_card(digest.card)
    )
    monkeypatch.setattr(older, "pinned", lambda: {**served, **pins})


def test_a_page_of_an_older_recording_says_so_under_its_panel_on_its_cards_and_in_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(tmp_path, monkeypatch, redis="99.1.2")
    state = recorded_state(LADDER, tmp_path)
    assert re.fullmatch(
        r"Recorded with Redis [\d.]+; docker-compose\.yml starts 99\.1\.2\. The maker's .*", state["older"]
    )
    assert state["older"].replace("'", "&#x27;") in pages.panel(state, "")
    cards = {view["broker"]: dict(map(tuple, view["card"])) for view in state["views"].values()}
    assert cards["redis"]["Newer"] == "Redis 99.1.2, which docker-compose.yml starts"
    assert "Newer" not in cards["kafka"]
    assert outdated(tmp_path) == [f"latency-ladder: {state['older']}"]


def test_a_page_of_a_recording_of_the_same_versions_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(tmp_path, monkeypatch)
    state = recorded_state(LADDER, tmp_path)
    assert state["older"] == ""
    assert "Recorded with" not in pages.panel(state, "")
    assert outdated(tmp_path) == []


def test_the_page_of_the_benchmark_says_so_too_by_the_versions_of_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.loads((RECORDED / "bench.json").read_text())
    content["rows"] = [one | {"server": PINS[one["broker"]]} for one in content["rows"]]
    monkeypatch.setattr(older, "pinned", lambda: PINS)
    assert "Recorded with" not in bench_page.bench_table(content)
    content["rows"][0]["server"] = "8.0.6"
    assert "Recorded with Redis 8.0.6 in some points; docker-compose.yml starts 8.10.2." in bench_page.bench_table(
        content
    )


def test_what_others_published_and_the_memory_server_have_no_version_to_compare() -> None:
    assert older.of_card({"broker": "Redis 1.0", "source": "a page"}) == []
    assert older.of_card({"broker": "memory server 0.1.0", "machine": "Linux"}) == []
    both = {"broker": "Redis 8.0.6, RabbitMQ 4.3.6, Apache Kafka unknown", "machine": "Linux"}
    assert older.of_card(both) == [("redis", "8.0.6"), ("rabbitmq", "4.3.6"), ("kafka", "unknown")]
