"""The second count of the verdicts: it shares nothing with the rules, and says the same of every recording."""

from __future__ import annotations

import ast
import json
import random
import re
import statistics
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from labs.cli.verify import command
from labs.experiments import EXPERIMENTS
from labs.model.claims import policy_of
from labs.model.digest import Digest
from labs.model.paths import PROJECT, RECORDED
from labs.pages import recount_claims
from labs.pages.claims import board, judged

COUNTS = (3, 4, 5, 6, 7, 9, 10, 12)
ALTERED = 12
OUTCOMES = ("none lost", "some lost", "all lost", "unknown")


def test_the_second_count_agrees_with_the_board_on_all_claims() -> None:
    first = {entry["id"]: entry["word"] for entry in board()}
    assert recount_claims.words(RECORDED, PROJECT / "labs") == first
    assert len(first) == 73


@pytest.mark.parametrize(
    "name",
    [
        "recount",
        "recount_backlog",
        "recount_bursts",
        "recount_choose",
        "recount_claims",
        "recount_groups",
        "recount_joining",
        "recount_keeping",
        "recount_limits",
        "recount_losses",
        "recount_queues",
        "recount_rates",
        "recount_shapes",
        "recount_switching",
        "recount_work",
    ],
)
def test_the_second_count_imports_nothing_of_the_rules(name: str) -> None:
    tree = ast.parse((PROJECT / "labs" / "pages" / f"{name}.py").read_text("utf-8"))
    found = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    found |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {one for one in found if one.startswith("labs") and not one.startswith("labs.pages")} == set()
    assert "labs.pages.claims" not in found


def _altered(content: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """A recording with other numbers of repeats, other outcomes and other figures, so that rules find all words."""
    number, luck = dice.choice(COUNTS), dice.random()
    for point in content["digests"]:
        if not point["repeats"]:
            continue
        point.pop("pictures", None)
        factor, mine = dice.choice((0.05, 0.3, 1, 1, 1.3, 20)), number + (dice.random() < 0.03)
        outcome = dice.choice(OUTCOMES)
        point["repeats"] = [deepcopy(point["repeats"][at % len(point["repeats"])]) for at in range(mine)]
        for repeat in point["repeats"]:
            repeat.pop("curve", None)
            odd = dice.random() < luck / 5
            _alter(repeat, factor * (9 if odd else 1), dice.choice(OUTCOMES) if odd else outcome)
            repeat |= {"counted_s": 5.0, "halves": 1.0 if dice.random() < 0.98 else 1.3}
        if known := [repeat["per_s"] for repeat in point["repeats"] if repeat.get("per_s")]:
            point["median"]["per_s"] = statistics.median(known)
            point["median"]["client_bound"] = dice.random() < 0.05
        if "setup" in point and dice.random() < 0.9:
            point["setup"]["killed"] = dict.fromkeys(map(str, range(dice.randint(2, 6))))
    return content


def _alter(repeat: dict[str, Any], factor: float, outcome: str) -> None:
    if repeat.get("per_s"):
        repeat["per_s"] *= factor
    for ladder in ("latency_ms", "service_ms", "blocked_ms"):
        for step, ms in (repeat.get(ladder) or {}).items():
            repeat[ladder][step] = ms if ms in (None, "never") else ms * factor
    if "outcome" in repeat:
        repeat["outcome"] = outcome
    if "jobs" in repeat:
        lost = {"none lost": 0, "some lost": 3, "all lost": 200, "unknown": 0}[outcome]
        repeat["jobs"] |= {"lost": lost, "unknown": int(outcome == "unknown")}
        repeat["jobs"] |= {"missing": lost} if "missing" in repeat["jobs"] else {}
        repeat.get("figures", {}).update({} if outcome == "unknown" else {"lost": lost})
    figures = repeat.get("figures", {})
    bursts = ("pool_share", "load", "slope_per_s")
    figures |= {name: figures[name] * factor for name in bursts if figures.get(name) is not None}
    if "answered" in repeat.get("ends", {}):
        repeat["ends"]["answered"] -= outcome == "some lost"
    if "since" in repeat:
        repeat["since"] |= {"all lost": {"SUBSCRIBE": "5.0.0"}, "unknown": {"BLPOP": "untold"}}.get(outcome, {})
        late = repeat["trials"]["offline"]
        late |= {"some lost": {"outcome": "partly", "got": {"first": 7}}}.get(outcome, {})
    if repeat.get("ratio"):
        repeat["ratio"] = max(1.0, repeat["ratio"] * factor)
    for told in repeat.get("cells", {}).values():
        told["state"] = {"none lost": told["state"], "some lost": "partly", "all lost": "no", "unknown": "yes"}[outcome]
    _alter_groups(figures, outcome)
    _alter_joining(repeat, outcome)
    _alter_lives(repeat, factor, outcome)


def _alter_lives(repeat: dict[str, Any], factor: float, outcome: str) -> None:
    figures = repeat.get("figures", {})
    if "stale_share" not in figures:
        return
    figures["stale_share"] *= {"none lost": 0, "all lost": 3}.get(outcome, 1)
    figures["p99_ms"] = figures["p99_ms"] and figures["p99_ms"] * factor
    repeat["verdict"] = "unknown" if outcome == "unknown" else "known"


def _alter_groups(figures: dict[str, Any], outcome: str) -> None:
    if figures.get("busy"):
        figures |= {"some lost": {"busy": 1}, "all lost": {"passed": 0}, "none lost": {"passed": 27}}.get(outcome, {})


def _alter_joining(repeat: dict[str, Any], outcome: str) -> None:
    if "joined" not in repeat:
        return
    late = repeat["joined"]["late"]
    late["history"] = {"none lost": repeat["joined"]["before"], "some lost": late["history"]}.get(outcome, 0)
    late["broken"]["strict"] *= outcome != "none lost"
    repeat["verdict"] = "unknown" if outcome == "unknown" else "known"
    repeat["sender"]["told"] += outcome == "all lost"
    repeat["sender"]["direct"] = {"none lost": 0, "some lost": None}.get(outcome, repeat["sender"]["direct"])


def _alike(folder: Path, dice: random.Random) -> Iterator[tuple[str, str, str]]:
    """Claim, word by the rule, word by the second count, of altered recordings in that folder."""
    files = {}
    judging = [lab for lab in EXPERIMENTS.values() if lab.rules]
    for lab in dict.fromkeys(name for one in judging for name in (one.name, *one.beside)):
        path = RECORDED / f"{lab}.json"
        if path.exists():
            content = _altered(json.loads(path.read_text("utf-8")), dice)
            (folder / path.name).write_text(json.dumps(content))
            files[lab] = [Digest.from_json(one) for one in content["digests"]]
    for lab in EXPERIMENTS.values():
        beside = [one for name in lab.beside for one in files[name]]
        for rule in lab.rules:
            second = recount_claims.counted(rule.claim, policy_of(rule.claim), folder, lab.name)
            yield rule.claim, rule([*files[lab.name], *beside]).word, second


def test_rules_and_second_count_say_the_same_of_recordings_that_nobody_measured(tmp_path: Path) -> None:
    dice, seen = random.Random(14), set[tuple[str, str]]()
    for _ in range(ALTERED):
        for claim, first, second in _alike(tmp_path, dice):
            assert first == second, claim
            seen.add((claim, first))
    undecided = {claim for claim, word in seen if word == "undecided here"}
    decided = {claim for claim, word in seen if word != "undecided here"}
    assert len(undecided) >= 20
    assert len(decided) >= 15


def test_a_word_that_differs_is_an_error_that_names_the_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(command, ["--claims"])
    assert done.exit_code == 0
    assert done.output.rstrip().endswith("0 differences in 73 claims.")
    monkeypatch.setitem(recount_claims.BY, "C04", (lambda _r, _lab: "holds", ("loss-matrix",)))
    done = CliRunner().invoke(command, ["--claims"])
    assert done.exit_code == 1
    assert re.search(r"(?m)^C04 +never held +holds +DIFFERS$", done.output)
    assert CliRunner().invoke(command, ["--claims", "/nowhere"]).exit_code == 1


# -- figures ---------------------------------------------------------------------------------------------------------

NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])")
SMALL = {float(number) for number in range(10)} | {20.0, 100.0, 1000.0, 16384.0}
"""Counts of points and rungs, and what a rule chose to look at."""


def _numbers(part: Any) -> Iterator[float]:
    """Every number of a recorded file, also those in its words."""
    if isinstance(part, dict | list):
        for one in part.values() if isinstance(part, dict) else part:
            yield from _numbers(one)
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield float(part)
    elif isinstance(part, str):
        yield from (float(one.replace(",", "")) for one in NUMBER.findall(part))


def _computed(content: dict[str, Any]) -> Iterator[float]:
    """What the sentences make of them: ratios of two points' rates and medians, round by round; shares; slopes."""
    points = [one for one in content["digests"] if one["repeats"]]
    yield from (float(len(points)), float(sum(len(one["repeats"]) for one in points)))
    yield from map(float, range(len(points)))
    yield from (float(round(row)) for one in points for row in _of_figures(one))
    if content["lab"] in ("price-of-persistence", "messages-or-megabytes", "one-question", "who-is-waiting"):
        table = [[_main(repeat) for repeat in one["repeats"]] for one in points]
        for first, second in product(table, repeat=2):
            yield from (a / b for a, b in zip(first, second, strict=False) if a and b)
    if content["lab"] == "burst-or-overload":
        shares = [repeat["figures"] for one in points for repeat in one["repeats"]]
        yield from (100 * one[name] for one in shares for name in ("pool_share", "queue_share", "late_share"))
        middle = [one["median"]["figures"] for one in points if one["median"]["figures"]["service_per_s"] is not None]
        yield from (float(round(one["arrival_per_s"] - one["service_per_s"])) for one in middle)
    if content["lab"] in ("short-life", "routing-at-rate"):
        found = [repeat for one in points for repeat in one["repeats"]]
        yield from (
            100 * repeat["figures"].get(name, 0) for repeat in found for name in ("stale_share", "dropped_share")
        )
        yield from (100 * repeat.get("ratio", 0) for repeat in found)
        yield from (one["median"]["figures"].get("direct_per_s", 0) for one in points)
    if content["lab"] == "big-backlog":
        ratios = [repeat["figures"] for one in points for repeat in one["repeats"]]
        yield from (100 * one[name] for one in ratios for name in ("onto", "paced", "with_five"))
    if content["lab"] == "who-is-waiting":
        for free, busy in product(points, repeat=2):
            callers, ms = busy["settings"]["callers"], free["settings"]["service_ms"]
            for one, two in zip(free["repeats"], busy["repeats"], strict=False):
                if ms == 0 and two["per_s"]:
                    yield 100 * two["per_s"] * (20 + one["blocked_ms"]["p50"]) / 1000 / callers
        yield from (abs(a - b) / 50 for a, b in pairwise(sorted(_main(r) or 0 for p in points for r in p["repeats"])))


def _of_figures(point: dict[str, Any]) -> Iterator[float]:
    for repeat in point["repeats"]:
        yield from (one for one in repeat.get("figures", {}).values() if one is not None)
        yield from (1000 * repeat[name] for name in ("ready_s",) if name in repeat)


def _main(repeat: dict[str, Any]) -> float | None:
    blocked: dict[str, float | None] = repeat.get("blocked_ms") or {}
    return blocked.get("p50") or repeat.get("per_s")


def _stands(told: str, known: set[float]) -> bool:
    """Whether a printed number is one of these, rounded as it is printed, to three digits at least."""
    value = float(told.replace(",", ""))
    digits = len(told.partition(".")[2])
    scaled = (one * scale for one in known for scale in (1.0, 1000.0, 0.001))
    return any(value in (round(one, digits), float(f"{one:.3g}"), float(f"{one:.2g}")) for one in scaled)


@cache
def _in_file(lab: str) -> frozenset[float]:
    content = json.loads((RECORDED / f"{lab}.json").read_text("utf-8"))
    return frozenset(_numbers(content)) | frozenset(_computed(content))


def _known(*labs: str) -> set[float]:
    return SMALL.union(*map(_in_file, (*labs, "passport")))


JUDGED = judged()


@pytest.mark.parametrize("claim", sorted(JUDGED))
def test_every_figure_in_a_verdict_is_in_the_recording_or_computed_from_it(claim: str) -> None:
    labs = [lab.name for lab in EXPERIMENTS.values() if claim in lab.claims]
    known = _known(*labs, *(name for lab in labs for name in EXPERIMENTS[lab].beside))
    text = JUDGED[claim]["text"]
    assert [one for one in NUMBER.findall(text) if not _stands(one, known)] == [], text
    assert not _stands("77,777.77", known)
