"""What the page shows of `make bench`: its table, the picture of the article's figures, single numbers for prose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from labs.judge import benchmark
from labs.judge.benchmark import ROW_IDS
from labs.judge.card import SERVERS
from labs.judge.lift import limit_of, unasked
from labs.model import environ
from labs.model.paths import RECORDED
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, times
from labs.pages import older
from labs.pages.pages import table
from labs.pages.state import CARD, OF_SERVERS, REST, card_rest, card_rows

NOT_YET = "(not recorded yet)"
COLUMNS = ("Question", "Ours", "Against", "Ratio, median (range)", "Goal", "What was the limit")
LEFT, RIGHT, TOP, STEP = 268, 96, 46, 30
WIDTH = 760
HEAD = 26
OF_A_SERVER = {CARD["fsync_ms"], *(REST[name] for name in OF_SERVERS)}
Result = Mapping[str, Any]


def recorded_bench(folder: Path | None = None) -> dict[str, Any] | None:
    """The saved benchmark; None if there is none. Raises RunFileError if it is damaged."""
    path = Path(folder or environ.read("LABS_RUNS") or RECORDED) / "bench.json"
    return benchmark.load(path) if path.exists() else None


def bench_table(content: Mapping[str, Any]) -> str:
    """Every row with both sides, as HTML."""
    date, rounds = content["card"]["date"], content["card"]["rounds"]
    caption = f"Our generator against the others: medians of {rounds} interleaved rounds, recorded {date}"
    rows = table(COLUMNS, [_cells(one) for one in content["rows"]], caption)
    said = older.of_rows(content["rows"])
    note = f'<p class="bench-older">{escape(said)}</p>' if said else ""
    lines = table(("Fact", "This recording"), bench_card(content["card"]), "Run card of the benchmark")
    card = f'<details class="bench-card"><summary>Run card</summary>{lines}</details>'
    return f'<div class="lab-wide bench-table">{rows}</div>{note}{card}'


def bench_card(card: Mapping[str, Any]) -> list[list[str]]:
    """Machine, clients and each server as pairs of words; what an older file lacks reads `not recorded`."""
    clients = ", ".join(f"{name} {version}" for name, version in card["clients"].items())
    rows = [["Clients", clients], *card_rows(card), ["Rounds", _rounds(card)], *card_rest(card)]
    servers = card.get("servers", {})
    for broker in BROKERS:
        told = card_rest({"machine": "", "broker": SERVERS[broker], **servers.get(broker, {})})
        told += card_rows({"fsync_ms": servers.get(broker, {}).get("fsync_ms")})
        rows += [[f"{BROKER_NAMES[broker]}: {name}", text] for name, text in told if name in OF_A_SERVER]
    return rows


def _rounds(card: Mapping[str, Any]) -> str:
    """How many, and how long each is; an older file has rounds of so many messages."""
    if "counted_s" not in card:
        return str(card["rounds"])
    long = f"each of {card['counted_s']:g} s after {card['warmup_s']:g} s that do not count"
    return f"{card['rounds']}, {long}, or as long as the broker has room"


def _cells(one: Result) -> list[str]:
    sides = [_side(one[side], one["unit"]) for side in ("ours", "theirs")]
    came_out = benchmark.word(one)
    goal = one["goal"] if came_out == one["goal"] else f"{one['goal']}: {came_out}"
    return [one["title"], *sides, benchmark.ratio_text(one), goal, _limits(one)]


def _side(side: Mapping[str, Any], unit: str) -> str:
    """Who, how much, and of a tool its version."""
    return f"{side['name']}: {benchmark.figure(side['median'], unit)}" + (f"\n{side['tool']}" if "tool" in side else "")


def _limits(one: Result) -> str:
    """What was the limit of each side, a line each; why there is no figure."""
    told = (("ours", _limit(one, "ours")), ("the other", _limit(one, "theirs")))
    return one["trouble"] or "\n".join(f"{who}: {limit}" for who, limit in told if limit) or "–"


def _limit(one: Result, side: str) -> str:
    """A side's; of a rate in a file from before, what was seen of it then."""
    rounds, told = one[side].get("rounds"), str(one[side]["limit"])
    if rounds:
        return limit_of(rounds).said
    return unasked(told) if told and one["unit"] == "messages/s" else told


def number(text: str, folder: Path | None = None) -> str:
    """`kafka-produce median`: a figure of a row. ValueError for a row or a figure that does not exist."""
    name, _, what = text.partition(" ")
    content = recorded_bench(folder)
    if content is None:
        return NOT_YET
    if name == "card":
        return str(content["card"][what])
    found = {one["id"]: one for one in content["rows"]}
    if name not in found:
        known = set(ROW_IDS) | set(found)
        if name in known:  # the file is of a benchmark of some rows
            return NOT_YET
        raise ValueError(f"the benchmark has no row {name!r}: known are {', '.join(sorted(known))}")
    one = found[name]
    texts: dict[str, str] = {
        "ratio": benchmark.ratio_text(one),
        "median": "–" if one["median"] is None else f"{one['median']:.3g}",
        "times": "–" if not one["median"] else f"{1 / one['median']:.3g}",
        "ours": benchmark.figure(one["ours"]["median"], one["unit"]),
        "theirs": benchmark.figure(one["theirs"]["median"], one["unit"]),
        "word": benchmark.word(one),
        "limit": one["ours"]["limit"],
        "said": one["ours"]["said"],
        "server": one["server"],
    }
    if what not in texts:
        raise ValueError(f"cannot ask a row for {what!r}: known are {', '.join(texts)}")
    return texts[what]


def article_picture(content: Mapping[str, Any]) -> str:
    """The article's figures, reached and missed: one line a way of doing it, on one logarithmic axis, as SVG.

    A point that our client bounds is hollow and is named after the client, never after the broker.
    """
    rows = [one for one in content["rows"] if one["lane"] == "article" and one["ours"]["median"]]
    if not rows:
        return f'<p class="lab-note">{NOT_YET}</p>'
    low = 10 ** math.floor(math.log10(min(one["ours"]["median"] for one in rows)))
    high = 10 ** math.ceil(math.log10(max(max(one["ours"]["median"], one["theirs"]["median"]) for one in rows)))
    parts, y = [], TOP
    for broker in dict.fromkeys(one["broker"] for one in rows):
        group = sorted((one for one in rows if one["broker"] == broker), key=lambda one: one["ours"]["median"])
        parts.append(_head(broker, group[0], y))
        y += HEAD
        for one in group:
            parts.append(_line(one, y, low, high))
            y += STEP
        target = _place(group[0]["theirs"]["median"], low, high)
        top = y - STEP * len(group) - 12
        parts.append(
            f'<path d="M{target:.1f} {top}V{y - 14}" stroke="var(--ink)" stroke-width="2" stroke-dasharray="2 4"/>'
        )
        y += 10
    parts.insert(0, _axis(low, high, y))
    said = escape("; ".join(_words(one) for one in rows))
    name = "Each figure of the article, reached and missed on the same two brokers and cores"
    return (
        f'<figure class="lab-wide bench-picture"><div class="lab-scroll" role="region" tabindex="0" '
        f'aria-label="{escape(name)}"><svg viewBox="0 0 {WIDTH} {y + 34}" role="img" '
        f'aria-labelledby="bench-name bench-more"><title id="bench-name">{escape(name)}</title>'
        f'<desc id="bench-more">{said}</desc>{"".join(parts)}</svg></div></figure>'
    )


def _place(value: float, low: float, high: float) -> float:
    share = (math.log10(value) - math.log10(low)) / (math.log10(high) - math.log10(low))
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _axis(low: float, high: float, bottom: float) -> str:
    parts = []
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        x = _place(10**power, low, high)
        parts.append(f'<path d="M{x:.1f} {TOP - 24}V{bottom - 10}" stroke="var(--line)" stroke-width="1"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{bottom + 10}" text-anchor="middle" class="soft">{_short(10**power)}</text>'
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{bottom + 30}" text-anchor="middle" class="soft">messages a second</text>')
    return "".join(parts)


def _short(value: float) -> str:
    return f"{value / 1e6:g} M" if value >= 1e6 else f"{value / 1e3:g} k" if value >= 1e3 else f"{value:g}"


def _head(broker: str, one: Result, y: float) -> str:
    said = f"{BROKER_NAMES[broker]}: the article says {_short(one['theirs']['median'])}/s"
    return f'<text x="4" y="{y + 4}" class="head">{escape(said)}</text>'


def _line(one: Result, y: float, low: float, high: float) -> str:
    side, colour = one["ours"], f"var(--{one['broker']})"
    x = _place(side["median"], low, high)
    ends = [_place(value, low, high) for value in (min(side["values"]), max(side["values"]))]
    fill = "var(--paper)" if side["client_bound"] else colour
    spread = f'<path d="M{ends[0]:.1f} {y}H{ends[1]:.1f}" stroke="{colour}" stroke-width="2"/>'
    mark = f'<circle cx="{x:.1f}" cy="{y}" r="6" fill="{fill}" stroke="{colour}" stroke-width="2"/>'
    said = _short(float(f"{side['median']:.3g}"))
    value = f'<text x="{x + 12:.1f}" y="{y + 4}" class="value">{said}/s</text>'
    return f'<text x="16" y="{y + 4}">{escape(side["name"])}</text>{spread}{mark}{value}'


def _words(one: Result) -> str:
    bound = ", where the client was the limit" if one["ours"]["client_bound"] else ""
    ratio = one["median"]
    told = f"{times(ratio)} times" if ratio >= 1 else f"one part in {times(1 / ratio)} of"
    return f"{one['ours']['name']}: {one['ours']['median']:,.0f} a second{bound}, {told} what the article says"
