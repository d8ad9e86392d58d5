"""A Celery worker as anybody starts one: `celery worker`, with the application of these labs."""

from __future__ import annotations

import json
import sys

from tasks_app import app, set_up  # type: ignore[import-not-found]  # beside this file, in Celery's environment

if __name__ == "__main__":
    settings = json.loads(sys.stdin.readline())
    set_up(settings)
    app.worker_main(
        [
            "worker",
            "--hostname", f"{settings['name']}@labs",
            "--queues", settings["queue"],
            "--concurrency", str(settings["concurrency"]),
            "--task-events",
            "--loglevel", "WARNING",
        ]
    )  # fmt: skip
