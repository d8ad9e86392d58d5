"""Q12 and Q13: a consumer of RabbitMQ is killed at its work, three times; what is lost, what comes twice?"""

from __future__ import annotations

import time

from labs.judge.promises import Trial
from labs.model.endpoint import Endpoint
from labs.scenarios.promises.killable import READY, Note
from labs.scenarios.promises.rabbitmq_site import channel, depth, queue, send
from labs.scenarios.promises.rounds import Plan, work_and_kill
from labs.scenarios.promises.stage import Stage, TroubleError

WORK_S = 0.002
PLAN = Plan(each=100, kills=3)


def _consume(endpoint: Endpoint, name: str, note: Note, prefetch: int, auto_ack: bool) -> None:
    """Acknowledges each message when it is worked off, or with `auto_ack` has it acknowledged when it is sent."""
    with channel(endpoint) as link:
        link.basic_qos(prefetch_count=prefetch)
        note(READY)
        for method, _, body in link.consume(name, auto_ack=auto_ack):
            time.sleep(WORK_S)
            note(int(body), method.redelivered)
            if not auto_ack:
                link.basic_ack(method.delivery_tag)


def queue_worker_killed(stage: Stage, prefetch: int = 0, auto_ack: bool = False, kind: str = "classic") -> Trial:
    """The broker pushes up to `prefetch` messages ahead of the acknowledgements, with `auto_ack` all it has."""
    endpoint, name = stage.endpoint, stage.name

    def load(first: int, count: int) -> None:
        with channel(endpoint, confirms=True) as link:
            fates = {send(link, name, sequence, mandatory=True) for sequence in range(first, first + count)}
        if fates != {"confirmed"}:
            raise TroubleError(f"of the messages to work off some were {fates - {'confirmed'}}")

    how = {"prefetch": prefetch, "auto_ack": auto_ack}
    with queue(endpoint, name, x_queue_type=kind):
        worker, happened = work_and_kill(stage, _consume, load, lambda: depth(endpoint, name), PLAN, **how)
    return Trial(PLAN.tally(worker.noted()) | {"redelivered": worker.again()}, happened)
