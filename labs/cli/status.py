"""`labs status`: where each broker is and how to log in."""

from __future__ import annotations

import sys

import click

from labs.cli.addresses import address_options
from labs.cli.terminal import as_json, lines, plain, say, show_json


@click.command("status")
@click.option("--show-password", "passwords", is_flag=True, help="Print the passwords too, in the addresses.")
@address_options
@as_json
@plain
def command(passwords: bool, json_: bool) -> None:
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
