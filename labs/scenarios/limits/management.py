"""What RabbitMQ's management says of memory: how much is used, how much is allowed, whether the alarm is on."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from typing import Any

from labs.model.endpoint import Endpoint, UnreachableError

ANSWER_S = 10.0
ALARMED = 503


def _asked(endpoint: Endpoint, path: str) -> Any:
    """The answer to a question over HTTP; None where it is that an alarm is on."""
    request = urllib.request.Request(f"http://{endpoint.host}:{endpoint.admin_port}/api/{path}")
    login = base64.b64encode(f"{endpoint.username}:{endpoint.password}".encode()).decode()
    request.add_header("Authorization", f"Basic {login}")
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310 - a broker of ours
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == ALARMED:
            return None
        raise UnreachableError(f"The management of {endpoint.where} answered {error.code} to {path}.") from error
    except (OSError, ValueError) as error:
        raise UnreachableError(f"The management of {endpoint.where} does not answer: {error}.") from error


def in_alarm(endpoint: Endpoint) -> bool:
    """Whether the broker says that a resource alarm is in force."""
    return _asked(endpoint, "health/checks/alarms") is None


def memory_mark(endpoint: Endpoint) -> int:
    """Bytes of the node's own memory at which it blocks its publishers."""
    [node, *_] = _asked(endpoint, "nodes") or [{}]
    return int(node.get("mem_limit", 0))
