"""Answers that are right, wrong, missing and malicious: no run, no mark; and nothing that is given is executed."""

from __future__ import annotations

import math
from dataclasses import replace
from importlib import import_module
from typing import Any, NoReturn

import numpy as np
import pytest

from labs.experiments import EXPERIMENTS, experiment
from labs.model.digest import Digest
from labs.model.profile import UnknownNameError
from labs.pages import Panel
from labs.pages.exercises import Mark, check, exercises
from labs.pages.exercises.answers import number_in
from labs.pages.exercises.grading import grade, number_off, set_off
from labs.pages.exercises.questions import Exercise, ExerciseError, load
from labs.pages.exercises.truths import MORE, TRUTHS
from tests.made_costs import point, repeat, weights

LAB = experiment("before-the-first-message")
RATIO = 45.0


def run() -> list[Digest]:
    """A learner's run: Kafka holds 45 times what Redis does, automatic ack loses jobs and manual none."""
    return [
        point("redis", "survives", repeat(weights(5))),
        point("kafka", "survives", repeat(weights(225))),
        point("rabbitmq", "survives", repeat(weights(100))),
        point("rabbitmq", "best", repeat(weights(100), lost=36)),
        point("later", "best", repeat(weights(), lost=38)),
    ]


def call(lab: str, p50: float, per_s: float | None = None, **settings: Any) -> Digest:
    """A point of a lab about calls, with the parts that the truths read."""
    steps = {"blocked_ms": {"p50": p50}, "waited_ms": {"p50": p50}}
    named = {"label": str(settings.get("carrier")), "broker": "sync"} | settings
    median = steps | {"per_s": per_s}
    return Digest(lab=lab, settings=named, card=DATED, median=median, repeats=[steps, steps])


def asked(p50: float, per_s: float, callers: int, service_ms: int = 20) -> Digest:
    return call("who-is-waiting", p50, per_s, carrier="http-kept", service_ms=service_ms, callers=callers)


def waiting(each_ms: float = 2.5, **more: Any) -> list[Digest]:
    """A learner's run of L1.1."""
    told = {"none": 0.02, "each": each_ms, "window": 0.03} | more
    kafka = [
        call("who-is-waiting", ms, carrier="kafka", service_ms=0, callers=1, confirm=name) for name, ms in told.items()
    ]
    return [asked(21.5, 46.0, 1), asked(23.0, 345.0, 8), asked(1.1, 900.0, 1, 0), *kafka]


def question() -> list[Digest]:
    """A learner's run of L1.2."""
    times = {"http-kept": 1.5, "http-202": 2.0, "redis-pair": 1.2, "rabbitmq-reply": 4.0, "kafka-reply": 9.0}
    usual = {"rate_per_s": 200, "body_bytes": 100, "service": "up"}
    return [call("one-question", ms, carrier=name, **usual) for name, ms in times.items()]


def persistence(**more: Any) -> list[Digest]:
    """A learner's run of L4.2: from a hundred under way on nothing is gained, and a reader saves bytes."""
    rates = {f"persistent-{window}": rate for window, rate in ((1, 500.0), (10, 2500.0), (100, 2e4), (1000, 20_400.0))}
    rates |= {"transient-100": 20_000.0, "transient-100-read": 19_000.0}
    known = {"persistent-1": {"confirm_ms": {"p50": 0.8, "mean": 1.9}}, "transient-100-read": {"behind": 0.01}}
    sizes = {"transient-100": 700.0, "transient-100-read": 400.0}
    found = []
    for way, per_s in rates.items():
        median = (
            {"per_s": per_s, "disk_bytes_per_message": sizes.get(way, 1.0)} | known.get(way, {}) | more.get(way, {})
        )
        settings = {"way": way, "label": way}
        found.append(Digest(lab="price-of-persistence", settings=settings, median=median, card=DATED, repeats=[]))
    return found


DATED = {"date": "2000-01-01"}
GRID = {"price-in-basket": "ask", "yearly-report": "ask-later", "confirmation-mail": "tell-one"}
RIGHT: dict[str, Any] = {
    "1.1a": 8 / 0.0235,
    "1.1b": {"each"},
    "1.1c": "Throughput ",
    "1.2a": np.float64(2.6),
    "1.2b": "rabbitmq-reply",
    "1.2c": GRID | {"price-changed": "tell-all"},
    "1.3a": {"outbox-table", "webhook-retried"},
    "1.3b": ["auto_ack"],
    "1.3c": RATIO * 1.1,
    "4.2a": 1000 / 1.9,
    "4.2b": "100",
    "4.2c": "acknowledged",
}
WRONG: dict[str, Any] = {
    "1.1a": 46,
    "1.1b": {"none", "each"},
    "1.1c": "both",
    "1.2a": 2500,
    "1.2b": "redis-pair",
    "1.2c": GRID | {"price-changed": "tell-one"},
    "1.3a": {"outbox-table", "redis-list"},
    "1.3b": {"durable"},
    "1.3c": 8,
    "4.2a": 1000 / 0.8,
    "4.2b": "1000",
    "4.2c": "later",
}


RUNS = {"1.1": waiting, "1.2": question, "1.3": run, "4.2": persistence}


def run_of(number: str) -> list[Digest]:
    return RUNS[number[:3]]()


class Evil:
    """Every way in which an object is asked something, it tells that it was asked."""

    asked: list[str]

    def _told(self, *_: Any) -> NoReturn:
        raise SystemExit("the answer was executed")

    __repr__ = __str__ = __eq__ = __hash__ = __float__ = __int__ = __bool__ = __len__ = __iter__ = _told  # type: ignore[assignment]
    __lt__ = __le__ = __gt__ = __ge__ = __rmul__ = __abs__ = __index__ = __contains__ = __getattr__ = _told
    __format__ = __rtruediv__ = __rsub__ = __neg__ = keys = items = strip = _told


class EvilFloat(float):
    """A number in name only."""

    def __le__(self, _other: object) -> NoReturn:
        raise SystemExit("the answer was executed")

    __ge__ = __float__ = __abs__ = __repr__ = __str__ = __le__  # type: ignore[assignment]


class EvilText(str):
    """A text in name only."""

    __slots__ = ()

    def strip(self, _what: object = None) -> NoReturn:  # type: ignore[override]
        raise SystemExit("the answer was executed")

    __str__ = __repr__ = __len__ = casefold = strip  # type: ignore[assignment]

    def __hash__(self) -> int:
        return 1


class Meta(type):
    """A class whose own comparison, hash and name are traps."""

    def __eq__(cls, _other: object) -> NoReturn:
        raise SystemExit("the answer was executed")

    def __hash__(cls) -> NoReturn:
        raise SystemExit("the answer was executed")

    __repr__ = __hash__  # type: ignore[assignment]


class EvilKind(metaclass=Meta):
    """An object of such a class."""


class EvilDigest(Digest):
    """A digest in name only."""

    __slots__ = ()

    def __getattribute__(self, _name: str) -> NoReturn:
        raise SystemExit("the answer was executed")


HTML = "<img src=x onerror=alert(1)>"
MALICIOUS: dict[str, Any] = {
    "object": Evil(),
    "class": Evil,
    "float": EvilFloat(45),
    "text": EvilText("auto_ack"),
    "kind": EvilKind(),
    "html": HTML,
    "huge text": "9" * 10_000_000,
    "huge number": 10**100_000,
    "nan": math.nan,
    "inf": math.inf,
    "numpy nan": np.float64("nan"),
    "bool": True,
    "numpy bool": np.True_,
    "bytes": b"45",
    "number as text": "45 <b>",
    "complex": 45j,
    "array": np.array([45.0]),
    "list of evil": [Evil()],
    "list of html": [HTML],
    "long list": ["auto_ack"] * 100_000,
    "dictionary": {"auto_ack": HTML},
    "generator": (one for one in ["auto_ack"]),
    "function": lambda: 45,
    "exception": SystemExit("45"),
}


def test_every_exercise_names_a_lab_a_truth_and_how_to_write_the_answer() -> None:
    assert list(RIGHT) == list(WRONG)
    for module in MORE:
        import_module(f"labs.pages.exercises.{module}")
    assert {*RIGHT} < {*exercises()}
    for number, asked in exercises().items():
        assert asked.lab in {*EXPERIMENTS, "bench"}, number
        assert asked.truth in TRUTHS, number
        assert asked.hint, number
        assert asked.why, number
        assert all(name == name.casefold().strip() for name in (*asked.options, *asked.cells)), number


@pytest.mark.parametrize("number", RIGHT)
def test_a_right_answer_is_right_against_ones_own_run_and_says_whose_it_was(number: str) -> None:
    mark = check(number, RIGHT[number], run=run_of(number))
    assert (mark.word, bool(mark)) == ("right", True)
    assert "your own run of 2000-01-01" in mark.against
    assert mark.text == exercises()[number].why


@pytest.mark.parametrize("number", WRONG)
def test_a_wrong_answer_is_not_yet_right_and_the_words_do_not_give_it_away(number: str) -> None:
    mark = check(number, WRONG[number], run=run_of(number))
    assert (mark.word, bool(mark)) == ("not yet", False)
    right = RIGHT[number]
    secrets = (
        right
        if isinstance(right, set | list)
        else {"1.1a": ["345"], "1.2a": ["2.5"], "1.3c": ["45"], "4.2a": ["500", "1.9"]}.get(number)
    )
    for secret in secrets or [str(right).strip()]:
        assert secret not in mark.text
    assert exercises()[number].why not in mark.text


@pytest.mark.parametrize("number", RIGHT)
@pytest.mark.parametrize("nothing", [None, [], ()])
def test_without_a_run_even_the_right_answer_is_not_graded(
    number: str, nothing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LABS_MODE", raising=False)
    mark = check(number, RIGHT[number], run=nothing)
    assert (mark.word, bool(mark)) == ("not graded", False)
    assert "press Run" in mark.text
    assert "restart" in mark.text


def test_a_panel_that_measured_nothing_is_no_run_and_one_that_did_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABS_MODE", raising=False)
    panel = Panel(LAB, mode="auto")
    assert check("1.3c", RATIO, run=panel).word == "not graded"
    panel.show(run())
    assert check("1.3c", RATIO, run=panel).word == "right"


def test_in_recorded_mode_it_says_that_the_run_was_not_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for given in ("recorded", Panel(LAB, mode="recorded")):
        mark = check("1.3b", {"auto_ack"}, run=given)
        assert mark.word == "right"
        assert "not a run of your own" in mark.against
    monkeypatch.setenv("LABS_MODE", "recorded")
    assert check("1.3b", {"auto_ack"}).word == "right"


def test_a_lab_that_is_not_recorded_grades_nothing(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_RUNS", str(tmp_path))
    assert check("1.3b", {"auto_ack"}, run="recorded").word == "not graded"
    (tmp_path / f"{LAB.name}.json").write_text("{")
    assert "damaged" in check("1.3b", {"auto_ack"}, run="recorded").text


@pytest.mark.parametrize("answer", [None, ...])
def test_no_answer_yet_is_not_graded_and_says_how_to_write_one(answer: Any) -> None:
    mark = check("1.3c", answer, run=run())
    assert mark.word == "not graded"
    assert "a number, within 20%" in mark.text


@pytest.mark.parametrize("number", RIGHT)
@pytest.mark.parametrize("kind", MALICIOUS)
def test_an_answer_is_never_executed_nor_shown_and_never_passes(number: str, kind: str) -> None:
    mark = check(number, MALICIOUS[kind], run=run_of(number))
    assert not mark
    assert mark.word == "not yet"
    shown = f"{mark!r}{mark._repr_html_()}"
    assert HTML not in shown
    assert "onerror" not in shown
    assert len(shown) < 2500


NO_RUNS: dict[str, Any] = {
    "object": Evil(),
    "kind": EvilKind(),
    "text": EvilText("recorded"),
    "word": "mine",
    "number": 5,
    "list of evil": [Evil()],
    "a dict": {"lab": LAB.name},
    "evil lab": replace(run()[0], lab=Evil()),  # type: ignore[arg-type]
    "evil part": [replace(run()[0], repeats=Evil())],  # type: ignore[arg-type]
    "evil card": [replace(run()[0], card=Evil())],  # type: ignore[arg-type]
    "no card": [replace(run()[0], card=None)],  # type: ignore[arg-type]
    "evil kind": [EvilDigest(lab=LAB.name, settings={}, repeats=[], median={}, card={})],
}


@pytest.mark.parametrize("kind", NO_RUNS)
def test_a_run_that_is_none_grades_nothing_and_is_not_executed(kind: str) -> None:
    assert check("1.3c", RATIO, run=NO_RUNS[kind]).word == "not graded"


def test_a_run_of_another_lab_or_without_the_point_or_damaged_grades_nothing() -> None:
    assert "another lab" in check("1.3c", RATIO, run=replace(run()[0], lab="passport")).text
    assert "carrier = kafka" in check("1.3c", RATIO, run=run()[:1]).text
    for damage in ({"median": {}}, {"median": {"broker_mb": 0}}, {"median": {"broker_mb": math.nan}}, {"median": None}):
        broken = [replace(run()[0], **damage), run()[1]]
        assert check("1.3c", RATIO, run=broken).word == "not graded"


def test_a_run_that_did_not_show_it_grades_nothing() -> None:
    tame = [point("rabbitmq", "survives"), point("rabbitmq", "best")]
    assert "did not differ" in check("1.3b", {"auto_ack"}, run=tame).text
    blind = [point("later", "best", repeat(weights(), lost=3, verdict="unknown"))]
    assert "unknown" in check("1.3a", RIGHT["1.3a"], run=blind).text


def test_what_is_too_close_in_ones_own_run_to_be_told_apart_is_not_graded() -> None:
    assert check("1.1b", set(), run=waiting(each_ms=1.1)).word == "right"  # alike in every repeat is not slower
    mixed = waiting()
    mixed[4] = replace(mixed[4], repeats=[{"blocked_ms": {"p50": ms}} for ms in (0.9, 1.3)])
    assert "alike in this run" in check("1.1b", {"each"}, run=mixed).text
    busy = [asked(21.5, 46.0, 1), asked(160.0, 50.0, 8)]
    assert "too busy" in check("1.1c", "throughput", run=busy).text
    cheap = [replace(one, median={"waited_ms": {"p50": 1.5}}) for one in question()]
    assert "added nothing" in check("1.2a", 0.1, run=cheap).text
    few = [replace(one, median={"waited_ms": {"p50": None}}) for one in question()]
    assert "too few" in check("1.2a", 0.1, run=few).text


def test_a_run_of_persistence_that_does_not_show_it_grades_nothing() -> None:
    slow = persistence(**{"persistent-1": {"per_s": 300.0}})
    assert "the client itself took time" in check("4.2a", 500, run=slow).text
    near = persistence(**{"persistent-1000": {"per_s": 21_100.0}})
    assert "that it is chance" in check("4.2b", "100", run=near).text
    assert check("4.2b", "1000", run=persistence(**{"persistent-1000": {"per_s": 40_000.0}})).word == "right"
    blind = persistence(**{"transient-100": {"disk_bytes_per_message": None}})
    assert "could not be seen" in check("4.2c", "acknowledged", run=blind).text
    for more in ({"behind": 0.5}, {"disk_bytes_per_message": 690.0}):
        late = persistence(**{"transient-100-read": more})
        assert "did not keep up" in check("4.2c", "acknowledged", run=late).text
    old = persistence(**{"persistent-1": {"confirm_ms": None}})
    assert check("4.2a", 500, run=old).word == "not graded"


def test_no_confirmation_at_all_may_be_slower_and_an_empty_set_says_so() -> None:
    assert check("1.1b", set(), run=waiting(each_ms=0.5)).word == "right"


def test_of_a_grid_the_missing_entries_are_counted() -> None:
    mark = check("1.2c", GRID, run=question())
    assert mark.text.startswith("1 entries are missing")
    assert check("1.2c", WRONG["1.2c"], run=question()).text.startswith("3 of 4 stand where they belong")


def test_the_newest_of_ones_own_runs_counts() -> None:
    newer = [*run(), point("kafka", "survives", repeat(weights(500)))]
    assert check("1.3c", 100, run=newer).word == "right"
    assert check("1.3c", RATIO, run=newer).word == "not yet"


def test_a_number_may_be_a_text_with_its_unit_and_no_other() -> None:
    assert check("1.3c", f"{RATIO:g}x", run=run()).word == "right"
    assert check("4.2a", "526,3 messages/s", run=persistence()).word == "right"
    wrong = check("4.2a", "526 ms", run=persistence())
    assert wrong.word == "not yet"
    assert wrong.text.startswith("This text is no number, or has another unit.")


def test_a_likely_wrong_choice_is_answered_with_its_own_reason_and_the_hint() -> None:
    asked = {number: one for number, one in exercises().items() if one.because}
    assert {*asked} >= {"2.3b", "3.2a", "3.2b", "6.2a"}
    for number, one in asked.items():
        for given, reason in one.because.items():
            mark = grade(one, given, next(name for name in one.options if name not in one.because), "")
            assert mark.text == f"{reason} {one.hint}", number


def test_the_name_of_a_setting_may_be_written_with_one_of_its_values() -> None:
    for given, word in {"appendfsync everysec": "right", "`appendfsync=always`": "right"}.items():
        assert check("6.2c", given, run="recorded").word == word
    assert check("6.2c", "appendonly yes", run="recorded").word == "not yet"
    with pytest.raises(ExerciseError, match="also is for a text"):
        replace(exercises()["1.3c"], also=("45",))
    with pytest.raises(ExerciseError, match="because is for options of a choice"):
        replace(exercises()["3.2a"], because={"no such option": "So."})


@pytest.mark.parametrize("text", ["", "x", "1,2,3", "1234,567", "3 weeks", "12,34,567", "0x10", "nan", "1e999", "٣"])
def test_what_is_no_number_is_not_read_as_one(text: str) -> None:
    assert number_in(text, "milliseconds") is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (100.0, ""),
        (109.0, ""),
        (111.0, "Too high, by a little"),
        (50.0, "Too low, by about two or three times"),
        (1000.0, "Too high, by about ten times"),
        (0.0, "It is not nothing"),
        (-100.0, "The sign is wrong"),
        (100_000.0, "a thousand times too high: wanted are calls a second"),
        (0.1, "a thousand times too low"),
        (6000.0, "sixty times too high"),
        (1e12, "far more than ten times"),
    ],
)
def test_how_far_a_number_is_off_is_said_in_coarse_steps_and_a_wrong_unit_is_named(given: float, said: str) -> None:
    found = number_off(given, 100.0, 0.1, "calls a second")
    assert found.startswith(said) or said in found
    assert bool(found) == bool(said)


@pytest.mark.parametrize("unit", ["jobs", ""])
def test_what_is_only_counted_has_no_other_unit(unit: str) -> None:
    assert number_off(1.0, 50.0, 0.001, unit) == "Too low, by far more than ten times."
    assert "another unit" not in number_off(3000.0, 50.0, 0.001, unit)
    assert "another unit" in number_off(1.0, 50.0, 0.001, "milliseconds")


def test_of_a_set_only_numbers_are_said() -> None:
    mark = check("1.3a", {"outbox-table", "redis-list"}, run=run())
    assert mark.text.startswith("1 of yours belongs to it, 1 does not, 1 more would.")
    assert set_off(frozenset("ab"), frozenset("cd")) == "None of yours belongs to it, 2 do not, 2 more would."
    assert set_off(frozenset(), frozenset("c")) == "1 of them belongs to it."
    assert set_off(frozenset("abcd"), frozenset("abc")) == "3 of yours belong to it, 1 does not."


def test_a_mark_is_one_line_of_text_and_html_that_escapes_all_and_needs_no_colour() -> None:
    mark = Mark("1.1a", "not yet", "<b>&", "<i>")
    assert repr(mark) == "✕ 1.1a: not yet. <b>& (<i>)"
    html = mark._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;" in html
    assert "1.1a: not yet." in html
    assert 'aria-label="Exercise 1.1a"' in html


def test_an_exercise_that_there_is_not_is_an_error_with_the_nearest() -> None:
    for number in ("9.9", HTML, 5, Evil(), "x" * 1000):
        with pytest.raises(UnknownNameError) as raised:
            check(number, 1)  # type: ignore[arg-type]
        assert len(str(raised.value)) < 400


def test_an_exercise_that_cannot_be_graded_is_refused_when_it_is_written() -> None:
    about: dict[str, Any] = {"number": "1", "lab": "passport", "question": "?", "truth": "t"}
    for wrong in (
        {"kind": "number"},
        {"kind": "set"},
        {"kind": "grid", "options": {"a": "", "b": ""}},
        {"kind": "poem"},
    ):
        with pytest.raises(ExerciseError, match="exercise 1"):
            Exercise(**(about | wrong))


@pytest.mark.parametrize("content", ["[x", '["1"]\nlab = "passport"', '["1"]\nknid = "text"'])
def test_a_file_of_exercises_that_cannot_be_read_is_refused_with_its_name(content: str, tmp_path: Any) -> None:
    (tmp_path / "own.toml").write_text(content)
    with pytest.raises(ExerciseError, match=r"book/exercises/own\.toml: "):
        load(tmp_path / "own.toml")


@pytest.mark.parametrize("kind", MALICIOUS)
def test_a_text_that_is_asked_for_is_never_executed_nor_shown_and_never_passes(kind: str) -> None:
    mark = check("6.2c", MALICIOUS[kind], run="recorded")
    assert mark.word == "not yet"
    assert HTML not in f"{mark!r}{mark._repr_html_()}"
