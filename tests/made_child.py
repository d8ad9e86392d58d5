"""A run that can be killed anywhere: makes addresses on brokers, says so, and waits for its end.

python -m tests.made_child redis=redis-stream-always rabbitmq=rabbitmq-confirms ...
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack

from labs import stack
from labs.brokers import on_lane, open_broker, open_consumer, open_publisher
from labs.model.endpoint import Address
from labs.model.profile import profile


def main() -> None:
    """Addresses with a message each and a reader who has read it, until somebody ends us."""
    names, wanted = {}, dict(one.split("=") for one in sys.argv[1:])
    using = {kind: profile(name) for kind, name in wanted.items()}
    brokers = tuple({one.broker for one in using.values()})
    with stack.session(brokers, report=lambda _line: None) as found, ExitStack() as undo:
        for kind, one in using.items():
            here = on_lane(one, "fast" if kind == "stream" else "idiomatic")
            address = Address(found[one.broker], here, f"labs-child-{kind}")
            undo.enter_context(open_broker(address.endpoint, here, address.name))
            reader = undo.enter_context(open_consumer(address))
            publisher = undo.enter_context(open_publisher(address))
            publisher.publish([b"one", b"two"])
            publisher.poll(2.0)
            reader.acknowledge(reader.receive(5.0))
            reader.receive(0.5)  # what is on its way is sent while somebody waits
            names[kind] = address.name
        print(json.dumps(names), flush=True)
        time.sleep(600)


if __name__ == "__main__":
    main()
