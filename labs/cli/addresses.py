"""--redis, --rabbitmq and --kafka: brokers of the user's in place of ours, for the length of one command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from labs.model.endpoint import EXAMPLES

Act = TypeVar("Act", bound=Callable[..., object])
PLACES = {"kafka": "HOST:PORT[,HOST:PORT]", "rabbitmq": "URL", "redis": "URL"}


def address_options(act: Act) -> Act:
    """The three options, which the command itself does not see."""

    def take(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
        from labs.stack.external import yours

        if text is not None:
            try:
                context.call_on_close(yours.name(str(option.name), text))
            except ValueError as error:
                raise click.ClickException(str(error)) from None
        return text

    for broker, metavar in PLACES.items():
        example = EXAMPLES[broker]
        said = f"Use a {broker} of yours, e.g. {example}. Login: LABS_{broker.upper()}_USER and _PASSWORD."
        act = click.option(f"--{broker}", metavar=metavar, callback=take, expose_value=False, help=said)(act)
    return act
