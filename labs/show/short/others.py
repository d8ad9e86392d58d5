"""Four labs in short, each of its own kind: the machine, the cost of being ready, the killed worker, the tricks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, NBSP, about_per_s, counted, enumerated, in_words, ms_text, seconds, times
from labs.show.looks.jobs import counts, judged
from labs.show.looks.trick_words import trick_of, value_text
from labs.show.looks.tricks import lead, ranked, value, wins
from labs.show.short import CLOSE, NOT_RECORDED, Short, absent, named, point

HONEST = 5.0
"""So many round trips a flush should take at least: a disk that is quicker may not have it yet."""


def passport(digests: Sequence[Digest]) -> Short:
    """A flush beside a round trip, and what a client that waits for each can send at most."""
    monday = "Run `labs passport` on the machine that will carry the broker before you compare any rate on it."
    one = digests[0] if digests else None
    flush_ms, loop_ms = (one.number(f"{name}.p50") if one else None for name in ("fsync_ms", "loopback_ms"))
    if not flush_ms or not loop_ms:
        return Short(NOT_RECORDED, "", monday)
    answer = f"One flush to disk takes {ms_text(flush_ms)} here, {times(flush_ms / loop_ms)} times a round trip over "
    answer += f"loopback ({ms_text(loop_ms)}). A client that waits for a flush after each message sends at most "
    answer += f"{about_per_s(1000 / flush_ms)}, whatever the broker."
    if flush_ms < HONEST * loop_ms:
        doubt = (
            "A flush that cheap is suspect: a virtual disk may answer before it has the bytes, so read our power-cut"
        )
        return Short(answer, f"{doubt} settings as the least that they can cost.", monday)
    return Short(answer, "Another disk has another flush, and every setting that survives a power cut pays it.", monday)


def before_the_first_message(digests: Sequence[Digest]) -> Short:
    """Memory of each broker at rest and the time to the first message, beside two services without one."""
    monday = (
        "List what has to be up before your service can do its first useful thing. If a broker is on the list, write "
        "beside it which work would be lost without it; if you can name none, try the call that is repeated."
    )
    here = {one: point(digests, carrier=one, guarantee="survives") for one in ("http", *BROKERS)}
    found = {name: one for name, one in here.items() if one and one.number("mb") is not None}
    brokers = {name: one for name, one in found.items() if name != "http"}
    if not brokers:
        return Short(NOT_RECORDED, "", monday)
    held = [f"{one.number('broker_mb'):.0f}{NBSP}MB in {BROKER_NAMES[name]}" for name, one in brokers.items()]
    ready = [f"{seconds([one.number('to_first_s')])} with {BROKER_NAMES[name]}" for name, one in brokers.items()]
    answer = f"An idle broker holds {enumerated(held)}. From the start to the first message handled it takes "
    answer += enumerated(ready)
    answer += f"; without a broker {seconds([found['http'].number('to_first_s')])}." if "http" in found else "."
    return Short(f"{answer}{absent(named(one for one in BROKERS if one not in brokers))}", _bought(found), monday)


def _bought(found: dict[str, Digest]) -> str:
    """Who lost jobs with a killed worker when told to keep them."""
    losers = [name for name, one in found.items() if one.number("lost")]
    http = "http" in found and "http" not in losers
    if losers:
        told = enumerated([BROKER_NAMES.get(one, "HTTP") for one in losers])
        return f"Told to lose nothing, {told} lost jobs all the same."
    alone = " Neither did HTTP that repeats its calls, with no broker at all." if http else ""
    return f"It buys work that survives a killed worker: none of these lost a job.{alone}"


def kill_the_worker(digests: Sequence[Digest]) -> Short:
    """Which ways lost jobs, which lost none, and what those doubled."""
    monday = (
        "Find the line where your worker acknowledges. Before the work, write down how many jobs a crash may cost; "
        "after it, run one job twice on purpose and see whether anybody is charged twice."
    )
    found: dict[str, Digest] = {}
    for one in digests:
        if judged(one):
            found.setdefault(str(one.settings["mode"]), one)
    if not found:
        return Short(NOT_RECORDED, "", monday)
    losers = [str(one.settings["label"]) for one in found.values() if any(counts(one, "lost"))]
    safe = [one for one in found.values() if not any(counts(one, "lost"))]
    answer = f"Of {counted(len(found), 'way')} to hand out work {len(safe)} lost nothing when the worker was killed"
    answer += f" ({'; '.join(str(one.settings['label']) for one in safe)})" if safe else ""
    answer += f"; {len(losers)} lost jobs." if losers else "."
    double = [max(counts(one, "twice"), default=0) for one in safe]
    if not any(double):
        return Short(answer, "None of those did a job twice here; the protocols allow it, so be ready for it.", monday)
    taken = {one.settings.get("prefetch") for one in safe} - {None}  # a batch is what a worker does again
    many = f"{sum(map(bool, double))} of those did up to {counted(max(double), 'job')} twice"
    many += f" with {taken.pop()} taken at once" if len(taken) == 1 else ""
    return Short(answer, f"What loses nothing repeats: {many}, so the work has to stand being done again.", monday)


def how_benchmarks_lie(digests: Sequence[Digest]) -> Short:
    """For whom a trick made a winner, and how often it did not."""
    monday = (
        "Before you read the title of a benchmark, fill in: promise, messages under way, messages a call, payload, "
        "client, warm-up, from when to when. If one differs between the bars, there is no comparison yet."
    )
    known = [one for one in digests if wins(one) is not None]
    if not known:
        return Short(NOT_RECORDED, "", monday)
    won = Counter(str(one.settings["winner"]) for one in known if turned(one))
    able = [broker for broker in BROKERS if won[broker]]
    who = "Each of the three brokers" if len(able) == len(BROKERS) else enumerated(named(able)) if able else "None"
    told = [f"{BROKER_NAMES[one]} by {in_words(won[one])}" for one in able]
    tricks = "tricks" if able and won[able[0]] > 1 else "trick"  # the noun stands once, behind the first number
    answer = f"{who} can be made to win where another is ahead when all are measured alike"
    answer += f": {enumerated([f'{told[0]} {tricks}', *told[1:]])}. Every figure is true." if told else "."
    best = max((one for one in known if turned(one)), key=lambda one: lead(one, "told") or 0, default=None)
    if best is not None and (ratio := lead(best, "told")):
        figures = [value_text(best, value(best, "told", broker)) for broker in ranked(best, "told")[:2]]
        answer += (
            f" The widest lead so made is {' beside '.join(figures)}, {times(ratio)} times: {best.settings['label']}."
        )
    failed, led = sum(not wins(one) for one in known), sum(bool(wins(one)) and not turned(one) for one in known)
    many = counted(len(known), "chart")
    condition = f"In {failed} of {many} the trick made no winner; in {led} the winner led anyway."
    return Short(answer, condition + unlike(known), monday)


def turned(digest: Digest) -> bool:
    """Whether the trick made its broker win where another is first when all are measured alike."""
    return bool(wins(digest)) and ranked(digest, "fair")[:1] != [digest.settings["winner"]]


def unlike(digests: Sequence[Digest]) -> str:
    """How far the same setup, measured alike, differs between the charts; empty where none stands in two."""
    found: dict[str, list[tuple[float, str]]] = {}
    for one in digests:
        for broker, setup in one.setups["fair"].items():
            if one.settings["trick"] != "payload" and (known := value(one, "fair", broker)):
                how = trick_of(one).how.replace("cold", "rate")
                name = f"{broker} {how} {sorted(setup.items())}"
                found.setdefault(name, []).append((known, BROKER_NAMES[broker]))
    pairs = [(max(seen)[0] / min(seen)[0], seen[0][1]) for seen in found.values() if len(seen) > 1]
    if not pairs or max(pairs)[0] < CLOSE:
        return ""
    most, broker = max(pairs)
    far = f"The same small print, measured alike, differs by up to {times(most)} times between charts ({broker})"
    return f" {far}: a smaller lead is no rank."
