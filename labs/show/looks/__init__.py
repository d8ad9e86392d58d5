"""The looks of the labs' digests, and the guesses that go with them."""

from labs.show.looks.base import Chart, Guess, Look
from labs.show.looks.cost import COST_LOOK
from labs.show.looks.fault import FAULT_LOOK, LOSS_GUESS
from labs.show.looks.jobs import JOBS_GUESS, JOBS_LOOK
from labs.show.looks.latency import LATENCY_LOOK
from labs.show.looks.passport import PASSPORT_LOOK
from labs.show.looks.price import PRICE_LOOK
from labs.show.looks.question import QUESTION_LOOK
from labs.show.looks.rate import RATE_LOOK
from labs.show.looks.shapes import SHAPE_GUESS, SHAPE_LOOK
from labs.show.looks.tricks import SPOT_GUESS, SPOT_LOOK, TRICKS_LOOK
from labs.show.looks.waiting import WAITING_LOOK

__all__ = [
    "COST_LOOK", "FAULT_LOOK", "JOBS_GUESS", "JOBS_LOOK", "LATENCY_LOOK", "LOSS_GUESS", "PASSPORT_LOOK",
    "PRICE_LOOK", "QUESTION_LOOK", "RATE_LOOK", "SHAPE_GUESS", "SHAPE_LOOK",
    "SPOT_GUESS", "SPOT_LOOK", "TRICKS_LOOK", "WAITING_LOOK",
    "Chart", "Guess", "Look",
]  # fmt: skip
