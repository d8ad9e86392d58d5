"""What a few points can say of a claim: never more than the whole grid says."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from labs.experiments import EXPERIMENTS
from labs.experiments.base import Experiment
from labs.pages.recordings import recorded
from labs.pages.state import verdicts
from tests.made import labs

JUDGING = [lab for lab in EXPERIMENTS.values() if lab.claims]


@pytest.mark.parametrize("lab", JUDGING, ids=lambda lab: lab.name)
def test_no_part_of_the_recorded_points_says_another_word_than_all_of_them(lab: Experiment) -> None:
    one, dice, file = lab, random.Random(5), recorded(lab.name)
    assert file
    points = file.digests
    whole = {verdict.claim: verdict.word for verdict in one.judged(points)}
    assert whole == {verdict.claim: verdict.word for verdict in one.verdict(points)}
    parts = [[point] for point in points]
    parts += [dice.sample(points, dice.randint(1, len(points) - 1)) for _ in range(60)]
    for part in parts:
        for verdict in one.judged(part):
            assert verdict.word in ("undecided here", whole[verdict.claim]), (verdict, len(part))


def test_one_cell_of_the_loss_matrix_decides_nothing_about_all_and_says_what_is_missing() -> None:
    lab = EXPERIMENTS["loss-matrix"]
    file = recorded(lab.name)
    assert file
    [cell] = [d for d in file.digests if lab.look.key(d.settings) == "redis-list-none|stop"]
    said = {verdict["claim"]: verdict for verdict in verdicts(lab, [cell])}  # as a live panel and `labs run` show it
    assert said["C02"]["word"] == "undecided here"
    assert said["C02"]["text"].startswith("41 of the 42 points that the rule needs are not recorded yet. ")
    [default] = [d for d in file.digests if lab.look.key(d.settings) == "redis-list-rdb|kill"]
    alone = {verdict["claim"]: verdict["word"] for verdict in verdicts(lab, [default])}
    assert alone["C04"] == "never held"  # one default that loses refutes it, whatever the others do


def test_points_recorded_before_a_control_was_there_are_told_by_its_name_and_not_by_keys() -> None:
    lab = EXPERIMENTS["latency-ladder"]
    file = recorded(lab.name)
    assert file
    old = [
        replace(one, settings={name: said for name, said in one.settings.items() if name != "arrivals"})  # type: ignore[arg-type]
        for one in file.digests
    ]
    for verdict in lab.judged(old):
        if verdict.word == "undecided here":
            assert verdict.text.startswith("No point of the ")
            assert "is recorded yet. This recording is older than the choice of “Arrivals”. " in verdict.text
            assert "|" not in verdict.text
    now = [  # points of one broker alone lack what only another has, and are not older
        replace(one, settings={**one.settings, "arrivals": "poisson"})  # type: ignore[typeddict-unknown-key]
        for one in old
        if one.settings["broker"] == "redis"
    ]
    assert lab.newer(now) == []


@pytest.mark.broker
def test_a_run_of_one_cell_prints_no_verdict_that_needs_the_others() -> None:
    chosen = ("--set", "setting=redis-list-none", "--set", "fault=stop", "--set", "backend=native")
    result = labs("run", "loss-matrix", *chosen)
    assert result.returncode == 0, result.stderr
    [line] = [line for line in result.stdout.splitlines() if line.startswith("C02")]
    assert line.startswith("C02: undecided here. 41 of the 42 points that the rule needs are not recorded yet")
    assert "never held" not in result.stdout
