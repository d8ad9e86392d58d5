"""PerfTest beside us: its lines read rightly, its login hidden, nothing of it left in the broker."""

import base64
import json
import urllib.request
from dataclasses import replace

import pytest

from labs import stack
from labs.model.endpoint import Endpoint
from labs.scenarios.bench.tools import ToolError, perf_test

SAID = """\
id: test-1, starting producer #0
id: test-1, time 1.000 s, sent: 10 msg/s, confirmed: 9 msg/s, nacked: 0 msg/s, received: 8 msg/s, min latency: 1 us
id: test-1, time 2.000 s, sent: 100 msg/s, confirmed: 90 msg/s, nacked: 0 msg/s, received: 80 msg/s, min latency: 1 us
id: test-1, time 4.000 s, sent: 200 msg/s, confirmed: 190 msg/s, nacked: 0 msg/s, received: 180 msg/s, min latency: 1 us
id: test-1, sending rate avg: 1 msg/s
"""


@pytest.mark.parametrize(("what", "counted"), [("confirmed", 90 + 2 * 190), ("received", 80 + 2 * 180)])
def test_the_seconds_of_the_warm_up_do_not_count(what: str, counted: int) -> None:
    rate = perf_test._rate(SAID, 2.5, what, "PerfTest")
    assert (rate.messages, rate.seconds) == (counted, 3.0)


def test_output_that_cannot_be_read_is_an_error_with_its_last_line() -> None:
    with pytest.raises(ToolError, match="sending rate avg"):
        perf_test._rate(SAID.replace(" msg/s,", " ,"), 4, "confirmed", "PerfTest")


def names_at(endpoint: Endpoint, kind: str) -> list[str]:
    """The names of all queues or exchanges, as the management plugin says."""
    login = base64.b64encode(f"{endpoint.username}:{endpoint.password}".encode()).decode()
    place = f"http://127.0.0.1:{endpoint.admin_port}/api/{kind}?disable_stats=true&enable_queue_totals=true"
    request = urllib.request.Request(place, headers={"Authorization": f"Basic {login}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return [one["name"] for one in json.load(answer)]


@pytest.mark.broker
def test_perf_test_measures_and_leaves_neither_queue_nor_exchange() -> None:
    with stack.session(("rabbitmq",), "native", report=lambda _text: None) as found:
        rabbitmq = found["rabbitmq"]
        rate = perf_test.end_to_end(rabbitmq, seconds=3, confirms=100)
        assert rate.messages > 100  # a hundredth of what a slow machine does
        assert rabbitmq.password not in rate.command
        assert "amq.direct" in names_at(rabbitmq, "exchanges")
        assert not [
            name for kind in ("queues", "exchanges") for name in names_at(rabbitmq, kind) if "labs-perf" in name
        ]
        with pytest.raises(ToolError, match="not this machine"):
            perf_test.produce(replace(rabbitmq, host="192.0.2.1"), seconds=1, confirms=1)
