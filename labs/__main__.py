"""The command line. `labs --help` lists the commands; --json prints what a script would read."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from labs.cli.bench import bench
from labs.cli.run import record, run
from labs.cli.terminal import Group, address_options, as_json, backend_option, lines, plain, say, show_json, tell
from labs.model.profile import BROKERS, UnknownNameError


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="broker-labs")
def main() -> None:
    """Redis, Kafka or RabbitMQ? Put it to the test, on real brokers, on this machine."""


def _brokers(names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if name not in (*BROKERS, "memory"):  # which is ours and for our own use
            raise UnknownNameError("broker", name, list(BROKERS))
    return tuple(dict.fromkeys(names)) or BROKERS


@main.command()
@backend_option
@click.argument("brokers", nargs=-1)
@plain
def up(backend: str, brokers: tuple[str, ...]) -> None:
    """Start BROKERS (redis, rabbitmq, kafka; all of them by default). They stay until `labs down`."""
    from labs import stack

    for endpoint in stack.up(_brokers(brokers), backend, report=say).values():
        tell(f"{endpoint.broker:9} {endpoint.host}:{endpoint.port}  {endpoint.backend}  {endpoint.version}")
    say("How to connect: labs status")


@main.command()
@click.option("--reset", is_flag=True, help="Remove the brokers' data as well.")
@plain
def down(reset: bool) -> None:
    """Stop what `labs up` started and clear what a killed command left. Safe to repeat."""
    from labs import stack
    from labs.record import recovery

    stack.down(reset=reset, report=say)
    recovery.clear(say)


@main.command()
@click.option("--show-password", "passwords", is_flag=True, help="Print the passwords too, in the addresses.")
@address_options
@as_json
@plain
def status(passwords: bool, json_: bool) -> None:
    """Where each broker is, how to log in, who started it, and the address to copy into a client.

    Ends with 1 where a broker of yours is named and cannot be used.
    """
    from labs import stack
    from labs.cli import status_table

    found = stack.status(passwords=passwords, report=say)
    if json_:
        show_json(found)
    else:
        lines(status_table.lines(found, passwords=passwords))
    if any(one["state"] == "unusable" for one in found["brokers"].values()):
        sys.exit(1)


@main.command()
@address_options
@as_json
@plain
def doctor(json_: bool) -> None:
    """What this machine has, what is missing, and the one command that cures it."""
    from labs import stack

    report = stack.doctor()
    unusable = [check for check in report["checks"] if check["name"].startswith("your ") and not check["ok"]]
    if json_:
        show_json(report)
        sys.exit(bool(unusable))
    lines(_checks(report))
    sys.exit(bool(unusable))


def _checks(report: Mapping[str, Any]) -> Iterator[str]:
    """A line a check; below it what is missing, and the cure to copy."""
    for check in report["checks"]:
        head = f"{'ok' if check['ok'] else 'no':3} {check['name']:22} "
        said = str(check["found"] or check["missing"])
        yield from textwrap.wrap(
            head + said, 80, subsequent_indent=" " * 27, break_long_words=False, break_on_hyphens=False
        )
        if not check["ok"]:
            yield f"{'':27}cure: {check['cure']}"
    yield ""
    yield from textwrap.wrap(
        f"{report.get('backend', '')}: {report.get('why', '')}", 80, break_long_words=False, break_on_hyphens=False
    )


@main.command(name="list")
@as_json
@plain
def list_(json_: bool) -> None:
    """The labs, their settings and whether a recorded run is in the book."""
    from labs.cli import listing

    if json_:
        show_json(listing.rows())
    else:
        lines(listing.text())


@main.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@plain
def verify(paths: tuple[Path, ...]) -> None:
    """Judge the facts in PATH anew: a run file (.npz; also of killed workers), a recorded file (.json), or the folder
    of a run that is not finished because its recorder was killed. Without PATH: all such folders.
    """
    from labs.cli.verify import verify

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
    from labs.cli import promises

    sys.exit(not promises.attack(**asked))


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
    from labs.cli import lab

    lab.serve(backend, browser=not no_browser, report=say)


for command in (run, record, bench):
    main.add_command(command)

if __name__ == "__main__":
    main()
