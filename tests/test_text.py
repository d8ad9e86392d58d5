"""How numbers, ranges and lists read."""

import pytest

from labs.model.text import about_per_s, counted, enumerated, ms_text, percent, rate_text, seconds, span, times


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
