"""HTTP, survives a killed worker: the caller asks until somebody has answered."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import uvicorn

from labs.model.endpoint import Endpoint

SETTINGS = {"timeout": 5.0, "tries": 60, "wait_s": 0.25}


def send(place: Endpoint, body: bytes) -> None:
    """Ask until there is an answer; give up after so many tries, and say so."""
    with httpx.Client(trust_env=False, timeout=SETTINGS["timeout"]) as client:
        for _ in range(int(SETTINGS["tries"])):
            try:
                client.post(f"http://{place.host}:{place.port}/", content=body).raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(SETTINGS["wait_s"])
    raise TimeoutError(f"nobody answered {SETTINGS['tries']} calls")


def receive(place: Endpoint, handle: Callable[[bytes], None]) -> None:
    """Serve one call: the work first, the answer afterwards."""

    async def service(_scope: Any, hear: Any, say: Any) -> None:
        handle((await hear())["body"])
        await say({"type": "http.response.start", "status": 200})
        await say({"type": "http.response.body"})
        server.should_exit = True

    server = uvicorn.Server(uvicorn.Config(service, place.host, place.port, lifespan="off", log_level="error"))
    server.run()
