"""What the carriers of one chart promise, in words, where that is not the same for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from labs.model.carriers import CARRIERS, Carrier
from labs.model.digest import Digest
from labs.model.profile import profile
from labs.model.text import BROKER_NAMES, enumerated
from labs.show.sentences import promise_text

NAMES = {"http-new": "HTTP", "http-kept": "HTTP", "http-202": "HTTP 202", "grpc": "gRPC"}
DONE = {"http-202": "only the service’s memory has it", "": "the work is done"}
"""What a caller knows that has its own time back, where no broker keeps anything; the rest is under the empty name."""
ASKED = {"": f"a message {promise_text(0)}"}
"""The same of a question on its way: nobody keeps it."""


def unlike(digests: Iterable[Digest], without: Mapping[str, str] = DONE) -> str:
    """Promise by promise who makes it, a sentence each; empty if all make the same one."""
    ways = dict.fromkeys((d.settings["carrier"], d.settings.get("confirm", "each")) for d in digests)
    found: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for name, confirm in ways:
        if carrier := CARRIERS.get(name):
            said = _promised(carrier, confirm, without)
            found.setdefault(said, {}).setdefault(_short(carrier), []).append((name, confirm))
    if len(found) < 2:
        return ""
    lines = (
        f"With {enumerated([_who(name, group, ways) for name, group in who.items()])} {said}."
        for said, who in found.items()
    )
    return f"The promises differ. {' '.join(lines)}"


def _promised(carrier: Carrier, confirm: str, without: Mapping[str, str]) -> str:
    if carrier.profile:
        return f"a message {promise_text(profile(carrier.profile_for(confirm)).rung)}"
    return without.get(carrier.name, without[""])


def _short(carrier: Carrier) -> str:
    return NAMES.get(carrier.name) or BROKER_NAMES[carrier.broker]


def _who(name: str, group: Sequence[tuple[str, str]], ways: Iterable[tuple[str, str]]) -> str:
    """Kafka, or Kafka (not confirmed) where its other ways promise something else."""
    carriers = {carrier for carrier, _ in group}
    if len([way for way in ways if way[0] in carriers]) == len(group):
        return name
    return f"{name} ({'not confirmed' if group[0][1] == 'none' else 'confirmed'})"
