"""What the page shows of `make bench`: its table, the picture of the article's figures, single numbers for prose."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
from labs.model.text import BROKER_NAMES, about_per_s, capital, enumerated, measured_text, span, three_digits, times
from labs.pages import apart, older, rows
from labs.pages.pages import table
from labs.pages.state import CARD, OF_SERVERS, REST, card_rest, card_rows
from labs.show.looks import dots
from labs.show.looks.rate import KEYS

NOT_YET = "(not recorded yet)"
COLUMNS = ("Question", "Ours", "Against", "Ratio, median (range)", "Goal", "What was the limit")
PICTURE_KEYS = KEYS | {"repeat": "one round"}
HOLLOW_WORDS = ("client", "window", "not found", "not looked for")
OF_A_SERVER = {CARD["fsync_ms"], *(REST[name] for name in OF_SERVERS)}
LONG_S, MILLION = 4.9, 1_000_000
"""What a rule that asks for 5 s asks of the clock, and the figure of C44 and C53."""
OF_THE_SERVER = re.compile(r"((?:redis-benchmark|ProducerPerformance|ConsumerPerformance) (\d[\d.]*))\b")
"""A tool that comes with its server, with its version, as a side says it."""
SENDING = ", sending alone"
"""Beside the word of a row in which nobody received."""
Result = Mapping[str, Any]


def recorded_bench(folder: Path | None = None) -> dict[str, Any] | None:
    """The saved benchmark; None if there is none. Raises RunFileError if it is damaged."""
    path = Path(folder or environ.read("LABS_RUNS") or RECORDED) / "bench.json"
    return benchmark.load(path) if path.exists() else None


def bench_table(content: Mapping[str, Any]) -> str:
    """Every row with both sides, as HTML."""
    date, rounds = content["card"]["date"], content["card"]["rounds"]
    caption = f"Our generator against the others: medians of {rounds} interleaved rounds, recorded {date}"
    told = table(COLUMNS, [_cells(one) for one in content["rows"]], caption)
    said = older.of_rows(content["rows"])
    notes = (("bench-older", said), ("bench-lasted", _too_short(content)))
    note = "".join(f'<p class="{name}">{escape(text)}</p>' for name, text in notes if text)
    lines = table(("Fact", "This recording"), bench_card(content["card"]), "Run card of the benchmark")
    card = f'<details class="bench-card"><summary>Run card</summary>{lines}</details>'
    return f'<div class="lab-wide bench-table">{told}</div>{note}{card}'


def bench_card(card: Mapping[str, Any]) -> list[list[str]]:
    """Machine, clients and each server as pairs of words; what an older file lacks reads `not recorded`."""
    clients = ", ".join(f"{name} {version}" for name, version in card["clients"].items())
    found = [["Clients", clients], *card_rows(card), ["Rounds", _rounds(card)], *card_rest(card)]
    servers = card.get("servers", {})
    for broker in BROKERS:
        told = card_rest({"machine": "", "broker": SERVERS[broker], **servers.get(broker, {})})
        told += card_rows({"fsync_ms": servers.get(broker, {}).get("fsync_ms")})
        found += [[f"{BROKER_NAMES[broker]}: {name}", text] for name, text in told if name in OF_A_SERVER]
    return found


def _lasted(content: Mapping[str, Any]) -> str:
    """How long the rounds of our rates were: 0.4 s to 4.5 s; a file of today counts all of them by the clock."""
    if "counted_s" in content["card"]:
        return f"{content['card']['counted_s']:g} s"
    return span([long for one in content["rows"] for long in benchmark.lasted_s(one)], "{:.1f} s".format, "unknown")


def _too_short(content: Mapping[str, Any]) -> str:
    """That rounds were too short for a verdict, and which rows pass a million and count for none all the same."""
    found = {one["id"]: max(benchmark.lasted_s(one), default=LONG_S) for one in content["rows"]}
    short = [one for one in content["rows"] if found[one["id"]] < LONG_S]
    if "counted_s" in content["card"] or not short:
        return ""
    said = f"By its messages and its rate a round of ours lasted {_lasted(content)} here. The verdicts of C32, C44 and "
    said += "C53 rest on the labs of chapters 4, 5 and 6 instead, which count for five seconds."
    heard = [one for one in short if not sends_only(one) and (one["ours"]["median"] or 0) >= MILLION]
    names = [f"{one['title'].partition(' with ')[0]} ({about_per_s(one['ours']['median'])})" for one in heard]
    return said + (f" So these pass a million and count for no claim: {enumerated(names)}." if names else "")


def _rounds(card: Mapping[str, Any]) -> str:
    """How many, and how long each is; an older file has rounds of so many messages."""
    if "counted_s" not in card:
        return str(card["rounds"])
    long = f"each of {card['counted_s']:g} s after {card['warmup_s']:g} s that do not count"
    return f"{card['rounds']}, {long}, or as long as the broker has room"


def _cells(one: Result) -> list[str]:
    sides = [_side(one[side], one) for side in ("ours", "theirs")]
    came_out = benchmark.word(one)
    goal = one["goal"] if came_out == one["goal"] else f"{one['goal']}: {came_out}"
    goal += SENDING if came_out == "reached" and sends_only(one) else ""
    return [one["title"], *sides, benchmark.ratio_text(one), goal, _limits(one)]


def sends_only(one: Result) -> bool:
    """Whether our side was acknowledged what it sent, and nobody received it."""
    said = str(one["ours"]["said"])
    return "acknowledged" in said and "delivered" not in said


def _side(side: Mapping[str, Any], one: Result) -> str:
    """Who, how much, and of a tool its version; in a file from before where that is not the server's."""
    found, server = OF_THE_SERVER.match(str(side.get("said", ""))), str(one.get("server", ""))
    other = found is not None and bool(older.number(server)) and found[2] != server
    tool = side.get("tool") or (found and other and f"{found[1]}, not of the server's version ({server})")
    return f"{side['name']}: {benchmark.figure(side['median'], one['unit'])}" + (f"\n{tool}" if tool else "")


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
    if text == "lasted":
        return _lasted(content)
    if text == "elsewhere":
        return apart.said(apart.BENCH, folder) or "unknown"
    if name == "card":
        return str(content["card"][what])
    found = {one["id"]: one for one in content["rows"]}
    if name not in found:
        known = set(ROW_IDS) | set(found)
        if name in known:  # the file is of a benchmark of some rows
            return NOT_YET
        raise ValueError(f"the benchmark has no row {name!r}: known are {', '.join(sorted(known))}")
    one = found[name]
    if (other := what.removeprefix("over ")) != what and other in found:  # of the figures as they are shown
        return times(three_digits(one["ours"]["median"]) / three_digits(found[other]["ours"]["median"]))
    texts: dict[str, str] = {
        "ratio": benchmark.ratio_text(one),
        "median": "–" if (ratio := benchmark.ratio(one)) is None else measured_text(ratio),
        "times": measured_text(1 / ratio) if ratio else "–",
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
    """The article's figures, reached and missed: a row a way of doing it, on one logarithmic axis, the article's own
    figure as a cross.

    A point that our client bounds is hollow, and every row is named after the client, never after the broker.
    """
    found = [one for one in content["rows"] if one["lane"] == "article" and one["ours"]["median"]]
    if not found:
        return f'<p class="lab-note">{NOT_YET}</p>'
    figures = [figure for one in found for figure in (one["theirs"]["median"], *one["ours"]["values"])]
    layout = dots.layout(("Way", "Messages a second (log)", "Limit"), dots.log_ticks(figures, (1, 1e6)), PICTURE_KEYS)
    groups = []
    for broker in dict.fromkeys(one["broker"] for one in found):
        mine = sorted((one for one in found if one["broker"] == broker), key=lambda one: one["ours"]["median"])
        said = mine[0]["theirs"]["median"]
        told = dots.marks(said, (), about_per_s(said), kind="cross", word="published")
        groups.append((BROKER_NAMES[broker], [rows.Row("the article", broker, told), *map(_row, mine)]))
    name = "Each figure of the article, reached and missed on the same two brokers and cores"
    said = escape(" ".join(f"{capital(_words(one))}." for one in found))
    inside = f'<p class="lab-note">{escape(_promises(found))}</p><p class="lp-hear">{said}</p>'
    inside += rows.table(name, groups, layout)
    return f'<figure class="lab-wide labs-panel bench-picture" aria-label="{escape(name)}">{inside}</figure>'


def _promises(found: Sequence[Result]) -> str:
    """Which promises the rows of the picture mix."""
    told = dict.fromkeys(str(one["ours"]["said"]).partition(";")[0] for one in found)
    return f"Rows of different promises, so no order of brokers: {'; '.join(told)}." if len(told) > 1 else ""


def _row(one: Result) -> rows.Row:
    """A way of ours: its rounds, the median, the limit in a word and, for a pointer, in full."""
    side = one["ours"]
    found = limit_of(side["rounds"]) if side.get("rounds") else None
    kind = "open" if side["client_bound"] or found is None or found.word in HOLLOW_WORDS else "at"
    word, more = (found.word, found.said) if found else ("client" if side["client_bound"] else "not looked for", "")
    marks = dots.marks(side["median"], side["values"], about_per_s(side["median"]), kind=kind, word=word, more=more)
    return rows.Row(side["name"], one["broker"], marks)


def _words(one: Result) -> str:
    bound = ", and the client was the limit" if one["ours"]["client_bound"] else ""
    ratio, says = benchmark.ratio(one) or one["median"], "the article says"
    told = f"{times(ratio)} times what {says}" if ratio >= 1 else f"{says} {times(1 / ratio)} times that"
    return f"{one['ours']['name']} reached {about_per_s(one['ours']['median'])}; {told}{bound}"
