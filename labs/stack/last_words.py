"""Why a broker died, out of its own log: the line that says it, wherever it stands, and not the last ones."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

LONGEST = 300
READ_BYTES = 1 << 20
"""Of the end of a log: a broker that dies while it starts has written less."""

# What a line says of itself before it says anything: when, who and how loudly.
_STAMPS = (
    r"^\S+ +\| ",  # docker compose puts the service's name there
    r"^\d+:[A-Z] \d{1,2} \w{3} \d{4} [\d:.]+ [#*.-] ",  # Redis
    r"^\d{4}-\d\d-\d\d[T ][\d:.,+]+Z? (\[\w+\] )?(<[\d.]+> )?",  # RabbitMQ, Kafka
    r"^\[\d{4}-[\d :,-]+\] ",  # Kafka in a container
    r"^[\w.-]+ (?=(ERROR|FATAL) )",  # Kafka: the thread
)
_NOT_WHY = re.compile(r"^(at |\.\.\. \d+ more|in function |WARNING |[=#*\s-]*$|INFO |Crash dump is being|Java HotSpot)")
_EXCEPTION = r"(?:[a-z]\w*\.)+[A-Z]\w*(?:Exception|Error)\b"
# The surest first. Of several lines of one kind the last one counts: the deepest cause, the end of the story.
_WHY = tuple(
    re.compile(pattern)
    for pattern in (
        rf"^Caused by: (?!{_EXCEPTION}$)(.+)",
        rf"^(?:Exception in thread \"[^\"]*\" )?({_EXCEPTION}: .+)",
        r"^(\S+: (?:[\w/.]+: )?error while loading shared libraries.*)",
        r"^ERROR: (.+)",  # RabbitMQ
        r"^((?:Error|Exception) during startup: .+)",
        r"^reason: (\{.+)",
        r"^((?:Error occurred during|Could not reserve|There is insufficient memory|A fatal error|Error: Could not).*)",
        r"^# +((?:There is insufficient memory|SIG\w+ ).*)",
        r"^(?:ERROR|FATAL) (.+)",
        r".*((?:disk|memory) resource limit alarm set on node .+)",  # RabbitMQ lives, and takes no message
        r"^((?:>>> |Fatal|Can't|Cannot|Failed|Could not|Bad |Wrong |Unrecoverable|Invalid |wrong number).+)",  # Redis
        r"^(.*(?:No space left on device|Too many open files|Permission denied|Address already in use|not found).*)",
        r"^(\w*(?:Error|Exception): .+)",  # Python
        r"^(\{\"Kernel pid terminated\".+)",
    )
)


def cause(log: str) -> str:
    """The one line of a log that says why its program ended; `none` if there is no word in it.

    Lines that say as much (Redis names what it met, then that it ends for it) are given both, in their order.
    """
    lines = [line for raw in log.splitlines() if (line := _bare(raw))]
    for pattern in _WHY:
        found = [match[1].strip() for match in map(pattern.match, lines) if match]
        if found:
            end = found[-2:] if pattern.pattern.startswith("^((?:>>> ") else found[-1:]
            return _cut(" / ".join(dict.fromkeys(end)))
    telling = [line for line in lines if not _NOT_WHY.match(line)] or lines
    return _cut(telling[-1]) if telling else "none"


def cause_in(file: Path, start: int = 0) -> str:
    """The same of a file from that byte on; `none` if it cannot be read."""
    with contextlib.suppress(OSError), file.open("rb") as log:
        log.seek(max(file.stat().st_size - READ_BYTES, start))
        return cause(log.read().decode(errors="replace"))
    return "none"


def _bare(line: str) -> str:
    for stamp in _STAMPS:
        line = re.sub(stamp, "", line.strip())
    return line.strip()


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 4] + " ..."
