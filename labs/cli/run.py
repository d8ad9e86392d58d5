"""`labs run`: measure one lab once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from labs.cli.addresses import address_options
from labs.cli.terminal import as_json, plain, say, show_json, tell
from labs.model.text import enumerated

if TYPE_CHECKING:
    from labs.experiments.base import Experiment, Settings
    from labs.model.digest import Digest


@click.command("run")
@click.argument("lab")
@click.option(
    "--set", "pairs", multiple=True, metavar="NAME=VALUE", help="A setting; `labs list` shows them. Repeatable."
)
@click.option("--dry-run", is_flag=True, help="Say what would be measured, on which brokers of yours, and stop.")
@click.option(
    "--executor",
    metavar="URL",
    help="Produce and consume on workers elsewhere: dask://HOST:PORT or tls://HOST:PORT. A Dask scheduler executes the "
    "code of whoever reaches it.",
)
@address_options
@as_json
@plain
def command(lab: str, pairs: tuple[str, ...], dry_run: bool, executor: str | None, json_: bool) -> None:
    """Run LAB once on live brokers, for example: labs run latency-ladder --set rate=1000 --set rung=2

    With --redis, --rabbitmq or --kafka it runs on brokers of yours. A password never stands in an address: it comes
    from LABS_REDIS_PASSWORD and the like. LABS_TLS_CA names the PEM file of the authority that signed their
    certificates, LABS_TLS_CERT and LABS_TLS_KEY our own certificate. Only what the lab makes itself, under names that
    begin with labs-, is removed afterwards; nothing else on them is changed.

    Exit codes: 0 measured; 1 not measured, with the reason; 2 a wrong command line; 3 measured, but messages were
    refused that should have been taken (not where a fault makes the broker refuse); 4 measured, but nothing counts,
    because the machine stood still meanwhile; 130 and 143 interrupted.
    """
    from labs.cli.executor import check, workers_from
    from labs.cli.progress import Bar
    from labs.cli.tables import table_of
    from labs.experiments import experiment
    from labs.pages.recordings import beside, words
    from labs.record.monitor import waiting
    from labs.stack.external import yours

    chosen = experiment(lab)
    settings = chosen.settings(dict(map(pair, pairs)))
    check(executor, chosen, settings)
    if dry_run:
        _plan(chosen, settings, json_)
        return
    told: list[str] = []
    with workers_from(executor, told), Bar(f"{chosen.number} {chosen.title}") as observer, waiting(observer):
        digests = chosen.run(settings, observer)
    for line in told[-1:]:
        say(line)
    for broker in yours.named().keys() - {str(one.settings.get("broker")) for one in digests}:
        say(f"{broker}: this lab, with these settings, did not use the one of yours")
    verdicts = [asdict(verdict) for verdict in words(chosen, digests)]
    if json_:
        show_json(
            {
                "lab": chosen.name,
                "settings": settings,
                "digests": [one.to_json() for one in digests],
                "verdicts": verdicts,
            }
        )
    else:
        table_of(digests, chosen.look)
        for verdict in verdicts:
            tell(f"{verdict['claim']}: {verdict['word']}. {verdict['text']}{verdict['asks']}")
        for name in beside(chosen) if verdicts else ():
            tell(f"What is recorded of {name} was judged too; this run did not ask it. To ask it here: labs run {name}")
    _end(digests)


def _end(digests: Sequence[Digest]) -> None:
    """Say what keeps a point from counting, and end with the code for it."""
    from labs.judge import soundness

    for one in digests:
        if said := soundness.said(one):
            say(f"{one.settings.get('label', one.lab)}: {said}")
    if code := soundness.exit_code(digests):
        sys.exit(code)


def _plan(lab: Experiment, settings: Settings, json_: bool) -> None:
    """What would be measured, and on which brokers of the user's: each is met, so that a wrong address is told now."""
    from labs.stack import registry
    from labs.stack.external import yours

    there = {"brokers": registry.usable()} if yours.named() else {}
    if json_:
        show_json({"lab": lab.name, "settings": settings, **there})
        return
    tell(f"{lab.name} would be run with {words(lab, settings)}.")
    for broker, about in there.get("brokers", {}).items():
        tell(f"  {broker}: {about['version'] or 'unknown version'} at {about['address']}")


def words(lab: Experiment, settings: Settings) -> str:
    """rate 1000, broker redis and kafka: the names as a command line has them."""
    typed = {control.name: control.typed for control in lab.controls}
    values = {name: enumerated([*map(str, one)]) if isinstance(one, list) else one for name, one in settings.items()}
    return ", ".join(f"{typed.get(name, name)} {one}" for name, one in values.items() if one != "") or "no settings"


def pair(text: str) -> tuple[str, str]:
    """NAME=VALUE in two; ValueError if it is not that."""
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise ValueError(f"NAME=VALUE is wanted, got {text!r}, for example --set rate=1000")
    return name, value
