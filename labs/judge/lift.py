"""The rounds of a ceiling -> what was its limit: what lifts it. Pure functions; the one place where it is judged.

CPU use alone cannot tell: one queue of RabbitMQ is one Erlang process and one partition of Kafka is worked off in turn,
so they are full while their broker idles. So each ceiling is measured again in the same round with twice the window,
with a second client, and with a second queue (partition, key). Each has all that the one before it has: a second client
brings a window of its own, and a second queue a client of its own. So each is held against the most that was reached
without it, and what it adds is its own.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from labs.judge.repeats import needed
from labs.model.text import capital, times

Limit = Literal["window", "client", "queue", "broker", "machine", "not found", "not looked for"]
"""What raised the rate; where nothing did, what had no CPU left: a thread of the broker or the broker, the machine."""
Round = Mapping[str, Any]
"""`per_s`, `stamp` and `limit` (who had no CPU left, in a word and in words), and `lift`: of each variant what it was
(`what`), whom it shows (`blame`) and its rate (`per_s`), or why there was none (`why_not`); `machine_full` where all
cores were taken, whoever was full besides."""
HELD_UP = "the broker held its publishers up"
"""How the limit of a round begins in which the broker itself stopped its publishers, as in an alarm; then why."""
NOBODY = "neither side ran out of CPU"
UNRECORDED = "CPU use was not recorded here"
CHAIN = ("window", "client", "queue")
LIFT = 1.1
"""Times: a variant that brings less has not raised the rate."""
SHORT: Mapping[str, str] = {
    "broker-bound": "broker", "machine-bound": "machine", "client-bound": "client", "window-bound": "", "not-full": "",
}  # fmt: skip
"""Stamp of a round -> who had no CPU left. Recordings from before have window-bound for nobody."""


@dataclass(frozen=True)
class Found:
    """The limit of a ceiling, in a word and in sentences without the last full stop; `full` is who had no CPU left by
    most rounds ("broker", "machine", "client", "" for nobody or not known), `cores` who used how many of them, and
    `factors` what each variant added, times, the median over the rounds."""

    word: Limit
    said: str
    full: str = ""
    cores: str = ""
    factors: Mapping[str, float] = field(default_factory=dict)

    @property
    def ours(self) -> bool:
        """Our own client was the limit, or, where nobody looked for it, ran out of CPU: nothing said of the broker."""
        return self.word == "client" or (self.word == "not looked for" and self.full == "client")


def held_up(rounds: Sequence[Round]) -> list[str]:
    """Why the broker stopped its publishers, of each round in which it did: such a rate is no most of anything."""
    words = [str(one.get("limit") or "") for one in rounds]
    return [told.removeprefix(HELD_UP).removeprefix(": ") for told in words if told.startswith(HELD_UP)]


def enough(passed: int, of: int) -> bool:
    """Whether so many rounds pass for all of them; none of none."""
    return of > 0 and passed >= needed(of)


def limit_of(rounds: Sequence[Round]) -> Found:
    """What was the limit of a ceiling that was measured in these rounds."""
    stamp, told, cores = _cpu(rounds)
    full = SHORT.get(stamp, "")
    if not rounds or any(not one.get("lift") for one in rounds):
        return Found("not looked for", unasked(told), full, cores)
    tried = [name for name in CHAIN if all("per_s" in one["lift"].get(name, ()) for one in rounds)]
    each = {name: [_added(one, tried, name) for one in rounds] for name in tried}
    factors = {name: statistics.median(values) for name, values in each.items()}
    lifts = [name for name, values in each.items() if _lifts(values)]
    last, alone = rounds[-1]["lift"], " in one round" if len(rounds) == 1 else ""
    if lifts:
        best, *others = sorted(lifts, key=lambda name: -factors[name])
        added = "".join(f". {capital(_rise(last[name]['what'], factors[name]))} as well" for name in others)
        rise = f"{last[best]['blame']}: {_rise(last[best]['what'], factors[best])}{alone}{added}"
        return Found(_word(best), f"{capital(rise)}. {capital(told)}", full, cores, factors)
    gone = enough(sum(bool(one.get("machine_full")) for one in rounds), len(rounds))
    word: Limit = "broker" if full == "broker" else "machine" if full == "machine" or gone else "not found"
    why = "the machine, with what else runs on it, had no CPU left" if word == "machine" else "the limit was not found"
    first, more = (told, "") if full in ("broker", "machine") else (why, f". {capital(told)}")
    nothing = f"{_nothing(last, tried)}{alone or ' in enough rounds' if tried else ''}"
    return Found(word, f"{capital(first)}. {capital(nothing)}{more}{_left_out(last)}", full, cores, factors)


def _cpu(rounds: Sequence[Round]) -> tuple[str, str, str]:
    """The stamp that most rounds have, one round's words for it, and who used how many cores in it."""
    known = [one for one in rounds if "stamp" in one]
    if not known:
        return "unknown", UNRECORDED, ""
    stamp = statistics.mode(str(one["stamp"]) for one in known)
    return stamp, *apart(str(next(one["limit"] for one in known if one["stamp"] == stamp)))


NOT_LOOKED, UNTRIED = "the limit was not looked for", "whether more would have gone through was not tried"
FULL = {"the broker ran out of CPU": f"The broker was at full CPU; {UNTRIED}"}


def unasked(told: str) -> str:
    """What is said where nobody looked for the limit: who was full is no limit yet."""
    words = apart(told)[0]
    return FULL.get(words) or f"{capital(words)}; {UNTRIED if words.startswith('broker and') else NOT_LOOKED}"


CORES = re.compile(r" \(((?:broker|clients?) (?:\d|not seen|\?)[^()]*)\)$")
"""What a round says of cores, behind who had no CPU left: it is for a hover and the run card."""
BEFORE = {
    "nobody was ": NOBODY,
    "the round trip: ": NOBODY,
    "the client had no processor time left": "our client ran out of CPU",
    "the broker had no processor time left": "the broker ran out of CPU",
    "not all processor time could be seen": UNRECORDED,
    "it was over before anybody's processor time": "it was over before anybody's CPU use could be seen",
}
"""How the words of an older round begin -> what is said today; of nobody they had claimed more than was seen."""
OTHERS = re.compile(r"others \([\d.]+ cores\)")
"""How much others used, which a round says as well."""


def apart(told: str) -> tuple[str, str]:
    """The words of a round, without the cores that were used; and those, empty where none could be seen."""
    found = CORES.search(told)
    words, cores = (told[: found.start()], found[1]) if found else (told, "")
    words = OTHERS.sub("others", words)
    words = "the broker ran out of CPU" if words == "the broker" else words
    return next((now for begin, now in BEFORE.items() if words.startswith(begin)), words), _seen(cores)


def _seen(cores: str) -> str:
    """Nothing of a recording that saw no broker and no client at work."""
    return "" if "?" in cores else cores


def _added(one: Round, tried: Iterable[str], name: str) -> float:
    """Times the most that was reached without it."""
    before = [one["per_s"] or 0.0]
    for other in tried:
        if other == name:
            break
        before.append(one["lift"][other]["per_s"])
    return float(one["lift"][name]["per_s"] / max(before)) if max(before) > 0 else 1.0


def _lifts(values: Sequence[float]) -> bool:
    return statistics.median(values) > LIFT and enough(sum(one > LIFT for one in values), len(values))


def _word(name: str) -> Limit:
    return "window" if name == "window" else "client" if name == "client" else "queue"


WITHOUT = "the best without it"
"""What a variant is held against, in a round: the base, and the variants that have no more than the base of it."""


def _rise(what: str, factor: float) -> str:
    """A second queue added 40 % to the best without it; or reached 2.3 times that."""
    high = f"reached {times(factor)} times {WITHOUT}"
    return f"{what} {f'added {(factor - 1) * 100:.0f} % to {WITHOUT}' if factor < 2 else high}"


OF_ITS_OWN = re.compile(r" with an? [\w -]+ of (its|the tool's) own$")


def _shortly(what: str) -> str:
    """A variant without its client: that is said where it raised the rate, and three such would fill two lines."""
    return OF_ITS_OWN.sub("", what).replace(" of the tool", "")


def _nothing(last: Mapping[str, Any], tried: Sequence[str]) -> str:
    """neither a window of 1,000 nor a second queue added 10 % to the best without it"""
    names = [_shortly(last[name]["what"]) for name in tried]
    if not names:
        return "nothing that raises a rate could be tried"
    none = f"neither {', '.join(names[:-1])} nor {names[-1]} added" if len(names) > 1 else f"{names[0]} did not add"
    return f"{none} {(LIFT - 1) * 100:.0f} % to {WITHOUT}"


WHOSE = "a message reaches only one of two readers, so neither could have a whole ledger"
OF_BOTH = "each reader would get the messages of both, and a ledger accounts for one publisher"
"""Why there is no second publisher where somebody reads: of a queue, and of what every reader has in full."""
IN_FULL = ("channel", "partition", "stream")


def _left_out(last: Mapping[str, Any]) -> str:
    """Which variants there were none of, and why, a sentence each."""
    those = [f"{_shortly(one['what'])} ({_why_not(one)})" for one in last.values() if "why_not" in one]
    return "".join(f". {capital(one)} could not be tried" for one in those)


def _why_not(one: Mapping[str, Any]) -> str:
    """The reason; recordings from before have that of a queue where every reader gets every message as well."""
    return OF_BOTH if one["why_not"] == WHOSE and one["what"].endswith(IN_FULL) else str(one["why_not"])
