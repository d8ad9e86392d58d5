"""Jobs in an asyncio.Queue: the worker takes them in by HTTP, says yes at once and does them when their turn comes.

The queue lives in the worker's memory. The callers come back until they have their yes.
"""

from __future__ import annotations

import asyncio
import contextlib

from labs.scenarios.jobs.by_http import HOST, desk, settings
from labs.scenarios.jobs.event_log import EventLog, Kind, Slot
from labs.scenarios.jobs.work import LOOK_S, WORK_S, Task

__all__ = ["desk", "settings", "work"]
POLL_S = 0.001


def work(task: Task, log: EventLog) -> None:
    """A worker that is an event loop with a queue in it."""
    asyncio.run(_work(log))


async def _work(log: EventLog) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        while (await reader.readline()).strip():
            pass
        with contextlib.suppress(OSError):  # a caller that has gone away is its own affair
            if line:
                queue.put_nowait(int(line.split()[1].rpartition(b"/")[2]))
                writer.write(b"HTTP/1.0 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
            writer.close()

    server = await asyncio.start_server(accept, HOST, log.board[Slot.PORT], reuse_address=True, backlog=512)
    async with server:
        log.board[Slot.PORT] = server.sockets[0].getsockname()[1]
        log.note(Kind.READY)
        await _serve(queue, log)


async def _serve(queue: asyncio.Queue[int], log: EventLog) -> None:
    waited_s = 0.0
    while not log.stopped:
        if queue.empty():
            await asyncio.sleep(POLL_S)
            waited_s += POLL_S
            if waited_s >= LOOK_S:
                waited_s = 0.0
                log.nothing_came()
            continue
        job, waited_s = queue.get_nowait(), 0.0
        log.note(Kind.TAKEN, job)
        log.note(Kind.BEGUN, job)
        await asyncio.sleep(WORK_S / 2)
        log.note(Kind.DONE, job)
        await asyncio.sleep(WORK_S / 2)
        log.note(Kind.RELEASED, job)
