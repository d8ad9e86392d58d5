"""The labs, a module each, by name.

What measures is imported when a lab runs: a page is made from recorded files, without a broker's library. Uses model,
brokers, stack, record, judge, scenarios and show.
"""

from __future__ import annotations

from labs.experiments.acknowledged import ACKNOWLEDGED
from labs.experiments.base import Experiment
from labs.experiments.before_the_first_message import BEFORE_THE_FIRST_MESSAGE
from labs.experiments.fault_theatre import FAULT_THEATRE
from labs.experiments.fifty_thousand import FIFTY_THOUSAND
from labs.experiments.how_benchmarks_lie import HOW_BENCHMARKS_LIE, SPOT_THE_TRICK
from labs.experiments.kafka_million import KAFKA_MILLION
from labs.experiments.kill_the_worker import KILL_THE_WORKER
from labs.experiments.latency_ladder import LATENCY_LADDER
from labs.experiments.loss_matrix import LOSS_MATRIX
from labs.experiments.messages_or_megabytes import MESSAGES_OR_MEGABYTES
from labs.experiments.one_question import ONE_QUESTION
from labs.experiments.passport import PASSPORT
from labs.experiments.price_of_persistence import PRICE_OF_PERSISTENCE
from labs.experiments.redis_forgets import REDIS_FORGETS
from labs.experiments.redis_million import REDIS_MILLION
from labs.experiments.who_is_waiting import WHO_IS_WAITING
from labs.model.profile import UnknownNameError

EXPERIMENTS: dict[str, Experiment] = {
    lab.name: lab
    for lab in (
        PASSPORT,
        WHO_IS_WAITING,
        ONE_QUESTION,
        BEFORE_THE_FIRST_MESSAGE,
        KILL_THE_WORKER,
        MESSAGES_OR_MEGABYTES,
        LOSS_MATRIX,
        FAULT_THEATRE,
        HOW_BENCHMARKS_LIE,
        SPOT_THE_TRICK,
        FIFTY_THOUSAND,
        PRICE_OF_PERSISTENCE,
        KAFKA_MILLION,
        ACKNOWLEDGED,
        LATENCY_LADDER,
        REDIS_MILLION,
        REDIS_FORGETS,
    )
}


def experiment(name: str) -> Experiment:
    """The lab of that name, or UnknownNameError with the nearest ones."""
    if name not in EXPERIMENTS:
        raise UnknownNameError("lab", name, list(EXPERIMENTS))
    return EXPERIMENTS[name]
