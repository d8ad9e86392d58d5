"""How alike the three have become since the article: claim C61, counted from converged.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from labs.model.text import in_words
from labs.pages.pages import table

MANY, FEW = 1 / 3, 1 / 10
"""Of the cells in which the three differed: more than MANY alike now, and the claim no longer holds; fewer than FEW,
and it holds."""
NAMES = {"rabbitmq": "RabbitMQ", "kafka": "Kafka", "redis": "Redis"}
READ = "2026-11-30"


@cache
def rows() -> tuple[Mapping[str, Any], ...]:
    """Every row as the file has it."""
    return tuple(_file()["row"])


@cache
def _file() -> Mapping[str, Any]:
    return tomllib.loads(files("labs.pages.choose").joinpath("converged.toml").read_text("utf-8"))


def alike(names: Collection[str]) -> bool:
    """Whether none of the three does it, or all of them."""
    return len(set(names)) in (0, len(NAMES))


def differed() -> list[Mapping[str, Any]]:
    """The rows in which the three did not all do the same when the article was written."""
    return [one for one in rows() if not alike(one["then"])]


def verdict(_folder: Path | None = None) -> dict[str, Any]:
    """The word on C61, its sentence and the documents that it rests on; no recording is asked."""
    then = differed()
    now = [one for one in then if alike(one["now"])]
    share = len(now) / len(then)
    word = "no longer holds" if share > MANY else "holds" if share < FEW else "holds with conditions"
    text = (
        f"Of {in_words(len(then))} things that a broker does by itself, and that set the three apart at the end of "
        f"2019, {in_words(len(now))} are done by all three today. In the others they still differ. That each is "
        "strong in its category is praise, and was not counted."
    )
    read = [_source(name) | {"says": said} for one in now for _since, name, said in one["since"]]
    return {"word": word, "evidence": text, "read": read, "when": f"Documents, read {READ}.", "decided": "documents"}


def _source(name: str) -> dict[str, str]:
    return dict(_file()["sources"][name])


def shown() -> str:
    """The grid as a table: who did it then, who does it now, and what brought the change."""
    head = ("What the broker does by itself", "End of 2019", "Today", "Brought by")
    return table(head, [_row(one) for one in rows()], "What the three did then, and what they do now")


def _row(one: Mapping[str, Any]) -> list[str]:
    return [
        one["does"],
        _who(one["then"]),
        _who(one["now"]),
        "; ".join(since for since, *_rest in one.get("since", ())),
    ]


def _who(names: Sequence[str]) -> str:
    found = [title for name, title in NAMES.items() if name in names]
    return "all three" if len(found) == len(NAMES) else ", ".join(found) or "none"
