"""The load generator under a clock of its own: no process, no broker, and every nanosecond is accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import numpy as np
import pytest

from labs.brokers.base import Confirmations
from labs.model.message import decode
from labs.model.run import HELD, NEVER, NOT_SAID, REFUSAL
from labs.model.workload import Ceiling, Load, Workload
from labs.record import load_generator
from labs.record.load_generator import Outbox, Sent, Slot, Timetable, Window, outbox_of

US, MS, S = 1_000, 1_000_000, 1_000_000_000
START_NS = 7 * S
WAKES_LATE_NS = 50 * US
"""A timer's own lateness, within what the generator spins for; a wait for an answer is later by ten times as much."""


@dataclass
class Clock:
    """Time that passes only while somebody sleeps, waits for an answer or looks at it."""

    now_ns: int = START_NS - 10 * MS
    look_ns: int = US
    slept_ns: list[int] = field(default_factory=list)

    def monotonic_ns(self) -> int:
        """One look costs a microsecond."""
        self.now_ns += self.look_ns
        assert self.now_ns < START_NS + 60 * S, "it goes on for ever"
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        """Wakes late, as timers do."""
        assert seconds >= 0
        self.slept_ns.append(round(seconds * S))
        self.now_ns += round(seconds * S) + (WAKES_LATE_NS if seconds else 0)


Answer = Callable[[int], int | None]
"""The number of a message -> ns until it is answered; None is never."""


class Told:
    """A publisher that answers as it is told, and takes as long for a batch as it is told."""

    def __init__(
        self, clock: Clock, answer: Answer, takes: Callable[[int], int], kind: Any, refused: str | None
    ) -> None:
        self.clock, self.answer, self.takes, self.kind, self.why = clock, answer, takes, kind, refused
        self.batches: list[tuple[int, Any]] = []
        """When each was handed over, and its heads."""
        self.under_way: list[tuple[int, int]] = []
        self.most, self.heard, self.polls = 0, 0, list[float]()
        self.held = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        pass

    def publish(self, bodies: Sequence[bytes]) -> None:
        heads = decode(bodies)
        self.batches.append((self.clock.now_ns - START_NS, heads))
        self.clock.now_ns += self.takes(len(self.batches))
        for number in heads["sequence"].tolist():
            after_ns = self.answer(number)
            self.under_way.append((self.clock.now_ns + after_ns if after_ns is not None else 10**18, number))
        self.under_way.sort()
        self.most = max(self.most, sum(len(heads) for _, heads in self.batches) - self.heard)

    def poll(self, timeout_s: float) -> Confirmations:
        self.polls.append(timeout_s)
        end_ns = self.clock.now_ns + round(timeout_s * S)
        first_ns = self.under_way[0][0] if self.under_way else 10**18
        self.clock.now_ns = max(self.clock.now_ns, min(first_ns, end_ns))
        self.clock.now_ns += 10 * WAKES_LATE_NS if timeout_s and first_ns > end_ns else 0
        come = [number for at_ns, number in self.under_way if at_ns <= self.clock.now_ns]
        self.under_way = [one for one in self.under_way if one[0] > self.clock.now_ns]
        self.heard += len(come)
        if self.why is not None:
            return Confirmations(refused=self.kind(come), why=self.why if come else "", held=self.held)
        return Confirmations(confirmed=self.kind(come), held=self.held)


@dataclass
class Case:
    """A load, its loop, and all that it left behind."""

    outbox: Outbox
    publisher: Told
    clock: Clock
    columns: Sent
    board: list[int]
    said: list[tuple[str, str]]

    def run(self) -> Case:
        """As a worker does it."""
        self.outbox.begin(START_NS)
        while self.outbox.sent < len(self.columns.sent_ns) and not self.board[Slot.STOP]:
            if not self.outbox.send():
                self.outbox.wait()
        self.outbox.settle()
        return self

    @property
    def sizes(self) -> list[int]:
        """Messages in each batch."""
        return [len(heads) for _, heads in self.publisher.batches]

    @property
    def heads(self) -> Any:
        """What stood in the messages, in the order in which they left."""
        return np.concatenate([heads for _, heads in self.publisher.batches])

    def late_ns(self) -> Any:
        """By how much each left after it was due."""
        return self.columns.sent_ns - self.due_ns()

    def due_ns(self) -> Any:
        assert isinstance(self.outbox, Timetable)
        return self.outbox.due_ns


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Case]:
    """Makes a case: a load, when each message is answered, how long the n-th batch takes to hand over."""

    def make(
        load: Load,
        answer: Answer = lambda _number: MS,
        takes: Callable[[int], int] = lambda _batch: 0,
        kind: Callable[[Iterable[int]], Any] = list,
        refused: str | None = None,
    ) -> Case:
        clock, board, said = Clock(), [0] * len(Slot), list[tuple[str, str]]()
        monkeypatch.setattr(load_generator, "time", clock)
        publisher = Told(clock, answer, takes, kind, refused)
        columns = Sent(*(np.full(load.messages, NEVER, np.int64) for _ in range(3)))
        outbox = outbox_of(publisher, load, columns, board, lambda name, text: said.append((name, text)))
        return Case(outbox, publisher, clock, columns, board, said)

    return make


def steady(rate_per_s: float, seconds: float = 0.2, **more: Any) -> Workload:
    return Workload(rate_per_s=rate_per_s, duration_s=seconds, warmup_s=0, **more)


# ---- the open loop


def test_each_message_leaves_once_in_its_turn_and_none_before_it_is_due(case: Any) -> None:
    done = case(steady(1000)).run()
    assert isinstance(done.outbox, Timetable)
    assert done.heads["sequence"].tolist() == list(range(200))
    assert done.sizes == [1] * 200
    assert done.late_ns().min() >= 0
    assert done.late_ns()[0] <= WAKES_LATE_NS + 2 * US  # it begins with a sleep
    assert done.late_ns()[1:].max() < 10 * US
    assert done.board[Slot.SENT] == 200
    assert (done.columns.confirmed_ns - done.columns.sent_ns).min() >= MS


def test_a_message_that_is_due_now_leaves_now(case: Any) -> None:
    one = case(steady(1000))
    one.clock.look_ns = 0
    one.outbox.begin(START_NS)
    one.clock.now_ns = START_NS + 3 * MS
    assert one.outbox.send()
    assert one.sizes == [4]
    assert not one.outbox.send()


def test_what_became_due_while_a_batch_was_handed_over_leaves_in_the_next_all_of_it(case: Any) -> None:
    done = case(steady(1000), takes=lambda batch: 20 * MS if batch == 50 else 0).run()
    assert done.sizes[:49] == [1] * 49
    assert done.sizes[49:51] == [1, 20]
    assert done.sizes[51:] == [1] * (200 - 70)


def test_a_batch_has_five_hundred_messages_at_most_and_the_rest_follows_at_once(case: Any) -> None:
    done = case(steady(2000, 1), takes=lambda batch: 600 * MS if batch == 10 else 0).run()
    assert done.sizes[9:13] == [1, 500, 500, 200]
    assert (done.columns.sent_ns[1209] - done.columns.sent_ns[10]) < MS


def test_lateness_counts_from_when_a_message_was_due_and_not_from_when_it_left(case: Any) -> None:
    done = case(steady(1000), takes=lambda batch: 20 * MS if batch == 50 else 0).run()
    assert np.array_equal(done.heads["due_ns"] - START_NS, np.arange(200) * MS)
    waited = done.late_ns()[50:70] / MS  # due 1 ms, 2 ms ... after the batch that took 20 ms
    assert waited == pytest.approx(np.arange(19, -1, -1), abs=0.05)


def test_the_clock_of_a_run_begins_at_its_start_and_nothing_leaves_before(case: Any) -> None:
    done = case(Ceiling(messages=50, window=10, batch=5)).run()
    assert 0 <= done.columns.sent_ns[0] < 100 * US
    assert done.clock.slept_ns[0] == pytest.approx(10 * MS, abs=10 * US)


def test_up_to_five_thousand_a_second_each_leaves_to_the_microsecond_although_timers_wake_late(case: Any) -> None:
    done = case(steady(5000)).run()
    assert done.sizes == [1] * 1000
    assert np.quantile(done.late_ns(), 0.99) < 10 * US
    assert len(done.clock.slept_ns) > 900  # it sleeps all the same, until shortly before
    assert max(done.clock.slept_ns[1:]) <= 140 * US


def test_above_it_wakes_once_a_millisecond_and_sends_what_is_due(case: Any) -> None:
    done = case(steady(5001)).run()
    assert max(done.sizes) in (6, 7)
    assert len(done.sizes) <= 200
    assert min(done.clock.slept_ns[1:]) == MS
    assert len(done.clock.slept_ns) == pytest.approx(200, abs=12)
    assert done.late_ns().max() <= MS + 2 * WAKES_LATE_NS


@pytest.mark.parametrize("rate", [1000, 20_000])
def test_told_to_spin_it_does_not_sleep_at_any_rate_and_is_punctual(case: Any, rate: int) -> None:
    done = case(steady(rate, 0.05, spin=True)).run()
    assert len(done.clock.slept_ns) == 1  # until the start
    assert done.late_ns()[2:].max() < 10 * US
    assert set(done.sizes[1:]) == {1}


def test_while_one_after_another_is_due_answers_are_asked_for_five_times_a_millisecond_at_most(case: Any) -> None:
    one = case(steady(20_000, 0.05, spin=True))
    one.run()
    asked = [timeout for timeout in one.publisher.polls if timeout == 0]
    assert 180 <= len(asked) <= 50 * 5


def test_a_slow_timetable_hears_an_answer_when_it_comes_and_is_punctual_all_the_same(case: Any) -> None:
    done = case(steady(100), answer=lambda _number: 3 * MS).run()
    assert (done.columns.confirmed_ns - done.columns.sent_ns).max() < 3 * MS + 20 * US
    never = case(steady(100), answer=lambda _number: None).run()
    assert never.late_ns()[1:].max() < 10 * US  # though each wait for an answer was half a millisecond too long
    assert any(timeout > 5e-3 for timeout in never.publisher.polls)


def test_a_broker_that_answers_nothing_does_not_slow_the_timetable(case: Any) -> None:
    for rate in (100, 1000, 20_000):
        done = case(steady(rate), answer=lambda _number: None).run()
        assert done.late_ns()[1:].max() <= (MS + 2 * WAKES_LATE_NS if rate > 5000 else 10 * US), rate
        assert (done.columns.confirmed_ns == NEVER).all()


# ---- the closed loop


@pytest.mark.parametrize(("window", "batch"), [(28, 7), (30, 7), (10, 10), (1, 1)])
def test_a_window_is_filled_and_never_exceeded(case: Any, window: int, batch: int) -> None:
    plan = Ceiling(messages=500, window=window, batch=batch)
    done = case(plan, answer=lambda number: (1 + number % 3) * MS).run()
    assert isinstance(done.outbox, Window)
    assert done.publisher.most == window
    assert done.heads["sequence"].tolist() == list(range(500))
    assert set(done.sizes[:-1]) == {batch}
    assert done.sizes[-1] == 500 - batch * (len(done.sizes) - 1)
    assert done.board[Slot.SENT] == 500
    assert (done.columns.confirmed_ns > done.columns.sent_ns).all()


def test_in_a_closed_loop_a_message_is_due_when_it_is_handed_over(case: Any) -> None:
    done = case(Ceiling(messages=60, window=20, batch=10), answer=lambda _number: 2 * MS).run()
    assert np.array_equal(done.heads["due_ns"] - START_NS, done.columns.sent_ns)
    assert [at_ns for at_ns, _ in done.publisher.batches] == done.columns.sent_ns[::10].tolist()


def test_a_full_window_waits_for_an_answer_and_does_not_spin(case: Any) -> None:
    done = case(Ceiling(messages=40, window=10, batch=10), answer=lambda _number: 50 * MS).run()
    assert len(done.publisher.polls) <= 2 * 4 + 1
    assert len(done.clock.slept_ns) == 1
    gaps = np.diff(done.columns.sent_ns[::10])
    assert gaps.min() >= 50 * MS
    assert gaps.max() < 50 * MS + 20 * US


# ---- answers


@pytest.mark.parametrize("kind", [list, np.array, lambda found: range(found[0], found[-1] + 1) if found else ()])
def test_each_answer_is_stamped_when_it_was_heard_however_its_numbers_come(case: Any, kind: Any) -> None:
    done = case(steady(1000), answer=lambda _number: 500 * US, kind=kind).run()
    took = done.columns.confirmed_ns - done.columns.sent_ns
    assert took.min() >= 500 * US
    assert took.max() < 2 * MS
    assert (done.columns.refused_ns == NEVER).all()


def test_numbers_with_a_step_stamp_only_themselves(case: Any) -> None:
    one = case(steady(1000))
    load_generator._stamp(one.columns.confirmed_ns, range(0, 200, 2), 5)
    assert one.columns.confirmed_ns[::2].tolist() == [5] * 100
    assert one.columns.confirmed_ns[1::2].tolist() == [NEVER] * 100


@pytest.mark.parametrize(("words", "written"), [("queue is full", "queue is full"), ("", NOT_SAID)])
def test_a_refusal_is_an_answer_with_a_time_of_its_own_and_its_first_words_are_written_down_once(
    case: Any, words: str, written: str
) -> None:
    plan = Ceiling(messages=60, window=10, batch=10)
    done = case(plan, refused=words).run()
    assert (done.columns.confirmed_ns == NEVER).all()
    assert (done.columns.refused_ns > done.columns.sent_ns).all()
    assert done.said == [(REFUSAL, written)]
    assert done.outbox.answered == 60


def test_why_a_broker_takes_no_more_is_written_down_once_and_is_no_refusal(case: Any) -> None:
    one = case(steady(1000))
    one.publisher.held = "memory alarm"
    one.run()
    assert one.said == [(HELD, "memory alarm")]
    assert (one.columns.refused_ns == NEVER).all()


# ---- the end


def test_it_gives_up_when_no_answer_has_come_for_two_seconds(case: Any) -> None:
    one = case(steady(1000), answer=lambda number: MS if number < 150 else None)
    one.run()
    assert (one.columns.confirmed_ns >= 0).sum() == 150
    last_ns = one.clock.now_ns - START_NS - int(one.columns.sent_ns[-1])
    assert 2 * S <= last_ns < 2.2 * S


def test_it_does_not_give_up_while_answers_come_however_long_that_takes(case: Any) -> None:
    one = case(Ceiling(messages=6, window=6, batch=6), answer=lambda number: (1 + number) * 1500 * MS)
    one.run()
    assert (one.columns.confirmed_ns >= 0).all()
    assert one.columns.confirmed_ns[-1] == pytest.approx(9 * S, abs=MS)


def test_it_ends_as_soon_as_all_is_answered_and_at_once_when_it_is_told_to_stop(case: Any) -> None:
    done = case(steady(1000), answer=lambda _number: 30 * MS).run()
    assert done.clock.now_ns - START_NS == pytest.approx(199 * MS + 30 * MS, abs=MS)
    stopped = case(steady(1000), answer=lambda _number: None)
    stopped.board[Slot.STOP] = 1
    stopped.run()
    assert stopped.outbox.sent == 0
    stopped.outbox.sent = 5
    stopped.outbox.settle()
    assert stopped.clock.now_ns - START_NS < MS
