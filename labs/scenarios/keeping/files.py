"""The bytes that a topic or a stream takes in the files of a broker of ours that runs on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from labs.model.endpoint import Endpoint

PATTERNS = {"kafka": "{0}-0*/*.log*", "rabbitmq": "*/stream/*{0}*/*.segment"}
"""What was deleted and still lies there counts: Kafka renames a segment first and removes it later."""


def file_bytes(endpoint: Endpoint, name: str) -> int | None:
    """None where the files are not to be seen."""
    folder = Path(endpoint.data_dir) if endpoint.data_dir else None
    if folder is None or endpoint.backend != "native" or not folder.is_dir():
        return None
    return sum(_sizes(folder, PATTERNS[endpoint.broker].format(name)))


def _sizes(folder: Path, pattern: str) -> Iterator[int]:
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):  # it may go meanwhile
            yield path.stat().st_size
