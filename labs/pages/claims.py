"""What the claim board says: all 73 claims of the article, each with a verdict and its evidence, or `not tested yet`.

By its `policy` in claims.csv a claim is judged by the recorded runs of the labs that its row names, by the cited
documents of documents.toml, or by nothing: then it cannot be checked, and the row says what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from labs.experiments import EXPERIMENTS
from labs.experiments.base import Experiment
from labs.experiments.rules import by_any_rounds
from labs.model.claims import BY_LABS, Row, claims, labs_of, policy_of
from labs.model.text import capital, enumerated, in_words, sentences
from labs.pages.article import article
from labs.pages.documents import cited, documented
from labs.pages.recordings import recorded, recorded_on, words

NO_CHECK, NO_TEST = "cannot be checked", "not tested yet"
WORDS = ("holds", "holds with conditions", "no longer holds", "never held", "undecided here", NO_CHECK, NO_TEST)
POLICIES = {
    "measured": "by measurement", "existence": "by a case seen", "documents": "by documents", "none": NO_CHECK,
}  # fmt: skip

COUNTED = {
    "C05": "labs.pages.popular", "C27": "labs.pages.choose.three", "C61": "labs.pages.choose.converged",
}  # fmt: skip
"""Claims on which no lab votes: they are counted by `verdict` of these modules, from documents or from what the page
Choose knows."""
UNDECIDED = "undecided here"
WRITTEN = "2026-11-24"
"""The day on which the rules were written, before anything was recorded; a changed one has its day in claims.csv."""
OF_A_PART = {("read-it-again", "C65")}
"""Lab and claim where the rule asks for two things and the lab measures one of them."""
DAY = re.compile(r"20\d\d-\d\d-\d\d")
DECIDED = {"measured": "measured", "documents": "by documents", "uncheckable": NO_CHECK, "open": "still open"}
"""How a claim was decided."""


def decided(word: str, policy: str) -> str:
    """Which of DECIDED a claim is, by its word and the policy of claims.csv."""
    if word == NO_CHECK:
        return "uncheckable"
    if word in (NO_TEST, UNDECIDED):
        return "open"
    return "documents" if policy == "documents" else "measured"


def split(text: str) -> tuple[str, str]:
    """The first sentence, and the rest."""
    first, *rest = sentences(text)
    return first, " ".join(rest)


def expectation(row: Row) -> str:
    """What the documents say today, without its leading word: an expectation and never a verdict."""
    return row["status_2026"].partition(": ")[2] or row["status_2026"]


def may_vote(lab: Experiment, claim: str) -> bool:
    """Whether the claim's row names the lab, and labs are what judges it."""
    return policy_of(claim) in BY_LABS and lab.number in labs_of(claim)


def judged(folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """Claim -> the verdict of the labs that may judge it, from their recorded files. RunFileError on a damaged file.
    `so_far` is the word that it would have if fewer rounds were enough, where nothing but rounds is missing."""
    found = _judged_by_labs(folder)
    with by_any_rounds():
        so_far = _judged_by_labs(folder)
    waiting = [claim for claim, one in found.items() if one["word"] == UNDECIDED != so_far[claim]["word"]]
    return found | {claim: found[claim] | {"so_far": so_far[claim]["word"]} for claim in waiting}


CHOOSE = "L7.4"
"""The decision workbook, which is the page Choose and records nothing."""


def _judged_by_labs(folder: Path | None) -> dict[str, dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for lab in EXPERIMENTS.values():
        file = recorded(lab.name, folder)
        if file is not None and lab.claims:
            for verdict in (one for one in words(lab, file.digests, folder) if may_vote(lab, one.claim)):
                said = {"word": verdict.word, "text": verdict.text, "lab": lab.name, "title": lab.title}
                said |= {"claim": verdict.claim}
                found.setdefault(verdict.claim, []).append(said | {"number": lab.number, "date": recorded_on(file)})
    there = {lab.number for lab in EXPERIMENTS.values() if recorded(lab.name, folder)} | {CHOOSE}
    return {
        claim: _together(parts, [] if _seen(claim, parts) else [one for one in labs_of(claim) if one not in there])
        for claim, parts in found.items()
    }


def _seen(claim: str, parts: Sequence[dict[str, Any]]) -> bool:
    """Whether it is decided by a case, and the labs that are recorded have seen one: no further lab can unsee it."""
    return policy_of(claim) == "existence" and any(part["word"] != UNDECIDED for part in parts)


def _together(parts: Sequence[dict[str, Any]], missing: Sequence[str]) -> dict[str, Any]:
    """What several labs say on one claim: their word if they agree, else `undecided here`, and each one's evidence; and
    `undecided here` while a lab that the claim's row names is not recorded."""
    given = {part["word"] for part in parts}
    text = parts[0]["text"]
    if len(given) > 1:
        told = (f"{part['text']} {_by(part)}" for part in parts)
        words = enumerated([f"“{part['title']}” says “{part['word']}”{_of_part(part)}" for part in parts])
        text = " ".join([f"The labs do not agree: {words}.", *told])
    else:  # two labs that look at the same points say the same, and it is said once
        others = [part for part in parts[1:] if part["text"] != text]
        text = " ".join([text, *(f"{part['text']} That is by the lab “{part['title']}”." for part in others)])
    if missing:
        labs = "lab of this claim is" if len(missing) == 1 else "labs of this claim are"
        text = f"{capital(in_words(len(missing)))} more {labs} not recorded yet. {text}"
    dates = ", ".join(dict.fromkeys(part["date"] for part in parts))
    word = given.pop() if len(given) == 1 and not missing else UNDECIDED
    return parts[0] | {"word": word, "text": text, "date": dates}


def _of_part(part: dict[str, Any]) -> str:
    """What a lab adds that measures a part of the rule only; empty for another, and while it says nothing."""
    partly = (part["lab"], part["claim"]) in OF_A_PART and part["word"] != UNDECIDED
    return " of the part of the rule that it measures" if partly else ""


def _by(part: dict[str, Any]) -> str:
    """What a lab's evidence makes of the claim, or of the part of its rule that the lab measures."""
    if _of_part(part):
        return f"For the part of the rule that it measures, the lab “{part['title']}” says “{part['word']}”."
    return f"That makes it “{part['word']}” by the lab “{part['title']}”."


def board(folder: Path | None = None) -> list[dict[str, Any]]:
    """Every claim: id, section, claim, the article's own words, word, evidence, `items` of it (each a list: what it is,
    and what is to be said of it), when it was recorded or read, policy and how it was decided, read (what documents
    say, with address), expected, cited, rule, when and why it changed, its labs, and the lab whose page shows it."""
    entries = before_counting(folder)
    counted = {claim: import_module(module).verdict(folder) for claim, module in COUNTED.items()}
    return [entry | (counted.get(entry["id"], {})) for entry in entries]


def before_counting(folder: Path | None = None) -> list[dict[str, Any]]:
    """The same without the words of COUNTED, some of which the page Choose makes of the others."""
    words = judged(folder)
    return [_entry(row, words.get(row["id"])) for row in claims().values()]


def _entry(row: Row, verdict: dict[str, Any] | None) -> dict[str, Any]:
    known: dict[str, Any] = {"id": row["id"], "section": row["section"], "claim": row["claim"], "lab": row["lab"]}
    known |= {"expected": expectation(row), "cited": cited(row["source"]), "rule": row["verdict_rule"]}
    known |= {
        "policy": POLICIES[row["policy"]],
        "rule_changed": row["rule_changed"],
        "read": [],
        "items": [],
        "page": "",
        "when": "",
        "so_far": "",
    }
    known |= _judged(row, verdict) | {"words": article().words[row["id"]]}
    return known | {"decided": decided(known["word"], row["policy"]), "later": _later(known)}


def _later(entry: dict[str, Any]) -> str:
    """Where a rule was changed after all that it judges had been recorded: a reader must know it."""
    recorded_last = max(DAY.findall(entry["when"]), default="") if entry["page"] else ""
    changed = entry["rule_changed"].partition(": ")[0]
    return "The rule is later than the recording that it judges." if "" < recorded_last < changed else ""


def _judged(row: Row, verdict: dict[str, Any] | None) -> dict[str, Any]:
    if row["policy"] == "none":
        lacks = row["verdict_rule"].removeprefix("Cannot be checked: ")
        return {"word": NO_CHECK, "evidence": lacks[0].upper() + lacks[1:]}
    if verdict is None:
        return _by_document(row["id"])
    when = f"Recorded {verdict['date']}."
    return {"word": verdict["word"], "evidence": verdict["text"], "when": when, "page": verdict["lab"]} | {
        "so_far": verdict.get("so_far", "")
    }


def _by_document(claim: str) -> dict[str, Any]:
    """What documents say of a claim that no lab has judged; `not tested yet` if none was read."""
    found = documented().get(claim)
    if found is None:
        return {"word": NO_TEST, "evidence": ""}
    read = [asdict(source) for source in found.sources]
    return {"word": found.word, "evidence": found.text, "when": f"Documents, read {found.read}.", "read": read}
