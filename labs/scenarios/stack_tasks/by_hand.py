"""A few lines of Celery that a reader writes, run in Celery's own environment against a Redis that runs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from labs.brokers import journal
from labs.brokers.redis.admin import undo
from labs.model.errors import StackError
from labs.scenarios.stack_tasks import PACKAGES, way_of
from labs.scenarios.stack_tasks.settings import settings
from labs.stack import packages
from labs.stack.by_hand import Here

WITHIN_S = 60.0
BEGIN = """
from celery import Celery
from celery.contrib.testing.worker import start_worker
CONF = {conf!r}
app = Celery("by-hand", broker={broker!r}, backend={results!r})
app.conf.update(CONF)
"""


def ran(here: Here, text: str) -> str:
    """What these lines say, after `app` is made for that Redis; their keys are gone afterwards.

    Where Celery cannot be fetched that is what it gives: one line, with what to do."""
    told = settings(way_of("redis"), here.endpoint, here.name, "")
    made = journal.note(here.endpoint, [f"{here.name}:*"])
    try:
        with tempfile.TemporaryDirectory(prefix="labs-tasks-") as folder:
            script = Path(folder) / "by_hand.py"
            script.write_text(BEGIN.format(**told) + text, "utf-8")
            script.chmod(0o600)
            return _said(script)
    except StackError as error:
        return str(error)
    finally:
        journal.settle(made, lambda entry: undo(here.endpoint, entry))


def _said(script: Path) -> str:
    with packages.program(PACKAGES, script, report=lambda _line: None) as program:
        lines = list(iter(lambda: program.line(WITHIN_S), None))
        program.wait(WITHIN_S)
        if program.code:
            lines += program.errors().strip().splitlines()[-1:]
        return "\n".join(lines)
