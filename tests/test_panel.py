"""The live panel without a browser: what it is given, what it does with it, what it says."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from labs.experiments import EXPERIMENTS, experiment
from labs.experiments.rules import Rule, Word
from labs.model.claims import claims
from labs.model.digest import Digest
from labs.model.observer import Observer
from labs.model.run import RunFileError
from labs.model.text import ms_text
from labs.pages import Panel, popular
from labs.pages.choose import converged
from labs.pages.claims import WORDS, board
from labs.pages.documents import documented
from labs.pages.glue import NOT_YET, number
from labs.pages.state import panel_state, recorded_state
from labs.show.colours import palette
from labs.stack import StackError


@pytest.fixture(scope="module")
def passport() -> list[Digest]:
    """A passport measured here and now."""
    lab = experiment("passport")
    return lab.run(lab.settings({"repeats": 2}), Observer())


def test_a_run_of_the_passport_ends_with_fresh_figures_and_a_bar_that_was_moving() -> None:
    panel, seen = Panel(experiment("passport"), mode="live"), []
    panel.observe(lambda change: seen.append(change["new"]["status"]), names="job")
    panel.start({"repeats": 1})
    assert panel.wait(60)
    assert seen[0] == "running"
    assert panel.job["status"] == "done"
    [view] = panel.fresh.values()
    assert view["live"]
    assert "measured here at" in view["origin"]


def test_a_second_run_while_one_is_going_does_nothing_and_cancel_keeps_nothing() -> None:
    panel = Panel(experiment("passport"), mode="live")
    panel.start({"repeats": 100})
    first = panel._thread
    panel.start({"repeats": 1})
    assert panel._thread is first
    panel.cancel()
    assert panel.wait(30)
    assert panel.job["status"] == "cancelled"
    assert panel.fresh == {}


@pytest.mark.parametrize("rate", [0, -1, 10_000_000, "many", None])
def test_a_rate_that_cannot_be_is_refused_with_the_range(rate: object) -> None:
    panel = Panel(experiment("latency-ladder"), mode="auto")
    panel.start({"rate_per_s": rate})
    assert panel.wait(10)
    assert panel.job["status"] == "failed"
    assert "rate must be" in panel.job["error"]


def test_an_unknown_setting_offers_the_nearest_names() -> None:
    panel = Panel(experiment("latency-ladder"), mode="auto")
    panel.start({"rate_per_sec": 5})
    assert panel.wait(10)
    assert "rate_per_s" in panel.job["error"]


@pytest.fixture
def no_brokers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Containers are asked for and no engine answers; gives what the reader has to be told."""
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    monkeypatch.setenv("LABS_BACKEND", "compose")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    return "No container engine answers" if shutil.which("docker") else "There is no `docker` command"


def test_without_brokers_auto_says_why_and_keeps_the_recorded_run_on_show(no_brokers: str) -> None:
    panel = Panel(experiment("latency-ladder"), mode="auto")
    assert panel.state["views"], "the latency ladder is not recorded: run `make record`"
    panel.start({"brokers": ["redis"]})
    assert panel.wait(60)
    assert panel.job["status"] == "failed"
    assert no_brokers in panel.job["error"]
    assert "Shown instead: the nearest recorded run." in panel.job["error"]
    assert panel.fresh == {}


def test_without_brokers_live_fails_loudly(no_brokers: str) -> None:
    panel = Panel(experiment("latency-ladder"), mode="live")
    panel.start({"brokers": ["redis"]})
    with pytest.raises(StackError, match=no_brokers):
        panel.wait(60)
    assert "Shown instead" not in panel.job["error"]


def test_a_message_that_no_panel_sends_does_nothing() -> None:
    panel = Panel(experiment("passport"), mode="live")
    for message in ("run", None, {"do": "rm"}, {"do": ["run"]}, {}):
        panel._heard(panel, message, [])
    assert panel.job["status"] == "idle"


def test_a_recorded_panel_does_not_run() -> None:
    panel = Panel(experiment("passport"), mode="recorded")
    panel._heard(panel, {"do": "run"}, [])
    assert panel._thread is None
    assert not panel.live


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="auto, live or recorded"):
        Panel(experiment("passport"), mode="sometimes")  # type: ignore[arg-type]


def test_the_state_of_a_panel_is_plain_json_and_finds_each_point_by_its_settings(
    passport: list[Digest],
) -> None:
    state = panel_state(experiment("passport"), passport, "today")  # type: ignore[arg-type]
    assert json.loads(json.dumps(state, allow_nan=False)) == state
    settings = {"broker": "kafka", "rung": 2, "rate_per_s": 1000, "body_bytes": 100}
    assert experiment("latency-ladder").look.key(settings) == "kafka|2|1000|100"


def test_a_broker_without_a_setting_for_a_rung_has_a_reason_and_the_next_stronger_rung() -> None:
    gaps = recorded_state(experiment("latency-ladder"))["missing"]
    assert gaps["kafka|1"]["offer"] == 2
    assert gaps["redis|4"]["offer"] is None
    assert all(gap["reason"] for gap in gaps.values())


def test_a_damaged_recording_is_named_and_the_live_panel_still_comes_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "passport.json").write_text('{"format": 1, "digests": [')
    monkeypatch.setenv("LABS_RUNS", str(tmp_path))
    with pytest.raises(RunFileError, match=r"passport\.json is damaged"):
        recorded_state(experiment("passport"))
    panel = Panel(experiment("passport"), mode="auto")
    assert "damaged" in panel.job["text"]
    assert panel.state["views"] == {}


def test_the_figure_of_a_passport_names_the_flush_and_has_a_row_a_quantity(passport: list[Digest]) -> None:
    figure = experiment("passport").figure("passport", passport)  # type: ignore[arg-type]
    assert "flush" in figure.layout.title.text
    assert len([trace for trace in figure.data if trace.mode == "lines+markers"]) == 3


def test_both_themes_have_the_same_colours_by_name() -> None:
    assert palette("light").keys() == palette("dark").keys()
    assert palette("light") != palette("dark")


def test_an_unknown_word_in_a_glued_number_is_refused_and_an_unrecorded_one_says_so(tmp_path: Path) -> None:
    assert number("latency-ladder kafka p99", tmp_path) == NOT_YET
    (tmp_path / "latency-ladder.json").write_text('{"format": 1, "lab": "latency-ladder", "digests": []}')
    assert number("latency-ladder kafka p99", tmp_path) == NOT_YET
    with pytest.raises(ValueError, match="p98"):
        number("latency-ladder kafka p98", tmp_path)


def test_a_number_from_the_card_of_a_recording_is_found_by_its_path(tmp_path: Path) -> None:
    card = '{"kafka_first_ms": {"p99": 14.0}, "kafka_warm_ms": {"p99": 7.0}}'
    (tmp_path / "latency-ladder.json").write_text(
        f'{{"format": 1, "lab": "latency-ladder", "card": {card}, "digests": []}}'
    )
    assert number("latency-ladder card kafka_first_ms p99", tmp_path) == ms_text(14.0)
    assert number("latency-ladder card kafka_first_ms/kafka_warm_ms p99", tmp_path) == "2.0"
    assert number("latency-ladder card kafka_first_ms p50", tmp_path) == NOT_YET
    assert number("latency-ladder card nothing", tmp_path) == NOT_YET


@pytest.mark.parametrize(
    ("words", "together"),
    [
        (("holds",), "holds"),
        (("holds", "holds"), "holds"),
        (("holds", "never held"), "undecided here"),
        (("holds", "undecided here"), "undecided here"),
    ],
)
def test_a_claim_that_several_labs_judge_has_their_word_only_if_they_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[Word, ...], together: str
) -> None:
    monkeypatch.setitem(claims()["C04"], "lab", ", ".join(f"L9.{at}" for at in range(len(words))))
    for at, word in enumerate(words):
        lab = replace(
            experiment("loss-matrix"),
            name=f"lab-{at}",
            number=f"L9.{at}",
            claims=("C04",),
            rules=(Rule("C04", lambda _digests, word=word: (word, f"We saw {word}."), of_part=(word,)),),
        )
        monkeypatch.setitem(EXPERIMENTS, lab.name, lab)
        (tmp_path / f"{lab.name}.json").write_text(f'{{"format": 1, "lab": "{lab.name}", "digests": []}}')
    entry = next(entry for entry in board(tmp_path) if entry["id"] == "C04")
    assert entry["word"] == together
    assert all(f"We saw {word}." in entry["evidence"] for word in words)


def test_the_board_has_every_claim_once_and_nothing_is_judged_without_a_recording(tmp_path: Path) -> None:
    entries = board(tmp_path)
    assert [entry["id"] for entry in entries] == list(claims())
    said = [found.word for found in documented().values()] + [of.verdict()["word"] for of in (converged, popular)]
    said += ["cannot be checked" for row in claims().values() if row["policy"] == "none"]
    counts = Counter(entry["word"] for entry in entries)
    wanted = {word: said.count(word) for word in WORDS} | {"not tested yet": len(claims()) - len(said)}
    assert {word: counts[word] for word in WORDS} == wanted
