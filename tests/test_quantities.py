"""A look is made from one table of quantities: whatever is said of a point, anywhere, comes from it and agrees."""

from __future__ import annotations

import pytest

from labs.cli.tables import table_of
from labs.experiments.base import Control, Experiment, Option
from labs.judge.repeats import nothing
from labs.model.digest import Digest, Recording
from labs.model.text import seconds, span
from labs.pages import glue
from labs.pages.still_panel import bundle
from labs.show.looks import Chart, Look
from labs.show.quantities import Quantities, Quantity

TABLE = Quantities((
    Quantity("label", lambda digest: digest.settings["label"], head="Way"),
    Quantity("lost", lambda digest: [one["lost"] for one in digest.repeats], span, "Lost", "Lost in the repeats"),
    Quantity("waited", lambda digest: [r["s"] for r in digest.repeats if r["s"]], seconds, "Waited", none="never"),
    Quantity("half", lambda digest: digest.median["half"], "{:g} ms".format),
))  # fmt: skip
LOOK = Look(
    point=("way",),
    charts=(Chart("strips", "What was lost", "strips", rows="way"),),
    quantities=TABLE,
    title="{label}: {lost} lost",
    sentence=("{label}: {lost} lost", ", then it waited {waited}", "."),
    part="{half}",
    rank="half",
    shapes=lambda digest: {"strip": [{"fate": "lost", "share": 1.0, "text": TABLE["lost"].text(digest)}], "aside": "-"},
    layouts=lambda _digests: {"strips": {"heads": ["Way", "What", "Waited"], "fates": [["lost", "lost"]]}},
)


def point(way: str, *lost: int, s: float = 0.0, half: float | None = None) -> Digest:
    settings = {"way": way, "label": f"Way {way.upper()}", "broker": "redis"}
    repeats = [{"lost": one, "s": s} for one in lost]
    return Digest(lab="made", settings=settings, repeats=repeats, median={"half": half}, card={"date": "2000-01-01"})


POINTS = (point("a", 3, 5, s=0.5, half=2.0), point("b", 7, 7, half=8.0))
LAB = Experiment(
    name="made", number="L9.9", title="Made", question="What is lost?", claims=(), needs=(), look=LOOK,
    controls=(Control("way", "Way", "choice", "a", tuple(Option(one, one) for one in "ab")),),
    grid=lambda: [{"way": "a"}, {"way": "b"}], run=lambda *_: [],
    sum_up=nothing,
)  # fmt: skip


@pytest.fixture(autouse=True)
def lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(glue.EXPERIMENTS, "made", LAB)
    monkeypatch.setattr(glue, "recorded", lambda *_: Recording("made", {}, POINTS))


def test_head_row_card_sentence_and_title_of_a_point_are_one_table() -> None:
    view = LOOK.view(POINTS[0])
    assert LOOK.columns == ("Way", "Lost", "Waited")
    assert view["rows"] == [["Way A", "3 to 5", "500\u00a0ms"]]
    assert view["title"] == "Way A: 3 to 5 lost"
    assert view["sentence"] == "Way A: 3 to 5 lost, then it waited 500\u00a0ms."
    assert view["measured"] == [["Lost in the repeats", "3 to 5"]]


def test_the_command_line_the_alternative_text_and_prose_say_what_the_table_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table_of(POINTS, LOOK)
    printed = capsys.readouterr().out
    for digest in POINTS:
        [row] = LOOK.view(digest)["rows"]
        assert [line for line in printed.splitlines() if all(cell in line for cell in row)]
        assert LOOK.said(digest) in printed
        assert LOOK.said(digest) in bundle(LAB, [digest], "today", "x")["text/html"]
        figure = LAB.figure("strips", [digest])
        assert LOOK.view(digest)["title"] in figure.layout.title.text
        assert figure.layout.meta["sentence"] == LOOK.said(digest)
        assert f'alt="{LOOK.finding([digest])}. {LOOK.said(digest)}"' in figure._repr_mimebundle_()["text/html"]
        assert glue.number(f"made {digest.settings['way']} lost") == row[1]
    assert glue.number("made lost") == "3 to 5", "a control that is not named has its default"


def test_of_what_there_is_nothing_a_table_has_a_dash_prose_its_own_word_and_a_sentence_no_clause() -> None:
    view = LOOK.view(POINTS[1])
    assert view["rows"] == [["Way B", "7", "–"]]
    assert glue.number("made way=b waited") == "never"
    assert view["sentence"] == "Way B: 7 lost."
    assert LOOK.view(point("c"))["measured"] == []


def test_several_points_are_ranked_by_the_quantity_that_the_look_names() -> None:
    assert LOOK.finding(POINTS) == "2 ms (Way A) to 8 ms (Way B)"
    assert LOOK.finding([POINTS[1], point("c", 1)]) == LOOK.finding([POINTS[1]])
    assert LOOK.finding(POINTS[:1]) == "Way A: 3 to 5 lost"
    assert LOOK.finding([]) == "Nothing to show for this choice"


def test_prose_divides_ranks_and_asks_for_the_brokers_in_order() -> None:
    assert glue.number("made way=a half/half") == "1.0"
    assert glue.number("made order=half") == "Redis"
    assert glue.number("made date") == "2000-01-01"
    with pytest.raises(ValueError, match="lost is not one number: 3 to 5"):
        glue.number("made lost/half")
    with pytest.raises(ValueError, match=r"cannot ask made for 'lots': known are .*lost.*waited"):
        glue.number("made lots")


def test_words_that_name_several_points_are_answered_where_these_agree_and_refused_where_they_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(glue, "recorded", lambda *_: Recording("made", {}, (point("c", 7), POINTS[1], point("d", 7))))
    assert glue.number("made broker=redis lost") == "7"
    with pytest.raises(ValueError, match="names 3 points of made: c, b, d"):
        glue.number("made broker=redis half")


def test_words_in_a_name_are_never_taken_for_the_name_of_a_quantity() -> None:
    digest = point("a", 1)
    hostile = Digest(**{**{name: getattr(digest, name) for name in ("lab", "repeats", "median", "card")},
                        "settings": digest.settings | {"label": "{lost} {nothing} {0}"}})  # fmt: skip
    assert LOOK.said(hostile) == "{lost} {nothing} {0}: 1 lost."
