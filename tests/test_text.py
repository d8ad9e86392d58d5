"""How numbers, ranges and lists read."""

import re

import pytest

from labs.experiments import experiment
from labs.model.text import (
    about_per_s,
    counted,
    enumerated,
    measured_text,
    ms_text,
    number_text,
    percent,
    rate_text,
    seconds,
    span,
    times,
)
from labs.show.looks import RATE_LOOK
from tests.made_rates import point


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "too few samples"),
        (0.4, "0.40 ms"),
        (9.6, "9.60 ms"),
        (99.98, "100 ms"),
        (123.4, "123 ms"),
        (2500, "2.5 s"),
    ],
)
def test_a_time_is_written_with_three_digits_at_most(ms: float | None, text: str) -> None:
    assert ms_text(ms).replace("\u00a0", " ") == text


def test_a_ratio_is_written_with_two_digits_up_to_a_hundred() -> None:
    assert [times(ratio) for ratio in (1.25, 14.2, 123.4)] == ["1.2", "14", "123"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1100.4, "1,100"), (999.7, "1,000"), (18.34, "18.3"), (12_345_678.9, "12,300,000"), (0.00004321, "0.0000432"),
     (100.0, "100"), (-1234.5, "-1,230"), (0.25, "0.25")],
)  # fmt: skip
def test_a_measured_figure_has_three_digits_and_never_an_exponent(value: float, text: str) -> None:
    assert measured_text(value) == text
    figures = (number_text(value), ms_text(abs(value) * 1e9), times(99.6), percent([0.0996]), times(abs(value)))
    assert not [one for one in figures if re.search(r"\de[+-]?\d", one)]


def test_the_look_of_a_rate_writes_thousands_of_megabytes_out() -> None:
    digest = point(experiment("messages-or-megabytes"), "redis-65536", 17_000.0)
    assert RATE_LOOK.quantities["mb"].text(digest) == "1,110 MB/s"


def test_shares_and_spans_round_nothing_away() -> None:
    assert span([7, 7]) == "7"
    assert span([]) == seconds([None]) == percent([]) == "–"
    texts = [percent([share]).replace("\u00a0", " ") for share in (0, 0.0004, 0.5, 0.9996, 1)]
    assert texts == ["0 %", "under 0.1 %", "50 %", "over 99.9 %", "100 %"]


def test_a_span_is_one_figure_where_its_ends_read_alike_and_whole_numbers_keep_their_digits() -> None:
    assert span([1_234_567, 3, None]) == "3 to 1,234,567"
    assert span([0.123, 0.124], "{:.2f}".format) == "0.12"
    assert span([2.5, 0.5]) == "0.5 to 2.5"
    assert span([None], none="-") == "-"


def test_a_rate_that_was_set_has_all_its_digits_and_a_measured_one_three() -> None:
    assert (rate_text(2_330_123), rate_text(62.5)) == ("2,330,123/s", "62.5/s")
    assert about_per_s(2_330_123) == "2,330,000/s"


def test_counts_and_lists_read_as_a_sentence_has_them() -> None:
    assert [counted(n, "job") for n in (0, 1, 1200)] == ["0 jobs", "1 job", "1,200 jobs"]
    assert counted(2, "reply", "replies") == "2 replies"
    assert [enumerated([*"abc"][:n]) for n in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
