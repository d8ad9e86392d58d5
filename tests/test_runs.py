"""Files of runs, percentiles, and the loss checker against histories with planted faults."""

import json
from pathlib import Path

import numpy as np
import pytest

from labs.judge.latency import curve_ms, end_to_end_ns, ladder_ms, percentile
from labs.judge.loss import account
from labs.model.run import FORMAT, Run, RunFileError, load
from tests.made import make_run


@pytest.mark.parametrize(
    ("sent", "confirmed", "delivered", "fate"),
    [
        ([0], [0], [0], "delivered"),
        ([0], [0], [], "lost"),
        ([0], [0], [0, 0], "duplicated"),
        ([0], [], [0], "recovered"),
        ([0], [], [], "unconfirmed"),
        ([], [], [0], "unexpected"),
        ([0, 1], [0, 1], [1, 0], "reordered"),
    ],
)
def test_each_fate_is_counted_under_its_own_name(
    sent: list[int], confirmed: list[int], delivered: list[int], fate: str
) -> None:
    ledger = account(make_run(sent, confirmed, delivered))
    others = {"lost", "duplicated", "recovered", "unconfirmed", "unexpected", "reordered"} - {fate}
    assert getattr(ledger, fate) >= 1
    assert all(getattr(ledger, other) == 0 for other in others)


def test_what_may_still_be_on_its_way_is_unknown_and_never_lost() -> None:
    ledger = account(make_run([0, 1], [0, 1], [0], settled=False))
    assert (ledger.unknown, ledger.lost, ledger.verdict) == (1, 0, "unknown")


def test_a_run_in_which_nothing_was_sent_proves_nothing() -> None:
    assert account(make_run([], [], [])).verdict == "unknown"


def planted(seed: int) -> tuple[Run, dict[str, int]]:
    """A random history and, counted while planting, what the checker has to find in it."""
    random = np.random.default_rng(seed)
    messages = int(random.integers(1, 400))
    confirmed = random.random(messages) < random.choice([0.0, 0.5, 0.95, 1.0])
    vanished = random.random(messages) < random.choice([0.0, 0.05, 0.5, 1.0])
    order = [int(s) for s in np.flatnonzero(~vanished)]
    reordered = 0
    at = 0
    while at + 1 < len(order):  # disjoint swaps of neighbours: each makes exactly one first delivery late
        if random.random() < 0.05:
            order[at], order[at + 1] = order[at + 1], order[at]
            reordered += 1
            at += 1
        at += 1
    again = [s for s in order if random.random() < 0.05]
    strangers = [int(s) for s in random.choice([-1, messages, messages + 7, 2**40], size=int(random.integers(0, 4)))]
    for extra in (*again, *strangers):
        start = order.index(extra) + 1 if extra in order else 0
        order.insert(int(random.integers(start, len(order) + 1)), extra)
    found = {
        "lost": int((confirmed & vanished).sum()),
        "recovered": int((~confirmed & ~vanished).sum()),
        "unconfirmed": int((~confirmed & vanished).sum()),
        "duplicated": len(again),
        "reordered": reordered,
        "unexpected": len(strangers),
    }
    everyone = list(range(messages))
    return make_run(everyone, list(np.flatnonzero(confirmed)), order, messages=messages), found


def test_the_checker_finds_every_planted_fault_in_2000_random_histories() -> None:
    kinds = set()
    for seed in range(2000):
        run, found = planted(seed)
        ledger = account(run)
        assert {name: getattr(ledger, name) for name in found} == found, f"seed {seed}"
        broken = bool(found["lost"] or found["unexpected"])
        assert ledger.verdict == ("broken" if broken else "kept"), f"seed {seed}"
        kinds |= {name for name, count in found.items() if count}
    assert len(kinds) == 6


def test_a_percentile_is_an_observed_value_and_needs_ten_samples_beyond_it() -> None:
    values = np.arange(1, 1001, dtype=np.int64) * 1_000_000
    assert percentile(values, 0.99) == 990_000_000
    assert percentile(values, 0.999) is None
    assert percentile(values[:999], 0.99) is None
    assert percentile(values[:0], 0.5) is None
    assert ladder_ms(values) == {"p50": 500, "p90": 900, "p99": 990, "p999": None, "max": 1000}


def test_the_curve_ends_where_ten_samples_are_left() -> None:
    values = np.arange(1, 1001, dtype=np.int64) * 1_000_000
    curve = curve_ms(values)
    assert curve[0] == (0.0, 1.0)
    assert curve[-1] == (pytest.approx(0.99), 990.0)
    assert curve_ms(values[:10]) == []


def test_latency_counts_from_the_due_time_of_the_first_delivery_only() -> None:
    run = make_run([0, 1], [0, 1], [0, 1, 0])
    assert end_to_end_ns(run).tolist() == [50, 50]


def test_a_run_survives_the_disk_unchanged(tmp_path: Path) -> None:
    run = make_run([0, 1, 2], [0, 1], [0, 1, 2])
    run.save(tmp_path / "deep" / "run.npz")
    back = load(tmp_path / "deep" / "run.npz")
    assert back.workload == run.workload
    assert account(back) == account(run)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["run.npz"]


@pytest.mark.parametrize("cut", [0, 10, 200, -30])
def test_a_damaged_run_file_is_named_and_not_half_read(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "run.npz"
    make_run([0], [0], [0]).save(path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(RunFileError, match="Record it again"):
        load(path)


@pytest.mark.parametrize(("version", "cure"), [(0, "older version"), (FORMAT + 1, "Update the labs")])
def test_a_run_of_another_format_is_refused_with_the_cure(tmp_path: Path, version: int, cure: str) -> None:
    run = make_run([0], [0], [0])
    header = np.frombuffer(json.dumps({"format": version}).encode(), np.uint8)
    np.savez(tmp_path / "run.npz", header=header, **run.columns)
    with pytest.raises(RunFileError, match=cure):
        load(tmp_path / "run.npz")
