import numpy as np
import pytest

from labs.model.message import STRANGER, Frames, decode, encode, filler
from labs.model.profile import UnknownNameError, profile, profiles
from labs.model.workload import Ceiling, Workload, workload


def test_a_uniform_schedule_is_exactly_the_rate() -> None:
    due = Workload(rate_per_s=1000, duration_s=2, warmup_s=1).due_ns()
    assert len(due) == 3000
    assert set(np.diff(due)) == {1_000_000}


def poisson(seed: int) -> Workload:
    return Workload(rate_per_s=5000, duration_s=4, warmup_s=0, arrivals="poisson", seed=seed)


def test_poisson_arrivals_depend_on_the_seed_and_on_nothing_else() -> None:
    first = poisson(7).due_ns()
    np.random.seed(0)  # what somebody else draws from
    assert np.array_equal(first, poisson(7).due_ns())
    assert not np.array_equal(first, poisson(8).due_ns())
    assert len(set(np.diff(first))) > len(first) // 2


@pytest.mark.parametrize("seed", [1, 7, 8])
def test_the_gaps_of_poisson_arrivals_are_exponential_with_the_rates_mean(seed: int) -> None:
    gaps = np.diff(poisson(seed).due_ns(), prepend=0)
    assert not_exponential(gaps, 200_000) == []


def not_exponential(gaps: np.ndarray, mean_ns: float) -> list[str]:
    """What is not as for a Poisson process: the mean, a quantile, or that a long gap says nothing about the next.

    Of n gaps the mean has a standard error of mean / sqrt(n), the quantile q one of mean * sqrt(q / (1 - q) / n), and
    a correlation one of 1 / sqrt(n). Five of them are allowed, which chance passes in about one of a million.
    """
    error = 5 / np.sqrt(len(gaps))
    found = [] if abs(gaps.mean() / mean_ns - 1) < error else ["mean"]
    for q in (0.1, 0.5, 0.9, 0.99):
        off = np.quantile(gaps, q) / mean_ns + np.log(1 - q)
        found += [f"quantile {q}"] if abs(off) > error * np.sqrt(q / (1 - q)) else []
    if gaps[1:].std() and abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) > error:
        found.append("one after the other")
    return found


def test_gaps_of_another_kind_with_the_same_mean_are_not_taken_for_exponential_ones() -> None:
    dice, n = np.random.default_rng(1), 20_000
    even = np.diff(Workload(rate_per_s=5000, duration_s=4, warmup_s=0).due_ns(), prepend=0)
    right = dice.exponential(200_000, n)
    assert not_exponential(right, 200_000) == []
    assert not_exponential(even, 200_000)
    assert not_exponential(dice.uniform(0, 400_000, n), 200_000)
    assert not_exponential(np.abs(dice.normal(200_000, 200_000, n)), 200_000)
    assert not_exponential(right * 1.05, 200_000)
    assert not_exponential(np.sort(right), 200_000) == ["one after the other"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("rate_per_s", 0), ("rate_per_s", -5), ("rate_per_s", 2e6), ("body_bytes", 3), ("duration_s", 0)],
)
def test_an_impossible_setting_is_refused_with_its_name_and_value(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{field} must be .* got {value:g}".replace("+", r"\+")):
        workload("steady", **{field: value})


def test_a_shorter_ceiling_still_fills_its_window_ten_times() -> None:
    plan = Ceiling(messages=100_000, window=500, batch=100)
    assert plan.scaled(0.5) == Ceiling(messages=50_000, window=500, batch=100)
    assert plan.scaled(0.001).messages == 5000
    warm = Ceiling(messages=100_000, window=500, batch=100, warmup_messages=10_000)
    assert warm.scaled(1) == warm
    assert warm.scaled(0.1).warmup_messages == 1000, "of a try the warm-up is no more than of the whole"


def test_unknown_names_offer_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="kafka-acks-all"):
        profile("kafka-ack-all")
    with pytest.raises(UnknownNameError, match="rate_per_s"):
        workload("steady", rate=5)


def test_every_profile_loads_and_each_broker_has_its_rungs() -> None:
    rungs = {
        broker: {p.rung for p in profiles().values() if p.broker == broker} for broker in ("redis", "rabbitmq", "kafka")
    }
    assert rungs == {"redis": {0, 1, 2, 3}, "rabbitmq": {0, 1, 2, 3}, "kafka": {0, 2, 3}}


def test_a_body_carries_its_sequence_and_due_time_and_a_short_one_is_a_stranger() -> None:
    bodies = encode(5, np.array([10, 20], np.int64), filler(100))
    heads = decode([*bodies, b"short"])
    assert [len(body) for body in bodies] == [100, 100]
    assert heads["sequence"].tolist() == [5, 6, int(STRANGER)]
    assert heads["due_ns"].tolist()[:2] == [10, 20]


def test_bodies_that_are_built_late_or_never_copied_are_the_same_bodies() -> None:
    rest = filler(40)
    stamped = encode(7, np.array([10, 20, 30], np.int64), rest)
    plain = list(stamped)
    assert [len(body) for body in plain] == [40, 40, 40]
    assert decode(plain).tolist() == [(7, 10), (8, 20), (9, 30)] == decode(stamped).tolist()
    assert list(stamped[1:]) == plain[1:]
    assert stamped[-1] == plain[-1]
    raw = b"xx" + b"".join(body + b"--" for body in plain)
    frames = Frames(raw, 2, 42, 3, 40)
    assert list(frames) == plain == frames[:]
    assert frames[-1] == plain[-1]
    assert decode(frames).tolist() == decode(plain).tolist()
    with pytest.raises(IndexError):
        frames[3]
