import numpy as np
import pytest

from labs.model.message import STRANGER, Frames, decode, encode, filler
from labs.model.profile import UnknownNameError, profile, profiles
from labs.model.workload import Ceiling, Workload, workload


def test_a_uniform_schedule_is_exactly_the_rate() -> None:
    due = Workload(rate_per_s=1000, duration_s=2, warmup_s=1).due_ns()
    assert len(due) == 3000
    assert set(np.diff(due)) == {1_000_000}


def test_poisson_arrivals_keep_the_mean_rate_and_depend_on_the_seed_only() -> None:
    plan = Workload(rate_per_s=5000, duration_s=4, warmup_s=0, arrivals="poisson", seed=7)
    assert plan.due_ns()[-1] == pytest.approx(4e9, rel=0.05)
    assert np.array_equal(plan.due_ns(), plan.due_ns())


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
