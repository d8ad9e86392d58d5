"""Workers on other machines: a pool on a Dask cluster, `dask://HOST:PORT` (or `tls://`).

What the workers write comes back through the scheduler several times a second and goes into the recorder's own spool,
so a far run is kept, assembled and judged like one from here. A lost worker is one that says nothing more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from labs.model import clock_offset
from labs.model.endpoint import BrokerError
from labs.model.facts import Facts
from labs.record.remote import agent
from labs.record.remote.pool import DaskPool
from labs.record.worker_pool import Role

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 5.0
WORKERS_S = 3.0
SCHEMES = {"dask": "tcp", "tls": "tls"}


class ExecutorError(BrokerError):
    """Workers elsewhere cannot be had: what was tried, what happened, what to do."""


def scheduler(url: str) -> str:
    """The scheduler's address in Dask's own words. ExecutorError for what is no such URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in SCHEMES or not parts.hostname or not port or parts.path.strip("/") or parts.username:
        raise ExecutorError(f"An executor is named dask://HOST:PORT or tls://HOST:PORT, got {url!r}.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{SCHEMES[parts.scheme]}://{host}:{port}"


@contextlib.contextmanager
def dask_pool(url: str, told: list[str] | None = None) -> Iterator[DaskPool]:
    """Two workers of a Dask cluster; whatever happens, what they started is gone afterwards.

    `told` gets a line on their clocks.
    """
    from distributed import Client

    address = scheduler(url)
    _certified(url)
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False, name="labs")
    except (OSError, TimeoutError, ValueError, TypeError, RuntimeError) as error:
        raise ExecutorError(
            f"No Dask scheduler answers at {url} ({error}). Start one with `dask scheduler`, and workers with "
            f"`dask worker {address}`. {_other_door(url)}"
        ) from error
    with client:
        workers = DaskPool(client, _chosen(client, url))
        try:
            yield workers
            if told is not None:
                told.append(clock_offset.sentence(workers.facts(ended=True)["clocks"]))
        finally:
            workers.close()


def _other_door(url: str) -> str:
    """What else may be wrong with a scheduler that seems not to be there."""
    if url.startswith("tls:"):
        return "If it runs: does it speak TLS, and has the authority in Dask's settings signed its certificate?"
    return "If it runs and wants TLS, name it tls:// instead of dask://"


def _certified(url: str) -> None:
    """ExecutorError where tls:// is asked for and Dask's settings name no certificates."""
    from distributed import Security

    if not url.startswith("tls:"):
        return
    why = "and Dask's settings name none"
    try:
        if Security().get_connection_args("client").get("ssl_context"):
            return
    except (OSError, ValueError) as error:
        why = f"and those that Dask's settings name cannot be used ({error})"
    raise ExecutorError(
        f"{url} needs certificates, {why}. Set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
        "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY to files here; the "
        "scheduler and each worker want such files of their own, with SCHEDULER and WORKER in place of CLIENT."
    )


def _chosen(client: Client, url: str) -> dict[Role, Facts]:
    """A worker for each role: by the names `producer` and `consumer` if there are such, else in the order of names."""
    with contextlib.suppress(TimeoutError):  # they may just be starting
        client.wait_for_workers(2, timeout=WORKERS_S)
    known = client.scheduler_info(n_workers=-1)["workers"]
    found = [{"address": at, "name": str(one["name"]), "threads": one["nthreads"]} for at, one in known.items()]
    found.sort(key=lambda one: one["name"])
    if not found or (len(found) == 1 and found[0]["threads"] < 2):
        raise ExecutorError(
            f"The scheduler at {url} has {len(found)} worker with room for one task or none: a producer and a consumer "
            "are needed. Start two, each with `dask worker SCHEDULER --nthreads 1`."
        )
    named = {one["name"]: one for one in found}
    producer = named.get("producer") or next((one for one in found if one["name"] != "consumer"), found[0])
    others = [one for one in found if one is not producer]
    roles: dict[Role, Facts] = {
        "producer": producer,
        "consumer": named.get("consumer") or next(iter(others), producer),
    }
    told = client.run(agent.about, workers=[one["address"] for one in roles.values()], on_error="return")
    for one in roles.values():
        one |= _fit(one, told[one["address"]])
    return roles


def _fit(worker: Facts, told: BaseException | Facts) -> Facts:
    """What the worker says of itself; ExecutorError unless it runs the same program."""
    mine = agent.about()
    if isinstance(told, BaseException):
        raise ExecutorError(
            f"The worker {worker['name']} cannot run the labs ({type(told).__name__}: {told}). Install labs "
            f"{mine['version']} where it runs and start it again."
        )
    for name in ("protocol", "version"):
        if told.get(name) != mine[name]:
            raise ExecutorError(
                f"The worker {worker['name']} has labs of {name} {told.get(name)}, here it is {mine[name]}. Install "
                "the same labs in both places and start the worker again."
            )
    return dict(told)
