"""The three kinds of picture without a browser: what they refuse, what they say, their tables, their JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from labs.experiments import job_pictures
from labs.pages.pictures.frame import frame
from labs.pages.pictures.shown import UnknownPictureError, shown
from labs.pages.recordings import recorded
from labs.pages.state import panel_state
from labs.show.colours import palette
from labs.show.looks import fault
from labs.show.pictures import About, Grid, Lanes, Mark, Messages, Picture, PictureError, Span, Timeline, picture
from labs.show.pictures.base import INKS
from labs.show.pictures.grid import STATES, Capability, Cell, Quantity, Setup, grid
from labs.show.pictures.items import Item, State, places
from labs.show.pictures.messages import Message, Scene
from labs.show.pictures.panels import Line, Panel
from labs.show.renderers import OUTCOMES
from tests.made_pictures import (
    AGAIN,
    EVIL,
    MS,
    PLAIN,
    every_state,
    grid_lab,
    line,
    one_panel,
    three_brokers,
    three_cuts,
    timeline_lab,
    two_thousand,
)

ALL = {"timeline": three_brokers, "lanes": two_thousand, "grid": every_state, "messages": three_cuts}
NAMES = ("kill-the-worker-timeline", "kill-the-worker-lanes", "kill-the-worker-grid")


def words(text: str) -> str:
    return text.replace("\u00a0", " ")


def lanes(
    *items: Item, marks: tuple[Mark, ...] = (), names: tuple[str, ...] = ("a", "b"), condition: str = ""
) -> Lanes:
    return Lanes(names, (PLAIN, AGAIN), items, marks, about=About(condition=condition))


def item(lane: str, at: int, state: str = "done", end: int | None = -1) -> Item:
    return Item(lane, f"message {at}", at * MS, (at + 10) * MS if end == -1 else end, state)


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_a_picture_comes_back_from_json_as_it_was(make: Callable[[], Picture]) -> None:
    made = make()
    there = picture(json.loads(json.dumps(made.to_json())))
    assert there == made or there.to_json() == made.to_json()
    assert there.rows == made.rows
    assert there.sentence == made.sentence


def test_times_are_ns_inside_and_come_back_from_ms_to_the_nanosecond() -> None:
    made = lanes(Item("a", "x", 1_000_405_047, 1_000_405_048, "done"))
    there = picture(made.to_json())
    assert isinstance(there, Lanes)
    assert there.items == made.items
    assert made.to_json()["items"][0][5] == 1000.405047


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: Timeline(()), "timeline: it has 0 panels; 1 to 3 can be read"),
        (lambda: Timeline((Panel("p", "", ()),)), "panel 'p': it has 0 lines"),
        (
            lambda: one_panel(Line("l", ((5, 1.0), (4, 1.0)))),
            "line 'l': its points are not in the order of time; sort them",
        ),
        (lambda: one_panel(line("l", float("nan"))), "a value is not finite; None stands for nothing measured"),
        (lambda: one_panel(line("l", 1, ink="pink")), "there is no colour 'pink'; take one of redis"),
        (lambda: Timeline((Panel("p", "", (line("l", 0),), "log"),)), "0 is not on a log axis"),
        (lambda: one_panel(line("l", 1), line("l", 2)), "'l' is there twice; give each one a name of its own"),
        (lambda: one_panel(Line("l", tuple((at, 1.0) for at in range(5001)))), "it has 5,001 points; at most 5,000"),
        (lambda: Timeline((Panel("p", "", (line("l", 1),)),), (Mark(1, " "),)), "it has no text; say what happened"),
        (
            lambda: Timeline((Panel("p", "", (line("l", 1),)),), (), (Span(2, 1, "x"),)),
            "span 'x': it ends before it starts",
        ),
        (lambda: Timeline((Panel("p", "", (line("l", 1),), shape="bars"),)), "there is no shape 'bars'"),  # type: ignore[arg-type]
        (lambda: lanes(item("c", 1)), "item 'message 1': there is no lane 'c'; lanes: a, b"),
        (lambda: lanes(item("a", 1, "gone")), "there is no state 'gone'; states: done, redelivered"),
        (lambda: lanes(item("a", 5, end=1)), "item 'message 5': it ends before it starts"),
        (lambda: lanes(Item("a", "x", 1, 2, "done", since_ns=2)), "it was taken after it was begun"),
        (lambda: lanes(marks=(Mark(1, "killed", "c"),)), "mark 'killed': there is no lane 'c'"),
        (lambda: Lanes(("a",), (PLAIN, replace(PLAIN, name="x")), ()), "done and x look alike; give them another fill"),
        (
            lambda: Lanes(("a",), (State("x", sign="star"),), ()),
            "state 'x': there is no sign 'star'; take one of x, diamond",
        ),
        (
            lambda: Lanes(("a",), (PLAIN,), tuple(item("a", at) for at in range(2001))),
            "there are 2,001 items; at most 2,000",
        ),
        (lambda: Grid((), (Capability("c"),), {}), "grid: it has 0 rows; 1 to 40 can be read"),
        (
            lambda: Grid((Setup("r"),), (Capability("c"),), {("q", "c"): Cell("yes")}),
            "cell 'q', 'c': there is no row 'q'",
        ),
        (
            lambda: Grid((Setup("r"),), (Capability("c"),), {("r", "c"): Cell("ok")}),
            "there is no state 'ok'; take one of yes",
        ),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(build: Callable[[], Any], said: str) -> None:
    with pytest.raises(PictureError, match=re.escape(said)) as found:
        build()
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "x.json: its format is 2 and this program reads 1; make it anew"),
        ({"kind": "pie"}, "x.json: there is no kind 'pie'; take one of timeline, lanes, grid"),
        ({"lanes": None}, "x.json: it is malformed"),
        ({"items": [[12, 0, "x", 0, None, 1, 2]]}, "x.json: item 'x': there is no lane number 12; 0 to 11"),
        ({"items": [["x"]]}, "x.json: it is malformed"),
        ({"states": [{"name": "done", "hue": "red"}]}, "x.json: it is malformed"),
    ],
)
def test_a_damaged_file_is_refused_with_its_name(change: dict[str, Any], said: str) -> None:
    with pytest.raises(PictureError, match=re.escape(said)):
        picture(two_thousand().to_json() | change, "x.json")
    with pytest.raises(PictureError, match=r"x.json: 'lanes' is missing; see labs/show/pictures/lanes.py"):
        picture({name: one for name, one in two_thousand().to_json().items() if name != "lanes"}, "x.json")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            one_panel(line("Redis", 1, 9, 2)),
            "Publish latency rose to 9.00 ms, 100 ms after the start, with one publisher.",
        ),
        (one_panel(line("Redis", 5, 5, 5)), "Publish latency stayed at 5.00 ms, with one publisher."),
        (one_panel(line("Redis", 0)), "Publish latency stayed at 0 ms, with one publisher."),
        (one_panel(line("Redis", None, None)), "Publish latency: nothing was measured, with one publisher."),
        (one_panel(Line("Redis", ())), "Publish latency: nothing was measured, with one publisher."),
        (
            one_panel(line("Redis", 1, 2_500), marks=(Mark(40 * MS, "killed"),)),
            "Publish latency rose to 2.5 s, 60.0 ms after “killed”, with one publisher. Marked: killed at 40.0 ms.",
        ),
        (
            one_panel(line("Redis", 9, 1), marks=(Mark(40 * MS, "killed"),)),
            "Publish latency fell from 9.00 ms to 1.00 ms, 60.0 ms after “killed”, with one publisher. "
            "Marked: killed at 40.0 ms.",
        ),
        (
            one_panel(line("Redis", 1, 9), line("Kafka", 1, 30), line("RabbitMQ", None)),
            "Publish latency of Kafka rose to 30.0 ms, 100 ms after the start (Redis at most 9.00 ms, RabbitMQ was not "
            "measured), "
            "with one publisher.",
        ),
        (
            one_panel(line("Redis", 4, 4), line("Kafka", 4, 4)),
            "Publish latency stayed at 4.00 ms for both lines, with one publisher.",
        ),
        (
            one_panel(line("a", 1_234_567), name="backlog", unit="messages"),
            "Backlog stayed at 1,234,567 messages, with one publisher.",
        ),
    ],
)
def test_a_timeline_says_what_is_highest_when_and_after_what(made: Timeline, said: str) -> None:
    assert words(made.sentence) == said
    assert words(made.alt).endswith(said)


MANY = tuple(Mark(at * MS, f"flush {at}") for at in range(9))


def falling(*values: float | None) -> Timeline:
    marks = (Mark(150 * MS, "disk full"),)
    return Timeline((Panel("publish rate", "/s", (line("Redis", *values),), seen="lowest"),), marks)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (falling(900, 900, 0, 0), "Publish rate fell to 0/s, 50.0 ms after “disk full”."),
        (falling(0, 900, 800), "Publish rate rose from 0/s to 900/s, 100 ms after the start."),
        (falling(900, 900), "Publish rate stayed at 900/s."),
        (falling(None), "Publish rate: nothing was measured."),
    ],
)
def test_a_timeline_of_what_falls_says_the_lowest(made: Timeline, said: str) -> None:
    assert words(made.sentence).partition(" Marked:")[0] == said


def test_of_lines_that_fall_the_lowest_is_named_first_and_one_without_values_last() -> None:
    both = (line("Redis", 9, 5), line("Kafka", 9, 1), line("RabbitMQ", None))
    made = Timeline((Panel("rate", "/s", both, seen="lowest"),))
    assert words(made.sentence) == (
        "Rate of Kafka fell to 1/s, 100 ms after the start (Redis at least 5/s, RabbitMQ was not measured)."
    )


def test_of_many_marks_the_first_four_are_said_and_the_others_counted() -> None:
    said = words(one_panel(line("Redis", 5), marks=MANY).sentence)
    assert said.endswith("flush 2 at 2.00 ms, flush 3 at 3.00 ms and 5 more.")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lanes(), "No message was seen."),
        (lanes(item("a", 1)), "A had 1 of 1 message, b none."),
        (lanes(item("a", 1), names=("a",)), "A had 1 message."),
        (lanes(item("a", 1), item("b", 1)), "Each of 2 lanes had 1 message."),
        (
            lanes(item("a", 1), item("b", 1), item("b", 9, "redelivered"), condition="with a prefetch of 1"),
            "B had 2 of 3 messages, a 1; 1 redelivered, with a prefetch of 1.",
        ),
        (
            lanes(item("a", 1, "redelivered"), marks=(Mark(MS, "killed", "a"), Mark(2 * MS, "over"))),
            "A had 1 of 1 message, b none; 1 redelivered. Marked: a: killed at 1.00 ms and over at 2.00 ms.",
        ),
        (
            lanes(*(item(lane, at) for lane in "abcdef" for at in range(3)), names=tuple("abcdef")),
            "Each of 6 lanes had 3 messages.",
        ),
        (
            lanes(*(item(lane, at) for lane in "abcdeff" for at in range(3)), names=tuple("abcdef")),
            "F had 6 of 21 messages, the most of 6 lanes, and a 3.",
        ),
    ],
)
def test_lanes_say_who_had_how_many_and_what_became_of_them(made: Lanes, said: str) -> None:
    assert words(made.sentence) == said


def test_lanes_that_had_nearly_as_many_are_not_listed() -> None:
    assert two_thousand().sentence.startswith("Each of 12 lanes had 166 to 167 of 2,000 messages; 21 redelivered.")


def test_lanes_title_counts_what_is_not_as_most_are_and_else_says_who_had_how_many() -> None:
    assert lanes(item("a", 1), item("b", 1, "redelivered")).title == "Of 2 messages, 1 redelivered"
    assert lanes(item("a", 1), item("a", 2)).title == "A had 2 of 2 messages, b none"
    assert replace(lanes(item("a", 1)), about=About(title="Mine")).title == "Mine"


def cells(*states: str, noun: tuple[str, str] = ("way", "ways")) -> Grid:
    """One column, a row a state."""
    rows = tuple(Setup(f"{at}") for at in range(len(states)))
    found = {(f"{at}", "Kept"): Cell(state) for at, state in enumerate(states)}  # type: ignore[arg-type]
    return Grid(rows, (Capability("Kept", "keeps all", "keep all"),), found, noun, About(condition="after a kill"))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (cells("yes", "yes", "no"), "Of 3 ways, 2 keep all, after a kill."),
        (cells("yes", "no", "no"), "Of 3 ways, 1 keeps all, after a kill."),
        (cells("no", "no"), "Of 2 ways, none keeps all, after a kill."),
        (cells("yes", "yes"), "Of 2 ways, all keep all, after a kill."),
        (cells("yes"), "Of 1 way, 1 keeps all, after a kill."),
        (cells("mixed", "partly", "failed", "yes"), "Of 4 ways, 1 keeps all, after a kill."),
        (cells("yes", "no", "unmeasured"), "Of 2 ways, 1 keeps all, after a kill. 1 of 3 cells says “not measured”."),
        (
            cells("unknown", "absent", "absent"),
            "Whether ways keep all is not known, after a kill. 1 of 3 cells says “unknown” and 2 of 3 cells say "
            "“not in this version”.",
        ),
        (
            every_state(),
            "1 of 3 settings keeps all and none of 2 settings keeps order. 1 of 9 cells says “not in this version”, "
            "1 of 9 cells says “unknown” and 2 of 9 cells say “not measured”.",
        ),
    ],
)
def test_a_grid_counts_only_what_is_known(made: Grid, said: str) -> None:
    assert made.sentence == said


def test_rows_of_a_timeline_are_cut_at_marks_and_where_nothing_was_measured_say_so() -> None:
    made = one_panel(line("Redis", 1, 3, None, 7), marks=(Mark(150 * MS, "killed"), Mark(250 * MS, "back")))
    assert [list(map(words, row)) for row in made.rows] == [
        ["publish latency, ms", "0 ms", "150 ms", "1.00 ms", "2.00 ms", "3.00 ms", "2"],
        ["publish latency, ms", "150 ms", "250 ms", "–", "–", "–", "0"],
        ["publish latency, ms", "250 ms", "300 ms", "7.00 ms", "7.00 ms", "7.00 ms", "1"],
    ]
    assert {len(row) for row in made.rows} == {len(made.columns)}
    assert words(made.figures()["publish latency highest"]) == "7.00 ms"
    assert words(made.figures()["publish latency highest at"]) == "300 ms"


def test_rows_of_lanes_count_each_state_and_an_item_that_never_ended_keeps_its_lane_busy() -> None:
    made = lanes(item("a", 0), item("a", 5, "redelivered"), item("b", 10, end=None), marks=(Mark(20 * MS, "over"),))
    assert [list(map(words, row)) for row in made.rows] == [
        ["a", "2", "1", "1", "0 ms", "15.0 ms", "75 %"],
        ["b", "1", "1", "0", "10.0 ms", "never", "50 %"],
    ]
    assert {len(row) for row in made.rows} == {len(made.columns)}
    assert [[*map(words, row)] for row in made.noticed] == [["message 5", "a", "redelivered", "5.00 ms", "15.0 ms"]]
    assert made.figures()["a redelivered"] == made.figures()["redelivered"] == "1"


def test_no_item_covers_another_in_its_row_and_no_more_rows_are_taken_than_needed() -> None:
    items = [Item("a", f"{at}", at * 3 % 50, at * 3 % 50 + at % 7, "done") for at in range(200)]
    rows = places(items, 60)
    for row in set(rows):
        mine = sorted((i.from_ns, i.end_ns or 0) for i, at in zip(items, rows, strict=True) if at == row)
        assert all(end <= start for (_, end), (start, _) in pairwise(mine))
    deepest = max(sum(i.from_ns <= t < max(i.end_ns or 0, i.from_ns + 1) for i in items) for t in range(60))
    assert len(set(rows)) == deepest


def test_a_grid_from_a_table_of_quantities_has_a_cell_for_each_and_says_what_is_not_measured() -> None:
    table = (
        Quantity[int](
            Capability("Even", "is even", "are even"), lambda one: Cell("no" if one % 2 else "yes", figure=f"{one}")
        ),
        Quantity[int](Capability("Large"), lambda one: Cell("yes" if one > 9 else "no", reason="ten is large")),
    )
    made = grid(table, {Setup("two"): 2, Setup("eleven"): 11, Setup("none"): None}, noun=("number", "numbers"))
    assert made.rows == [
        ["two", "yes: 2", "no (ten is large)"],
        ["eleven", "no: 11", "yes (ten is large)"],
        ["none", "not measured", "not measured"],
    ]
    assert made.figures()["Even yes"] == "1"
    assert made.figures()["eleven Even figure"] == "11"
    assert made.sentence == "Of 2 numbers, 1 is even. 2 of 6 cells say “not measured”."


def test_the_loss_matrix_is_a_grid() -> None:
    file = recorded("loss-matrix")
    assert file is not None
    heads = [head for head in fault.HEADS.values() if any(fault.head(d) == head for d in file.digests)]
    found: dict[tuple[str, str], Cell] = {}
    for digest in file.digests:
        drawn = fault.cell(digest)
        state = OUTCOMES[drawn["word"]]
        found[digest.settings["label"], fault.head(digest)] = Cell(state, drawn["word"], drawn["lines"][0])
    setups = {digest.settings["label"]: Setup(digest.settings["label"]) for digest in file.digests}
    made = Grid(tuple(setups.values()), tuple(map(Capability, heads)), found)
    assert len(found) == len(file.digests)
    assert {cell.says for cell in found.values()} <= set(OUTCOMES)
    first = file.digests[0]
    row = next(row for row in made.rows if row[0] == first.settings["label"])
    assert row[1 + heads.index(fault.head(first))].startswith(fault.cell(first)["word"])


@pytest.mark.parametrize("name", NAMES)
def test_the_pictures_of_the_book_load_say_something_and_carry_a_run_card(name: str) -> None:
    found = shown(name)
    assert re.search(r"\d", found.sentence)
    assert found.about.card["machine"]
    assert found.about.command.startswith("labs run kill-the-worker")


def test_lanes_and_timeline_of_the_book_are_one_run() -> None:
    lanes, course = shown(NAMES[1]), shown(NAMES[0])
    assert isinstance(lanes, Lanes)
    assert isinstance(course, Timeline)
    assert [mark.at_ns for mark in lanes.marks] == [mark.at_ns for mark in course.marks]
    assert len({item.name for item in lanes.items}) == 200
    done = {"done", "done a second time"}
    assert sum(item.state in done for item in lanes.items) == 200 + sum(
        i.state == "done a second time" for i in lanes.items
    )


def test_the_grid_of_the_book_says_what_the_recorded_file_says() -> None:
    file = recorded(job_pictures.NAME)
    assert file is not None
    made = job_pictures.ways(file)
    usual = [digest for digest in file.digests if digest.settings["prefetch"] == job_pictures.USUAL]
    nothing = [d for d in usual if all(repeat["jobs"]["lost"] == 0 for repeat in d.repeats)]
    assert made.figures()["Jobs lost yes"] == str(len(nothing))
    assert len(made.setups) == len(usual)


def test_an_unknown_picture_and_a_broken_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "there.json").write_text("{")
    with pytest.raises(UnknownPictureError, match=r"no picture 'gone'; there are: kill-the-worker-grid, log, .*there"):
        shown("gone", tmp_path)
    with pytest.raises(PictureError, match=r"there.json: it is no JSON \(.*make it anew"):
        shown("there", tmp_path)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def evil() -> list[Picture]:
    """Each kind with markup wherever a text can be."""
    about = About(EVIL, EVIL, EVIL, EVIL, {"broker": EVIL})
    course = Timeline((Panel(EVIL, EVIL, (line(EVIL, 1, 2),)),), (Mark(MS, EVIL),), (Span(1, MS, EVIL),), about)
    mine = Lanes(
        (EVIL,), (State(EVIL),), (Item(EVIL, EVIL, 1, MS, EVIL),), (Mark(1, EVIL, EVIL),), (EVIL, EVIL), EVIL, about
    )
    made = Grid(
        (Setup(EVIL, EVIL),), (Capability(EVIL, EVIL, EVIL),), {(EVIL, EVIL): Cell("no", EVIL, EVIL, EVIL)}, about=about
    )
    film = Messages((EVIL, "b"), (Scene(EVIL, "redis", (Message((1, 2)),), MS, (Mark(1, EVIL),)),), about)
    return [course, mine, made, film]


@pytest.mark.parametrize("made", evil(), ids=lambda made: made.kind)
def test_markup_in_a_name_is_text_in_the_frame(made: Picture) -> None:
    parser = _Tags()
    parser.feed(frame(made))
    assert not {"img", "b"} & set(parser.tags)
    assert parser.tags.count("script") == 1
    assert EVIL in parser.text


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_the_frame_has_sentence_and_table_without_a_script(make: Callable[[], Picture]) -> None:
    made, parser = make(), _Tags()
    parser.feed(frame(made))
    assert made.sentence in parser.text
    assert all(cell in parser.text for row in made.rows for cell in row)
    assert frame(made).count("<details open>") == 1


def test_the_kinds_know_every_colour_and_state_that_the_stylesheets_know() -> None:
    assert set(INKS) <= set(palette())
    css = (Path(__file__).parent.parent / "labs" / "pages" / "pictures" / "pictures.css").read_text("utf-8")
    assert set(re.findall(r'\[data-state="([a-z]+)"\]', css)) == set(STATES)
    assert not re.search(r"#[0-9a-f]{3,6}\b", css)


def test_a_lab_of_timelines_has_columns_rows_title_sentence_and_figures_from_its_pictures() -> None:
    lab, digests = timeline_lab()
    state = panel_state(lab, digests)
    view = state["views"]["list"]
    assert [chart["kind"] for chart in state["charts"]] == ["timeline", "lanes", "grid"]
    assert state["columns"] == list(three_brokers().columns)
    assert view["rows"] == three_brokers().rows
    assert view["title"] == three_brokers().title
    assert view["sentence"] == " ".join(ALL[kind]().sentence for kind in ("timeline", "lanes", "grid"))
    assert view["pictures"]["who"] == two_thousand().to_json()
    asked = lab.look.quantities["backlog_kafka_highest"]
    assert words(asked.text(digests[0])) == "1,183 messages"


def test_a_damaged_picture_in_a_digest_is_named_with_its_lab_and_chart() -> None:
    lab, digests = timeline_lab()
    broken = replace(digests[0], pictures={"course": {"format": 1, "kind": "timeline"}})
    with pytest.raises(PictureError, match="made, course: 'panels' is missing"):
        lab.look.view(broken)


def test_a_lab_of_a_grid_is_a_row_a_point_and_a_column_a_quantity() -> None:
    lab, digests = grid_lab()
    state = panel_state(lab, digests)
    assert state["columns"] == ["Way", "Kept", "Named"]
    assert state["views"]["stream"]["rows"] == [["Redis: Stream", "yes: 1", "stream (it is so called)"]]
    said = "Of Redis, List the table says “no” to kept (0). Under “named” it says “list” (it is so called)."
    assert state["views"]["list"]["sentence"] == said
    assert lab.look.quantities["kept"].text(digests[2]) == "2"
    assert json.loads(json.dumps(state)) == state
    figure = lab.figure("grid", digests)
    assert figure.layout.title.text.startswith("Of 6 cells, 2 yes")
    assert [text.split("<br>")[0] for text in figure.data[0].text[-1]] == ["<b>✕ no</b>", "<b>◐ list</b>"]
