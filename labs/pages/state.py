"""An experiment and its digests -> the state of its panel: plain JSON, the same for a live panel and for a page.

Whatever needs a rule of the domain is decided here; panel.mjs only picks, joins and draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labs.judge.card import SERVERS
from labs.model.digest import Digest
from labs.model.profile import BROKERS, RUNGS
from labs.model.text import BROKER_NAMES, number_text
from labs.pages import apart, company, older
from labs.pages.claims import may_vote
from labs.pages.company import NOT_RECORDED
from labs.pages.recordings import on_this_ground, recorded, recorded_on, words
from labs.show.flushed import caption
from labs.show.sentences import CLOSE, STEP_WORDS, templates
from labs.show.traces import DASHES, INKS, MARKS, styles

if TYPE_CHECKING:
    from labs.experiments.base import Control, Experiment
    from labs.show.looks import Guess, Look

State = dict[str, Any]
CARD = {
    "broker": "Broker",
    "client": "Client",
    "backend": "Where it ran",
    "workers": "Workers",
    "broker_cpu": "The broker's processor time",
    "machine": "Machine",
    "cores": "Cores",
    "may_use": "Of which could be used",
    "others": "Used by other programs",
    "rung": "Survives",
    "durability": "Settings in force",
    "fault_method": "How the fault is made",
    "written_back_s": "The kernel writes by itself after, s",
    "jobs": "The work",
    "calls": "Calls",
    "service": "The service",
    "prefetch": "Taken at once",
    "source": "Source",
    "conditions": "Conditions",
    "promise": "Promise",
    "counted": "Counted",
    "window": "Window, messages",
    "batch": "Batch, messages",
    "command": "Command",
    "payload_bytes": "Payload, B",
    "replicas": "Replicas",
    "fsync_ms": "One flush, ms",
    "fsync_of": "That flush is of the passport, recorded",
    "round_trip_ms": "One round trip, ms",
    "date": "Date",
    "repeats": "Repeats",
    "order": "Order",
    "disturbed_runs_left_out": "Disturbed runs, done again",
    "void_runs_left_out": "Void runs, left out",
}


REST = {
    "processor": "Processor",
    "virtual": "A virtual machine",
    "memory": "Memory",
    "system": "System",
    "file_system": "File system of the broker's data",
    "runtime": "The server runs on",
    "origin": "Where the server came from",
    "heap": "The server's memory",
    "given": "Configuration that we give",
}
"""Of the run card what stands folded: what few ask, and a sceptic all the more."""
OF_ALL, OF_SERVERS = ("processor", "virtual", "memory", "system"), ("file_system", "runtime", "origin", "heap", "given")


def view(look: Look, digest: Digest, origin: str, *, live: bool = False) -> State:
    """One point of a lab as a panel shows it: its settings, what its look makes of it, its run card."""
    shown = look.view(digest)
    plain = {name: value for name, value in digest.settings.items() if isinstance(value, str | int | float)}
    card = card_rows(digest.card if live else company.on_card(digest)) + shown.pop("measured", [])
    if newer := older.newer(older.of_point(digest)):
        card.insert(1, ["Newer", newer])
    about = {
        "origin": "published by others" if digest.settings.get("published") else origin,
        "live": live,
        "card": card,
        "rest": card_rest(digest.card),
        "series": plain.get("broker"),
    }
    if "rung" in plain:
        about["survives"] = RUNGS[int(plain["rung"])]
    return plain | about | shown


def card_rows(card: Mapping[str, Any]) -> list[list[str]]:
    """The run card as pairs of words, in the order in which a sceptic asks."""
    known = [(name, label) for name, label in CARD.items() if card.get(name) not in (None, "", {})]
    said = {"rung": lambda text: text.partition(": ")[2] or text}  # its number is for machines
    return [[label, said.get(name, str)(_card_text(card[name]))] for name, label in known]


def card_rest(card: Mapping[str, Any]) -> list[list[str]]:
    """Its folded part. What an older recording lacks reads `not recorded`; of what others published there is none."""
    if "machine" not in card:
        return []
    server = str(card.get("broker", "none")).startswith(tuple(SERVERS[name] for name in BROKERS))
    asked = {*OF_ALL, *(OF_SERVERS if server else ())}
    return [
        [label, _card_text(card[name]) if name in card else NOT_RECORDED]
        for name, label in REST.items()
        if name in card or name in asked
    ]


def _card_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {_card_text(one) if one != '' else 'empty'}" for name, one in value.items())
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "nothing"
    return number_text(value) if isinstance(value, float) else str(value)


def _control(control: Control) -> State:
    made, unit = asdict(control), control.unit
    said = f"{{}}/{unit.removeprefix('messages/')}" if unit.startswith("messages/") else f"{{}} {unit}"
    options = [[one.value, one.label, one.reason] for one in control.options]
    return made | {"options": options, "said": said if unit else f"{control.label.lower()} {{}}"}


def mix(experiment: Experiment) -> State | None:
    """Which control can have a value of its own for each value of another, and the setting of a run that has these."""
    found = next((control for control in experiment.controls if control.per), None)
    return {"control": found.name, "of": found.per, "own": found.own} if found else None


def series() -> dict[str, State]:
    """What a chart shows apart: the name of each, its sign, its colour in look.css."""
    known = {
        one: {"name": BROKER_NAMES.get(one), "mark": mark, "ink": INKS.get(one, one)} for one, mark in MARKS.items()
    }
    return {one: about | ({"dash": DASHES[one]} if one in DASHES else {}) for one, about in known.items()}


def missing(experiment: Experiment) -> State:
    """`broker|rung` -> why there is no such setting, and the nearest stronger rung that has one (or null)."""
    found = {}
    for (broker, rung), reason in experiment.missing.items():
        offer = _stronger(experiment.missing, broker, rung)
        found[f"{broker}|{rung}"] = {"reason": reason, "offer": offer, "says": "" if offer is None else RUNGS[offer]}
    return found


def why_not(experiment: Experiment) -> dict[str, str]:
    """Key of a point that cannot be -> why there is none."""
    return {"|".join(key): reason for key, reason in experiment.why_not.items()}


def _stronger(reasons: Mapping[tuple[str, int], str], broker: str, rung: int) -> int | None:
    return next((r for r in range(rung + 1, 5) if (broker, r) not in reasons), None)


def verdicts(experiment: Experiment, digests: Sequence[Digest]) -> list[State]:
    """The lab's words on the claims that it may judge, from these digests alone."""
    return [asdict(one) for one in words(experiment, digests) if may_vote(experiment, one.claim)]


def views(experiment: Experiment, digests: Sequence[Digest], origin: str, *, live: bool = False) -> dict[str, State]:
    """All points by their key; with a guess, each with its right answer."""
    look, guess = experiment.look, experiment.guess
    found = {look.key(d.settings): view(look, d, origin, live=live) for d in digests}
    if guess:
        for digest in digests:
            found[look.key(digest.settings)] |= {"truth": guess.truth(digest)}
    return found


def _charts(look: Look, digests: Sequence[Digest]) -> list[State]:
    layouts = look.layouts(digests)
    return [asdict(chart) | {"layout": layouts.get(chart.name, {})} for chart in look.charts if chart.page]


def _guess(guess: Guess, digests: Sequence[Digest]) -> State:
    return {"question": guess.question, "options": list(guess.options), "summary": guess.summary(digests)}


def panel_state(experiment: Experiment, digests: Sequence[Digest], recorded_on: str = "") -> State:
    """Everything a panel needs to draw itself and to replay `digests`."""
    guess = experiment.guess
    return {
        "format": 1,
        "lab": experiment.name,
        "title": experiment.title,
        "question": experiment.question,
        "controls": [_control(control) for control in experiment.controls],
        "point": list(experiment.look.point),
        "guess": _guess(guess, digests) if guess else None,
        "missing": missing(experiment),
        "why_not": why_not(experiment),
        "charts": _charts(experiment.look, digests),
        "styles": styles(),
        "series": series(),
        "mix": mix(experiment),
        "promise": experiment.look.promise,
        "titles": templates(),
        "steps": STEP_WORDS,
        "close": CLOSE,
        "columns": list(experiment.look.columns),
        "caption": caption(experiment.look.caption, digests),
        "command": f"labs run {experiment.name}",
        "older": older.line(one for digest in digests for one in older.of_point(digest)),
        "company": company.line(digests),
        **_shared(views(experiment, digests, f"recorded {recorded_on}".strip())),
        "verdicts": verdicts(experiment, digests) if digests else [],
    }


def _shared(found: dict[str, State]) -> State:
    """The views, and what is alike in the folded part of many cards once: a view then has its number."""
    rests: list[Any] = []
    for one in found.values():
        if one["rest"] not in rests:
            rests.append(one["rest"])
        one["rest"] = rests.index(one["rest"])
    return {"views": found, "rests": rests}


def recorded_state(experiment: Experiment, folder: Path | None = None) -> State:
    """The panel's state from the recorded file; no views if there is none."""
    file = recorded(experiment.name, folder)
    if file is None:
        return panel_state(experiment, [])
    made = panel_state(experiment, on_this_ground(file.digests, recorded("passport", folder)), recorded_on(file))
    for digest in file.digests:
        made["views"][experiment.look.key(digest.settings)]["sentence"] += apart.in_benchmark(digest, folder)
    return made
