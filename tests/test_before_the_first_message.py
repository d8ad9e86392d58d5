"""What a broker costs before the first message: the pairs, what is counted of them, the words on the claims."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest

from labs import stack
from labs.experiments import experiment
from labs.experiments.before_the_first_message import summed
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint, UnreachableError
from labs.model.observer import UNOBSERVED, CancelledError, Observer
from labs.model.paths import RECORDED
from labs.model.run import RunFileError
from labs.pages import Panel, measure
from labs.pages.glue import number
from labs.pages.recordings import recorded
from labs.pages.state import panel_state
from labs.scenarios.pairs import BEST, PAIRS, SURVIVES, Pair, code_lines
from labs.scenarios.pairs.memory import settled, shared_out, total
from labs.scenarios.pairs.running import nowhere, running
from labs.show.looks import COST_LOOK
from tests.made_costs import MB, point, repeat, weights

LAB = experiment("before-the-first-message")
WITHOUT = [pair for pair in PAIRS.values() if not pair.has_broker]
WITH = [pair for pair in PAIRS.values() if pair.has_broker]


def all_points(**instead: Digest) -> list[Digest]:
    found = {name: point(name) for name in ("http", "redis", "rabbitmq", "kafka")} | instead
    return list(found.values())


def words(*points: Digest) -> dict[str, str]:
    return {verdict.claim: verdict.word for verdict in LAB.verdict(points)}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=lambda pair: pair.name)
def test_what_is_counted_is_what_the_file_uses(pair: Pair) -> None:
    source = pair.path.read_text("utf-8")
    assert 10 < pair.lines < len(source.splitlines())
    code = source.split('"""', 2)[2]
    for name, value in pair.settings.items():
        assert f'"{name}": {value!r}'.replace("20000", "20_000").replace("'", '"') in code
    for name in pair.settings:
        assert code.count(name) > 1 or "**" in code  # set and used


def test_blank_lines_comments_and_docstrings_are_no_code_and_a_long_call_is_as_long_as_it_is() -> None:
    source = '"""Said."""\n\nimport os\n\n# why\ndef f():\n    """Said\n    twice."""\n'
    source += '    return os.path.join(\n        "a",\n    )\n'
    assert code_lines(source) == 5


def test_memory_is_what_is_resident_and_shared_pages_divided_only_where_every_process_tells_it() -> None:
    rows = weights(100)
    assert (total(rows), shared_out(rows)) == (160 * MB, 80 * MB)
    rows[0]["pss"] = None
    assert (total(rows), shared_out(rows)) == (160 * MB, None)
    assert summed(repeat(rows))["pss_mb"] is None


def test_processes_that_cannot_be_seen_are_unknown_and_not_few() -> None:
    found = summed(repeat(weights(), seen=False))
    assert found["processes"] is found["mb"] is found["broker_mb"] is None
    blind = point("kafka", SURVIVES, repeat(weights(), seen=False), repeat(weights(100)))
    assert words(*all_points(kafka=blind))["C14"] == "undecided here"
    assert words(*all_points(kafka=blind))["C13"] == "undecided here"


def test_memory_comes_to_rest_or_says_that_it_did_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labs.scenarios.pairs.memory.EVERY_S", 0.01)
    monkeypatch.setattr("labs.scenarios.pairs.memory.AT_MOST_S", 0.3)
    monkeypatch.setattr("labs.scenarios.pairs.memory.weigh", lambda groups: weights(groups["broker"][0]))
    assert settled(lambda: {"broker": [100]}, UNOBSERVED)[1]
    assert not settled(lambda: {"broker": [time.monotonic_ns() // 1_000_000 % 1000 * 10]}, UNOBSERVED)[1]


def test_c11_is_conditional_once_a_pair_without_a_broker_ran() -> None:
    later = point("later", BEST, repeat(weights(), lost=40))
    assert words(later)["C11"] == "holds with conditions"
    assert words()["C11"] == "undecided here"
    unclear = point("later", BEST, repeat(weights(), verdict="unknown"))
    assert words(unclear)["C11"] == "undecided here"


def test_every_row_has_a_cell_for_each_head_and_every_chart_a_mark_within_its_axis() -> None:
    points = [*all_points(), point("later", BEST)]
    state = panel_state(LAB, points, "2000-01-01")
    for view in state["views"].values():
        assert [len(row) for row in view["rows"]] == [len(COST_LOOK.columns)]
    for chart in state["charts"]:
        low, high = chart["layout"]["xaxis"]["range"]
        for view in state["views"].values():
            [mark] = [trace for trace in view["traces"][chart["name"]] if trace["meta"]["role"] == "dot"]
            assert low < math.log10(mark["x"][0]) < high
    assert len(LAB.figure("memory", points).data) == 2 * len(points)


def test_a_point_without_a_known_figure_is_not_drawn_and_its_row_says_unknown() -> None:
    view = COST_LOOK.view(point("kafka", SURVIVES, repeat(weights(), seen=False, verdict="unknown")))
    assert view["traces"]["memory"] == []
    assert view["rows"][0][1:3] == ["unknown", "unknown"]
    assert "unknown" in view["rows"][0]


def test_prose_gets_its_figures_from_the_recorded_file() -> None:
    name = LAB.name
    assert number(f"{name} carrier=http lines") == f"{PAIRS['http', SURVIVES].lines}"
    [point] = [
        one
        for one in json.loads((RECORDED / f"{name}.json").read_text("utf-8"))["digests"]
        if (one["settings"]["carrier"], one["settings"]["guarantee"]) == ("kafka", "best")
    ]
    killed, server = (len(point["setup"][name]) for name in ("killed", "server"))
    assert number(f"{name} carrier=kafka guarantee=best settings") == f"{killed}"
    without_addresses = int(number(f"{name} carrier=kafka guarantee=best server_settings"))
    assert 0 < without_addresses < server
    with pytest.raises(ValueError, match="cannot ask"):
        number(f"{name} carrier=kafka pounds")


def test_the_table_of_the_page_counts_the_settings_that_the_verdict_counts() -> None:
    file = recorded(LAB.name)
    assert file
    [text] = [one.text for one in LAB.judged(file.digests) if one.claim == "C13"]
    for broker, named in (("redis", "Redis"), ("rabbitmq", "RabbitMQ"), ("kafka", "Kafka")):
        asked = f"{LAB.name} carrier={broker} guarantee=survives"
        killed, server = (int(number(f"{asked} {name}")) for name in ("settings", "server_settings"))
        assert f"{killed + server} settings with {named}" in text
        assert f"{server} with {named}" in text


def test_what_has_no_pair_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="dies with it"):
        LAB.run(LAB.settings({"carriers": ["later"], "guarantee": SURVIVES}), UNOBSERVED)


def test_in_recorded_mode_a_cell_measures_nothing_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    panel = Panel(LAB, mode="recorded")
    found = measure(panel, carriers=["redis", "http"], guarantee=SURVIVES)
    assert [one.settings["carrier"] for one in found] == ["redis", "http"]
    assert "Nothing was measured here" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"later\|survives .* is not recorded"):
        measure(panel, carriers=["later"], guarantee=SURVIVES)


def test_in_recorded_mode_a_lab_that_is_not_recorded_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("LABS_RUNS", str(tmp_path))
    with pytest.raises(RunFileError, match="not recorded yet"):
        measure(Panel(LAB, mode="recorded"), carriers=["http"])


@pytest.mark.parametrize("pair", WITHOUT, ids=lambda pair: pair.name)
def test_the_first_message_goes_through_without_a_broker(pair: Pair) -> None:
    with running(pair, nowhere()) as at_work:
        assert 0 < at_work.first_s < 20
        assert at_work.sender != at_work.receiver


def test_a_message_that_cannot_arrive_is_an_error_with_the_clients_own_words() -> None:
    nobody = running(PAIRS["rabbitmq", BEST], nowhere())
    with pytest.raises(UnreachableError, match=r"did not arrive: sender: AMQPConnectionError"), nobody:
        raise AssertionError("nobody listens there")


@pytest.mark.broker
@pytest.mark.parametrize("pair", WITH, ids=lambda pair: pair.name)
def test_the_first_message_goes_through_each_broker(pair: Pair, endpoints: dict[str, Endpoint]) -> None:
    place = endpoints[pair.broker]
    with running(pair, place) as at_work:
        assert 0 < at_work.first_s < 20
    pids = stack.processes_of(place)
    assert set(place.pids) <= set(pids)
    assert len(pids) >= len(place.pids)


@pytest.mark.broker
@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
@pytest.mark.parametrize("guarantee", [BEST, SURVIVES])
def test_a_worker_that_dies_over_a_message_loses_it_or_not_as_promised(
    broker: str, guarantee: str, endpoints: dict[str, Endpoint]
) -> None:
    code, place = PAIRS[broker, guarantee].code, endpoints[broker]
    code.send(place, b"fragile")
    with pytest.raises(ZeroDivisionError):
        code.receive(place, lambda body: 1 / 0)
    code.send(place, b"next")
    time.sleep(code.SETTINGS.get("min_idle_time", 0) / 1000 + 0.1)
    seen: list[bytes] = []
    code.receive(place, seen.append)
    assert seen == [b"fragile" if guarantee == SURVIVES else b"next"]


@pytest.mark.broker
def test_one_cell_starts_a_broker_of_its_own_and_a_cancel_leaves_nothing(endpoints: dict[str, Endpoint]) -> None:
    settings = LAB.settings({"carriers": ["redis"], "guarantee": SURVIVES, "backend": endpoints["redis"].backend})
    before = stack.status()["sessions"]
    [found] = LAB.run(settings, UNOBSERVED)
    [figures] = [one["figures"] for one in found.repeats]
    assert (figures["processes"], figures["broker_processes"]) == (3, 1)
    assert 1 < figures["broker_mb"] < figures["mb"] < 500
    assert 0 < figures["ready_s"] < 20
    assert figures["lost"] == 0
    assert stack.status()["sessions"] == before
    steps: list[float] = []
    observer = Observer(lambda share, _text: steps.append(share), lambda: len(steps) > 1)
    with pytest.raises(CancelledError):
        LAB.run(settings, observer)
    assert stack.status()["sessions"] == before
