"""Redis's own queues: the judge on histories whose answer is known, the words on an older server, and a killed run."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import pytest
import redis

from labs.brokers.redis.admin import client
from labs.experiments import experiment
from labs.experiments.four_queues import _brought, digest
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.observer import UNOBSERVED
from labs.pages.exercises.truths import NoTruth
from labs.pages.exercises.truths_queues import since_of, ways_with
from labs.scenarios.queues import MESSAGES, TRIALS, WAYS, server
from labs.scenarios.queues.judge import History, judged
from labs.scenarios.queues.trials import Site, history
from labs.show.looks.queues import QUEUES_LOOK, truth
from tests.killed_runs import leaves_no_key

LAB = experiment("four-queues")
ALL, NOTHING = range(6), ()
FIRST, REST = (0, 2, 4), (1, 3, 5)
SINCE = {"BLPOP": "2.0.0", "SUBSCRIBE": "2.0.0", "XADD": "5.0.0", "XAUTOCLAIM": "6.2.0"}


def word(trial: str, **got: Sequence[int]) -> str:
    return str(judged(trial, History(6, got))["outcome"])


@pytest.mark.parametrize(
    ("first", "second", "shared", "copied"),
    [
        (FIRST, REST, "yes", "no"),
        (ALL, ALL, "no", "yes"),
        (ALL, NOTHING, "no", "partly"),
        (FIRST, (1, 3), "no", "no"),
        (FIRST, (1, 3, 5, 5), "no", "no"),
        ((0, 0, 0, 1, 2, 3), ALL, "no", "partly"),
        ((*ALL, 6), ALL, "no", "partly"),
    ],
)
def test_two_readers_share_where_each_message_is_at_one_of_them_and_are_copied_to_where_each_has_all(
    first: Sequence[int], second: Sequence[int], shared: str, copied: str
) -> None:
    assert word("share", first=first, second=second) == shared
    assert word("fan_out", first=first, second=second) == copied


@pytest.mark.parametrize(("got", "said"), [(ALL, "yes"), ((5, 4), "partly"), (NOTHING, "no"), ((0, 0, 0), "partly")])
def test_who_was_away_has_all_some_or_nothing(got: Sequence[int], said: str) -> None:
    assert word("offline", first=got) == word("replay", late=got) == said


def test_a_slow_reader_that_was_cut_off_has_failed_even_if_all_arrived() -> None:
    for got, cut, said in ((ALL, False, "yes"), (ALL, True, "no"), (FIRST, False, "no")):
        assert judged("slow", History(6, {"first": got}, cut=cut))["outcome"] == said


def test_a_kill_loses_what_nobody_handled_forgives_what_came_twice_and_proves_nothing_without_a_death() -> None:
    twice = judged("killed", History(6, {"first": (0, 1), "second": (1, 2, 3, 4, 5)}))
    lost = judged("killed", History(6, {"first": (0, 1), "second": (3, 4, 5)}))
    assert (twice["outcome"], twice["lost"]) == ("yes", 0)
    assert (lost["outcome"], lost["lost"]) == ("no", 1)
    assert judged("killed", History(6, {"first": ALL, "second": NOTHING}, dead=False))["outcome"] == "unknown"


def test_a_backlog_is_told_only_where_the_number_is_right() -> None:
    assert [judged("backlog", History(6, {}, told=told))["outcome"] for told in (6, 5, None)] == ["yes", "partly", "no"]


# -- points ----------------------------------------------------------------------------------------------------------


def repeat(since: dict[str, str], newest: str, **words: str) -> Any:
    trials = {name: judged(name, HISTORIES[words.get(name, "yes")]) for name in TRIALS if words.get(name) != "absent"}
    trials |= {name: {"outcome": "absent"} for name, said in words.items() if said == "absent"}
    return {"trials": trials, "since": since, "newest": newest, "took_s": 1.0}


HISTORIES = {"yes": History(6, {"first": ALL}, told=6), "no": History(6, {"first": NOTHING})}


def point(way: str, *repeats: Any, brought: dict[str, str] | None = None) -> Digest:
    return digest(WAYS[way], repeats, {"limit": {}, "brought": brought or {}}, {})


def said(claim: str, points: Sequence[Digest]) -> tuple[str, str]:
    [verdict] = [rule(points) for rule in LAB.rules if rule.claim == claim]
    return verdict.word, verdict.text


@pytest.mark.parametrize(
    ("changed", "c59", "c60"),
    [
        ({}, "never held", "never held"),
        ({"SUBSCRIBE": "5.0.0"}, "undecided here", "undecided here"),
        ({"BLPOP": "2.0.1"}, "undecided here", "never held"),
        ({"BLPOP": "1.2.0"}, "never held", "never held"),
        ({"SUBSCRIBE": "4.0.0"}, "undecided here", "never held"),
        ({"XADD": "4.0.0"}, "never held", "undecided here"),
        ({"XADD": ""}, "never held", "undecided here"),
        ({"SUBSCRIBE": "untold"}, "undecided here", "undecided here"),
    ],
)
def test_two_claims_hang_on_the_versions_that_the_server_itself_names(
    changed: dict[str, str], c59: str, c60: str
) -> None:
    points = [point("list", repeat(SINCE | changed, "2.0.0"), repeat(SINCE | changed, "2.0.0"))]
    assert (said("C59", points)[0], said("C60", points)[0]) == (c59, c60)


def test_a_server_that_says_two_things_of_one_command_decides_nothing() -> None:
    points = [point("list", repeat(SINCE, "2.0.0"), repeat(SINCE | {"SUBSCRIBE": "1.0.0"}, "2.0.0"))]
    assert said("C60", points) == ("undecided here", "The server did not always say the same of SUBSCRIBE.")


@pytest.mark.parametrize(
    ("stream", "channel", "expected"),
    [
        (("yes", "yes"), ("no", "no"), "holds"),
        (("yes", "no"), ("no", "no"), "undecided here"),
        (("yes", "yes"), ("no", "yes"), "undecided here"),
        (("no", "no"), ("no", "no"), "undecided here"),
    ],
)
def test_streams_suit_one_to_many_if_in_every_repeat_a_group_that_was_away_has_all_and_a_subscriber_nothing(
    stream: Sequence[str], channel: Sequence[str], expected: str
) -> None:
    points = [
        point(way, *(repeat(SINCE, "5.0.0", offline=one) for one in words))
        for way, words in (("stream-group", stream), ("pubsub", channel))
    ]
    assert said("C63", points)[0] == expected
    assert said("C63", points[:1]) == ("undecided here", "Pub/Sub was not measured.")


def test_a_way_whose_command_the_server_lacks_is_grey_and_says_what_brought_it() -> None:
    lacks = _brought(WAYS["sharded-pubsub"], SINCE | {"SPUBLISH": "", "SSUBSCRIBE": ""})
    assert lacks == {"SPUBLISH": "7.0.0", "SSUBSCRIBE": "7.0.0"}
    old = point("sharded-pubsub", repeat(SINCE, "", **dict.fromkeys(TRIALS, "absent")), brought=lacks)
    cells = QUEUES_LOOK.view(old)["grid"]["cells"]
    assert {one["state"] for one in cells} == {"absent"}
    assert cells[0]["reason"] == "SPUBLISH came with 7.0.0 and SSUBSCRIBE came with 7.0.0"
    assert truth(old) == "unknown"


def test_repeats_that_differ_are_mixed_and_an_exercise_has_no_answer_by_a_trial_that_did_not_take_place() -> None:
    torn = point("list", repeat(SINCE, "2.0.0"), repeat(SINCE, "2.0.0", offline="no"))
    assert QUEUES_LOOK.view(torn)["grid"]["cells"][2]["state"] == "mixed"
    kept = point("stream-group", repeat(SINCE, "5.0.0"))
    assert ways_with([torn, kept], ["offline"]) == {"stream-group"}
    assert since_of([torn, kept], ["XAUTOCLAIM"]) == {"xautoclaim": "6.2.0"}
    with pytest.raises(NoTruth):
        since_of([torn, kept], ["LMPOP"])
    with pytest.raises(NoTruth):
        ways_with([kept, point("list", repeat(SINCE, "", offline="absent"))], ["offline"])


def test_the_newest_of_some_versions_is_found_by_number_and_not_by_letter() -> None:
    assert server.newest(["6.2.0", "10.0.0", "7.0.0"]) == "10.0.0"
    assert server.newest([]) == ""
    assert server.newest(["2.0.0", "untold"]) == "untold"


# -- on a server -----------------------------------------------------------------------------------------------------


@pytest.mark.broker
def test_the_server_dates_what_it_has_and_not_what_it_lacks_or_will_not_tell(endpoints: dict[str, Endpoint]) -> None:
    here = endpoints["redis"]
    with contextlib.closing(client(here)) as link:
        found = server.since(link, ["SUBSCRIBE", "XADD", "NOSUCHCOMMAND"])
        assert found == {"SUBSCRIBE": "2.0.0", "XADD": "5.0.0", "NOSUCHCOMMAND": ""}
        assert server.lacking(found, found) == ["NOSUCHCOMMAND"]
        link.acl_setuser("labs-test-mute", enabled=True, nopass=True, categories=["+@all"], commands=["-command|docs"])
        try:
            mute = redis.Redis(host=here.host, port=here.port, username="labs-test-mute", password="any", protocol=2)
            with contextlib.closing(mute):
                assert server.since(mute, ["XADD"]) == {"XADD": "untold"}
        finally:
            link.acl_deluser("labs-test-mute")


@pytest.mark.broker
def test_a_channel_forgets_who_was_away_and_a_popped_message_dies_with_its_worker(
    endpoints: dict[str, Endpoint],
) -> None:
    def tried(way: str, trial: str) -> dict[str, Any]:
        return judged(trial, history(trial, Site(endpoints["redis"], way, f"labs-test-{trial}"), UNOBSERVED))

    away = tried("pubsub", "offline")
    assert (away["outcome"], away["lost"], away["heard"]) == ("no", MESSAGES, 0)
    killed = tried("list", "killed")
    assert (killed["outcome"], killed["lost"]) == ("no", 1)
    assert tried("list-moved", "killed")["outcome"] == "yes"
    with contextlib.closing(client(endpoints["redis"])) as link:
        assert link.keys("labs-test-*") == []


@pytest.mark.broker
def test_a_run_that_was_killed_leaves_no_key(endpoints: dict[str, Endpoint]) -> None:
    leaves_no_key(endpoints["redis"], "four-queues", "--set", "ways=stream-group")
