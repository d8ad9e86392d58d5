"""How far the same point differs between files: which points are the same, and what a page says of them."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from labs.experiments import experiment
from labs.experiments.rate_lab import Way
from labs.judge.recording import save
from labs.model.digest import Digest
from labs.model.paths import RECORDED
from labs.model.text import ms_span
from labs.pages import apart, bench_page, glue
from tests.made_rates import point


def made(lab: str, way: str, per_s: float, **card: object) -> Digest:
    one = point(experiment(lab), way, per_s)
    return replace(one, card={**one.card, "window": 1, "batch": 1, "date": "2026-11-30", **card})


def said(tmp_path: Path, one: Digest, other: Digest) -> str:
    for digest in (one, other):
        save(tmp_path / f"{digest.lab}.json", digest.lab, [digest], digest.card)
    return apart.said(one.lab, tmp_path)


def test_the_same_point_of_two_files_is_held_side_by_side(tmp_path: Path) -> None:
    text = said(
        tmp_path, made("fifty-thousand", "raw-one", 3000.0), made("price-of-persistence", "persistent-1", 2000.0)
    )
    assert text.startswith(
        "up to 1.50 times (raw frames, one by one: 2,000/s in “The price of persistence” of 2026-11-30 and 3,000/s in “"
    )
    assert glue.number("fifty-thousand elsewhere", tmp_path) == text


def test_the_benchmark_and_the_charts_about_tricks_count_among_the_files_that_differ(tmp_path: Path) -> None:
    recorded = [path.read_text("utf-8") for path in (RECORDED / "bench.json", RECORDED / "how-benchmarks-lie.json")]
    bench, lie = (json.loads(text) for text in recorded)
    [row] = [one for one in bench["rows"] if one["id"] == "article-rabbitmq-one"]
    one = made("fifty-thousand", "pika-one", 2 * row["ours"]["median"])
    save(tmp_path / "fifty-thousand.json", one.lab, [one], one.card)
    assert apart.said(one.lab, tmp_path) == ""
    (tmp_path / "bench.json").write_text(recorded[0], "utf-8")
    assert "times (pika, one by one: " in apart.said(one.lab, tmp_path)
    assert f"in “How fast” of {bench['card']['date']}" in apart.said(one.lab, tmp_path)
    (tmp_path / "how-benchmarks-lie.json").write_text(recorded[1], "utf-8")
    one = made("fifty-thousand", "raw-one", 1e6)
    save(tmp_path / "fifty-thousand.json", one.lab, [one], one.card)
    assert f"in “{experiment('how-benchmarks-lie').title}” of {lie['card']['date']}" in apart.said(one.lab, tmp_path)
    assert apart.said("how-benchmarks-lie", tmp_path).startswith("up to ")


def test_a_pair_tells_what_was_unlike_besides_the_day_and_the_benchmark_has_one_of_its_own(tmp_path: Path) -> None:
    shutil.copy(RECORDED / "bench.json", tmp_path)
    assert bench_page.number("elsewhere", tmp_path) == "unknown", "no other file has one of its rows"
    row = {one["id"]: one for one in json.loads((tmp_path / "bench.json").read_text("utf-8"))["rows"]}
    [here, other] = [row[name] for name in ("article-rabbitmq-one", "article-kafka-fast")]
    for lab, way, per_s, server in (
        ("fifty-thousand", "pika-one", 2 * here["ours"]["median"], f"RabbitMQ {here['server']}"),
        ("kafka-million", "batch-5000", other["ours"]["median"] / 3, "Apache Kafka 9.9"),
    ):
        one = made(lab, way, per_s, backend="native processes", broker=server)
        one = replace(one, repeats=[{**repeat, "counted_s": 5.0} for repeat in one.repeats])
        save(tmp_path / f"{lab}.json", lab, [one], one.card)
    text = bench_page.number("elsewhere", tmp_path)
    assert text.startswith("up to 3.0")
    assert "; unlike were native processes and containers; Apache Kafka 9.9 and Apache Kafka " in text
    assert re.search(r"; rounds of 5\.0 s and rounds of 0\.\d to 0\.\d s\)$", text)
    assert "RabbitMQ" not in apart.said("fifty-thousand", tmp_path), "of the same version nothing is said"


@pytest.mark.parametrize("other", [{"window": 10}, {"batch": 2}])
def test_another_window_or_batch_is_another_point(tmp_path: Path, other: dict[str, int]) -> None:
    one = made("price-of-persistence", "persistent-1", 2000.0, **other)
    assert said(tmp_path, made("fifty-thousand", "raw-one", 3000.0), one) == ""
    assert not glue.is_known("fifty-thousand elsewhere", tmp_path)


def _loop(way: Way) -> tuple[int, int, int]:
    assert way.load
    return way.load.window, way.load.batch, way.load.body_bytes


def test_the_labs_share_points_so_that_days_can_be_compared() -> None:
    names = ("fifty-thousand", "kafka-million", "redis-million", "price-of-persistence")
    loads = {
        name: {
            (one.profile, one.lane, repr(replace(one.load, messages=1))) for one in experiment(name).ways if one.load
        }
        for name in (*names, "messages-or-megabytes")
    }
    assert all(loads[name] & loads["messages-or-megabytes"] for name in names)


def test_a_rate_that_the_benchmark_has_as_well_names_its_figure_and_day_and_is_the_same_work() -> None:
    from labs.experiments import EXPERIMENTS
    from labs.pages.state import recorded_state
    from labs.scenarios.bench.rows import WAYS

    rows = {f"article-{name}": (profile, lane, load) for name, profile, lane, _, load, _ in WAYS}
    for (lab, name), row in apart.SAME.items():
        [way] = [one for one in EXPERIMENTS[lab].ways if one.name == name]
        profile, lane, load = rows[row]
        assert (way.profile, way.lane) == (profile, lane)
        assert way.load
        assert (way.load.window, way.load.batch, way.load.body_bytes) == (load.window, load.batch, load.body_bytes)
    said = recorded_state(EXPERIMENTS["fifty-thousand"])["views"]["pika-one"]["sentence"]
    assert " The benchmark of “How fast” had " in said
    assert "The benchmark" not in recorded_state(EXPERIMENTS["fifty-thousand"])["views"]["raw-quorum"]["sentence"]


def test_a_flush_of_another_recording_stands_beside_that_of_the_passport(tmp_path: Path) -> None:
    shutil.copy(RECORDED / "passport.json", tmp_path)
    assert not glue.is_known("passport flushes", tmp_path)
    content = json.loads((RECORDED / "run-twice.json").read_text("utf-8"))
    here = json.loads((RECORDED / "passport.json").read_text("utf-8"))["digests"][0]["card"]
    for at, one in enumerate(content["digests"]):
        one["card"] |= {"machine": here["machine"], "cores": here["cores"], "fsync_ms": 0.2 + at}
    content["digests"][-1]["card"] |= {"machine": "another", "fsync_ms": 99.0}
    (tmp_path / "run-twice.json").write_text(json.dumps(content))
    assert glue.number("passport flushes", tmp_path) == ms_span([0.2, 0.2 + len(content["digests"]) - 2])
    assert glue.points("passport flushes", tmp_path) == []
