"""Wait until containers that were just started prove themselves, or until one of them ends."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.stack import handshake, probe
from labs.stack.containers import docker
from labs.stack.state import OtherLoginError

READY_S, TELL_S = 120.0, 3.0


def until_ready(
    endpoints: Sequence[Endpoint],
    project: str,
    began_s: float,
    report: Callable[[str], None],
    ready: dict[str, Endpoint],
) -> None:
    """Fill `ready` with the endpoints and their versions, each once a message went round from here and back."""
    reasons = {one.broker: "does not answer" for one in endpoints}
    told_s = began_s
    while waiting := [one for one in endpoints if one.broker not in ready]:
        for one in waiting:  # all of them in turns: the first that ends is told at once
            try:
                ready[one.broker] = _proven(one, project, began_s, report)
            except probe.NotReady as not_yet:
                reasons[one.broker] = str(not_yet) or reasons[one.broker]
                _still_runs(one, project, began_s)
        late = [one.broker for one in waiting if one.broker not in ready]
        if late and time.monotonic() - began_s > READY_S:
            raise _failure(late[0], project, reasons[late[0]], began_s)
        if late and time.monotonic() - told_s > TELL_S:
            told_s = time.monotonic()
            report(f"{', '.join(late)}: starting, {told_s - began_s:.0f} s")
        time.sleep(0.1)


def _proven(endpoint: Endpoint, project: str, began_s: float, report: Callable[[str], None]) -> Endpoint:
    """The endpoint with its version after a message went round. NotReady as long as it cannot."""
    broker = endpoint.broker
    if not handshake.answers(broker, endpoint.port):  # cheap, and a real client would wait for long
        raise probe.NotReady
    try:
        version = probe.round_trip(replace(endpoint, pids=()))
    except probe.OtherLogin as refused:
        raise OtherLoginError(broker, endpoint.data_dir) from refused
    ready_s = time.monotonic() - began_s
    report(f"{broker} {version}: ready on 127.0.0.1:{endpoint.port} after {ready_s:.1f} s")
    pids = docker.pids(docker.container(broker, project))
    return replace(endpoint, version=version, pids=pids, ready_s=round(ready_s, 3))


def _still_runs(endpoint: Endpoint, project: str, began_s: float) -> None:
    """StackError where the container has ended, with its cause."""
    state = docker.container(endpoint.broker, project)["State"]
    if state["Status"] in ("running", "created", "restarting"):
        return
    failure = _failure(endpoint.broker, project, f"ended with code {state['ExitCode']}", began_s)
    if re.search(r"Invalid cluster\.id|InconsistentClusterId", failure.happened):
        raise OtherLoginError(endpoint.broker, endpoint.data_dir)
    raise failure


def _failure(broker: str, project: str, happened: str, began_s: float) -> StackError:
    waited_s = time.monotonic() - began_s
    return StackError(
        f"starting {broker} in a container",
        f"it {happened} after {waited_s:.0f} s; its last words: {docker.last_words(broker, project)}.",
        "Its containers were removed. Natively: labs up --backend native",
        broker=broker,
    )
