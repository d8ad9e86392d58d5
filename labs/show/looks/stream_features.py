"""The look of L6.4b: a row a feature, whether the running Redis has it, what it did, and since when there is such."""

from __future__ import annotations

from dataclasses import replace

from labs.model.digest import Digest, Table
from labs.model.stream_features import BROUGHT, COMMANDS
from labs.model.text import enumerated
from labs.show.looks.base import Chart
from labs.show.looks.picture import grid_look
from labs.show.pictures.grid import Capability, Cell, Quantity, Setup
from labs.show.quantities import Quantity as Said


def trials(digest: Digest) -> list[Table]:
    """What each repeat keeps of the trial."""
    return [one["trials"][str(digest.settings["way"])] for one in digest.repeats]


def word(digest: Digest) -> str:
    """What all repeats agree on; mixed where they do not."""
    found = {str(one["outcome"]) for one in trials(digest)}
    return found.pop() if len(found) == 1 else "mixed"


def brought(digest: Digest) -> str:
    """The version of Redis that brought it, by its documentation."""
    return BROUGHT[str(digest.settings["way"])]


def here(digest: Digest) -> Cell:
    """Whether the server takes the command and its option."""
    found = word(digest)
    if found == "absent":
        return Cell("absent", reason=f"came with {brought(digest)}")
    return Cell("mixed") if found == "mixed" else Cell("yes")


def does(digest: Digest) -> Cell:
    """What the command did, beside what its documentation says."""
    found = word(digest)
    if found == "absent":
        return Cell("absent")
    if found not in ("yes", "no"):
        return Cell("mixed")
    return Cell("yes" if found == "yes" else "no", figure=_seen(trials(digest)[0]))


def _seen(trial: Table) -> str:
    """2 handed out, 1 told gone; 3 there, 1 pending."""
    counted = [("got", "handed out"), ("gone", "told gone"), ("there", "there"), ("pending", "pending")]
    return enumerated([f"{len(trial[name])} {said}" for name, said in counted if name in trial])


def since(digest: Digest) -> Cell:
    """The version, by the server's own table where it has the command, else by the documentation."""
    command = COMMANDS.get(str(digest.settings["way"]), "")
    told = {str(one["since"].get(command, "")) for one in digest.repeats} - {"", "untold"}
    if len(told) == 1:
        return Cell("yes", told.pop(), reason="the server’s word")
    return Cell("absent" if word(digest) == "absent" else "yes", brought(digest), reason="by the documentation")


def row(digest: Digest) -> Setup:
    """What the row of a point is called."""
    return Setup(str(digest.settings["label"]), "", "redis")


TABLE = (
    Quantity(Capability("The command", "is there", "are there"), here),
    Quantity(Capability("Its promise", "does what is said of it", "do what is said of them"), does),
    Quantity(Capability("Since"), since),
)
MORE = (
    Said("version", lambda digest: str(digest.setup.get("version", ""))),
    Said("brought", brought),
    Said("refused", lambda digest: str(trials(digest)[0].get("refused", "")), card="The server says"),
)
STREAM_FEATURES_LOOK = replace(
    grid_look(
        ("way",), Chart("grid", "What the running Redis has", "grid", rows="way"), TABLE, row,
        noun=("feature", "features"), more=MORE,
    ),
    lead="It came with Redis",
    part="{since}",
)  # fmt: skip
