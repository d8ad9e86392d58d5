"""The labs about calls in short: who waits, and what an answer costs over a broker."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import NBSP, enumerated, ms_text, span, times
from labs.show.looks.question import QUANTITIES
from labs.show.short import CLOSE, NOT_RECORDED, Short, absent, point

SERVICE_MS = 20
CARRIERS = {
    "http-kept": "HTTP", "grpc": "gRPC", "redis-pair": "Redis", "rabbitmq-reply": "RabbitMQ", "kafka-reply": "Kafka",
}  # fmt: skip


def who_is_waiting(digests: Sequence[Digest]) -> Short:
    """A call that waits for the work beside messages that wait for a confirmation, one caller."""
    monday = (
        "Find a call whose caller needs nothing but “I have it”, and answer it 202 before you install a broker for it. "
        "Then write down who notices when the work is never done."
    )
    call = {"service_ms": SERVICE_MS, "callers": 1}
    asked, accepted = (point(digests, carrier=one, **call) for one in ("http-kept", "http-202"))
    if asked is None or not (held_ms := asked.number("blocked_ms", "p50")):
        return Short(NOT_RECORDED, "", monday)
    brokers = {
        CARRIERS[f"{name}-{kind}"]: ms
        for name, kind in (("redis", "pair"), ("rabbitmq", "reply"), ("kafka", "reply"))
        if (one := point(digests, carrier=name, confirm="each", **call)) and (ms := one.number("blocked_ms", "p50"))
    }
    who = "Whoever asks waits for the work"
    answer = (
        f"{who}: with a service that takes {SERVICE_MS}{NBSP}ms an HTTP call blocked its caller for {ms_text(held_ms)}"
    )
    if brokers:
        told = enumerated([f"{ms_text(ms)} by {name}" for name, ms in brokers.items()])
        answer += f". Until a message was confirmed it took {told}"
    missing = absent(name for name in ("Redis", "RabbitMQ", "Kafka") if name not in brokers)
    return Short(f"{answer}.{missing}", _accepted(accepted, held_ms), monday)


def _accepted(one: Digest | None, held_ms: float) -> str:
    ms = one.number("blocked_ms", "p50") if one else None
    if ms is None:
        return "Whether HTTP that is answered 202 waits as well is not recorded yet."
    if ms < held_ms / 2:
        told = f"an HTTP call that is answered 202 at once blocked its caller for {ms_text(ms)}"
        return f"The line does not run between HTTP and brokers: {told}, with no broker in sight."
    return f"HTTP answered 202 does not help here: it blocked its caller for {ms_text(ms)} as well."


def one_question(digests: Sequence[Digest]) -> Short:
    """The medians of an answered question, the fastest first, and what is done for callers that have gone."""
    monday = (
        "List the calls that wait for an answer over a broker and write beside each what its caller does at the "
        "time-out; where that is empty, use HTTP or gRPC."
    )
    found = {
        name: ms
        for carrier, name in CARRIERS.items()
        if (one := _usual(digests, carrier)) and (ms := one.number("waited_ms", "p50")) is not None
    }
    if not found:
        return Short(NOT_RECORDED, "", monday)
    (first, low), *rest = sorted(found.items(), key=lambda pair: pair[1])
    answer = f"Answers come soonest over {first}: half of them within {ms_text(low)}"
    answer += f"; {enumerated([f'{name} {_more(ms / low)} ({ms_text(ms)})' for name, ms in rest])}" if rest else ""
    missing = absent(name for name in CARRIERS.values() if name not in found)
    return Short(f"{answer}.{missing}", _nobody(digests), monday)


def _usual(digests: Sequence[Digest], carrier: str) -> Digest | None:
    """Its point with the service up at the rate and the size that the page begins with."""
    return point(digests, carrier=carrier, service="up", rate_per_s=200, body_bytes=100)


def _more(ratio: float) -> str:
    return "about the same" if ratio < CLOSE else f"{times(ratio)} times that"


def _nobody(digests: Sequence[Digest]) -> str:
    refused, queued = (point(digests, carrier=one, service="stopped") for one in ("http-kept", "rabbitmq-reply"))
    if refused is None or queued is None:
        return "What a caller sees while the service is away is not recorded yet."
    told, late = QUANTITIES["told"].text(refused), [one["away"]["for_nobody"] for one in queued.repeats if one["away"]]
    said = f"While the service is away HTTP says so after {told}; over a broker nothing says no"
    if not any(late):
        return f"{said}, and nothing was done for callers that had given up."
    return f"{said}, and {span(late)} questions were done for callers that had given up."
