"""Whether a recorded file agrees with itself: what can be computed again from what it holds is computed again.

Sums of ledgers, percentiles against their curve, medians and ranges against the repeats. What it cannot say: whether
the figures of the repeats are those of the raw times, which lie in files of their own and not in the book.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from labs.judge.ledger_rules import CLOSE, RULES, STEPS, Node, is_number
from labs.judge.lift import limit_of
from labs.judge.promises import disagreements
from labs.model.figures import of_file

PLACES = ("figures", "ledger", "jobs")
"""Where in a repeat a figure may stand that the median names."""
NAMED = {"settings": Mapping, "repeats": Sequence, "median": Mapping, "card": Mapping}


class InconsistentError(ValueError):
    """Two parts of a recorded file do not agree, or a part is missing; the message says where."""


class Tally:
    """How much was computed again, by kind, and where we are."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.where = ""

    def agree(self, kind: str, agrees: bool, what: str) -> None:
        """Count one check of that kind; InconsistentError if it failed."""
        if not agrees:
            raise InconsistentError(f"{self.where}: {what}")
        self.counts[kind] += 1


def check(content: Node) -> Counter[str]:
    """How many figures of each kind were computed again. InconsistentError names the first that does not agree."""
    tally = Tally()
    tally.where = "the whole file"
    tally.agree("", isinstance(content.get("lab"), str), "it does not name its lab")
    rows = _promise if content["lab"] == "promises" else _row
    part, one_by_one = ("digests", _whole) if "digests" in content else ("rows", rows)
    tally.agree("", isinstance(content.get(part), list), "it has neither digests nor rows")
    for number, one in enumerate(content[part], 1):
        tally.where = f"{part[:-1]} {number}"
        try:
            tally.agree("", isinstance(one, Mapping), "it is not a table")
            one_by_one(tally, one, content["lab"])
        except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise InconsistentError(f"{tally.where}: a part is missing or of another kind ({error})") from error
    del tally.counts[""]
    return tally.counts


def _whole(tally: Tally, digest: Node, lab: str) -> None:
    for name, kind in NAMED.items():
        fits = isinstance(digest.get(name), kind) and not isinstance(digest.get(name), str)
        tally.agree("", fits, f"its part `{name}` is missing or of another kind")
    label = digest["settings"].get("label") or digest["settings"].get("profile")
    tally.where += f" ({label})" if label else ""
    tally.agree("", digest.get("lab", lab) == lab, f"it is of the lab {digest.get('lab')}")
    tally.agree("", all(isinstance(one, Mapping) for one in digest["repeats"]), "a repeat is not a table")
    _digest(tally, digest)


def _row(tally: Tally, row: Node, _lab: str) -> None:
    """A row of the benchmark: both sides' medians, the ratio's median and range."""
    tally.where += f" ({row['id']})"
    for _ in _tables(row, ""):
        pass  # a number that is none is an error there
    pairs = [(side, row[side]["values"], row[side]["median"]) for side in ("ours", "theirs")]
    for what, values, kept in (*pairs, ("ratio", row["ratios"], row["median"])):
        agrees = kept is None if not values else _is_middle(values, kept)
        tally.agree("medians", agrees, f"the median {what} is {kept}, its rounds are {values}")
    rounds = list(zip(row["ratios"], row["ours"]["values"], row["theirs"]["values"], strict=False))
    agrees = len(rounds) == len(row["ratios"]) and all(
        abs(ratio - a / b) <= CLOSE * max(1, ratio) for ratio, a, b in rounds
    )
    tally.agree("ratios", agrees, "a ratio is not that of its round")
    agrees = not row["ratios"] or _is_span(row["ratios"], row["range"])
    tally.agree("ranges", agrees, f"the range of the ratio is {row['range']}, its rounds are {row['ratios']}")


def _promise(tally: Tally, row: Node, _lab: str) -> None:
    """A row of the promises: each attempt's verdict from its counts, and the word from the verdicts."""
    tally.where += f" ({row['id']})"
    for kind, agrees, what in disagreements(row):
        tally.agree(kind, agrees, what)


def _digest(tally: Tally, digest: Node) -> None:
    for _ in _tables(digest, ""):
        pass  # a number that is none is an error there
    digest = of_file(digest)
    for path, node in _tables(digest, "", endless=True):
        for kind, fits, test in RULES:
            if fits(node):
                for agrees, what in test(node):
                    tally.agree(kind, agrees, f"{path or 'it'}: {what}")
    repeats = digest["repeats"]
    counted = digest["card"].get("repeats", len(repeats))
    tally.agree("", not repeats or counted == len(repeats), f"its card says {counted} repeats, it has {len(repeats)}")
    if repeats:
        _medians(tally, digest)


def _tables(node: Any, path: str, *, endless: bool = False) -> Iterator[tuple[str, Node]]:
    """Every table in it, with its place; a number that is none (NaN, infinite) is an error, unless infinite is what
    the word for it was read as."""
    if isinstance(node, Mapping):
        yield path, node
        for name, one in node.items():
            yield from _tables(one, f"{path}.{name}".lstrip("."), endless=endless)
    elif isinstance(node, list):
        for number, one in enumerate(node):
            yield from _tables(one, f"{path}[{number}]", endless=endless)
    elif isinstance(node, float) and not math.isfinite(node) and not endless:
        raise InconsistentError(f"{path} is {node}, which is no figure")


def _medians(tally: Tally, digest: Node) -> None:
    """Every figure of `median` and `spread` that the repeats name, from the repeats."""
    repeats = digest["repeats"]
    for name, kept in digest["median"].items():
        if (values := _found(repeats, name, kept)) is not None:
            for what, those, one in _flat(name, values, kept):
                tally.agree("medians", _is_middle(those, one), f"the median {what} is {one}, its repeats are {those}")
    for name, kept in (digest.get("spread") or {}).items():
        values = _found(repeats, name, kept)
        if values is None and name in STEPS:
            values = _found([one.get("latency_ms") or {} for one in repeats], name, kept)
        if values is not None:
            for what, those, one in _flat(name, values, kept):
                tally.agree("ranges", _is_span(those, one), f"the range of {what} is {one}, its repeats are {those}")
    _words(tally, digest)


def _words(tally: Tally, digest: Node) -> None:
    repeats, median = digest["repeats"], digest["median"]
    verdicts = [one.get("verdict") or (one.get("ledger") or {}).get("verdict") for one in repeats]
    if "verdict" in median and None not in verdicts:
        worst = next((word for word in ("broken", "unknown", "known") if word in verdicts), "kept")
        tally.agree(
            "medians", median["verdict"] == worst, f"its verdict is {median['verdict']}, by its repeats {worst}"
        )
    if any(one.get("lift") for one in repeats):
        limit = limit_of(repeats).word
        tally.agree("limits", median["stamp"] == limit, f"its limit is {median['stamp']}, by its repeats {limit}")
    outcomes = [one["outcome"] for one in repeats if "outcome" in one]
    if "outcome" in median and len(outcomes) == len(repeats):
        word = outcomes[0] if len(set(outcomes)) == 1 else "mixed"
        tally.agree("medians", median["outcome"] == word, f"its outcome is {median['outcome']}, by its repeats {word}")


def _found(repeats: Sequence[Node], name: str, kept: Any) -> list[Any] | None:
    """That figure of each repeat, of the same kind as what was kept; None where they do not all have it."""
    for place in ("", *PLACES):
        tables = [one.get(place) if place else one for one in repeats]
        if all(isinstance(table, Mapping) and name in table for table in tables):
            values = [table[name] for table in tables if isinstance(table, Mapping)]
            whole = any(isinstance(one, Mapping) for one in values)
            if whole == isinstance(kept, Mapping) and all(
                one is None or isinstance(one, Mapping) if whole else one is None or is_number(one) for one in values
            ):
                return values
    return None


def _flat(name: str, values: Sequence[Any], kept: Any) -> Iterator[tuple[str, list[Any], Any]]:
    """The figure, or each step of a ladder of figures: its name, its values, what was kept of them."""
    if not isinstance(kept, Mapping):
        yield name, list(values), kept
        return
    for step, one in kept.items():
        if all(isinstance(value, Mapping) and step in value for value in values):
            yield from _flat(f"{name} {step}", [value[step] for value in values], one)


def _is_middle(values: Sequence[Any], kept: Any) -> bool:
    known = [value for value in values if value is not None]
    if kept is None:
        return len(known) < len(values)
    return (
        bool(known) and all(map(is_number, known)) and is_number(kept) and _alike(statistics.median(known), kept, known)
    )


def _is_span(values: Sequence[Any], kept: Any) -> bool:
    known = [value for value in values if value is not None]
    if kept is None:
        return len(known) < len(values)
    fits = isinstance(kept, list) and len(kept) == 2 and bool(known) and all(map(is_number, (*known, *kept)))
    return fits and _alike(min(known), kept[0], known) and _alike(max(known), kept[1], known)


def _alike(found: float, kept: float, values: Sequence[float]) -> bool:
    """The same, as far as figures are kept: whole numbers exactly, others to four digits or their own last one."""
    if all(isinstance(value, int) for value in values) or math.inf in (found, kept):
        return found == kept
    digits = len(repr(kept).partition(".")[2]) if "e" not in repr(kept) else 12
    return abs(found - kept) <= max(CLOSE * abs(found), 0.51 * 10.0**-digits)
