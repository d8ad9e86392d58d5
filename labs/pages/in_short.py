"""In short: the three sentences under a page's title, and what all pages advise for Monday, by situation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from labs.experiments import EXPERIMENTS, experiment
from labs.model.paths import PROJECT
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, about_per_s, enumerated
from labs.pages import course
from labs.pages.bench_page import recorded_bench
from labs.pages.recordings import recorded
from labs.show.short import NOT_RECORDED, Short

BENCH = "bench"
"""What the page of `make bench` calls its recording, which is no lab's."""
PAIRS = {
    "redis": ("article-redis-one", "redis-xadd"),
    "rabbitmq": ("article-rabbitmq-one", "article-rabbitmq-fast"),
    "kafka": ("article-kafka-one", "article-kafka-fast"),
}
"""Broker -> the rows that give it the same work, one message at a time and with many under way."""
PART = re.compile(r"(?ms)^```\{in-short\}[ ]*(\S*)\n(.*?)^```$")
WHEN = re.compile(r"(?m)^:when: *(\S+)$")
FOR = re.compile(r"(?m)^:for: *(.+)$")
ITEM = re.compile(r"(?m)^- (.+(?:\n  .+)*)$")


@dataclass(frozen=True)
class Advice:
    """What one page says to do on Monday, and the brokers that one has to run for it."""

    stem: str
    title: str
    text: str
    brokers: tuple[str, ...] = ()


def of(name: str, folder: Path | None = None) -> Short:
    """Of a lab, or of the benchmark, from what is recorded of it. ValueError if the lab says nothing in short."""
    if name == BENCH:
        return of_bench(recorded_bench(folder))
    lab = experiment(name)
    if lab.short is None:
        raise ValueError(f"the lab {name} says nothing in short: give it short=, a function (labs/show/short)")
    file = recorded(name, folder)
    return lab.short(file.digests if file else [])


def of_bench(content: Mapping[str, Any] | None) -> Short:
    """Each broker one message at a time beside the most that it could be made to take, and who passed the article."""
    monday = (
        "Before you choose a broker for its rate, look at how your service sends: if it waits for each message, a "
        "batch is a faster fix than a migration."
    )
    rows = {one["id"]: one for one in content["rows"] if one["median"]} if content else {}
    here = [broker for broker, pair in PAIRS.items() if {*pair} <= rows.keys()]
    if not here:
        return Short(NOT_RECORDED, "", monday)
    one, fast = ([rows[PAIRS[broker][at]] for broker in here] for at in (0, 1))
    names = [BROKER_NAMES[broker] for broker in here]
    answer = f"One message at a time, each waiting for its answer: {_listed(names, one)}. "
    answer += f"The same work with many under way: {_listed(names, fast)}.{mixed(one)}"
    published = [row["theirs"]["median"] for row in one]
    missed = [name for name, row, least in zip(names, one, published, strict=True) if row["ours"]["median"] < least]
    reached = [name for name, row, least in zip(names, fast, published, strict=True) if row["ours"]["median"] >= least]
    told = f"missed one at a time by {_who(missed, names)} and reached with many under way by {_who(reached, names)}"
    told += _partly(names, fast, published)
    return Short(answer, f"The article’s figures are {told}: they are as much the client’s as the broker’s.", monday)


def mixed(rows: Sequence[Mapping[str, Any]]) -> str:
    """That the rows promise different things, and which; empty where all promise the same."""
    told = dict.fromkeys(str(row["ours"]["said"]).partition(";")[0] for row in rows)
    return f" The promises are not alike: {'; '.join(told)}." if len(told) > 1 else ""


def _partly(names: Sequence[str], rows: Sequence[Mapping[str, Any]], figures: Sequence[float]) -> str:
    """Who reached the article's figure in some rounds only."""
    some = [
        name
        for name, row, least in zip(names, rows, figures, strict=True)
        if min(row["ours"]["values"]) < least <= max(row["ours"]["values"])
    ]
    return f" ({enumerated(some)} in some rounds only)" if some else ""


def _listed(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    return enumerated([f"{name} {about_per_s(row['ours']['median'])}" for name, row in zip(names, rows, strict=True)])


def _who(some: Sequence[str], names: Sequence[str]) -> str:
    return "none" if not some else "all" if len(some) == len(names) else enumerated(some)


def written(content: Sequence[str]) -> Short:
    """Three items of a list, on a page that has no recording of its own."""
    items = [" ".join(one.split()) for one in ITEM.findall("\n".join(content))]
    if len(items) != 3:
        raise ValueError(f"without a lab, write three items: answer, condition, Monday; there are {len(items)}")
    return Short(*items)


@cache
def advice(book: Path = PROJECT / "book") -> dict[str, list[Advice]]:
    """Situation -> what each page advises under its title, in the order of the pages."""
    found: dict[str, list[Advice]] = {}
    for page in course.pages(book):
        under_title = (book / f"{page.stem}.md").read_text("utf-8").partition("\n## ")[0]
        for name, inside in PART.findall(under_title):
            when = WHEN.search(inside)
            if when is None:
                raise ValueError(f"{page.stem}.md: in-short has no :when:, the situation that its Monday is for")
            short = of(name) if name == BENCH or name in EXPERIMENTS else written(inside.splitlines())
            found.setdefault(when[1], []).append(Advice(page.stem, page.title, short.monday, _brokers(inside)))
    return found


def _brokers(inside: str) -> tuple[str, ...]:
    found = FOR.search(inside)
    brokers = tuple(found[1].split()) if found else ()
    if unknown := set(brokers) - set(BROKERS):
        raise ValueError(f"in-short is :for: {', '.join(unknown)}: known are {', '.join(BROKERS)}")
    return brokers


def of_broker(broker: str) -> list[Advice]:
    """The same advice for somebody who already runs that broker."""
    return [one for advice in advice().values() for one in advice if broker in one.brokers]
