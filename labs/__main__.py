"""The command line. `labs --help` lists the commands; --json prints what a script would read."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from labs.benching import bench
from labs.profile import BROKERS, UnknownNameError
from labs.stack import registry, yours
from labs.terminal import Bar, address_options, as_json, backend_option, out, plain, say, show, table_of


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="broker-labs")
def main() -> None:
    """Redis, Kafka or RabbitMQ? Put it to the test, on real brokers, on this machine."""


def _brokers(names: Sequence[str]) -> tuple[str, ...]:
    known = (*BROKERS, "memory")
    for name in names:
        if name not in known:
            raise UnknownNameError("broker", name, list(known))
    return tuple(dict.fromkeys(names)) or BROKERS


@main.command()
@backend_option
@click.argument("brokers", nargs=-1)
@plain
def up(backend: str, brokers: tuple[str, ...]) -> None:
    """Start BROKERS (redis, rabbitmq, kafka; all of them by default). They stay until `labs down`."""
    from labs import stack

    for endpoint in stack.up(_brokers(brokers), backend, report=say).values():
        out.print(f"{endpoint.broker:9} {endpoint.host}:{endpoint.port}  {endpoint.backend}  {endpoint.version}")


@main.command()
@click.option("--reset", is_flag=True, help="Remove the brokers' data as well.")
@plain
def down(reset: bool) -> None:
    """Stop what `labs up` started and clear what a killed command left. Safe to repeat."""
    from labs import stack, unfinished

    stack.down(reset=reset, report=say)
    unfinished.clear(say)


@main.command()
@address_options
@as_json
@plain
def status(json_: bool) -> None:
    """Where each broker is and how to connect."""
    from labs import stack

    show(stack.status(), json_)


@main.command()
@address_options
@as_json
@plain
def doctor(json_: bool) -> None:
    """What this machine has, what is missing, and the one command that cures it."""
    from labs import stack

    report = stack.doctor()
    if json_:
        out.print_json(json.dumps(report))
        return
    for check in report["checks"]:
        mark = "[green]ok [/green]" if check["ok"] else "[yellow]no [/yellow]"
        cure = "" if check["ok"] else f"\n      cure: {check['cure']}"
        out.print(f"{mark} {check['name']:24} ", end="")
        out.print(f"{check['found'] or check['missing']}{cure}", markup=False)
    out.print(f"\n{report.get('backend', '')}: {report.get('why', '')}", markup=False)


@main.command(name="list")
@as_json
@plain
def list_(json_: bool) -> None:
    """The labs, their settings and whether a recorded run is in the book."""
    from labs.experiments import EXPERIMENTS
    from labs.places import RECORDED

    rows = [
        {
            "name": lab.name,
            "number": lab.number,
            "question": lab.question,
            "claims": list(lab.claims),
            "settings": {c.name: c.default for c in lab.controls},
            "recorded": (RECORDED / f"{lab.name}.json").exists(),
        }
        for lab in EXPERIMENTS.values()
    ]
    if json_:
        out.print_json(json.dumps(rows))
        return
    for row in rows:
        out.print(f"{row['number']:5} {row['name']:16} {row['question']}", markup=False)
        for control in EXPERIMENTS[str(row["name"])].controls:
            allowed = f"{control.low:g} to {control.high:g}" if control.kind == "slider" else ""
            allowed = allowed or ", ".join(str(option.value) for option in control.options)
            out.print(f"      {control.alias or control.name:10} {allowed} {control.unit}", markup=False)


@main.command()
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
    """
    from labs.elsewhere import hired_from
    from labs.experiments import experiment

    chosen = experiment(lab)
    settings = chosen.settings(dict(_pair(pair) for pair in pairs))
    if dry_run:
        there = {"brokers": registry.usable()} if yours.named() else {}
        out.print_json(json.dumps({"lab": chosen.name, "settings": settings, **there}))
        return
    told: list[str] = []
    with hired_from(executor, chosen, told), Bar(f"{chosen.number} {chosen.title}") as watch:
        digests = chosen.run(settings, watch)
    for line in told[-1:]:
        say(line)
    for broker in yours.named().keys() - {str(one["settings"].get("broker")) for one in digests}:
        say(f"{broker}: this lab, with these settings, did not use the one of yours")
    verdicts = [asdict(verdict) for verdict in chosen.verdict(digests)]
    if json_:
        out.print_json(json.dumps({"lab": chosen.name, "settings": settings, "digests": digests, "verdicts": verdicts}))
        return
    table_of(digests, chosen.look)
    for verdict in verdicts:
        out.print(f"{verdict['claim']}: {verdict['word']}. {verdict['text']}", markup=False)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise ValueError(f"NAME=VALUE is wanted, got {text!r}, for example --set rate=1000")
    return name, value


@main.command()
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
    from labs import recording, stack
    from labs.experiments import EXPERIMENTS, experiment

    for broker in yours.named():
        stack.spare(broker, "recording for the book")
    for lab in [experiment(name) for name in labs_] or list(EXPERIMENTS.values()):
        only = dict(_pair(pair) for pair in chosen["only"])
        points = recording.points(lab, chosen["repeats"], only)
        if chosen["judge_anew"]:
            out.print(f"{lab.name}: judged anew in {recording.judge_anew(lab, folder)}", markup=False)
            continue
        if dry_run:
            for point in points:
                out.print(f"{lab.name}: {point}", markup=False)
            continue
        with Bar(f"{lab.number} {lab.title}") as watch:
            how = {"folder": folder, "backend": chosen["backend"], "keep": bool(only)}
            path = recording.record_lab(lab, points, watch, **how)
        out.print(f"{lab.name}: {len(points)} points in {path}", markup=False)


@main.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@plain
def verify(paths: tuple[Path, ...]) -> None:
    """Judge the facts in PATH anew: a run file (.npz; also of killed workers), a recorded file (.json), or the folder
    of a run that is not finished because its recorder was killed. Without PATH: all such folders.
    """
    from labs.verifying import verify

    verify(paths)


@main.command()
@click.argument("names", metavar="[ROW]...", nargs=-1)
@click.option("--fast", is_flag=True, help="Only the rows that every test run does, one seed each.")
@click.option("--seeds", type=click.IntRange(1, 100), help="Instead of each row's own number of seeds.")
@click.option("--list", "list_", is_flag=True, help="Print the table and stop.")
@backend_option
@as_json
@plain
def promises(**asked: Any) -> None:
    """Attack the promises ROW (R12, Q12, ...; all by default) on real brokers, each beside its control.

    Ends with 1 unless every row that was run is as expected.
    """
    from labs import attack

    sys.exit(not attack.attack(**asked))


@main.command()
@as_json
@click.pass_context
def passport(context: click.Context, json_: bool) -> None:
    """What this machine does without any broker: the same as `labs run passport`."""
    context.invoke(run, lab="passport", pairs=(), dry_run=False, executor=None, json_=json_)


@main.command()
@backend_option
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@plain
def lab(backend: str, no_browser: bool) -> None:
    """Start the brokers and JupyterLab on loopback; Ctrl-C stops everything that this started."""
    from labs import jupyter

    jupyter.serve(backend, browser=not no_browser, report=say)


main.add_command(bench)

if __name__ == "__main__":
    main()
