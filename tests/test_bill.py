"""The bill of a fault on made histories; no broker."""

import numpy as np
import pytest

from labs.experiments import experiment
from labs.experiments.loss_verdicts import c02, c04, c29, c33, c45, c54, c57
from labs.judge.fault_digest import bill, middle, outcome, repeat
from labs.judge.loss import account
from labs.model.digest import Digest
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


def point(name: str, fault: str, word: str) -> Digest:
    """A cell with that outcome."""
    lost = {"none lost": 0, "some lost": 40, "all lost": 80}.get(word, 0)
    one = {"outcome": word, "verdict": "", "ledger": {"lost": lost, "acknowledged": 80}}
    settings = {"profile": name, "fault": fault, "label": profile(name).label, "broker": profile(name).broker}
    extra = dict.fromkeys(("lost_share", "loss_window_s", "recovery_s", "took_s"))
    return Digest(lab="loss-matrix", settings=settings, repeats=[one], median=middle([one | extra]), card={})


def test_the_claims_are_judged_by_the_rules_of_the_ledger() -> None:
    default = [point("redis-list-rdb", "kill", "all lost"), point("kafka-acks-all", "kill", "none lost")]
    assert c04(default).word == "never held"
    assert "80 of 80" in c04(default).text
    assert c04([point("redis-list-rdb", "kill", "unknown")]).word == "undecided here"
    assert c02(default).word == "holds with conditions"
    assert c02([point("redis-list-rdb", "kill", "did not start")]).word == "undecided here"
    assert c02(default[:1]).word == "never held"
    assert c45([*default, point("kafka-acks-all", "power", "all lost")]).word == "holds with conditions"
    assert c45([point("kafka-acks-all", "kill", "some lost")]).word == "undecided here"
    kept = [*default, point("redis-list-no", "kill", "none lost")]
    assert [(one(default).word, one(kept).word) for one in (c54, c57)] == [("holds", "never held")] * 2


def test_the_definition_of_persistence_needs_its_event_when_the_settings_rank_differently() -> None:
    names, events = ("redis-list-no", "redis-list-always"), ("stop", "kill", "power")
    alike = [point(name, event, "none lost") for name in names for event in events]
    assert c29(alike).word == "holds"
    apart = [*alike[:2], point("redis-list-no", "power", "all lost"), *alike[3:]]
    assert c29(apart).word == "holds with conditions"
    assert c29(alike[:3]).word == "undecided here"


def test_persistent_and_transient_are_told_apart_by_a_kill_and_queue_types_by_a_power_cut() -> None:
    cells = [point("rabbitmq-transient-confirms", "kill", "all lost"), point("rabbitmq-confirms", "kill", "none lost")]
    assert c33(cells).word == "holds"
    more = [point("rabbitmq-confirms", "power", "all lost"), point("rabbitmq-quorum", "power", "none lost")]
    assert c33([*cells, *more]).word == "holds with conditions"
    assert c33(cells[:1]).word == "undecided here"


def test_the_grid_of_the_loss_matrix_is_every_setting_by_every_event_with_three_seeds() -> None:
    lab = experiment("loss-matrix")
    grid = [lab.settings(one) for one in lab.grid()]
    assert len(grid) == 39
    assert {one["repeats"] for one in grid} == {3}
    assert len({(one["profile"], one["fault"]) for one in grid}) == 39
