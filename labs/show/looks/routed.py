"""The look of L7.3: a rate with routing beside the one without, measured in turns in the same run."""

from __future__ import annotations

from dataclasses import replace

from labs.model.digest import Digest
from labs.model.text import about_per_s, percent, percent_text
from labs.show.looks import rate
from labs.show.quantities import Quantities, Quantity


def plain(digest: Digest) -> float | None:
    """Messages a second without routing, the median of the repeats."""
    return digest.number("figures", "direct_per_s")


def shares(digest: Digest) -> list[float]:
    """The rate with routing over the one without, of each repeat."""
    return digest.each("ratio")


def wasted(digest: Digest) -> list[float]:
    """The share of what was delivered that its reader threw away, of each repeat."""
    return digest.each("figures", "wasted")


QUANTITIES = Quantities((
    rate.LABEL, rate.PER_S,
    Quantity("plain", plain, about_per_s, "Without routing"),
    Quantity("share", shares, percent, "Share of it"),
    Quantity("left", lambda digest: digest.number("ratio"), percent_text),
    Quantity("wasted", wasted, percent, "Delivered, thrown away"),
    rate.LIMIT,
    *rate.WORDS,
))  # fmt: skip
TITLE = "{broker_name}, {label}: {per_s} went through, {share} of the rate without routing"


def _waste(digest: Digest) -> str:
    """What its readers were given for nothing."""
    return " Of what was delivered {wasted} was thrown away." if any(wasted(digest)) else ""


ROUTED_LOOK = replace(
    rate.RATE_LOOK,
    quantities=QUANTITIES,
    title=TITLE,
    sentence=(TITLE, ". Without routing {plain} did.", _waste, " {limit}."),
    part="{left}",
    lead="of the rate without routing there was",
    rank="left",
    several=None,
)
