"""Numbers for prose: a few words ask for a figure, the recorded run answers. No page has a typed number.

latency-ladder kafka rung=2 rate=1000 p99      9.60 ms
latency-ladder kafka rung=2 p99 under=10       2,000/s, the highest rate recorded with a p99 of at most 10 ms
latency-ladder rung=2 rate=1000 order=p99      Redis, RabbitMQ, Kafka
latency-ladder kafka/redis rung=2 rate=1000 p99   6.0
latency-ladder card kafka_first_ms p99         13.9 ms, from the card of the whole recording
passport fsync_ms.p50                          1.80 ms
passport fsync_ms.p50/loopback_ms.p50          24
loss-matrix redis-list-everysec power lost     85 to 527, or one number where all repeats agree
kill-the-worker mode=redis-blpop twice         0; a setting that is not named has the control's default
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labs.experiments import EXPERIMENTS
from labs.model.digest import Digest, Recording
from labs.model.profile import BROKERS, RUNGS
from labs.model.run import RunFileError
from labs.model.text import BROKER_NAMES, ms_text, rate_text, times
from labs.pages.point_glue import NOT_YET, of_point
from labs.pages.recordings import recorded, recorded_on

DEFAULTS = {"rung": 2, "rate": 1000, "payload": 100}
STEPS = ("p50", "p90", "p99", "p999", "max")
CURE = "Ask for another figure, or record the lab again with `labs record`."
UNKNOWN = "unknown"
"""What a figure reads that was asked for and could not be seen."""
FACTS = ("label", "lost", "delivered", "limit", "date", "repeats", "backend", "survives", "cores", "machine", "rate")
Asked = dict[str, str]


def number(text: str, folder: Path | None = None) -> str:
    """The figure that `text` asks for, or NOT_YET. ValueError if nothing of the kind can be asked, or if the recorded
    file lacks a part that it should have."""
    lab, *words = text.split()
    file = recorded(lab, folder)
    if file is None:
        return NOT_YET
    try:
        return _read(lab, file, words)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise RunFileError(f"{lab}.json has nothing to answer {text!r} with ({what}). {CURE}") from error


def _read(lab: str, file: Recording, words: Sequence[str]) -> str:
    known = EXPERIMENTS.get(lab)
    if known and known.look.quantities and words[0] != "card":
        return of_point(known, file.digests, words)
    if lab == "passport":
        return _passport(file.digests[0], words[0])
    if words[0] == "card":
        return _card(file.card, words[1:])
    asked = _parse(words)
    if asked["what"] in ("date", "repeats", "backend", "cores", "machine"):
        return recorded_on(file) if asked["what"] == "date" else str(file.digests[0].card[asked["what"]])
    if asked["what"] == "survives":
        return RUNGS[int(asked["rung"])]
    if asked["what"] == "rate":
        return rate_text(float(asked["rate"]))
    return _answer(file.digests, asked)


def is_known(text: str, folder: Path | None = None) -> bool:
    """Whether there is such a figure: not recorded yet, or recorded and not seen, there is none to speak of."""
    return number(text, folder) not in (NOT_YET, UNKNOWN)


def _card(card: Mapping[str, Any], path: Sequence[str]) -> str:
    """What stands on the recording's own card under these names; `one/other` divides the two."""
    found = [_look(card, [name, *path[1:]]) for name in path[0].split("/")]
    if None in found:
        return NOT_YET
    known = [value for value in found if value is not None]
    return ms_text(known[0]) if len(known) == 1 else times(known[0] / known[1])


def _look(card: Mapping[str, Any], path: Sequence[str]) -> float | None:
    found: Any = card
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, int | float) else None


def _parse(words: Sequence[str]) -> Asked:
    asked = {name: str(value) for name, value in DEFAULTS.items()} | {"what": "p50", "who": ""}
    for word in words:
        name, has, value = word.partition("=")
        if has and name in (*DEFAULTS, "under", "order"):
            asked[name] = value
        elif word in (*STEPS, *FACTS):
            asked["what"] = word
        elif set(word.split("/")) <= {*BROKERS, "memory"}:
            asked["who"] = word
        else:
            raise ValueError(f"cannot ask a run for {word!r}: known are {', '.join((*STEPS, *FACTS, *BROKERS))}")
    return asked


def _answer(digests: Sequence[Digest], asked: Asked) -> str:
    if "order" in asked:
        return _order(digests, asked)
    if "under" in asked:
        return _under(digests, asked)
    found = [_point(digests, asked, broker) for broker in asked["who"].split("/")]
    if None in found:
        return NOT_YET
    values = [_value(point, asked["what"]) for point in found if point]
    if len(values) == 1:
        return values[0] if isinstance(values[0], str) else ms_text(values[0])
    if isinstance(values[0], float) and isinstance(values[1], float):
        return times(values[0] / values[1])
    return "too few samples"


def _point(digests: Sequence[Digest], asked: Asked, broker: str) -> Digest | None:
    wanted = {"rung": int(asked["rung"]), "rate_per_s": int(asked["rate"]), "body_bytes": int(asked["payload"])}
    wanted_of = wanted | {"broker": broker}
    return next((d for d in digests if wanted_of.items() <= d.settings.items()), None)


def _value(digest: Digest, what: str) -> str | float | None:
    if what in STEPS:
        value: float | None = digest.median["latency_ms"][what]
        return value
    if what == "label":
        return str(digest.settings["label"])
    if what == "limit":
        return str(digest.median["stamp"])
    return f"{sum(repeat['ledger'][what] for repeat in digest.repeats):,}"


def _order(digests: Sequence[Digest], asked: Asked) -> str:
    step, points = asked["order"], [(broker, _point(digests, asked, broker)) for broker in BROKERS]
    known = [(p.median["latency_ms"][step], b) for b, p in points if p and p.median["latency_ms"][step]]
    return ", ".join(BROKER_NAMES[broker] for _, broker in sorted(known)) or NOT_YET


def _under(digests: Sequence[Digest], asked: Asked) -> str:
    """The highest recorded rate up to which the step stays within `under` ms at every lower rate too."""
    wanted = {"rung": int(asked["rung"]), "body_bytes": int(asked["payload"]), "broker": asked["who"]}
    line = sorted((d for d in digests if wanted.items() <= d.settings.items()), key=lambda d: d.settings["rate_per_s"])
    best = ""
    for digest in line:
        ms = digest.median["latency_ms"][asked["what"]]
        if ms is not None and ms > float(asked["under"]):
            break
        best = best if ms is None else rate_text(digest.settings["rate_per_s"])
    return best or ("none of the recorded rates" if line else NOT_YET)


def _passport(digest: Digest, what: str) -> str:
    if what in digest.card:
        return str(digest.card[what])
    one, _, other = what.partition("/")
    value = digest.median[one]
    if other:
        return times(value / digest.median[other])
    return f"{value:.0f}" if what == "loop_m_per_s" else ms_text(value)
