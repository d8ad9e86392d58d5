"""A Celery worker as its users start it. It runs in a package set and says in JSON, a line each, what becomes of it.

worker.py NAME SETTINGS      the broker's address is in LABS_ADDRESS
"""

import json
import logging
import os
import sys

from celery import Celery, signals

name, settings = sys.argv[1], json.loads(sys.argv[2])
app = Celery("shop", broker=os.environ["LABS_ADDRESS"])
app.conf.update(settings)
app.conf.worker_redirect_stdouts = False


def say(what: str, words: object = "") -> None:
    """One line."""
    print(json.dumps({"what": what, "words": words}), flush=True)


@app.task  # type: ignore[untyped-decorator]
def order(number: int) -> None:
    """A task that is done at once."""
    say("done", number)


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def send_one(**_: object) -> None:
    """As soon as it is ready, it is sent a task."""
    say("ready")
    order.delay(1)


class Errors(logging.Handler):
    """What Celery logs with an exception, in the exception's words."""

    def emit(self, record: logging.LogRecord) -> None:
        """Of a record without one nothing."""
        if record.exc_info and record.exc_info[1]:
            say("error", f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}")


@signals.after_setup_logger.connect  # type: ignore[untyped-decorator]
def listen(logger: logging.Logger, **_: object) -> None:
    """Once Celery has set up its own log."""
    logger.addHandler(Errors())


if __name__ == "__main__":
    app.worker_main(["worker", "--pool=solo", "--loglevel=WARNING", f"--hostname={name}"])
