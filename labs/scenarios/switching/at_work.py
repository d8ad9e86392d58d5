"""A process of the order service: a worker of one channel, or the desk that sends and looks. Run by the conductor.

It is told on its standard input where to work, so that no password stands on a command line, and it may run under
another Python than ours: nothing here needs more than Python's own library and the service's client.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from labs.scenarios.switching.counting import without
from labs.scenarios.switching.place import Place, Works
from labs.scenarios.switching.shop import Ledger, Order, Shop, written


def service(path: Path, *, plain: bool) -> Callable[[Place], Works]:
    """The class Service of a file; plain is without our own code for features."""
    source = path.read_text("utf-8")
    found: dict[str, Any] = {"__name__": path.stem, "__file__": str(path)}
    exec(compile(without(source) if plain else source, path, "exec"), found)  # noqa: S102 - the lab's own files
    made: Callable[[Place], Works] = found["Service"]
    return made


def work(told: dict[str, Any]) -> None:
    """Handle one message after the other until killed."""
    here = service(Path(told["path"]), plain=told["plain"])(Place(**told["place"]))
    handle = Shop(Ledger(Path(told["ledger"]))).step(told["channel"])
    _say("up")
    here.work(told["channel"], handle)


def desk(told: dict[str, Any]) -> None:
    """Answer one order of the conductor after the other, a line each."""
    make = service(Path(told["path"]), plain=told["plain"])
    open_: dict[str, Works] = {}
    _say("up")
    for line in sys.stdin:
        order = json.loads(line)
        place = Place(**order["place"])
        here = open_.setdefault(place.prefix, make(place)) if order["do"] == "send" else make(place)
        _say(_done(here, order))


def _done(here: Works, order: dict[str, Any]) -> Any:
    if order["do"] == "prepare":
        here.prepare()
    elif order["do"] == "send":
        for one in order["orders"]:
            sent = Order(**one)
            here.send("orders", sent.key, written(sent, order["filling"]))
    else:
        read = here.parked if order["do"] == "parked" else here.read_again
        return [json.loads(body) for body in islice(read("orders"), order["count"])]
    return "done"


def _say(what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the conductor's
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that a client says goodbye
    {"work": work, "desk": desk}[sys.argv[1]](json.loads(sys.stdin.readline()))
