"""Q9, Q10, Q15 to Q17: what a confirmation is worth without any fault, when the queue is missing, full or too slow."""

from __future__ import annotations

import time

from pika.exceptions import ChannelClosedByBroker

from labs.judge.promises import Trial
from labs.model.endpoint import Endpoint
from labs.scenarios.promises.rabbitmq_site import channel, depth, drain, queue, send
from labs.scenarios.promises.stage import Stage
from labs.scenarios.promises.tally import tally

MESSAGES = 2000
LIMIT, TOO_MANY = 1000, 3000
TTL_MS, STAY_S, EXPIRING = 300, 1.0, 500


def _send_all(endpoint: Endpoint, name: str, count: int, *, mandatory: bool = False) -> list[str]:
    with channel(endpoint, confirms=True) as link:
        return [send(link, name, sequence, mandatory=mandatory) for sequence in range(count)]


def _counts(fates: list[str], delivered: list[int]) -> dict[str, int]:
    by = {
        fate: [at for at, found in enumerate(fates) if found == fate] for fate in ("confirmed", "refused", "returned")
    }
    counts = tally(len(fates), by["confirmed"], delivered, by["refused"])
    return counts | {"returned": len(by["returned"])}


def unroutable(stage: Stage, mandatory: bool) -> Trial:
    """2,000 messages to a queue that does not exist; in the control it does."""
    if not stage.fault:
        with queue(stage.endpoint, stage.name):
            fates = _send_all(stage.endpoint, stage.name, MESSAGES, mandatory=mandatory)
            return Trial(_counts(fates, drain(stage.endpoint, stage.name)))
    fates = _send_all(stage.endpoint, stage.name, MESSAGES, mandatory=mandatory)
    try:
        depth(stage.endpoint, stage.name)
    except ChannelClosedByBroker as error:
        return Trial(_counts(fates, []), f"the broker says: {error.reply_text}")
    return Trial({}, trouble=f"there is a queue {stage.name}")


def queue_full(stage: Stage, overflow: str) -> Trial:
    """3,000 messages to a queue that may hold 1,000; in the control it may hold all."""
    limits: dict[str, object] = {"x_max_length": LIMIT, "x_overflow": overflow} if stage.fault else {}
    with queue(stage.endpoint, stage.name, **limits):
        fates = _send_all(stage.endpoint, stage.name, TOO_MANY)
        held = depth(stage.endpoint, stage.name)
        evidence = f"{TOO_MANY:,} were sent and the queue stands at its limit of {held:,}" if held == LIMIT else ""
        return Trial(_counts(fates, drain(stage.endpoint, stage.name)), evidence)


def time_over(stage: Stage) -> Trial:
    """Messages that may wait for 0.3 s wait for one second; in the control they may wait for ever."""
    limits = {"x_message_ttl": TTL_MS} if stage.fault else {}
    with queue(stage.endpoint, stage.name, **limits):
        fates = _send_all(stage.endpoint, stage.name, EXPIRING)
        began_s = time.monotonic()
        time.sleep(STAY_S)
        delivered = drain(stage.endpoint, stage.name)
        waited_ms = (time.monotonic() - began_s) * 1000
        evidence = f"the youngest message waited {STAY_S * 1000:.0f} ms and more" if waited_ms > TTL_MS else ""
        return Trial(_counts(fates, delivered), evidence)
