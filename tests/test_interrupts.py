"""The short form of tests/interrupts.py."""

import pytest

from tests import interrupts


@pytest.mark.broker
@pytest.mark.interrupts
def test_random_interrupts_leave_nothing_and_the_next_up_works() -> None:
    tally = interrupts.series(count=5, all_brokers=1, seed=20)
    assert tally.rounds.total() == 5
    assert tally.leftovers == []
    assert tally.next_up_failed == []


@pytest.mark.broker
@pytest.mark.interrupts
def test_random_interrupts_in_the_middle_of_faults_leave_no_mount_process_or_folder() -> None:
    tally = interrupts.fault_series(count=4, seed=4)
    assert tally.rounds.total() == 4
    assert tally.leftovers == []


@pytest.mark.broker
@pytest.mark.interrupts
def test_kills_at_random_moments_leave_the_readers_things_as_they_were_and_nothing_of_ours() -> None:
    """A run is certainly killed in the middle: its settings are in force and its key is there."""
    tally = interrupts.theirs_series(count=4, brokers=("redis",), seed=3)
    assert tally.rounds.total() == 4
    assert tally.lost == []
    assert tally.undone > 0
