"""Servers whose limit is set on purpose: the stamp says which. `python -m tests.limit_truth` does it twenty times."""

from __future__ import annotations

import os

import pytest

from labs.judge.lift import Limit
from tests.limit_truth import CASES, judged


@pytest.mark.long
@pytest.mark.broker
@pytest.mark.parametrize("truth", CASES)
def test_a_limit_that_was_set_on_purpose_is_the_one_that_the_stamp_names(truth: Limit) -> None:
    before = os.sched_getaffinity(0)
    # On a full machine a hiccup makes one round's base slow, and a variant then seems to lift it. What other tests take
    # of that one processor comes and goes: a second sitting of other rounds has to be right then.
    for seed in (1, 2) if truth == "machine" else (1,):
        found = judged(truth, seed, rounds=3 if truth == "machine" else 1)
        if found.word == truth:
            break
    assert found.word == truth, found
    assert set(found.factors) == {"window", "client", "queue"}
    assert os.sched_getaffinity(0) == before
