"""What a lab says in short: three sentences that follow the recording, with whatever is missing from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from labs.experiments import EXPERIMENTS, experiment
from labs.model.digest import Digest
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, sentences
from labs.pages import in_short
from labs.pages.bench_page import recorded_bench
from labs.pages.recordings import recorded
from labs.show.looks.tricks import ranked
from labs.show.short import NOT_RECORDED, Short
from labs.show.short.rates import BATCHES
from tests.read_aloud import LONG, words_of

SHORT = [name for name, lab in EXPERIMENTS.items() if lab.short]
SEVERAL = {"latency-ladder", "one-question", "who-is-waiting", "messages-or-megabytes", "before-the-first-message"}
"""Labs that compare brokers in one sentence: one that is not recorded is named as such."""
Change = Callable[[Digest], Digest]


def digests(name: str) -> Sequence[Digest]:
    file = recorded(name)
    assert file is not None, f"{name} is not recorded"
    return file.digests


def said(name: str, change: Change = lambda one: one) -> Short:
    short = experiment(name).short
    assert short is not None
    return short([change(one) for one in digests(name)])


def settings(one: Digest) -> Any:
    return one.settings


def median(one: Digest, **changed: object) -> Digest:
    return replace(one, median={**one.median, **changed})  # type: ignore[arg-type]


def ladder(name: str, times: dict[str, float]) -> Change:
    """Each broker's or carrier's times, multiplied."""

    def changed(one: Digest) -> Digest:
        key = settings(one).get("carrier", settings(one)["broker"])
        steps: Any = one.median.get(name) or {}
        repeats: list[Any] = [{**repeat, name: more(key, dict(repeat).get(name) or {})} for repeat in one.repeats]
        return median(replace(one, floor_ms={}, repeats=repeats), **{name: more(key, steps)})

    def more(key: str, steps: Any) -> dict[str, float | None]:
        return {step: None if ms is None else ms * times.get(key, 1.0) for step, ms in steps.items()}

    return changed


def fate(profile: str, fault: str, *, lose: bool) -> Change:
    """That cell loses all or nothing in every repeat."""

    def changed(one: Digest) -> Digest:
        if (settings(one)["profile"], settings(one)["fault"]) != (profile, fault):
            return one
        word = "all lost" if lose else "none lost"
        repeats: list[Any] = [
            {**repeat, "outcome": word, "ledger": {**led, "lost": led["acknowledged"] if lose else 0}}
            for repeat in one.repeats
            if (led := repeat["ledger"])
        ]
        return replace(one, repeats=repeats)

    return changed


def rate(**per_s: float) -> Change:
    """The rates of some ways, dashes as underscores."""

    def changed(one: Digest) -> Digest:
        way = str(settings(one)["way"]).replace("-", "_")
        return median(one, per_s=per_s[way]) if way in per_s else one

    return changed


def jobs(lost: int, twice: int) -> Change:
    """So many jobs of every way lost, and so many done twice."""

    def changed(one: Digest) -> Digest:
        repeats: list[Any] = [{**r, "jobs": {**r["jobs"], "lost": lost, "twice": twice}} for r in one.repeats]
        return replace(one, repeats=repeats)

    return changed


def joined(history: int, strict: int) -> Change:
    """So much of the history with every way, and so many renamed messages that a strict reader could not read."""

    def changed(one: Digest) -> Digest:
        word = {0: "none of it", 200: "all of it"}[history]
        repeats: list[Any] = []
        for repeat in one.repeats:
            late = repeat["joined"]["late"]
            broken = {**late["broken"], "strict": strict}
            seen = {**repeat["joined"], "late": {**late, "history": history, "broken": broken}}
            repeats.append({**repeat, "outcome": word, "joined": seen})
        return replace(one, repeats=repeats)

    return changed


def late(number: int) -> Change:
    """So many messages of every shape came after a later one of their key."""

    def changed(one: Digest) -> Digest:
        repeats: list[Any] = [{**r, "deliveries": {**r["deliveries"], "overtaken": number}} for r in one.repeats]
        return replace(one, repeats=repeats)

    return changed


def noticed(word: str) -> Change:
    """Every publisher notices that."""
    return lambda one: median(one, outcome=word)


def won(*, last: bool) -> Change:
    """Each trick's broker comes last, or first, whatever is better."""

    def changed(one: Digest) -> Digest:
        repeats: list[Any] = []
        for repeat in one.repeats:
            told: Any = repeat["told"]
            values = {broker: {**told[broker], "value": 1.0} for broker in told}
            more = settings(one)["trick"] not in ("stamps", "omission")
            values[settings(one)["winner"]]["value"] = 0.5 if more == last else 2.0
            repeats.append({**repeat, "told": values})
        return replace(one, repeats=repeats)

    return changed


def trial(way: str, name: str, word: str) -> Change:
    """Another outcome of a trial of one way, in every repeat."""

    def changed(one: Digest) -> Digest:
        if settings(one)["way"] != way:
            return one
        repeats: list[Any] = [
            {**repeat, "trials": {**repeat["trials"], name: {**repeat["trials"][name], "outcome": word}}}
            for repeat in one.repeats
        ]
        return replace(one, repeats=repeats)

    return changed


def shared(ratio: float) -> Change:
    """Every way took so many times the ideal."""
    return lambda one: replace(one, repeats=[{**repeat, "ratio": ratio} for repeat in one.repeats])


def slopes(per_s: float) -> Change:
    """Every backlog grew by so much."""
    return lambda one: median(one, figures={**dict(one.median)["figures"], "slope_per_s": per_s})  # type: ignore[dict-item]


def kept(outcome: str, *, adds_up: bool) -> Change:
    """Every way gives a second reader so much, and from it the total can be added up or not."""

    def changed(one: Digest) -> Digest:
        repeats: list[Any] = []
        for repeat in one.repeats:
            figures = {**repeat["figures"], "total_live": 7, "total_again": 7 if adds_up else 8}
            repeats.append({**repeat, "outcome": outcome, "verdict": "kept", "figures": figures})
        return median(replace(one, repeats=repeats), outcome=outcome)

    return changed


def healed(*, done: bool) -> Change:
    """Every message that only needed time is done in the end, or none is."""

    def changed(one: Digest) -> Digest:
        repeats: list[Any] = []
        for repeat in one.repeats:
            ends = repeat["ends"]
            repeats.append({**repeat, "ends": {**ends, "heals_done": ends["heals"] if done else 0}})
        return replace(one, repeats=repeats)

    return changed


def became(fate: str, outcome: str) -> Change:
    """With every way that became of all messages."""

    def changed(one: Digest) -> Digest:
        none = dict.fromkeys(("once", "twice", "forgotten", "gone", "unread"), 0)
        repeats: list[Any] = [
            {**repeat, "verdict": "kept", "counts": {**repeat["counts"], **none, fate: repeat["counts"]["sent"]}}
            for repeat in one.repeats
        ]
        return median(replace(one, repeats=repeats), outcome=outcome)

    return changed


def ran(times: int) -> Change:
    """The task of every way was run so often."""

    def changed(one: Digest) -> Digest:
        repeats: list[Any] = [{**r, "trials": {"task": {**r["trials"]["task"], "times": times}}} for r in one.repeats]
        return replace(one, repeats=repeats)

    return changed


def started(outcome: str) -> Change:
    """What every worker came to."""
    return lambda one: median(one, outcome=outcome)


def ended(topology: str, outcome: str) -> Change:
    """Every puzzle with that topology ends so."""
    return lambda one: median(one, outcome=outcome) if settings(one)["topology"] == topology else one


def handed_out(share: float) -> Change:
    """Of every way the consumer handled such a share stale."""
    return lambda one: median(one, figures={**dict(one.median)["figures"], "stale_share": share})  # type: ignore[dict-item]


def passing(number: int) -> Change:
    """So many records got past the failing one in the share group."""

    def changed(one: Digest) -> Digest:
        if (settings(one)["way"], settings(one)["trouble"]) != ("share", "failing"):
            return one
        repeats: list[Any] = [{**repeat, "figures": {**repeat["figures"], "passed": number}} for repeat in one.repeats]
        return replace(one, repeats=repeats)

    return changed


def moved(features: int) -> Change:
    """So many features have to be reimplemented after every move, and none is lost."""

    def changed(one: Digest) -> Digest:
        repeats: list[Any] = [
            {**repeat, "figures": {**repeat["figures"], "built": float(features), "lost": 0.0}}
            for repeat in one.repeats
        ]
        return replace(one, repeats=repeats)

    return changed


def backlog(**changed: float) -> Change:
    """Figures of a backlog, the same in every round and with every way."""

    def with_them(one: Digest) -> Digest:
        repeats: list[Any] = [{**repeat, "figures": {**repeat["figures"], **changed}} for repeat in one.repeats]
        return replace(one, repeats=repeats)

    return with_them


CHANGED: list[tuple[str, Change, str, Change, str]] = [
    ("latency-ladder", ladder("latency_ms", {"redis": 1e3}), "is first at the median",
     ladder("latency_ms", {"redis": 1e-3}), "Redis is first"),
    ("latency-ladder", ladder("latency_ms", {"redis": 1e-3, "rabbitmq": 1e-3}), "Measure Kafka on your machine first",
     ladder("latency_ms", dict.fromkeys(BROKERS, 1e-3)), "latency is not your reason"),
    ("loss-matrix", fate("redis-list-always", "power", lose=True), "through a power cut: RabbitMQ",
     fate("redis-list-always", "power", lose=False), "through a power cut: Redis"),
    ("loss-matrix", fate("kafka-acks-all", "kill", lose=True), "Kafka, acks=1",
     fate("kafka-acks-all", "kill", lose=False), "Kafka, acks=all. For"),
    ("redis-forgets", fate("redis-list-rdb", "kill", lose=False), "As shipped, Redis lost none",
     fate("redis-list-rdb", "kill", lose=True), "so whether it forgets is a setting"),
    ("acknowledged", fate("kafka-acks-all", "power", lose=False), "and none to a power cut",
     fate("kafka-acks-all", "power", lose=True), "and all to a power cut"),
    ("fifty-thousand", rate(pika_one=60_000, raw_window=70_000), "is less than either", rate(pika_one=9), "between"),
    ("kafka-million", rate(batch_100=9e5, batch_1000=9e5, batch_5000=9e5), "No batch reached",
     rate(batch_5000=2e6), "pass the article’s"),
    ("redis-million", rate(xadd_512=9e5), "missed in pipelines", rate(xadd_512=2e6), "reached in pipelines"),
    ("messages-or-megabytes", rate(redis_16=1e9), "Redis carried", rate(kafka_16=1e9), "Kafka carried"),
    ("price-of-persistence", rate(persistent_1=1e9), "One message at a time the persistent flag costs nothing",
     rate(persistent_1=1), "One message at a time the persistent flag costs 100"),
    ("who-is-waiting", ladder("blocked_ms", {"http-202": 100.0}), "202 does not help here",
     ladder("blocked_ms", {"http-202": 0.1}), "with no broker in sight"),
    ("one-question", ladder("waited_ms", {"redis-pair": 0.01}), "soonest over Redis",
     ladder("waited_ms", {"grpc": 0.01}), "soonest over gRPC"),
    ("passport", lambda one: median(one, **{"fsync_ms.p50": 8.0}), "Another disk has another flush",
     lambda one: median(one, **{"fsync_ms.p50": 0.01}), "is suspect"),
    ("before-the-first-message", lambda one: median(one, lost=3), "lost jobs all the same",
     lambda one: median(one, lost=0), "none of these lost"),
    ("when-it-blocks", noticed("it waits"), "waited (up to", noticed("nothing at all"), "Not here: of"),
    ("kill-the-worker", jobs(3, 0), "0 lost nothing", jobs(0, 2), "What loses nothing repeats"),
    ("four-queues", trial("pubsub", "offline", "yes"), "four keep every",
     trial("list", "offline", "no"), "two keep every"),
    ("late-joiner", joined(0, 0), "It got nothing with HTTP push, Redis Pub/Sub",
     joined(200, 50), "It got everything with HTTP push, Redis Pub/Sub"),
    ("routing-at-rate", shared(0.9), "bindings cost RabbitMQ little", shared(0.1), "bindings cost RabbitMQ much"),
    ("short-life", handed_out(0.2), "of all messages stale with Redis Pub/Sub",
     handed_out(0.0), "hardly any stale message with Redis Pub/Sub"),
    ("share-the-work", shared(3.0), "none of 13 ways", shared(1.0), "took about the ideal time in every round ("),
    ("log-group-share", passing(0), "In a share group four worked, nothing got past it",
     passing(27), "In a share group four worked, all 27 records behind it got past"),
    ("delivery-shapes", late(3), "none kept the order", late(0), "and Kafka share group kept the order"),
    ("burst-or-overload", slopes(0.0), "no backlog grew",
     slopes(40.0), "A queue adds no capacity"),
    ("cost-of-switching", moved(0), "no features of its contract have", moved(3), "three features of its contract"),
    ("big-backlog", backlog(onto=0.5), "none of four ways kept",
     backlog(onto=1.0), "four of four ways kept"),
    ("big-backlog", backlog(each_more=0.0), "next to nothing on disk with Kafka topic, RabbitMQ stream, ",
     backlog(each_more=900.0), "No way is free of it"),
    ("routing-puzzles", ended("solved", "solved"), "in five of five puzzles",
     ended("solved", "not solved"), "in none of five puzzles"),
    ("read-it-again", kept("a part of it", adds_up=False), "none gave the right total",
     kept("a part of it", adds_up=True), "eleven gave the right total"),
    ("pending-claimed", became("once", "done once"), "seven did every message once.",
     became("gone", "gone undone"), "none did every message once. With all of them, 200 of"),
    ("bad-message", healed(done=True), "Nine of nine ways finished",
     healed(done=False), "none of them was finished with"),
    ("upgrade-trap", started("ready"), "Here it does", started("541 INTERNAL_ERROR"), "Nothing that was tried"),
    ("one-app-three-brokers", trial("kafka", "late", "partly"), "is still lost on Kafka",
     trial("kafka", "events", "yes"), "fails three of them: priorities, ping and inspect and a second worker"),
    ("run-twice", ran(3), "was run three times; nothing had failed", ran(1), "was run once."),
    ("how-benchmarks-lie", won(last=True), "None can be made to win", won(last=False), "Each of the three brokers"),
]  # fmt: skip
"""Lab, a change and what is said then, another change and what is said then: neither is said with the other."""


@pytest.mark.parametrize("name", [*SHORT, in_short.BENCH])
def test_what_is_said_in_short_is_three_sentences_without_a_hole(name: str) -> None:
    short = in_short.of(name)
    for text in (short.answer, short.condition, short.monday):
        assert text.endswith(".")
        assert text[0].isupper()
        assert not {"None", "nan", "inf", "{", "}", "  ", "..", "(not recorded yet)"} & set(text.split(" ")), text
        assert len(text.split()) <= 60, text
    assert NOT_RECORDED not in short.answer


@pytest.mark.parametrize(("name", "change", "now", "other", "then"), CHANGED)
def test_the_words_change_when_the_figures_do(name: str, change: Change, now: str, other: Change, then: str) -> None:
    first, second = (" ".join([s.answer, s.condition, s.monday]) for s in (said(name, change), said(name, other)))
    assert now in first
    assert then in second
    assert then not in first


def test_advice_about_a_latency_budget_is_by_the_slowest_repeat_at_each_promise() -> None:
    def one_slow(rung: int, broker: str) -> Change:
        def changed(one: Digest) -> Digest:
            if (settings(one)["rung"], settings(one)["broker"]) != (rung, broker):
                return one
            first, *rest = one.repeats
            slow: Any = {**first, "latency_ms": {**first["latency_ms"], "p99": 40.0}}
            return replace(one, repeats=[slow, *rest])

        return lambda one: changed(ladder("latency_ms", dict.fromkeys(BROKERS, 1e-3))(one))

    told = said("latency-ladder", one_slow(3, "rabbitmq")).monday
    assert " Where a message must survive a killed process, that is Redis, RabbitMQ and Kafka; " in told
    assert " where it must survive a power cut, Redis and Kafka." in told
    assert "Measure RabbitMQ on your machine first: here p99 was up to 40.0\u00a0ms" in told
    assert "on your machine" in said("latency-ladder", one_slow(2, "kafka")).monday
    assert "not your reason" in said("latency-ladder", one_slow(1, "kafka")).monday


def test_every_lab_that_says_something_in_short_is_read_with_other_figures() -> None:
    assert {name for name, *_ in CHANGED} == set(SHORT)


@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize("gone", BROKERS)
def test_a_broker_that_is_not_recorded_is_told_and_never_stands_with_a_figure(name: str, gone: str) -> None:
    left = [one for one in digests(name) if settings(one).get("broker") != gone]
    short = experiment(name).short
    assert short is not None
    found = short(left)
    assert found.answer.endswith(".")
    assert found.condition == "" or found.condition.endswith(".")
    if name in SEVERAL:
        assert f"{BROKER_NAMES[gone]} is not recorded yet." in found.answer


@pytest.mark.parametrize("name", SHORT)
def test_without_a_recording_there_is_no_answer_and_still_a_monday(name: str) -> None:
    short = experiment(name).short
    assert short is not None
    assert short([]) == Short(NOT_RECORDED, "", short([]).monday)
    assert short([]).monday


@pytest.mark.parametrize("name", SHORT)
def test_any_half_of_a_recording_is_said_without_failing(name: str) -> None:
    """What the grid lacks while a recording goes on."""
    short = experiment(name).short
    assert short is not None
    for part in (digests(name)[::2], digests(name)[1::2], digests(name)[:1], digests(name)[-1:]):
        assert short(part).answer.endswith(".")


def test_the_benchmark_says_who_missed_the_article_one_at_a_time() -> None:
    content = recorded_bench()
    assert content is not None
    rows = [
        row | {"ours": row["ours"] | {"median": 2e6}} if row["id"] == "article-kafka-one" else row
        for row in content["rows"]
    ]
    assert "missed one at a time by all" in in_short.of_bench(content).condition
    assert "missed one at a time by Redis and RabbitMQ and" in in_short.of_bench(content | {"rows": rows}).condition
    assert in_short.of_bench(None).answer == NOT_RECORDED


def test_an_article_figure_that_some_rounds_miss_is_not_called_reached_or_passed() -> None:
    content = recorded_bench()
    assert content is not None
    fast = next(row for row in content["rows"] if row["id"] == "article-rabbitmq-fast")
    all_rounds, some = ([5.1e4, 6e4], [4.9e4, 6e4])
    for values, partly in ((all_rounds, False), (some, True)):
        changed = fast | {"ours": fast["ours"] | {"median": 5.5e4, "values": values}}
        rows = [changed if row is fast else row for row in content["rows"]]
        assert ("RabbitMQ in some rounds only" in in_short.of_bench(content | {"rows": rows}).condition) is partly
    assert "The promises are not alike: Redis stream" in in_short.of_bench(content).answer

    def rounds(*per_s: float) -> Change:
        repeats = [{"per_s": one} for one in per_s]
        return lambda one: median(replace(one, repeats=repeats), per_s=2e6) if settings(one)["way"] in BATCHES else one

    assert "Batches of 1 pass the article’s 1,000,000." in said("kafka-million", rounds(2e6, 3e6)).answer
    assert "pass the article’s 1,000,000 in some rounds." in said("kafka-million", rounds(9e5, 3e6)).answer


def test_a_trick_counts_only_where_another_is_ahead_when_all_are_measured_alike() -> None:
    def alike(one: Digest) -> Digest:
        """Nothing changes in the even chart: whoever wins there wins in the misleading one."""
        repeats: list[Any] = [{**repeat, "told": repeat["fair"]} for repeat in one.repeats]
        return replace(one, repeats=repeats)

    found = said("how-benchmarks-lie", alike)
    assert found.answer.startswith("None can be made to win")
    led = sum(ranked(one, "fair")[0] == settings(one)["winner"] for one in digests("how-benchmarks-lie"))
    assert f"; in {led} the winner led anyway" in found.condition
    assert "a smaller lead is no rank" in found.condition


def test_a_page_without_a_recording_writes_three_items() -> None:
    assert in_short.written(["- One.", "- Two", "  more.", "- Three."]) == Short("One.", "Two more.", "Three.")
    with pytest.raises(ValueError, match="there are 2"):
        in_short.written(["- One.", "- Two."])


def test_what_all_pages_advise_is_theirs_and_each_page_has_one() -> None:
    found = [one for advice in in_short.advice().values() for one in advice]
    assert len(found) == len({one.stem for one in found}) >= len(SHORT)
    monday = next(one for one in found if one.stem == "05-4-latency-ladder")
    assert monday.text == said("latency-ladder").monday


def test_a_page_that_asks_when_says_after_how_long() -> None:
    assert " after the reader had stopped, when a limit was reached." in said("when-it-blocks").answer
    quiet = said("when-it-blocks", lambda one: median(one, outcome="nothing at all"))
    assert "It began" not in quiet.answer


@pytest.mark.parametrize("lose", [True, False])
def test_why_a_kill_takes_all_from_snapshots_is_said_where_it_did(lose: bool) -> None:
    told = said("loss-matrix", fate("redis-list-rdb", "kill", lose=lose)).condition
    assert ("no `save` rule of Redis comes due" in told) is lose


def spoken(text: str) -> list[str]:
    """Its sentences without the names that a colon lists: a label has as many words as its setting needs."""
    return [re.sub(r": [^:.]*(?:; .*)+", "", one) for one in sentences(text)]


@pytest.mark.parametrize("name", [*SHORT, in_short.BENCH])
def test_no_sentence_in_short_is_longer_than_one_breath(name: str) -> None:
    short = in_short.of(name)
    long = [one for text in (short.answer, short.condition, short.monday) for one in spoken(text)
            if len(words_of(one)) > LONG]  # fmt: skip
    assert long == []


def of_few(name: str, ways: Sequence[str]) -> Short:
    """What is said where only these ways were recorded."""
    short = experiment(name).short
    assert short is not None
    return short([one for one in digests(name) if settings(one)["way"] in ways])


def test_stale_shares_that_are_close_are_one_figure_and_others_a_range() -> None:
    assert "It handled about 15\u00a0% of all messages stale" in said("short-life").answer
    assert "It handled 20\u00a0% of all messages stale" in said("short-life", handed_out(0.2)).answer
    assert "It handled all messages stale" in said("short-life", handed_out(1.0)).answer
    far = said("short-life", lambda one: handed_out(0.9)(one) if settings(one)["way"] == "kafka" else one).answer
    assert "% to 90\u00a0% of all messages stale" in far
    one = of_few("short-life", ["redis-list"])
    assert one.answer.endswith("of all messages stale with a Redis list.")
    assert one.condition == "What a killed consumer costs is not recorded yet."


@pytest.mark.parametrize(("share", "told"), [
    (lambda way: 0.5, "every way dropped 50\u00a0% of the messages."),
    (lambda way: 0.25 if way == "kafka" else 0.5, "with Kafka: 25\u00a0% of the messages. The most was"),
    (lambda way: 0.0 if "kafka" in way else 0.5, "with Kafka and checked Kafka: no message. The most"),
])  # fmt: skip
def test_what_a_killed_consumer_drops_is_said_of_all_that_drop_alike(share: Callable[[str], float], told: str) -> None:
    def changed(one: Digest) -> Digest:
        figures: Any = {**dict(one.median)["figures"], "dropped_share": share(settings(one)["way"])}  # type: ignore[dict-item]
        return median(one, figures=figures)

    assert told in said("short-life", changed).condition


def test_ways_of_a_stream_are_named_while_a_sentence_can_carry_them() -> None:
    assert "Where a claim comes too soon, up to " in said("pending-claimed").answer
    assert "`MAXLEN` is approximate or keys are evicted, up to " in said("pending-claimed").answer
    alone = of_few("pending-claimed", ["never"]).answer
    assert alone.startswith("Of one way to run a stream’s workers, none did every message once. Where nobody claims, ")
    assert " is not recorded yet." in of_few("pending-claimed", ["never"]).condition


def test_a_way_that_keeps_up_in_some_rounds_only_is_not_among_those_that_do_in_all() -> None:
    """As the verdict on C23 has it, which asks every round."""
    told = said("share-the-work").answer
    assert "Kafka share group" not in told.partition(")")[0]
    assert "Kafka share group, 1 partition did so in most rounds." in told
    assert "in most rounds" not in said("share-the-work", shared(1.0)).answer


def test_the_count_of_what_fails_on_kafka_is_that_of_its_claim_where_recovery_is_counted_too() -> None:
    assert "; with it Kafka fails five." in said("one-app-three-brokers").condition
    assert "; with it Kafka fails four." in said("one-app-three-brokers", trial("kafka", "events", "yes")).condition
    assert "no row of the checklist" not in said("one-app-three-brokers", trial("kafka", "late", "yes")).condition


def test_tricks_are_counted_in_words_with_one_noun() -> None:
    assert re.search(r": Redis by (one trick|\w+ tricks), RabbitMQ by \w+ and Kafka by \w+\. Every figure is true\.",
                     said("how-benchmarks-lie").answer)  # fmt: skip
    assert "Every figure is true" not in said("how-benchmarks-lie", won(last=True)).answer
