"""The claim board: all 73 claims of the article, each with a verdict and its evidence, or `not tested yet`.

By its `policy` in claims.csv a claim is judged by the recorded runs of the labs that its row names, by the cited
documents of documents.toml, or by nothing: then it cannot be checked, and the row says what is missing.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from labs.experiments import EXPERIMENTS
from labs.experiments.base import Experiment
from labs.pages.documents import documented
from labs.pages.recordings import recorded, recorded_on

Row = dict[str, str]
NO_CHECK, NO_TEST = "cannot be checked", "not tested yet"
WORDS = ("holds", "holds with conditions", "no longer holds", "never held", "undecided here", NO_CHECK, NO_TEST)
POLICIES = {
    "measured": "by measurement", "existence": "by a case seen", "documents": "by documents", "none": NO_CHECK,
}  # fmt: skip
BY_LABS = ("measured", "existence")


@cache
def claims() -> dict[str, Row]:
    """The rows of claims.csv by id, in the article's order."""
    text = files("labs.pages").joinpath("claims.csv").read_text("utf-8")
    return {row["id"]: row for row in csv.DictReader(text.splitlines())}


def expectation(row: Row) -> str:
    """What the documents say today, without its leading word: an expectation and never a verdict."""
    return row["status_2026"].partition(": ")[2] or row["status_2026"]


def may_vote(lab: Experiment, claim: str) -> bool:
    """Whether the claim's row names the lab, and labs are what judges it."""
    row = claims()[claim]
    return row["policy"] in BY_LABS and lab.number in row["lab"].split(", ")


def judged(folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """Claim -> the verdict of the labs that may judge it, from their recorded files. RunFileError on a damaged file."""
    found: dict[str, list[dict[str, Any]]] = {}
    for lab in EXPERIMENTS.values():
        file = recorded(lab.name, folder)
        if file is not None and lab.claims:
            for verdict in (one for one in lab.judged(file.digests) if may_vote(lab, one.claim)):
                said = {"word": verdict.word, "text": verdict.text, "lab": lab.name, "title": lab.title}
                found.setdefault(verdict.claim, []).append(said | {"number": lab.number, "date": recorded_on(file)})
    return {claim: _together(parts) for claim, parts in found.items()}


def _together(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What several labs say on one claim: their word if they agree, else `undecided here`, and each one's evidence."""
    if len(parts) == 1:
        return parts[0]
    words = {part["word"] for part in parts}
    text = " ".join(f"{part['number']}, {part['word']}: {part['text']}" for part in parts)
    dates = ", ".join(dict.fromkeys(part["date"] for part in parts))
    return parts[0] | {"word": words.pop() if len(words) == 1 else "undecided here", "text": text, "date": dates}


def board(folder: Path | None = None) -> list[dict[str, Any]]:
    """Every claim: id, section, claim, word, evidence, policy, read (what documents say, with address), expected,
    source, rule, when and why the rule changed, and its lab."""
    words = judged(folder)
    return [_entry(row, words.get(row["id"])) for row in claims().values()]


def _entry(row: Row, verdict: dict[str, Any] | None) -> dict[str, Any]:
    known: dict[str, Any] = {"id": row["id"], "section": row["section"], "claim": row["claim"], "lab": row["lab"]}
    known |= {"expected": expectation(row), "source": row["source"], "rule": row["verdict_rule"]}
    known |= {"policy": POLICIES[row["policy"]], "rule_changed": row["rule_changed"], "read": [], "page": ""}
    if row["policy"] == "none":
        lacks = row["verdict_rule"].removeprefix("Cannot be checked: ")
        return known | {"word": NO_CHECK, "evidence": lacks[0].upper() + lacks[1:]}
    if verdict is None:
        return known | _by_document(row["id"])
    evidence = f"{verdict['text']} (Recorded {verdict['date']}.)"
    return known | {"word": verdict["word"], "evidence": evidence, "page": verdict["lab"]}


def _by_document(claim: str) -> dict[str, Any]:
    """What documents say of a claim that no lab has judged; `not tested yet` if none was read."""
    found = documented().get(claim)
    if found is None:
        return {"word": NO_TEST, "evidence": ""}
    evidence = f"{found.text} (Documents, read {found.read}.)"
    return {"word": found.word, "evidence": evidence, "read": [asdict(source) for source in found.sources]}


def tally(entries: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many claims have each word, in the order of WORDS."""
    return {word: sum(entry["word"] == word for entry in entries) for word in WORDS}
