"""The tables (`*.toml`) -> rows. A bad entry is an error that names the row, what is wrong and what is allowed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from importlib.resources import files
from typing import Any

from labs.judge.promises import COUNTS, EXPECTED, STANCES, Range, Row, Source
from labs.model.profile import BROKERS, UnknownNameError
from labs.stack.disks import DISKS

ID = {"redis": "R", "rabbitmq": "Q", "kafka": "K"}
REQUIRED = tuple(f.name for f in fields(Row) if f.default is MISSING and f.default_factory is MISSING)
KNOWN = tuple(f.name for f in fields(Row))
SOURCES = "sources.toml"


class BadRowError(ValueError):
    """An entry of the table that cannot be right."""

    def __init__(self, where: str, wrong: str) -> None:
        super().__init__(f"{where}: {wrong}")


def read(texts: Mapping[str, str], experiments: Collection[str]) -> dict[str, Row]:
    """All rows by id, from the tables' texts by file name; `experiments` are the names that a row may use.

    The table SOURCES holds the documents by the names that rows give them.
    """
    rows: dict[str, Row] = {}
    known = {name: _source(name, one) for name, one in _toml(SOURCES, texts[SOURCES]).items()}
    for file, text in texts.items():
        if file == SOURCES:
            continue
        entries = _toml(file, text).get("row", [])
        if not entries:
            raise BadRowError(file, "has no [[row]]")
        for number, entry in enumerate(entries, 1):
            where = f"{file}, {entry.get('id', f'row {number}')}"
            row = _row(where, entry, experiments, known)
            if row.id in rows:
                raise BadRowError(where, "the id stands twice")
            rows[row.id] = row
    return rows


def tables() -> dict[str, str]:
    """The texts of the package's own tables, in the order of the brokers."""
    folder = files("labs.scenarios").joinpath("promises")
    names = [SOURCES, *(f"{broker}.toml" for broker in BROKERS)]
    return {name: folder.joinpath(name).read_text("utf-8") for name in names}


def _toml(file: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRowError(file, f"not TOML: {error}") from error


def _source(name: str, entry: object) -> Source:
    where = f"{SOURCES}, {name}"
    wanted = [f.name for f in fields(Source)]
    texts = isinstance(entry, dict) and all(isinstance(one, str) and one for one in entry.values())
    if not isinstance(entry, dict) or not texts or set(entry) != set(wanted):
        raise BadRowError(where, f"wants {', '.join(wanted)}, each a text that is not empty")
    if not entry["url"].startswith("https://"):
        raise BadRowError(where, f"the url must begin with https://, got {entry['url']!r}")
    return Source(**entry)


def _row(where: str, entry: dict[str, Any], experiments: Collection[str], known: Mapping[str, Source]) -> Row:
    for name in entry:
        if name not in KNOWN:
            raise BadRowError(where, str(UnknownNameError("field", name, list(KNOWN))))
    if missing := [name for name in REQUIRED if not entry.get(name)]:
        raise BadRowError(where, f"{', '.join(missing)} must be given and not be empty")
    bounds = {name: _ranges(f"{where}, {name}", entry.get(name, {})) for name in ("promise", "ranges")}
    for name in entry["sources"]:
        if name not in known:
            raise BadRowError(where, str(UnknownNameError("source", name, list(known))))
    told = {"sources": tuple(known[name] for name in entry["sources"])}
    row = Row(**{**entry, **bounds, **told, "needs_disk": tuple(entry.get("needs_disk", ()))})
    _check(where, row)
    if not (row.pending or row.not_here) and row.experiment not in experiments:
        raise BadRowError(where, str(UnknownNameError("experiment", row.experiment, sorted(experiments))))
    return row


def _check(where: str, row: Row) -> None:
    if row.broker not in BROKERS:
        raise BadRowError(where, str(UnknownNameError("broker", row.broker, list(BROKERS))))
    letter = ID[row.broker]
    wrong = {
        f"an id of {row.broker} is {letter}, a number and at most one letter": not re.fullmatch(
            f"{letter}[1-9][0-9]?[a-z]?", row.id
        ),
        f"stance must be one of {', '.join(STANCES)}, got {row.stance!r}": row.stance not in STANCES,
        f"expected must be one of {', '.join(EXPECTED)}, got {row.expected!r}": row.expected not in EXPECTED,
        "the guarantee must be a sentence that ends with a full stop": not row.guarantee.endswith("."),
        f"seeds must be 1 to 100, got {row.seeds!r}": not isinstance(row.seeds, int) or not 1 <= row.seeds <= 100,
        "a row is pending or not_here, not both": bool(row.pending and row.not_here),
        "a row that is not run cannot be fast": bool(row.fast and (row.pending or row.not_here)),
    }
    for what, is_wrong in wrong.items():
        if is_wrong:
            raise BadRowError(where, what)
    for kind in row.needs_disk:
        if kind not in DISKS:
            raise BadRowError(where, str(UnknownNameError("kind of disk", kind, list(DISKS))))


def _ranges(where: str, table: object) -> dict[str, Range]:
    if not isinstance(table, dict):
        raise BadRowError(where, "must be a table such as { lost = [0, 0] }")
    return {name: _range(where, name, pair) for name, pair in table.items()}


def _range(where: str, name: str, pair: object) -> Range:
    if name not in COUNTS:
        raise BadRowError(where, str(UnknownNameError("count", name, list(COUNTS))))
    if not isinstance(pair, list) or len(pair) != 2:
        raise BadRowError(where, f"{name} must be [lowest, highest], got {pair!r}")
    for bound in pair:
        if isinstance(bound, bool) or not isinstance(bound, int | str):
            raise BadRowError(where, f"a bound of {name} must be a whole number or a count's name, got {bound!r}")
        if isinstance(bound, str) and bound not in COUNTS:
            raise BadRowError(where, str(UnknownNameError("count", bound, list(COUNTS))))
    low, high = pair
    if isinstance(low, int) and isinstance(high, int) and low > high:
        raise BadRowError(where, f"{name}: the lowest, {low}, is above the highest, {high}")
    return Range(low, high)
