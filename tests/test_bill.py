"""The bill of a fault on made histories; no broker."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

from labs.experiments import experiment
from labs.experiments.fault_lab import MATRIX
from labs.judge.fault_digest import bill, outcome, repeat
from labs.judge.loss import account
from labs.model.faults import ENDING
from labs.model.profile import profile
from labs.model.run import NEVER, Run
from tests.made import HUNDRED, STRUCK, struck_run


@pytest.mark.parametrize(
    ("run", "word", "verdict"),
    [
        (struck_run(list(range(80))), "none lost", "kept"),
        (struck_run(list(range(60))), "some lost", "broken"),
        (struck_run([]), "all lost", "broken"),
        (struck_run([], settled=False), "unknown", "unknown"),
        (struck_run(list(range(80)), facts={"fault": {}}), "unknown", "unknown"),
        (struck_run(list(range(80)), facts={"fault": STRUCK | {"text": ""}}), "unknown", "unknown"),
        (struck_run(list(range(80)), facts={"fault": STRUCK | {"sent_then": 0}}), "unknown", "unknown"),
        (struck_run([], facts={"did_not_start": "bad file"}, settled=False), "did not start", "unknown"),
        (struck_run([*range(80), 95]), "none lost", "broken"),
    ],
)
def test_nothing_is_kept_without_a_fault_and_nothing_lost_without_a_full_drain(
    run: Run, word: str, verdict: str
) -> None:
    found = repeat(run)
    assert (found["outcome"], found["verdict"]) == (word, verdict)
    if word in ("unknown", "did not start"):
        assert found["ledger"]["lost"] == 0 or not run.facts["fault"].get("text") or not run.facts["fault"]["sent_then"]


def test_nothing_acknowledged_is_unknown() -> None:
    run = struck_run([])
    silent = Run(run.profile, HUNDRED, {**run.columns, "confirmed_ns": np.full(100, NEVER)}, True, True, "", run.facts)
    assert outcome(silent, account(silent)) == "unknown"


def test_holes_lie_before_the_newest_survivor_and_the_tail_after_it() -> None:
    ledger = account(struck_run([one for one in range(70) if one not in (3, 5)]))
    assert (ledger.lost, ledger.holes, ledger.tail) == (12, 2, 10)


def test_the_loss_window_runs_from_the_oldest_lost_acknowledgement_to_the_fault() -> None:
    assert repeat(struck_run(list(range(60))))["loss_window_s"] == pytest.approx(0.2)
    assert repeat(struck_run(list(range(80))))["loss_window_s"] is None


def test_a_point_whose_repeats_disagree_is_mixed_and_keeps_every_repeat() -> None:
    point = bill(
        "loss-matrix", {"fault": "kill"}, [struck_run(list(range(80))), struck_run([])], profile("redis-list-always")
    )
    assert point.median["outcome"] == "mixed"
    assert point.median["agree"] == 1
    assert point.median["verdict"] == "broken"
    assert [one["ledger"]["lost"] for one in point.repeats] == [0, 80]
    assert point.spread["lost"] == [0, 80]
    assert point.card["fault_method"] == "SIGKILL"


def test_the_checker_finds_every_planted_fate_in_two_thousand_faulted_histories() -> None:
    dice = np.random.default_rng(11)
    for _ in range(2000):
        kept = dice.random(80) < dice.choice([0.0, 0.5, 0.97, 1.0])
        twice = np.flatnonzero(kept & (dice.random(80) < 0.1))
        strangers = dice.integers(80, 100, dice.integers(0, 3))
        arrived = dice.permutation(np.concatenate([np.flatnonzero(kept), twice, strangers]))
        ledger = account(struck_run(arrived.tolist()))
        newest = max((int(one) for one in np.flatnonzero(kept)), default=-1)
        gone = np.flatnonzero(~kept)
        assert ledger.lost == len(gone)
        assert ledger.tail == int((gone > newest).sum())
        assert ledger.duplicated == len(twice)
        assert ledger.unexpected == len(strangers)


def test_the_grid_of_the_loss_matrix_is_every_setting_by_every_event_with_five_seeds() -> None:
    lab = experiment("loss-matrix")
    grid = [lab.settings(one) for one in lab.grid()]
    assert {one["repeats"] for one in grid} == {5}  # as many as a measured claim needs
    assert Counter((one["profile"], one["fault"]) for one in grid) == Counter(product(MATRIX, ENDING))
