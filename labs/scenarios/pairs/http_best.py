"""HTTP, best effort: the caller asks once and waits until the work is done."""

from collections.abc import Callable
from typing import Any

import httpx
import uvicorn

from labs.model.endpoint import Endpoint

SETTINGS = {"timeout": 5.0}


def send(place: Endpoint, body: bytes) -> None:
    """Ask once."""
    with httpx.Client(trust_env=False, timeout=SETTINGS["timeout"]) as client:
        client.post(f"http://{place.host}:{place.port}/", content=body).raise_for_status()


def receive(place: Endpoint, handle: Callable[[bytes], None]) -> None:
    """Serve one call: the work first, the answer afterwards."""

    async def service(_scope: Any, hear: Any, say: Any) -> None:
        handle((await hear())["body"])
        await say({"type": "http.response.start", "status": 200})
        await say({"type": "http.response.body"})
        server.should_exit = True

    server = uvicorn.Server(uvicorn.Config(service, place.host, place.port, lifespan="off", log_level="error"))
    server.run()
