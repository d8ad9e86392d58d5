"""The command line. `labs --help` lists the commands; --json prints what a script would read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from labs.brokers.base import BrokerError
from labs.profile import BROKERS, UnknownNameError
from labs.recorder import CancelledError, Watch
from labs.runs import RunFileError
from labs.stack import StackError

EXPECTED = (StackError, BrokerError, UnknownNameError, RunFileError, CancelledError, ValueError, OSError)
errors = Console(stderr=True, highlight=False, soft_wrap=True)
out = Console(highlight=False)


def _plain(act: Callable[..., Any]) -> Callable[..., Any]:
    """Errors that we expect become one message and exit code 1; Ctrl-C becomes 130."""

    @wraps(act)
    def guarded(*args: Any, **named: Any) -> Any:
        try:
            return act(*args, **named)
        except KeyboardInterrupt:
            errors.print("Interrupted: what was started has been stopped.", style="yellow")
            sys.exit(130)
        except EXPECTED as error:
            errors.print(f"labs: {error}", style="red", markup=False)
            sys.exit(1)

    return guarded


def _say(text: str) -> None:
    errors.print(text, markup=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="broker-labs")
def main() -> None:
    """Redis, Kafka or RabbitMQ? Put it to the test, on real brokers, on this machine."""


as_json = click.option("--json", "json_", is_flag=True, help="Print JSON on standard output.")
backend_option = click.option(
    "--backend",
    type=click.Choice(["auto", "compose", "native"]),
    default="auto",
    show_default=True,
    help="Containers, native processes, or whichever this machine can.",
)


def _brokers(names: Sequence[str]) -> tuple[str, ...]:
    known = (*BROKERS, "memory")
    for name in names:
        if name not in known:
            raise UnknownNameError("broker", name, list(known))
    return tuple(dict.fromkeys(names)) or BROKERS


@main.command()
@backend_option
@click.argument("brokers", nargs=-1)
@_plain
def up(backend: str, brokers: tuple[str, ...]) -> None:
    """Start BROKERS (redis, rabbitmq, kafka; all of them by default). They stay until `labs down`."""
    from labs import stack

    for endpoint in stack.up(_brokers(brokers), backend, report=_say).values():
        out.print(f"{endpoint.broker:9} {endpoint.host}:{endpoint.port}  {endpoint.backend}  {endpoint.version}")


@main.command()
@click.option("--reset", is_flag=True, help="Remove the brokers' data as well.")
@_plain
def down(reset: bool) -> None:
    """Stop what `labs up` started and clear what a killed command left. Safe to repeat."""
    from labs import stack

    stack.down(reset=reset, report=_say)


@main.command()
@as_json
@_plain
def status(json_: bool) -> None:
    """Where each broker is and how to connect."""
    from labs import stack

    _show(stack.status(), json_)


@main.command()
@as_json
@_plain
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


def _show(value: Any, json_: bool) -> None:
    if json_:
        out.print_json(json.dumps(value))
        return
    for name, row in value.items():
        out.print(
            f"{name}: " + (", ".join(f"{k} {v}" for k, v in row.items() if v) if isinstance(row, dict) else f"{row}")
        )


@main.command(name="list")
@as_json
@_plain
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
@click.option("--dry-run", is_flag=True, help="Say what would be measured and stop.")
@as_json
@_plain
def run(lab: str, pairs: tuple[str, ...], dry_run: bool, json_: bool) -> None:
    """Run LAB once on live brokers, for example: labs run latency-ladder --set rate=1000 --set rung=2"""
    from labs.experiments import experiment

    chosen = experiment(lab)
    settings = chosen.settings(dict(_pair(pair) for pair in pairs))
    if dry_run:
        out.print_json(json.dumps({"lab": chosen.name, "settings": settings}))
        return
    with _bar(f"{chosen.number} {chosen.title}") as watch:
        digests = chosen.run(settings, watch)
    verdicts = [asdict(verdict) for verdict in chosen.verdict(digests)]
    if json_:
        out.print_json(json.dumps({"lab": chosen.name, "settings": settings, "digests": digests, "verdicts": verdicts}))
        return
    _table(digests)
    for verdict in verdicts:
        out.print(f"{verdict['claim']}: {verdict['word']}. {verdict['text']}", markup=False)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise ValueError(f"--set wants NAME=VALUE, got {text!r}, for example --set rate=1000")
    return name, value


class _bar:  # noqa: N801 -- used as a function
    """A progress bar with the time left, on standard error, as a Watch."""

    def __init__(self, title: str) -> None:
        columns = (
            TextColumn("{task.fields[title]}"),
            BarColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[text]}"),
        )
        self._progress = Progress(*columns, console=errors, transient=True)
        self._task = self._progress.add_task("", total=1.0, title=title, text="")

    def __enter__(self) -> Watch:
        self._progress.start()
        return Watch(progress=self._move)

    def _move(self, fraction: float, text: str) -> None:
        self._progress.update(self._task, completed=fraction, text=text[:70])

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _table(digests: Sequence[dict[str, Any]]) -> None:
    if not digests or "latency_ms" not in digests[0]["median"]:
        for row in digests:
            for name, value in row["median"].items():
                out.print(f"{name:20} {'-' if value is None else f'{value:.4g}'}")
        return
    table = Table(title="End to end, ms, from when each message was due")
    for column in ("", "p50", "p90", "p99", "max", "late p99", "delivered", "who was the limit"):
        table.add_column(column, justify="left" if column in ("", "who was the limit") else "right")
    for row in digests:
        steps, late = row["median"]["latency_ms"], row["median"]["lateness_ms"]["p99"]
        ledger = row["repeats"][0]["ledger"]
        figures = [steps["p50"], steps["p90"], steps["p99"], steps["max"], late]
        cells = ["too few" if ms is None else f"{ms:.2f}" for ms in figures]
        table.add_row(
            row["settings"]["label"], *cells, f"{ledger['delivered']}/{ledger['attempted']}", row["median"]["stamp"]
        )
    out.print(table)


@main.command()
@click.argument("labs_", metavar="[LAB]...", nargs=-1)
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), help="Where to write; default book/runs."
)
@click.option("--repeats", type=click.IntRange(1, 100), help="Instead of the lab's own number of repeats.")
@click.option("--dry-run", is_flag=True, help="List the points that would be recorded and stop.")
@_plain
def record(labs_: tuple[str, ...], folder: Path | None, repeats: int | None, dry_run: bool) -> None:
    """Measure every point of LAB's grid and write its recorded file. All labs by default."""
    from labs import recording
    from labs.experiments import EXPERIMENTS, experiment

    for lab in [experiment(name) for name in labs_] or list(EXPERIMENTS.values()):
        points = recording.points(lab, repeats)
        if dry_run:
            for point in points:
                out.print(f"{lab.name}: {point}", markup=False)
            continue
        with _bar(f"{lab.number} {lab.title}") as watch:
            path = recording.record_lab(lab, points, folder, watch)
        out.print(f"{lab.name}: {len(points)} points in {path}", markup=False)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@_plain
def verify(files: tuple[Path, ...]) -> None:
    """Read run files (.npz) or recorded files (.json) and judge them anew from the facts in them."""
    from labs import digest, loss, runs

    for path in files:
        if path.suffix == ".json":
            content = digest.load(path)
            out.print(f"{path.name}: {content['lab']}, {len(content['digests'])} digests", markup=False)
        else:
            found = runs.load(path)
            out.print(f"{path.name}: {found!r}: {loss.account(found)}", markup=False)


@main.command()
@as_json
@click.pass_context
def passport(context: click.Context, json_: bool) -> None:
    """What this machine does without any broker: the same as `labs run passport`."""
    context.invoke(run, lab="passport", pairs=(), dry_run=False, json_=json_)


@main.command()
@backend_option
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@_plain
def lab(backend: str, no_browser: bool) -> None:
    """Start the brokers and JupyterLab on loopback; Ctrl-C stops everything that this started."""
    from labs import jupyter

    jupyter.serve(backend, browser=not no_browser, report=_say)


if __name__ == "__main__":
    main()
