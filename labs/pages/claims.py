"""The claim board: all 73 claims of the article, each with a verdict and its evidence, or `not tested yet`.

By its `policy` in claims.csv a claim is judged by the recorded runs of the labs that its row names, by the cited
documents of documents.toml, or by nothing: then it cannot be checked, and the row says what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from labs.experiments import EXPERIMENTS
from labs.experiments.base import Experiment
from labs.model.claims import BY_LABS, Row, claims, labs_of, policy_of
from labs.model.text import enumerated
from labs.pages.documents import documented
from labs.pages.recordings import recorded, recorded_on, words

NO_CHECK, NO_TEST = "cannot be checked", "not tested yet"
WORDS = ("holds", "holds with conditions", "no longer holds", "never held", "undecided here", NO_CHECK, NO_TEST)
POLICIES = {
    "measured": "by measurement", "existence": "by a case seen", "documents": "by documents", "none": NO_CHECK,
}  # fmt: skip


def expectation(row: Row) -> str:
    """What the documents say today, without its leading word: an expectation and never a verdict."""
    return row["status_2026"].partition(": ")[2] or row["status_2026"]


def may_vote(lab: Experiment, claim: str) -> bool:
    """Whether the claim's row names the lab, and labs are what judges it."""
    return policy_of(claim) in BY_LABS and lab.number in labs_of(claim)


def judged(folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """Claim -> the verdict of the labs that may judge it, from their recorded files. RunFileError on a damaged file."""
    found: dict[str, list[dict[str, Any]]] = {}
    for lab in EXPERIMENTS.values():
        file = recorded(lab.name, folder)
        if file is not None and lab.claims:
            for verdict in (one for one in words(lab, file.digests, folder) if may_vote(lab, one.claim)):
                said = {"word": verdict.word, "text": verdict.text, "lab": lab.name, "title": lab.title}
                found.setdefault(verdict.claim, []).append(said | {"number": lab.number, "date": recorded_on(file)})
    there = {lab.number for lab in EXPERIMENTS.values() if recorded(lab.name, folder)}
    return {
        claim: _together(parts, [number for number in labs_of(claim) if number not in there])
        for claim, parts in found.items()
    }


def _together(parts: Sequence[dict[str, Any]], missing: Sequence[str]) -> dict[str, Any]:
    """What several labs say on one claim: their word if they agree, else `undecided here`, and each one's evidence; and
    `undecided here` while a lab that the claim's row names is not recorded."""
    given = {part["word"] for part in parts}
    text = parts[0]["text"]
    if len(parts) > 1:
        text = " ".join(f"{part['number']}, {part['word']}: {part['text']}" for part in parts)
    if missing:
        text += f" Not recorded yet: {enumerated(missing)}."
    dates = ", ".join(dict.fromkeys(part["date"] for part in parts))
    word = given.pop() if len(given) == 1 and not missing else "undecided here"
    return parts[0] | {"word": word, "text": text, "date": dates}


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
