"""How lists, numbers and names read in a sentence."""

from __future__ import annotations

from collections.abc import Sequence


def enumerated(words: Sequence[str]) -> str:
    """a; a and b; a, b and c."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


BROKER_NAMES = {"redis": "Redis", "rabbitmq": "RabbitMQ", "kafka": "Kafka", "memory": "the harness"}


NBSP = "\u00a0"
"""Keeps a figure and its unit on one line."""


def ms_text(ms: float | None) -> str:
    """A time as a reader wants it: three digits at most, and seconds when it is long."""
    if ms is None:
        return "too few samples"
    if ms >= 1000:
        return f"{ms / 1000:.3g}{NBSP}s"
    digits = f"{ms:.0f}" if ms >= 100 else f"{ms:#.3g}".rstrip(".") if ms >= 1 else f"{ms:.2f}"
    return f"{digits}{NBSP}ms"


def rate_text(rate_per_s: float) -> str:
    """1,000/s, 2,330,000/s, 62.5/s"""
    return f"{rate_per_s:,.12g}/s"


def about_per_s(per_s: float) -> str:
    """812,000/s: three digits that mean something."""
    return f"{float(f'{per_s:.3g}'):,.0f}/s"


def times(ratio: float) -> str:
    """2.4, 14, 120"""
    return f"{ratio:.1f}" if ratio < 10 else f"{ratio:.2g}" if ratio < 100 else f"{ratio:.0f}"
