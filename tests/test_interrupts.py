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
