"""RabbitMQ's management API over HTTP: what AMQP itself has no words for, as users, what a queue holds, alarms."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

from labs.model.endpoint import Endpoint, RefusedError, UnreachableError

ANSWER_S = 10.0
IN_ALARM = 503
"""What a health check answers where it does not hold; its body says of what."""


def ask(endpoint: Endpoint, method: str, *path: str, body: object = None) -> Any:
    """The answer to a call, as JSON; None of an empty one, and of what is not there when it is deleted.

    RefusedError with the server's words, UnreachableError where nobody answers."""
    where = "/".join(quote(part, safe="") for part in path)
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{endpoint.host}:{endpoint.admin_port}/api/{where}", data, method=method)
    login = base64.b64encode(f"{endpoint.username}:{endpoint.password}".encode()).decode()
    request.add_header("Authorization", f"Basic {login}")
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310 - the address is ours
            said = answer.read()
    except urllib.error.HTTPError as error:
        if method == "DELETE" and error.code == 404:
            return None
        if error.code == IN_ALARM and path[:1] == ("health",):
            return json.loads(error.read())
        raise RefusedError(f"{endpoint.where} was asked by HTTP to {method} {where} and said {error.code}.") from error
    except OSError as error:
        raise UnreachableError(f"{endpoint.where} does not answer by HTTP: {error}. Is its management on?") from error
    return json.loads(said) if said else None


def delete_user(endpoint: Endpoint, user: str) -> None:
    """The user is gone, whether or not it was there."""
    ask(endpoint, "DELETE", "users", user)


def alarms(endpoint: Endpoint) -> list[str]:
    """The resources, memory and disk, of which the broker says that their alarm is in force."""
    found = ask(endpoint, "GET", "health", "checks", "alarms").get("alarms", [])
    return sorted({str(one.get("resource")).partition(" ")[0] for one in found})  # it says `disk space`


def mark(endpoint: Endpoint, resource: str) -> int:
    """Bytes at which the node blocks its publishers: of its own memory in use, or of its disk that are free."""
    [node, *_] = ask(endpoint, "GET", "nodes") or [{}]
    return int(node.get({"memory": "mem_limit", "disk": "disk_free_limit"}[resource], 0))
