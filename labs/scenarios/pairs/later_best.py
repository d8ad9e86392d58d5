"""HTTP 202, best effort: asynchronous without a broker. The service says yes at once and works afterwards."""

from collections.abc import Callable
from typing import Any

import httpx
import uvicorn

from labs.model.endpoint import Endpoint

SETTINGS = {"timeout": 5.0, "status": 202}


def send(place: Endpoint, body: bytes) -> None:
    """Ask once; the answer says only that it was heard."""
    with httpx.Client(trust_env=False, timeout=SETTINGS["timeout"]) as client:
        client.post(f"http://{place.host}:{place.port}/", content=body).raise_for_status()


def receive(place: Endpoint, handle: Callable[[bytes], None]) -> None:
    """Serve one call: the answer first. What waits meanwhile is in this process's memory."""

    async def service(_scope: Any, hear: Any, say: Any) -> None:
        body = (await hear())["body"]
        await say({"type": "http.response.start", "status": SETTINGS["status"]})
        await say({"type": "http.response.body"})
        handle(body)
        server.should_exit = True

    server = uvicorn.Server(uvicorn.Config(service, place.host, place.port, lifespan="off", log_level="error"))
    server.run()
