"""Numbers for prose: a few words ask for a figure, the recorded run answers. No page has a typed number.

latency-ladder kafka rung=2 rate=1000 p99      9.60 ms
latency-ladder kafka rung=2 p99 under=10       all rates up to 2,000/s: each repeat's p99 within 10 ms, and where not
latency-ladder rung=2 rate=1000 order=p99      Redis, RabbitMQ, Kafka
latency-ladder card kafka_first_ms p99         13.9 ms, from the card of the whole recording
passport fsync_ms.p50/loopback_ms.p50          24
fifty-thousand elsewhere                       up to 1.2 times (...): the same point in another file, the most apart
passport flushes                               0.10 to 6.83 ms: one flush on the cards of all other recordings here
fifty-thousand limits                          which dots of the page are about the broker, in a sentence
loss-matrix redis-list-everysec power lost     85 to 527, or one number where all repeats agree
kill-the-worker mode=redis-blpop twice         0; a setting that is not named has the control's default

The words name settings (`kafka`, `rate=1000`) and one of the quantities of the lab's look, or a fact of the run card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from labs.experiments import EXPERIMENTS
from labs.experiments.base import Experiment
from labs.model.digest import Digest, Recording
from labs.model.run import RunFileError
from labs.model.text import BROKER_NAMES, enumerated, ms_text, times
from labs.pages.recordings import recorded, recorded_on

NOT_YET = "(not recorded yet)"
NO_RATIO = "(no ratio: more than half is our own harness)"
UNKNOWN = "unknown"
"""What a figure reads that was asked for and could not be seen."""
FACTS = ("date", "repeats", "backend", "cores", "machine", "broker")
CURE = "Ask for another figure, or record the lab again with `labs record`."


@dataclass(frozen=True)
class Asked:
    """What the words ask: the settings they name (`("", value)` where a value stands alone), and for what."""

    settings: tuple[tuple[str, str], ...]
    what: str
    under: float | None = None
    ranked: bool = False


def number(text: str, folder: Path | None = None) -> str:
    """The figure that `text` asks for, or NOT_YET. ValueError if nothing of the kind can be asked, or if the recorded
    file lacks a part that it should have."""
    lab, *words = text.split()
    file = recorded(lab, folder)
    if file is None:
        return NOT_YET
    try:
        if words in (["elsewhere"], ["flushes"]):
            from labs.pages import apart  # it asks for other labs' files; few pages do

            return (apart.said if words == ["elsewhere"] else apart.flushes)(lab, folder) or UNKNOWN
        if words == ["limits"]:
            from labs.show.looks import rate  # a page about rates asks

            return rate.limits(file.digests)
        return _card(file.card, words[1:]) if words[:1] == ["card"] else _of_points(EXPERIMENTS[lab], file, words)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise RunFileError(f"{lab}.json has nothing to answer {text!r} with ({what}). {CURE}") from error


def points(text: str, folder: Path | None = None) -> list[Digest]:
    """The recorded points that the figure is read from, those that a panel can show; none of a card or of the day."""
    lab, *words = text.split()
    file = recorded(lab, folder)
    if file is None or words[:1] == ["card"] or words in (["elsewhere"], ["flushes"], ["limits"]):
        return []
    asked = _asked(EXPERIMENTS[lab], file.digests, words)
    return [] if asked.what in FACTS else _named(EXPERIMENTS[lab], file.digests, asked)


def is_known(text: str, folder: Path | None = None) -> bool:
    """Whether there is such a figure: not recorded yet, or recorded and not seen, there is none to speak of."""
    return number(text, folder) not in (NOT_YET, UNKNOWN)


def _card(card: Mapping[str, object], path: Sequence[str]) -> str:
    """What stands on the recording's own card under these names; `one/other` divides the two."""
    found = [_in(card, [name, *path[1:]]) for name in path[0].split("/")]
    known = [value for value in found if value is not None]
    if len(known) < len(found):
        return NOT_YET
    return ms_text(known[0]) if len(known) == 1 else times(known[0] / known[1])


def _in(card: object, path: Sequence[str]) -> float | None:
    found = card
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, int | float) else None


def _of_points(lab: Experiment, file: Recording, words: Sequence[str]) -> str:
    """What the points say that the words name; ValueError for a word of no setting, and where they do not agree."""
    asked = _asked(lab, file.digests, words)
    found = _named(lab, file.digests, asked)
    if not found:
        return NOT_YET
    if asked.ranked:
        return _order(lab, found, asked.what)
    if asked.under is not None:
        along = _along(lab)
        return _under(lab, sorted(found, key=lambda one: float(str(one.settings.get(along)))), asked, along)
    if asked.what == "date":
        return recorded_on(replace(file, digests=found))
    texts = list(dict.fromkeys(_text(lab, one, asked.what) for one in found))
    if len(texts) > 1:
        keys = ", ".join(lab.look.key(one.settings) for one in found)
        raise ValueError(f"{' '.join(words)!r} names {len(found)} points of {lab.name}: {keys}")
    return texts[0] or NOT_YET


def _named(lab: Experiment, digests: Sequence[Digest], asked: Asked) -> list[Digest]:
    """The points with these settings; a control that is not named has its default, if that is there."""
    found = [one for one in digests if all(_is(one, name, value) for name, value in asked.settings)]
    along = _along(lab) if asked.under is not None else ""
    for control in lab.controls:
        usual = [one for one in found if str(one.settings.get(control.sets)) == str(control.default)]
        found = usual if len(found) > 1 and usual and control.sets != along else found
    return found


def _along(lab: Experiment) -> str:
    """The setting that the lab's lines run along."""
    return next((chart.sweep for chart in lab.look.charts if chart.sweep), "")


def _is(digest: Digest, name: str, value: str) -> bool:
    named = [digest.settings.get(name)] if name else list(digest.settings.values())
    return value in map(str, named)


def _asked(lab: Experiment, digests: Sequence[Digest], words: Sequence[str]) -> Asked:
    values = {str(value) for digest in digests for value in digest.settings.values()}
    values |= {str(option.value) for control in lab.controls for option in control.options}
    sets = {control.typed: control.sets for control in lab.controls}
    free = {control.typed for control in lab.controls if control.kind == "slider"}
    known, asked = [*lab.look.quantities.by_name, *FACTS], Asked((), "")
    for word in words:
        name, has, value = word.partition("=")
        if has and name == "under":
            asked = replace(asked, under=float(value))
        elif has and name == "order" and value in known:
            asked = replace(asked, what=value, ranked=True)
        elif has and (value in values or name in free):
            asked = replace(asked, settings=(*asked.settings, (sets.get(name, name), value)))
        elif set(word.split("/")) <= set(known):
            asked = replace(asked, what=word)
        elif word in values:
            asked = replace(asked, settings=(*asked.settings, ("", word)))
        else:
            raise ValueError(f"cannot ask {lab.name} for {word!r}: known are {', '.join(sorted(known))}")
    if not asked.what:
        raise ValueError(f"{' '.join(words)!r} asks {lab.name} for nothing: known are {', '.join(sorted(known))}")
    return asked


def _text(lab: Experiment, digest: Digest, what: str) -> str:
    if what in FACTS:
        return str(digest.settings.get(what) or digest.card[what])
    one, _, other = what.partition("/")
    if not other:
        return lab.look.quantities[one].text(digest)
    if any(lab.look.quantities[name].bound(digest) for name in (one, other)):
        return NO_RATIO
    over, under = (lab.look.quantities[name].number(digest) for name in (one, other))
    return "too few samples" if over is None or not under else times(over / under)


def _order(lab: Experiment, found: Sequence[Digest], what: str) -> str:
    """The brokers of these points, the one with the lowest figure first."""
    ranked = [(lab.look.quantities[what].number(one), one.settings["broker"]) for one in found]
    known = sorted((number, broker) for number, broker in ranked if number is not None)
    return ", ".join(BROKER_NAMES[broker] for _, broker in known) or NOT_YET


def _under(lab: Experiment, line: Sequence[Digest], asked: Asked, along: str) -> str:
    """Where along the line the figure stays within the limit in every repeat, as a verdict would have it: `up to` only
    where nothing before it is over the limit; else one by one, and where it is not."""
    typed = next(control.typed for control in lab.controls if control.sets == along)
    inside: list[str] = []
    over: list[tuple[int, str]] = []
    for digest in line:
        figure = lab.look.quantities[asked.what].number(digest)
        if figure is None:
            continue
        at = lab.look.quantities[typed].text(digest)
        if max([*digest.each("latency_ms", asked.what), figure]) > (asked.under or 0):
            over.append((len(inside), at))
        else:
            inside.append(at)
    if between := [at for place, at in over if place < len(inside)]:
        return f"{enumerated(inside)} (but not at {enumerated(between)})"
    if len(inside) > 1:
        return f"all {typed}s up to {inside[-1]}"
    return inside[0] if inside else f"none of the recorded {typed}s"
