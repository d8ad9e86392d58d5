"""Calls over Kafka: a topic of questions, a topic of answers, and a number in each that says what belongs together."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from labs.brokers import open_consumer, open_publisher
from labs.brokers.base import Consumer, Publisher
from labs.model.endpoint import BrokerError, RefusedError
from labs.model.run import NOT_SAID
from labs.scenarios.calls.board import HEAD
from labs.scenarios.calls.service import LOOK_S, Line, Lines, Service, Task


def serve(task: Task, service: Service) -> None:
    """Read questions, produce answers; the group remembers how far a service that was stopped had read."""
    with (
        open_consumer(task.address(), "service") as questions,
        open_publisher(task.address(task.replies)) as answers,
    ):
        service.up()
        while not service.stopped:
            batch = questions.receive(LOOK_S)
            for body in batch.bodies:
                service.work(body)
                answers.publish([body])
            if batch.bodies:
                questions.acknowledge(batch)
            answers.poll(0.0)


class _Shared(Line):
    """One producer and one reader of answers for all callers; the reader wakes whoever an answer is for."""

    def __init__(self, questions: Publisher, answers: Consumer) -> None:
        self._questions, self._answers = questions, answers
        self._waiting: dict[int, threading.Event] = {}
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._trouble: BrokerError | None = None
        self._reader = threading.Thread(target=self._read, daemon=True, name="labs-answers")
        self._reader.start()

    def close(self) -> None:
        """Nobody waits for answers any more."""
        self._stop.set()
        self._reader.join(2)

    def _read(self) -> None:
        try:
            while not self._stop.is_set():
                for body in self._answers.receive(LOOK_S).bodies:
                    if event := self._waiting.pop(HEAD.unpack_from(body)[0], None):
                        event.set()
        except BrokerError as error:
            self._trouble = error

    def _hear(self) -> None:
        """What became of the questions: one that was refused has no answer to wait for."""
        if (news := self._questions.poll(0.0)).refused:
            self._trouble = RefusedError(f"Kafka refused a question: {news.why or NOT_SAID}.")

    def ask(self, body: bytes, patience_s: float) -> None:
        """Produce the question and wait until the reader has its answer."""
        number, event = HEAD.unpack_from(body)[0], threading.Event()
        self._waiting[number] = event
        with self._lock:
            self._questions.publish([body])
            self._hear()
        if event.wait(patience_s):
            return
        self._waiting.pop(number, None)
        with self._lock:
            self._hear()
        if self._trouble:
            raise self._trouble
        raise TimeoutError(f"Kafka: no record with this number in the topic of answers for {patience_s:g} s")


@contextlib.contextmanager
def lines(task: Task, _port: int) -> Iterator[Lines]:
    """The common way, for all callers."""
    with (
        open_publisher(task.address()) as questions,
        open_consumer(task.address(task.replies), "callers") as answers,
        contextlib.closing(_Shared(questions, answers)) as shared,
    ):
        yield lambda _caller: contextlib.nullcontext(shared)
