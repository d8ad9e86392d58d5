"""labs run and labs record: measure one lab once, or every point of its grid for the book."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from labs.cli.terminal import Bar, address_options, as_json, backend_option, plain, say, show_json, table_of, tell
from labs.experiments.base import Experiment, Settings
from labs.judge import soundness
from labs.model.digest import Digest
from labs.model.text import enumerated
from labs.record.monitor import waiting
from labs.stack import registry
from labs.stack.external import yours


@click.command()
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
def run(lab: str, pairs: tuple[str, ...], dry_run: bool, executor: str | None, json_: bool) -> None:
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
    from labs.experiments import experiment

    chosen = experiment(lab)
    settings = chosen.settings(dict(_pair(pair) for pair in pairs))
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
    verdicts = [asdict(verdict) for verdict in chosen.judged(digests)]
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
            tell(f"{verdict['claim']}: {verdict['word']}. {verdict['text']}")
    _end(digests)


def _end(digests: Sequence[Digest]) -> None:
    """Say what keeps a point from counting, and end with the code for it."""
    for one in digests:
        if said := soundness.said(one):
            say(f"{one.settings.get('label', one.lab)}: {said}")
    if code := soundness.exit_code(digests):
        sys.exit(code)


def _plan(lab: Experiment, settings: Settings, json_: bool) -> None:
    """What would be measured, and on which brokers of the user's: each is met, so that a wrong address is told now."""
    there = {"brokers": registry.usable()} if yours.named() else {}
    if json_:
        show_json({"lab": lab.name, "settings": settings, **there})
        return
    tell(f"{lab.name} would be run with {_words(lab, settings)}.")
    for broker, about in there.get("brokers", {}).items():
        tell(f"  {broker}: {about['version'] or 'unknown version'} at {about['address']}")


def _words(lab: Experiment, settings: Settings) -> str:
    """rate 1000, broker redis and kafka: the names as a command line has them."""
    typed = {control.name: control.typed for control in lab.controls}
    values = {name: enumerated([*map(str, one)]) if isinstance(one, list) else one for name, one in settings.items()}
    return ", ".join(f"{typed.get(name, name)} {one}" for name, one in values.items() if one != "") or "no settings"


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise ValueError(f"NAME=VALUE is wanted, got {text!r}, for example --set rate=1000")
    return name, value


@click.command()
@click.argument("labs_", metavar="[LAB]...", nargs=-1)
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), help="Where to write; default book/runs."
)
@click.option("--repeats", type=click.IntRange(1, 100), help="Instead of the lab's own number of repeats.")
@click.option("--only", multiple=True, metavar="NAME=VALUE", help="Measure these points anew and keep the others.")
@click.option("--judge-anew", is_flag=True, help="Measure nothing: judge the raw runs that were kept by today's rules.")
@click.option("--dry-run", is_flag=True, help="List the points that would be recorded and stop.")
@backend_option
@plain
def record(labs_: tuple[str, ...], folder: Path | None, dry_run: bool, **chosen: Any) -> None:
    """Measure every point of LAB's grid and write its recorded file. All labs by default.

    The book is recorded on brokers that we start ourselves, so that anybody can repeat it: never on brokers of yours.

    Containers are given this machine's own network for it, so that no port proxy is measured.
    """
    from labs import stack
    from labs.experiments import EXPERIMENTS, experiment, record_grid

    for broker in yours.named():
        stack.spare(broker, "recording for the book")
    for lab in [experiment(name) for name in labs_] or list(EXPERIMENTS.values()):
        only = dict(_pair(pair) for pair in chosen["only"])
        points = record_grid.points(lab, chosen["repeats"], only)
        if chosen["judge_anew"]:
            tell(f"{lab.name}: judged anew in {record_grid.judge_anew(lab, folder)}")
            continue
        if dry_run:
            for point in points:
                tell(f"{lab.name}: {_words(lab, point)}")
            continue
        with Bar(f"{lab.number} {lab.title}") as observer:
            how = {"folder": folder, "backend": chosen["backend"], "keep": bool(only)}
            path = record_grid.record_lab(lab, points, observer, **how)
        tell(f"{lab.name}: {len(points)} points in {path}")
