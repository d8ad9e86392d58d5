"""L7.3 Routing at rate: what each binding costs, and who throws away what nobody wanted. Claim C68.

Each way is measured in turns with the same sending without routing, in one run: the ratio is what counts.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from labs.experiments.base import Control, Experiment, Option, Settings
from labs.experiments.bounds import Bound
from labs.experiments.rate_figures import limit_said, middle_rate, ours, rates, sum_up
from labs.experiments.rate_lab import FEWER, Way, measured, on_line
from labs.experiments.rules import Said, Undecided, Word, by, each, passes, rule
from labs.model.digest import Digest
from labs.model.observer import Observer
from labs.model.profile import BROKERS
from labs.model.text import counted, enumerated, percent
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Figure, Setting
from labs.show.looks.rate_lines import along
from labs.show.looks.routed import ROUTED_LOOK
from labs.show.short.routed import routing_at_rate

NAME = "routing-at-rate"
BINDINGS = (1, 10, 100, 1000)
CLIENT = "own frames, fast lane"
LOAD = Ceiling(messages=120_000, window=500, batch=100)


def _topic(number: int) -> Way:
    def side(setting: Setting) -> Figure:
        from labs.scenarios.routed.on_rabbitmq import topic_side

        return topic_side(number, LOAD)(setting)

    label = counted(number, "topic binding")
    return Way(f"topic-{number}", label, "rabbitmq-confirms", side, "fast", LOAD, client=CLIENT)


def _pattern(number: int) -> Way:
    def side(setting: Setting) -> Figure:
        from labs.scenarios.routed.on_redis import pattern_side

        return pattern_side(number, LOAD)(setting)

    label = f"{counted(number, 'pattern')} subscribed to"
    return Way(f"pattern-{number}", label, "redis-pubsub", side, "fast", LOAD, client=CLIENT, rounds=FEWER)


def _filter(setting: Setting) -> Figure:
    from labs.scenarios.routed.on_kafka import filter_side

    return filter_side()(setting)


WAYS = (
    *(on_line("topic exchange", number, _topic(number)) for number in BINDINGS),
    *(on_line("pattern subscriptions", number, _pattern(number)) for number in BINDINGS),
    Way("filter", "a reader that keeps one in ten", "kafka-acks-all", _filter, "fast", client=CLIENT, rounds=FEWER),
)
KNOWN = {one.name: one for one in WAYS}
IF: Word = "holds with conditions"
HUNDRED, FEW = "topic-100", ("topic-1", "topic-10")
ENOUGH = Bound("holds", "the rate with 100 topic bindings", "at least", 20_000, "/s")
MOST = Bound("holds", "that rate", "at least", 70, "% of the one without routing")


def kept(one: Digest) -> list[float]:
    """The share of the rate without routing, in %, a value a repeat."""
    return [100 * ratio for ratio in each(one, "ratio")]


def keeps_up(one: Digest, text: str) -> bool | None:
    """Whether a point passes either bound of the rule; None where its rounds lie on both sides."""
    sides = [passes(rates(one), ENOUGH, text), passes(kept(one), MOST, text)]
    return True if True in sides else None if None in sides else False


@rule("C68", of_part=("holds",), bounds=(ENOUGH, MOST))
def c68(digests: Sequence[Digest]) -> Said:
    """What the bindings of a topic exchange cost."""
    found = by(digests, "way")
    if missing := [KNOWN[name].label for name in (*FEW, HUNDRED) if name not in found]:
        raise Undecided(f"Not measured: {enumerated(missing)}.")
    text = " ".join(_told(found[name]) for name in KNOWN if name.startswith("topic-") and name in found)
    hundred = found[HUNDRED]
    text += f" {limit_said(hundred)}"
    if ours(hundred):
        raise Undecided(f"Our own client was the limit, so the routing may cost more than it shows. {text}")
    side = keeps_up(hundred, text)
    if side:
        return "holds", text
    if side is None:
        raise Undecided(text)
    if any(keeps_up(found[name], text) for name in FEW):
        return IF, f"Only with few bindings. {text}"
    raise Undecided(f"Not even with few bindings, for which the rule has no word. {text}")


def _told(one: Digest) -> str:
    plain = statistics.median(each(one, "figures", "direct_per_s"))
    share = percent(ratio / 100 for ratio in kept(one))
    return (
        f"With {one.settings['label']} RabbitMQ took {middle_rate(one)}, {share} of the {plain:,.0f}/s without routing."
    )


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: the chosen way, once a repeat."""
    return [measured(NAME, KNOWN[settings["way"]], settings, observer)]


def grid() -> list[Settings]:
    """Every way; the claim reads RabbitMQ's."""
    return [{"way": one.name, "repeats": one.rounds} for one in WAYS]


LAB = Experiment(
    name=NAME,
    number="L7.3",
    title="Routing at rate",
    question="What does each binding cost, and who throws away what nobody wanted?",
    short=routing_at_rate,
    claims=("C68",),
    controls=(Control("way", "Way to route", "choice", HUNDRED, tuple(Option(one.name, one.label) for one in WAYS)),),
    grid=grid,
    run=run,
    rules=(c68,),
    needs=BROKERS,
    ways=WAYS,
    sum_up=sum_up,
    point_s=9.0,
    quiet=False,
    look=along(ROUTED_LOOK, "bindings, or patterns", [(one.line, one.broker) for one in WAYS if one.line]),
)
