"""The rules with what they ask for looked up: figures, their words, links, and whether a thing was measured here."""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from labs.experiments import EXPERIMENTS
from labs.model.digest import Digest
from labs.model.text import capital
from labs.pages import claims, glue, parts
from labs.pages.links import view_of_run
from labs.pages.promise_page import recorded_promises
from labs.pages.recordings import recorded

Table = dict[str, Any]
NOT_HERE = "not measured here"
RUN, PROMISE, CLAIM, DOCUMENT, JUDGED, OPEN = "measured", "attacked", "claim", "document", "our judgement", NOT_HERE
"""What a reason rests on, the strongest first."""
DECIDING = ("holds", "holds with conditions", "no longer holds", "never held")
"""Words of a claim that a reason can rest on; a claim without one is not named, and the reason is our judgement."""
BACKLOG = "big-backlog"
"""The lab that weighs what messages take."""
UNITS = {"load": "/s", "latency": "ms"}


@cache
def rules() -> Table:
    """The file of rules as it stands, with the scenarios."""
    folder = files("labs.pages.choose")
    read = {name: tomllib.loads(folder.joinpath(f"{name}.toml").read_text("utf-8")) for name in ("rules", "scenarios")}
    return read["rules"] | read["scenarios"]


def model(folder: Path | None = None) -> Table:
    """All that the engine and the page need, as JSON has it. ValueError where a rule asks for what there is not."""
    read = rules()
    known = {one["id"]: one["word"] for one in claims.before_counting(folder)}
    made = _Looking(read["doc"], known, {one["id"]: one["word"] for one in _promises(folder)}, folder)
    needs = {one["id"]: one for one in read["need"]}
    return {
        "questions": [_question(one) for one in read["question"]],
        "groups": read["group"],
        "configurations": [made.configuration(one) for one in read["configuration"]],
        "needs": [made.need(one, _cells(one, needs), read) for one in read["need"]],
        "article": [one | {"links": [made.claim(one["claim"])]} for one in read["article"]],
        "scenarios": read["scenario"],
        "servers": servers(folder),
    }


def _promises(folder: Path | None) -> list[Table]:
    found = recorded_promises(folder)
    return list(found["rows"]) if found else []


def servers(folder: Path | None = None) -> list[str]:
    """The versions that the recordings name, for a record of the decision."""
    return sorted({str(card["broker"]) for card in _cards(folder) if card.get("broker")})


def recorded_days(folder: Path | None = None) -> list[str]:
    """The first and the last day on which those were recorded; none where nothing is."""
    days = sorted({str(card["date"]) for card in _cards(folder) if card.get("date")})
    return [days[0], days[-1]] if days else []


def _cards(folder: Path | None) -> list[Mapping[str, Any]]:
    """The run cards behind the figures that weigh most here."""
    names = {"redis-million", "fifty-thousand", "kafka-million", "loss-matrix", BACKLOG}
    files = [file for name in sorted(names) if (file := recorded(name, folder))]
    return [one.card for file in files for one in file.digests if not one.settings.get("published")]


def _question(one: Table) -> Table:
    """With the answer that demands nothing: the first option, the usual number, none of several."""
    if "options" in one:
        return one | {"form": "choice", "neutral": one["options"][0][0]}
    if "several" in one:
        return one | {"form": "several", "neutral": []}
    return one | {"form": "number", "neutral": one["number"]["usual"]}


class _Looking:
    """What the cells of the rules refer to."""

    def __init__(
        self, docs: Mapping[str, list[str]], words: Mapping[str, str], promised: Mapping[str, str], folder: Path | None
    ) -> None:
        self.docs, self.words, self.promised, self.folder = docs, words, promised, folder

    def configuration(self, one: Table) -> Table:
        """With the bytes that a message takes beside its own, by its size, and how the rate falls with the size."""
        plain = {
            "system": "",
            "nodes": 1,
            "untried": False,
            "keeps": False,
            "memory": False,
            "copies": False,
            "writes": False,
            "with": {},
        }
        found = plain | {"short": one["name"]} | one
        weighed = self._beside(one, "disk")
        wrote = [] if weighed else self._written(one)
        return found | {
            "disk": weighed or wrote,
            "wrote": bool(wrote),
            "held": self._beside(one, "data") if one.get("memory") else [],
            "reader": [] if one.get("copies") else self._each(one, "each_more"),
            "curve": one.get("curve") or self._curve(one["broker"]),
            "source": self._source(one),
        }

    def _source(self, one: Table) -> str:
        asked = f"{BACKLOG} {one['backlog']} small disk" if self._kept(one) else f"{one.get('bytes')} per_s"
        return view_of_run(asked, self.folder) if "bytes" in one or self._kept(one) else ""

    def _kept(self, one: Table) -> list[Digest]:
        """The points in which a backlog of it was weighed; not the big one, at which Redis is rewriting its file."""
        file = recorded(BACKLOG, self.folder) if "backlog" in one else None
        found = [point for point in file.digests if point.settings["way"] == one["backlog"]] if file else []
        return [point for point in found if point.settings["backlog"] != "big"]

    def _each(self, one: Table, name: str) -> list[list[float]]:
        """Sizes of messages and a figure of theirs, as far as it was seen."""
        pairs = [(point.settings["body_bytes"], point.number("figures", name)) for point in self._kept(one)]
        return sorted([float(size), round(max(value, 0.0), 1)] for size, value in pairs if value is not None)

    def _beside(self, one: Table, name: str) -> list[list[float]]:
        return [[size, round(value - size, 1)] for size, value in self._each(one, name)]

    def _written(self, one: Table) -> list[list[float]]:
        """Of a setting whose backlog was not weighed, what went to disk while its rate was measured."""
        found = glue.points(f"{one['bytes']} per_s", self.folder) if "bytes" in one else []
        bytes_each = found[0].number("disk_bytes_per_message") if found else None
        if bytes_each is None:
            return []
        size = float(found[0].settings["body_bytes"])
        return [[size, round(bytes_each - size, 1)]]

    def _curve(self, broker: str) -> list[list[float]]:
        """Sizes and messages a second of one broker, the same client and setting at each."""
        file = recorded("messages-or-megabytes", self.folder)
        found = [] if file is None else [one for one in file.digests if one.settings["broker"] == broker]
        pairs = [(one.settings.get("along"), one.number("per_s")) for one in found if one.settings.get("line")]
        return sorted([float(size), float(per_s)] for size, per_s in pairs if size and per_s)

    def need(self, one: Table, cells: Mapping[str, Table], read: Table) -> Table:
        """With a cell for each configuration."""
        plain = {"hard": False, "when": {}, "unless": {}, "measure": "", "steps": [], "levels": []} | one
        names = [each["id"] for each in read["configuration"]]
        made = {name: self._cell(one, _of(cells, name, one["id"])) for name in names}
        if plain["measure"] == "load":  # the rate is reckoned for the reader's size by a curve of that broker
            for each in (one for one in read["configuration"] if self._curve(one["broker"])):
                made[each["id"]]["links"] += self._run(f"messages-or-megabytes way={each['broker']}-1024 per_s")
        return plain | {"cells": made}

    def _cell(self, need: Table, cell: Table) -> Table:
        """How much is left open or which figure counts, in which words, and what that rests on."""
        links: list[Table] = []
        short, number, said, how = cell.get("short"), cell.get("number"), str(cell.get("say", "")), JUDGED
        if "lost" in cell:
            text = self._text(cell["lost"])
            seen = text not in (glue.NOT_YET, glue.UNKNOWN)
            short = None if not seen else 0 if text == "0" else 1
            said, how = f"{self._told(need, cell['lost'], text)} {said}".strip(), RUN if seen else OPEN
            links += self._run(cell["lost"])
        for key in ("figure", "told"):
            if key in cell:
                text = self._text(cell[key])
                seen = text not in (glue.NOT_YET, glue.UNKNOWN)
                said, how = said.replace(f"{{{key}}}", text), RUN if seen else OPEN
                said = said.replace("{size}", self._size(cell[key]))
                links += self._run(cell[key])
                number = self._number(text, need["measure"]) if key == "figure" and seen else number
        if "promise" in cell:
            how = PROMISE if cell["promise"] in self.promised else OPEN
            text = f"Promise {cell['promise']}: {self.promised.get(cell['promise'], 'not recorded yet')}"
            links.append({"text": text, "href": f"promises.html#{cell['promise'].lower()}"})
        if "claim" in cell:
            decided = self.words[cell["claim"]] in DECIDING
            how = CLAIM if how == JUDGED and decided else how
            links += [self.claim(cell["claim"])] if decided else []
        if "doc" in cell:
            how = DOCUMENT if how in (JUDGED, CLAIM) else how
            title, url = self.docs[cell["doc"]]
            links.append({"text": title, "href": url})
        how = OPEN if cell.get("open") else how
        return {
            "short": short,
            "number": number,
            "say": said,
            "how": how,
            "links": links,
            "quiet": bool(cell.get("quiet")),
        }

    def _told(self, need: Table, asked: str, lost: str) -> str:
        """What an event cost, in a sentence."""
        if lost in (glue.NOT_YET, glue.UNKNOWN):
            return "That is not recorded yet."
        all_lost = "all" in need and self._text(f"{asked.removesuffix(' lost')} outcome") == "all lost"
        return str(need["kept" if lost == "0" else "all" if all_lost else "lost"]).format(lost=lost)

    def _text(self, asked: str) -> str:
        return glue.number(asked, self.folder).replace("\u00a0", " ")

    def _size(self, asked: str) -> str:
        """Of how many bytes the messages were by which a figure was measured."""
        known = (point.settings.get("body_bytes") for point in glue.points(asked, self.folder))
        return " or ".join(f"{size:,}" for size in sorted({one for one in known if one})) or glue.UNKNOWN

    def _run(self, asked: str) -> list[Table]:
        href, lab = view_of_run(asked, self.folder), EXPERIMENTS[asked.split()[0]]
        return [{"text": f"The run: {lab.title}", "href": href}] if href else []

    def _number(self, text: str, measure: str) -> float:
        """The figure that is printed, as a number: of a range the end that promises less."""
        low, high = parts.figures(text, UNITS[measure])
        return high if measure == "latency" else low

    def claim(self, name: str) -> Table:
        """A link to a claim, with its word."""
        return {"text": f"{name}: {self.words[name]}", "href": f"claims.html#{name.lower()}"}


def _cells(need: Table, needs: Mapping[str, Table]) -> Table:
    """Those of a need; of one that is the `same` as another, that one's, but for those that stand under it."""
    return {**needs[str(need.get("same", need["id"]))]["cells"], **need.get("cells", {})}


def _of(cells: Mapping[str, Table], name: str, need: str) -> Table:
    """The cell of a configuration: under its own name, or the first pattern that fits it. ValueError if none does."""
    if name in cells:
        return cells[name]
    for pattern, cell in cells.items():
        if fnmatch.fnmatchcase(name, pattern):
            return cell
    raise ValueError(f"rules.toml: the need {need!r} has no cell for {capital(name)}; add one, or a pattern that fits")
