"""How numbers, ranges, units, lists, ratios and counts read. A sentence has the median, a table the range."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Iterable, Sequence

BROKER_NAMES = {"redis": "Redis", "rabbitmq": "RabbitMQ", "kafka": "Kafka", "memory": "the harness"}


NBSP = "\u00a0"
"""Keeps a figure and its unit on one line."""


NONE = "–"
"""Stands where there is no figure."""


def enumerated(words: Sequence[str]) -> str:
    """a; a and b; a, b and c."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def counted(number: int, one: str, many: str = "") -> str:
    """1 job, 2 jobs, 1,200 jobs; `many` where an s does not make it."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def capital(text: str) -> str:
    """The first letter large, the others as they are; a name of code, redis-py and gRPC stay what they are."""
    named = re.match(r"(?:redis|kafka)-|[a-z]+(?:[._]\w|[A-Z])", text)
    return text if named else text[:1].upper() + text[1:]


WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def in_words(number: int) -> str:
    """four, 13: a small number as a sentence has it."""
    return WORDS[number] if number < len(WORDS) else f"{number:,}"


def how_many(number: int) -> str:
    """none, four, 13: a count whose noun is left out."""
    return in_words(number) if number else "none"


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with its full stop: one ends where a space and a capital, a figure or a quotation
    mark follow."""
    return re.split(r"(?<=[.?])(?<!\b[A-Z]\.)\s+(?=[A-Z0-9“])", text.strip())


def number_text(value: float) -> str:
    """1,200; 0.25: all of a whole number, six digits of a fraction; never an exponent."""
    if not math.isfinite(value):
        return f"{value}"
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{float(f'{value:.6g}'):,.10f}".rstrip("0").rstrip(".")


def measured_text(value: float) -> str:
    """1,100; 18.3; 0.0212: a measured figure with the three digits that mean something, and never an exponent."""
    return number_text(three_digits(value))


def three_digits(value: float) -> float:
    """What of a measured figure means something."""
    return float(f"{value:.3g}")


def ms_text(ms: float | None) -> str:
    """A time as a reader wants it: three digits at most, and seconds when it is long; never where it did not end."""
    if ms is None:
        return "too few samples"
    if ms == math.inf:
        return "never"
    if ms >= 1000:
        return f"{measured_text(ms / 1000)}{NBSP}s"
    digits = f"{ms:.0f}" if ms >= 100 else f"{ms:#.3g}".rstrip(".") if ms >= 1 else f"{ms:.2f}"
    return f"{digits}{NBSP}ms"


def ms_span(values: Iterable[float | None]) -> str:
    """6.41 to 62.1 ms: the lowest and the highest, with one unit where both have it; one where they read alike."""
    low, _, high = span(values, ms_text).partition(" to ")
    number, _, unit = low.partition(NBSP)
    return (f"{number if high.endswith(NBSP + unit) else low} to {high}") if high else low


def rate_text(rate_per_s: float) -> str:
    """1,000/s, 2,330,000/s, 62.5/s: a rate that was set, with all its digits."""
    return f"{rate_per_s:,.12g}/s"


def about_per_s(per_s: float) -> str:
    """812,000/s: a rate that was measured."""
    return f"{three_digits(per_s):,.0f}/s"


def times(ratio: float) -> str:
    """2.4, 14, 120"""
    return f"{ratio:.1f}" if ratio < 10 else f"{float(f'{ratio:.2g}'):.0f}" if ratio < 100 else f"{ratio:.0f}"


def percent_text(share: float) -> str:
    """2.9 %; a share that is not all is never written as 100 %, one that is not none never as 0 %."""
    if share in (0, 1):
        return f"{share * 100:.0f}{NBSP}%"
    if share < 0.001:
        return f"under 0.1{NBSP}%"
    return f"over 99.9{NBSP}%" if share > 0.999 else f"{measured_text(share * 100)}{NBSP}%"


def span(values: Iterable[float | None], text: Callable[[float], str] = number_text, none: str = NONE) -> str:
    """85 to 527: the lowest and the highest as `text` writes them, one where they read alike; `none` of nothing."""
    known = sorted(value for value in values if value is not None)
    return " to ".join(dict.fromkeys([text(known[0]), text(known[-1])])) if known else none


def seconds(values: Iterable[float | None]) -> str:
    """130 ms to 870 ms, 5.2 s"""
    return span(values, lambda value: ms_text(value * 1000))


def percent(shares: Iterable[float]) -> str:
    """2.9 % to 18 %"""
    return span(shares, percent_text)


def typical(counts: Sequence[int]) -> int:
    """The median of the repeats, a count that one of them has."""
    return statistics.median_low(counts)


def count_of(parts: Sequence[int], wholes: Sequence[int], one: str, many: str = "") -> str:
    """none of 300 jobs, all 300 jobs, 4 of 300 jobs, up to 6 of 300 jobs: a count a repeat, and of how many.

    It is the median repeat's, and where some repeats had none and others had some, the most."""
    pairs = sorted(zip(parts, wholes, strict=True))
    part, whole = pairs[-1] if not min(parts) else pairs[(len(pairs) - 1) // 2]
    nouns = counted(whole, one, many)
    if not max(wholes):
        return f"no {one}"
    if not part:
        return f"none of {counted(typical(wholes), one, many)}"
    if all(some == every for some, every in pairs):
        return f"the only {one}" if whole == 1 else f"all {nouns}"
    return f"up to {part:,} of {nouns}" if not min(parts) else f"{part:,} of {nouns}"


def was(parts: Sequence[int]) -> str:
    """The verb that goes with `count_of`: none was, one was, 4 were."""
    return "was" if (max(parts) if not min(parts) else typical(parts)) in (0, 1) else "were"


def pace(ratio: float, other: str) -> str:
    """One rate beside another: 2.4 times as fast as, 15 % faster than, as fast as, 13 % slower than, 2.4 times as slow
    as that other."""
    percent_more = round((ratio - 1) * 100)
    if ratio >= 2:
        return f"{times(ratio)} times as fast as {other}"
    if 0 < ratio <= 0.5:
        return f"{times(1 / ratio)} times as slow as {other}"
    if not percent_more:
        return f"as fast as {other}"
    return f"{abs(percent_more)}{NBSP}% {'faster' if percent_more > 0 else 'slower'} than {other}"


def change(before: str, after: str) -> str:
    """from 2,010/s to 58,200/s; unchanged at 488 B, where both read alike."""
    return f"unchanged at {after}" if before == after else f"from {before} to {after}"
