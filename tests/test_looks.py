"""What readers are told of fault labs and of jobs: words, cells, bills and numbers in prose, from made-up digests."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from labs.cli.tables import table_of
from labs.experiments import EXPERIMENTS
from labs.model.digest import Digest
from labs.model.faults import KINDS
from labs.pages import Panel, pages
from labs.pages.glue import NOT_YET, number
from labs.pages.recordings import recorded
from labs.pages.state import panel_state
from labs.show.charts import figure
from labs.show.looks import FAULT_LOOK, JOBS_LOOK, LOSS_GUESS
from labs.show.looks.fault import HEADS, summed_up
from labs.show.looks.jobs import truth
from labs.show.short.faults import loss_matrix
from tests.faulted import JOBS, JOBS_LAB, LOSS_LAB, MATRIX, STARTUP_LOG, fault_digest, jobs_digest, repeat, three


def point(profile: str, fault: str) -> Digest:
    wanted = {"profile": profile, "fault": fault}
    return next(d for d in MATRIX if wanted.items() <= d.settings.items())


def said(profile: str, fault: str) -> str:
    return str(FAULT_LOOK.view(point(profile, fault))["sentence"]).replace("\u00a0", " ")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of recordings with the made-up digests, and their labs known by name."""
    for lab, digests in ((LOSS_LAB, MATRIX), (JOBS_LAB, JOBS)):
        monkeypatch.setitem(EXPERIMENTS, lab.name, lab)
        content = {"format": 1, "lab": lab.name, "card": {}, "digests": [one.to_json() for one in digests]}
        (tmp_path / f"{lab.name}.json").write_text(json.dumps(content))
    return tmp_path


def test_a_loss_is_said_with_the_medians_of_its_count_its_window_and_the_time_until_an_answer() -> None:
    text = said("redis-list-everysec", "power")
    assert "a power cut lost 340 of 2,900 acknowledged messages." in text
    assert "The oldest lost one had been acknowledged 340 ms before the fault." in text
    assert "The broker answered again after 500 ms." in text


def test_without_acknowledgements_a_sentence_says_that_the_call_returned() -> None:
    assert "of 9,800 sent messages" in said("kafka-acks-0", "kill")
    assert "a message counts once its call has returned" in said("kafka-acks-0", "kill")


def test_unknown_and_did_not_start_are_never_a_loss() -> None:
    for profile in ("kafka-acks-all", "redis-list-always"):
        view = FAULT_LOOK.view(point(profile, "power"))
        assert "lost" not in view["title"]
        assert view["cell"]["lines"] == ["3 of 3 agree"]
        assert {line["name"]: line["value"] for line in view["bill"]}["lost"] is None
    assert FAULT_LOOK.view(point("redis-list-always", "power"))["last_words"] == STARTUP_LOG


def test_a_count_that_one_repeat_could_not_give_is_not_hidden_by_the_others() -> None:
    digest = fault_digest("redis-list-everysec", "power", *three("some lost", 900, 5, 9), repeat(3, "unknown", 900))
    assert FAULT_LOOK.quantities["lost"].text(digest) == "5 to 9, unknown in 1 of 3"
    assert FAULT_LOOK.view(digest)["cell"]["word"] == "mixed"


def test_a_bill_adds_up() -> None:
    for digest in MATRIX:
        lines = {line["name"]: line["value"] for line in FAULT_LOOK.view(digest)["bill"]}
        if lines["lost"] is not None:
            assert lines["survived"] + lines["lost"] <= lines["attempted"]
    whole = {line["name"]: line["value"] for line in FAULT_LOOK.view(point("redis-list-everysec", "power"))["bill"]}
    assert (whole["acknowledged"], whole["survived"], whole["lost"]) == (2900, 2560, 340)


def test_every_row_has_a_cell_for_each_head() -> None:
    for look, digests in ((FAULT_LOOK, MATRIX), (JOBS_LOOK, JOBS)):
        for digest in digests:
            assert [len(row) for row in look.view(digest)["rows"]] == [len(look.columns)]


def test_the_right_answer_is_the_outcome_and_of_jobs_the_worst_that_happened() -> None:
    assert LOSS_GUESS.truth(point("redis-list-everysec", "power")) == "some lost"
    words = {digest.settings["mode"]: truth(digest) for digest in JOBS}
    assert words["redis-blpop"] == "some jobs are lost"
    assert words["redis-stream"] == "some jobs are done twice"
    assert words["kafka-commit-after"] == "unknown"
    assert truth(jobs_digest("m", "M", "redis", 1, [(0, 0, 0)])) == "every job is done once"


def test_the_parts_of_a_bar_of_jobs_make_the_whole() -> None:
    for digest in JOBS[:-1]:
        assert sum(part["share"] for part in JOBS_LOOK.view(digest)["strip"]) == pytest.approx(1, abs=0.02)
    assert JOBS_LOOK.view(JOBS[-1])["strip"] == []


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("loss-matrix redis-list-everysec power lost", "85 to 527"),
        ("loss-matrix redis-list-everysec power lost_share", "2.93 % to 18.2 %"),
        ("loss-matrix redis-list-everysec power window", "85.0 ms to 527 ms"),
        ("loss-matrix redis-list-everysec power recovery", "400 ms to 600 ms"),
        ("loss-matrix redis-list-everysec power rate", "1,000/s"),
        ("loss-matrix redis-list-everysec power took", "15 s to 17 s"),
        ("loss-matrix redis-list-everysec kill lost", "0"),
        ("loss-matrix redis-list-everysec kill lost_share", "0 %"),
        ("loss-matrix redis-list-everysec lost", "0"),  # `kill` is the default of the control
        ("loss-matrix kafka-acks-all kill acknowledged", "9,840"),
        ("loss-matrix kafka-acks-all power lost", "unknown"),
        ("loss-matrix redis-list-always power outcome", "did not start"),
        ("loss-matrix rabbitmq-confirms power agree", "none lost in 1, some lost in 2"),
        ("loss-matrix rabbitmq-quorum power label", "RabbitMQ quorum queue (one node)"),
        ("loss-matrix rabbitmq-quorum power date", "2000-01-01"),
        ("loss-matrix rabbitmq-quorum kill lost", NOT_YET),
        ("kill-the-worker mode=redis-blpop lost", "1"),
        ("kill-the-worker mode=redis-blpop jobs", "300"),
        ("kill-the-worker mode=rabbitmq-manual-ack twice", "3 to 5"),  # at the default prefetch
        ("kill-the-worker mode=rabbitmq-manual-ack prefetch=1 twice", "1"),
        ("kill-the-worker mode=redis-stream redelivery_s", "50.0 ms to 1.05 s"),
        ("kill-the-worker mode=kafka-commit-after lost", "unknown"),
    ],
)
def test_prose_gets_one_number_where_the_repeats_agree_and_a_range_where_they_do_not(
    folder: Path, asked: str, text: str
) -> None:
    assert number(asked, folder).replace("\u00a0", " ") == text


@pytest.mark.parametrize("asked", ["redis-list-evrysec power lost", "redis-list-everysec pwer lost", "power lots"])
def test_a_word_that_names_nothing_stops_the_build(folder: Path, asked: str) -> None:
    with pytest.raises(ValueError, match="cannot ask loss-matrix for"):
        number(f"loss-matrix {asked}", folder)


def test_words_that_name_several_points_stop_the_build(folder: Path) -> None:
    with pytest.raises(ValueError, match="names 2 points"):
        number("loss-matrix broker=kafka lost", folder)


def test_a_cell_names_its_server_where_most_of_its_broker_are_of_another_version() -> None:
    other = replace(MATRIX[3], card={**MATRIX[3].card, "broker": "Redis 7.0.15"})
    said = FAULT_LOOK.layouts([*MATRIX[:3], other, *MATRIX[4:]])["matrix"]["others"]
    assert said == {"redis-list-everysec|stop": "Redis 7.0.15"}
    assert FAULT_LOOK.layouts(MATRIX)["matrix"]["others"] == {}


def test_a_cell_says_how_many_once_and_a_sum_counts_each_cell_once() -> None:
    assert FAULT_LOOK.view(point("redis-list-none", "kill"))["cell"]["lines"] == ["3 of 3 agree"]
    assert FAULT_LOOK.view(point("redis-list-everysec", "power"))["cell"]["lines"][0] == "340 of 2,900"
    sum_of_all = summed_up(MATRIX)
    assert sum_of_all.startswith(
        "Messages were lost in 7 of 13 cells, one of them in 2 of 3 rounds; 1 of 3 settings kept"
    )
    assert sum_of_all.endswith(" 2 cells have no outcome.")
    first, second = sum_of_all.partition(" 2 cells have")[0].rstrip(".").split("; ")
    assert loss_matrix(MATRIX).answer.startswith(f"{first}. {second}")


def test_every_fault_has_a_column() -> None:
    assert set(KINDS) <= set(HEADS)


def test_a_lab_with_a_guess_tells_its_panel_the_question_and_each_point_its_answer() -> None:
    state = panel_state(LOSS_LAB, MATRIX, "2000-01-01")
    assert json.loads(json.dumps(state, allow_nan=False)) == state
    assert state["guess"]["options"] == ["none lost", "some lost", "all lost"]
    assert state["views"]["redis-list-everysec|power"]["truth"] == "some lost"
    assert panel_state(EXPERIMENTS["passport"], [])["guess"] is None


def test_the_command_line_says_what_a_fault_cost_and_the_last_words_of_a_broker(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table_of([point("redis-list-everysec", "power"), point("redis-list-always", "power")], FAULT_LOOK)
    text = capsys.readouterr().out
    [window] = [line for line in text.replace("\u00a0", " ").splitlines() if "Lost span" in line]
    assert "85.0 ms to 527 ms" in window
    assert STARTUP_LOG in text


def test_without_scripts_a_page_has_every_outcome_in_a_table_and_with_them_it_keeps_the_secret() -> None:
    html = pages.panel(panel_state(LOSS_LAB, MATRIX, "2000-01-01"), "x.json")
    assert html.count("<tr>") == len(MATRIX) + 1
    assert "data-secret" in html
    assert "until it answered, recorded 2000-01-01" in html
    assert "Lost span: how long before the event" in html, "what the heads of the columns mean stands with the table"


def test_a_live_run_of_a_lab_with_a_guess_gives_no_outcome_away_in_its_message() -> None:
    panel = Panel(replace(LOSS_LAB, run=lambda *_: [point("redis-list-always", "power")]), mode="live")
    panel.start({"profile": "redis-list-always", "fault": "power"})
    assert panel.wait(10)
    assert panel.job["status"] == "done"
    assert panel.job["error"] == ""
    assert panel.fresh["redis-list-always|power"]["last_words"] == STARTUP_LOG


def test_the_figures_have_a_word_in_every_cell_and_parts_that_make_the_whole() -> None:
    [heat] = figure(FAULT_LOOK, "matrix", MATRIX).data
    texts = [text for row in heat.text for text in row if text]
    assert len(texts) == len(MATRIX)
    assert sum("● none lost" in text for text in texts) == 6
    jobs = figure(JOBS_LOOK, "strips", JOBS).data
    assert [trace.name for trace in jobs] == ["lost", "done once", "done twice"]
    assert [sum(parts) for parts in zip(*(trace.x for trace in jobs), strict=True)] == pytest.approx([100] * 6, abs=2)


def test_no_figure_of_a_table_is_cut_in_a_narrow_window(capsys: pytest.CaptureFixture[str]) -> None:
    file = recorded("latency-ladder")
    assert file is not None, "the latency ladder is not recorded: run `make record`"
    table_of(file.digests[:1], EXPERIMENTS["latency-ladder"].look)
    text = capsys.readouterr().out
    assert file.digests[0].settings["label"] in text
    assert "…" not in text
