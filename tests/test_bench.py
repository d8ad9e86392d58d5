"""The benchmark's own rules: who takes turns when, what is done again, what a goal means."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from labs.cli import bench
from labs.judge import benchmark as shown
from labs.judge.limit import FOREIGN_CORES, Stamp
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import CancelledError, Observer
from labs.model.workload import Length
from labs.pages import bench_page
from labs.scenarios.bench import report, sitting
from labs.scenarios.bench.base import Figure, Goal, Row, Setting, summary
from labs.scenarios.bench.guard import limit, turn
from labs.scenarios.bench.rounds import COUNTED_S, MOST, WARM_S, Plan, run_rows
from labs.scenarios.bench.sitting import Sitting

QUICK = Plan(rounds=4, backend="native")


def planted(calls: list[str], name: str, values: Callable[[int], Figure]) -> Callable[[Setting], Figure]:
    """A side that notes when it was asked and answers what the test planted."""

    def side(_here: Setting) -> Figure:
        calls.append(name)
        return values(calls.count(name))

    return side


def row(calls: list[str], ours: Callable[[int], Figure], theirs: Callable[[int], Figure], goal: Goal) -> Row:
    sides = (planted(calls, "A", ours), planted(calls, "B", theirs))
    return Row("planted", "memory", "fast", "planted figures", "A", "B", sides, goal)


def results_of(one: Row, plan: Plan = QUICK, observer: Observer | None = None) -> dict:
    (found,) = run_rows([one], plan, observer or Observer(), report=lambda _text: None)
    return found


def test_sides_take_turns_the_other_way_round_every_other_round_and_warm_up_does_not_count() -> None:
    calls: list[str] = []
    found = results_of(row(calls, lambda n: Figure(100.0 * min(n, 3), 1), lambda _: Figure(100, 1), Goal(low=2)))
    # three rounds of warm-up: 100 and 200 differ, 200 and 300 too
    assert "".join(calls) == "AB" * 3 + "ABBAABBA"
    assert found["ratios"] == [3.0] * 4
    assert found["met"] is True
    assert (found["ours"]["median"], found["theirs"]["median"]) == (300, 100)


def test_warm_up_ends_when_two_rounds_are_alike() -> None:
    calls: list[str] = []
    results_of(row(calls, lambda _: Figure(100, 1), lambda _: Figure(95, 1), Goal()))
    assert len(calls) == 2 * (2 + QUICK.rounds)


def test_a_disturbed_round_is_done_again_but_not_for_ever() -> None:
    calls: list[str] = []
    loud = Figure(100, 1, foreign=2 * FOREIGN_CORES)
    found = results_of(row(calls, lambda n: loud if n == 3 else Figure(100, 1), lambda _: Figure(100, 1), Goal()))
    assert found["rounds_done_again"] == 1
    assert found["foreign"] == 0
    calls.clear()
    found = results_of(row(calls, lambda _: loud, lambda _: Figure(100, 1), Goal()))
    assert len(found["ratios"]) == QUICK.rounds
    assert found["rounds_done_again"] == (MOST - 1) * QUICK.rounds
    assert found["foreign"] == 2 * FOREIGN_CORES


def test_a_side_that_fails_leaves_the_row_without_a_ratio_and_says_why() -> None:
    def fails(_here: Setting) -> Figure:
        raise BrokerError("three lost: the round is void")

    one = Row("void", "memory", "fast", "a void row", "A", "B", (fails, lambda _: Figure(1, 1)), Goal(low=1))
    found = results_of(one)
    assert found["median"] is None
    assert found["met"] is None
    assert shown.word(found) == "not run"
    assert "three lost" in found["trouble"]


def test_a_cancel_ends_the_benchmark_between_two_sides() -> None:
    one = row([], lambda _: Figure(1, 1), lambda _: Figure(1, 1), Goal())
    with pytest.raises(CancelledError, match="planted"):
        results_of(one, observer=Observer(cancelled=lambda: True))


@pytest.mark.parametrize(
    ("goal", "ratio", "met", "said"),
    [
        (Goal(low=1), 1.0, True, "at least 1"),
        (Goal(low=1), 0.99, False, "at least 1"),
        (Goal(high=0.3), 0.31, False, "at most 0.3"),
        (Goal(0.95, 1.05), 1.0, True, "0.95 to 1.05"),
        (Goal(0.95, 1.05), 1.06, False, "0.95 to 1.05"),
        (Goal(), 7.0, None, "shown"),
    ],
)
def test_a_goal_is_a_range_and_a_row_without_one_is_only_shown(
    goal: Goal, ratio: float, met: bool | None, said: str
) -> None:
    assert goal.met(ratio) is met
    assert str(goal) == said


def test_the_client_is_the_limit_only_where_it_was_busy_and_the_broker_was_not() -> None:
    def taken(broker: float | None, client: float) -> tuple[str, Stamp]:
        with turn(Endpoint("redis", "127.0.0.1", 1)) as took:
            pass
        took.cores, took.foreign = {"broker": broker, "client": client}, 0.0
        return limit("redis", took)

    assert taken(0.4, 0.95)[1] == "client-bound"
    assert taken(0.95, 0.95)[1] == "broker-bound"
    assert taken(0.1, 0.1)[1] == "not-full"
    assert "the broker" in taken(0.95, 0.2)[0]
    assert taken(0.1, 0.1)[0].startswith("neither side ran out of CPU")
    assert "not seen" in taken(None, 0.95)[0]
    assert taken(None, 0.95)[1] == "client-bound"
    assert taken(None, 0.1)[1] == "unknown"  # what was not seen was not idle


def test_a_turn_sees_the_processor_time_that_this_process_used() -> None:
    with turn(Endpoint("redis", "127.0.0.1", 1)) as took:
        until = time.process_time() + 0.3
        while time.process_time() < until:
            pass
    client = took.cores["client"]
    assert client is not None
    # however long others kept us waiting; looking at all processes costs something as well
    assert 0.29 < client * took.took_s < 0.9
    assert took.cores["broker"] is None


def saved(tmp_path: Path) -> dict:
    lines = []
    for broker, article in (("redis", 1e6), ("kafka", 1e6)):
        for name, value, stamp in (("one", 5e3, "client-bound"), ("fast", 2e6, "broker-bound")):
            figures = [(Figure(value * share, 1, {}, "x", stamp=stamp), Figure(article, 0)) for share in (0.9, 1, 1.1)]
            sides = (lambda _: Figure(1, 1), lambda _: Figure(1, 1))
            one = Row(
                f"article-{broker}-{name}", broker, "article", f"<b>{name}</b>", f"client {name}", "the article", sides
            )
            lines.append(summary(one, figures, 0) | {"server": "1", "backend": "native", "foreign": 0.0, "trouble": ""})
    report.save(tmp_path / "bench.json", lines, Plan(3))
    return shown.load(tmp_path / "bench.json")


def test_the_picture_is_dots_in_rows_that_never_bear_the_name_of_a_broker(tmp_path: Path) -> None:
    content = saved(tmp_path)
    picture = bench_page.article_picture(content)
    rows = [row for row in picture.split("<tr") if 'class="lp-limit"' in row]
    assert len(rows) == 2 * (1 + 2)
    assert not any("Redis" in row or "Kafka" in row for row in rows)
    mine = [row for row in rows if "published" not in row]
    assert [row.split('data-kind="at"')[1].count("var(--paper)") for row in mine] == [1, 1, 1, 1]
    assert [row.count('data-kind="repeat"') for row in rows] == [0, 3, 3, 0, 3, 3]
    assert picture.count("the client was the limit") == 2
    assert "the article says 200 times that" in picture


def test_what_stands_in_the_file_is_text_on_the_page(tmp_path: Path) -> None:
    content = saved(tmp_path)
    html = bench_page.bench_table(content)
    assert "<b>" not in html
    assert "&lt;b&gt;one" in html
    assert ">ours: X; the limit was not looked for</td>" in html
    assert bench_page.number("article-redis-one times", tmp_path) == "200"
    assert bench_page.number("article-redis-fast median", tmp_path) == "2"
    assert bench_page.number("article-redis-fast over article-redis-one", tmp_path) == "400"
    with pytest.raises(ValueError, match="has no row"):
        bench_page.number("article-redis median", tmp_path)
    with pytest.raises(ValueError, match="cannot ask"):
        bench_page.number("article-redis-one colour", tmp_path)


def changed(content: dict, name: str, **side: str) -> dict:
    """The file with this said by our side of that row."""
    [one] = [one for one in content["rows"] if one["id"] == name]
    one["ours"] |= side
    return content


def test_the_table_says_how_long_its_rounds_were_and_what_counts_for_no_claim_therefore(tmp_path: Path) -> None:
    content = saved(tmp_path)
    content["card"].pop("counted_s", None)
    assert "bench-lasted" not in bench_page.bench_table(content), "no row says how many messages it sent"
    heard = "Redis Pub/Sub; 1,000,000 of 1,000,000 acknowledged, 1,000,000 delivered, 0 twice"
    changed(content, "article-redis-fast", said=heard)
    changed(content, "article-kafka-fast", said="Kafka, acks=all; 4,000,000 of 4,000,000 acknowledged")
    html = bench_page.bench_table(content)
    assert "a round of ours lasted 0.5 s to 2.2 s here. The verdicts of C32, C44 and C53 rest on the labs" in html
    assert "count for no claim: &lt;b&gt;fast&lt;/b&gt; (2,000,000/s).<" in html, "to whom nobody listened is not named"
    content["card"]["counted_s"] = 5.0
    content["card"]["warmup_s"] = 1.0
    assert "bench-lasted" not in bench_page.bench_table(content)


def test_a_tool_of_another_version_than_the_server_says_so_in_an_older_file_as_well(tmp_path: Path) -> None:
    content = saved(tmp_path)
    told = "redis-benchmark 7.0.15: redis-benchmark -h 127.0.0.1"
    for server, said in (("8.0.6", True), ("7.0.15", False), ("unknown", False)):
        [one] = [one for one in content["rows"] if one["id"] == "article-redis-fast"]
        one |= {"server": server, "theirs": {**one["theirs"], "said": told}}
        html = bench_page.bench_table(content)
        assert (f"redis-benchmark 7.0.15, not of the server&#x27;s version ({server})" in html) is said


def test_a_ratio_is_computed_from_the_rates_and_not_from_its_four_decimals() -> None:
    values = [1486.13, 1564.51, 1552.87, 1455.84, 1358.28]
    row = {
        "ours": {"values": values}, "theirs": {"values": [1e6] * 5}, "ratios": [0.0015, 0.0016, 0.0016, 0.0015, 0.0014],
        "median": 0.0015, "range": [0.0014, 0.0016],
    }  # fmt: skip
    ratio = shown.ratio(row)
    assert ratio is not None
    assert round(1 / ratio) == 673 != round(1 / row["median"])  # type: ignore[operator]
    assert shown.ratio_text(row) == "0.00149 (0.00136 to 0.00156)"
    assert shown.ratio_text(row | {"ratios": [], "median": None}) == "–"


def test_the_saved_file_is_json_with_one_row_a_line(tmp_path: Path) -> None:
    saved(tmp_path)
    text = (tmp_path / "bench.json").read_text("utf-8")
    assert len(json.loads(text)["rows"]) == 4 == len(text.splitlines()) - 2


IDS = ("redis-publish", "redis-xadd", "kafka-produce")


def rows_of(measured: list[str], *, breaks_at: str = "") -> list[Row]:
    """Three rows of the table whose sides answer at once and note that they were asked."""

    def side(name: str) -> Callable[[Setting], Figure]:
        def take(_here: Setting) -> Figure:
            if name == breaks_at:
                raise KeyboardInterrupt
            measured.append(name)
            return Figure(100.0, 1)

        return take

    return [
        Row(name, "memory", "fast", name, "A", "B", (side(name), lambda _: Figure(50.0, 1)), Goal(low=1))
        for name in IDS
    ]


def sat(rows: list[Row], tmp_path: Path, plan: Plan = QUICK, **more: bool) -> Sitting:
    return Sitting(rows, plan, tmp_path / "bench.json", **more)


def test_a_recording_that_was_interrupted_goes_on_with_the_row_that_it_had_not_measured(tmp_path: Path) -> None:
    measured: list[str] = []
    first = sat(rows_of(measured, breaks_at="redis-xadd"), tmp_path)
    with pytest.raises(KeyboardInterrupt):
        list(first.run(Observer(), lambda _text: None))
    assert [one["id"] for one in first.kept()] == ["redis-publish"]
    assert not (tmp_path / "bench.json").exists(), "half a table is none"
    measured.clear()
    again = sat(rows_of(measured), tmp_path)
    assert [row.id for row in again.left()] == ["redis-xadd", "kafka-produce"]
    assert [one["id"] for one in again.run(Observer(), lambda _text: None)] == ["redis-xadd", "kafka-produce"]
    assert set(measured) == {"redis-xadd", "kafka-produce"}
    content = shown.load(tmp_path / "bench.json")
    assert [one["id"] for one in content["rows"]] == list(IDS)
    assert [one["median"] for one in content["rows"]] == [2.0] * 3
    assert sat(rows_of(measured), tmp_path).kept() == [], "what is written is not kept any longer"


def test_what_another_plan_measured_is_not_kept_and_what_is_to_be_begun_anew_neither(tmp_path: Path) -> None:
    first = sat(rows_of([], breaks_at="kafka-produce"), tmp_path)
    with pytest.raises(KeyboardInterrupt):
        list(first.run(Observer(), lambda _text: None))
    assert len(sat(rows_of([]), tmp_path).kept()) == 2
    other = sat(rows_of([]), tmp_path, Plan(rounds=9, backend="native"))
    assert (other.kept(), sum(other.dropped.values())) == ([], 2)
    assert sat(rows_of([]), tmp_path, anew=True).kept() == []
    assert sat(rows_of([]), tmp_path).kept() == []


def test_a_row_of_another_version_of_the_server_is_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: after the first row the server is a newer one."""
    versions = iter(["1.0", "2.0", "2.0", "2.0"])

    def measured(rows: list[Row], *_: object) -> object:
        for row in rows:
            found = summary(row, [(Figure(2.0, 1), Figure(1.0, 1))], 0)
            yield found | {"server": next(versions), "backend": "native", "foreign": 0.0, "trouble": "", "took_s": 1.0}

    monkeypatch.setattr(sitting, "run_rows", measured)
    here = sat(rows_of([]), tmp_path)
    assert [one["id"] for one in here.run(Observer())] == [*IDS, "redis-publish"]
    assert {one["server"] for one in shown.load(tmp_path / "bench.json")["rows"]} == {"2.0"}


def test_a_row_that_failed_is_in_the_file_with_its_reason_and_is_tried_again_next_time(tmp_path: Path) -> None:
    rows = rows_of([])

    def fails(_here: Setting) -> Figure:
        raise BrokerError("three lost")

    rows[1] = Row("redis-xadd", "memory", "fast", "x", "A", "B", (fails, lambda _: Figure(1, 1)), Goal(low=1))
    list(sat(rows, tmp_path).run(Observer(), lambda _text: None))
    assert [one["trouble"] for one in shown.load(tmp_path / "bench.json")["rows"]] == ["", "three lost", ""]
    assert [row.id for row in sat(rows_of([]), tmp_path).left()] == ["redis-xadd"]


def test_the_time_left_comes_from_what_each_row_took_in_the_file_and_from_the_rounds_asked_for(tmp_path: Path) -> None:
    list(sat(rows_of([]), tmp_path).run(Observer(), lambda _text: None))
    content = json.loads((tmp_path / "bench.json").read_text())
    for one, took_s in zip(content["rows"], (40.0, 20.0, 60.0), strict=True):
        one["took_s"] = took_s
    (tmp_path / "bench.json").write_text(json.dumps(content))
    assert sat(rows_of([]), tmp_path).left_s() == 120
    assert sat(rows_of([]), tmp_path, Plan(rounds=8, scale=0.5, backend="native")).left_s() == 120
    assert sat(rows_of([]), tmp_path, Plan(rounds=8, backend="native")).left_s() == 240
    assert sat(rows_of([]), tmp_path, Plan(rounds=4, backend="native", lift=True)).left_s() == 120 * sitting.LONGER
    (tmp_path / "bench.json").write_text("{")
    assert sat(rows_of([]), tmp_path).left_s() == 3 * sitting.USUAL_S * QUICK.rounds / 5


def test_the_card_of_the_benchmark_has_each_server_once_and_names_the_days(tmp_path: Path) -> None:
    about = {"runtime": "Erlang/OTP 29", "origin": "o", "heap": "h", "given": ["a", "b"], "file_system": "ext4"}
    one = Row("rabbitmq-produce", "rabbitmq", "fast", "x", "A", "B", (lambda _: Figure(1, 1),) * 2)
    made = summary(one, [(Figure(2.0, 1), Figure(1.0, 1))], 0)
    made |= {"server": "4.3.6", "backend": "native", "foreign": 0.0, "trouble": ""}
    rows = [made | {"about": about, "date": day} for day in ("2026-11-30", "2026-12-01")]
    report.save(tmp_path / "bench.json", rows, Plan(1))
    assert (tmp_path / "bench.json").read_text().count("Erlang/OTP 29") == 1
    content = shown.load(tmp_path / "bench.json")
    said = dict(map(tuple, bench_page.bench_card(content["card"])))
    assert said["RabbitMQ: The server runs on"] == "Erlang/OTP 29"
    assert said["Redis: The server runs on"] == "not recorded"
    assert said["Date"] == "2026-11-30 to 2026-12-01"
    assert said["Rounds"].startswith("1, each of 5 s after 1.5 s that do not count")
    assert dict(map(tuple, bench_page.bench_card({"clients": {}, "rounds": 7})))["Rounds"] == "7"
    assert "Erlang/OTP 29" in bench_page.bench_table(content)


def test_the_limit_is_looked_for_on_our_side_of_each_round_that_counts_in_an_order_of_its_own() -> None:
    asked: list[tuple[str, str]] = []

    def side(name: str) -> Callable[[Setting], Figure]:
        def take(here: Setting) -> Figure:
            asked.append((name, here.lift))
            return Figure(100.0, 1)

        return take

    one = Row("redis-xadd", "memory", "fast", "x", "A", "B", (side("ours"), side("theirs")))
    results_of(one, Plan(rounds=2, backend="native", lift=True))
    assert asked[:4] == [("ours", ""), ("theirs", "")] * 2, "a warm-up needs no limit"
    assert asked[4:] == [("ours", "redis-xadd 1"), ("theirs", ""), ("theirs", ""), ("ours", "redis-xadd 2")]


def test_a_dry_run_lists_the_rows_with_their_minutes_and_what_is_kept_and_measures_nothing(tmp_path: Path) -> None:
    asked = ["redis-publish", "redis-xadd", "--rounds", "4", "--out", str(tmp_path / "bench.json"), "--dry-run"]
    done = CliRunner().invoke(bench.command, asked)
    assert (done.exit_code, list(tmp_path.iterdir())) == (0, [])
    assert re.fullmatch(r"redis-publish +1 min\nredis-xadd +1 min\n2 rows, 1 min\n", done.output), done.output
    kept = Sitting(rows_of([])[:2], Plan(rounds=4), tmp_path / "bench.json")
    kept.journal.add("redis-xadd", sitting.WHOLE, {"id": "redis-xadd"}, 1.0)  # type: ignore[union-attr]
    assert "redis-xadd                kept" in CliRunner().invoke(bench.command, asked).output


def test_a_round_lasts_as_long_as_asked_by_what_each_side_reached_in_the_warm_up_and_by_the_room_there_is() -> None:
    asked: list[tuple[str, Length | None]] = []

    def side(name: str, per_s: float) -> Callable[[Setting], Figure]:
        def take(here: Setting) -> Figure:
            asked.append((name, here.length))
            return Figure(per_s, 1)

        return take

    one = Row("redis-xadd", "memory", "fast", "x", "A", "B", (side("ours", 200.0), side("theirs", 100.0)), most=300)
    results_of(one, Plan(rounds=1, scale=0.5, backend="native"))
    assert [length for _, length in asked[:4]] == [None] * 4, "a warm-up is by messages"
    ours, theirs = Length(WARM_S / 2, COUNTED_S / 2, 200.0, 300), Length(WARM_S / 2, COUNTED_S / 2, 100.0, 300)
    assert asked[4:] == [("ours", ours), ("theirs", theirs)]
    here = Setting(Endpoint("redis", "127.0.0.1", 1), 1.0, Observer(), length=theirs)
    assert (here.count(7), replace(here, length=ours).count(7)) == (250, 300)


def test_every_closed_loop_of_the_table_is_by_time_and_a_stream_in_memory_has_no_more_than_fits() -> None:
    from labs.scenarios.bench.rows import ROWS

    by_messages = {row.id for row in ROWS if row.most is None and row.unit == "messages/s"}
    assert by_messages == {"kafka-consume"}, "it reads what was written before"
    most = {row.id: row.most for row in ROWS}
    assert (most["redis-publish"], most["article-redis-fast"]) == (0, 0), "nobody keeps it"
    assert most["redis-xadd"] == 6_400_000


def test_a_row_that_reached_its_goal_by_sending_alone_says_so_and_one_whose_messages_were_received_does_not(
    tmp_path: Path,
) -> None:
    fast = next(one for one in saved(tmp_path)["rows"] if one["id"] == "article-redis-fast") | {
        "goal": "at least 1",
        "met": True,
    }
    goals = {}
    for said in ("x; 9 of 9 acknowledged", "x; 9 of 9 acknowledged, 9 delivered, 0 twice", "x"):
        goals[said] = bench_page._cells(fast | {"ours": fast["ours"] | {"said": said}})[4]
    alone, received, unsaid = goals.values()
    assert received == unsaid == "at least 1: reached"
    assert alone == "at least 1: reached, sending alone"
    missed = fast | {"met": False, "ours": fast["ours"] | {"said": "x; 9 of 9 acknowledged"}}
    assert bench_page._cells(missed)[4] == "at least 1: missed"
