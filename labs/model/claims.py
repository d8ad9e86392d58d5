"""The 73 claims of the article, from `claims.csv`: what is claimed, who may judge it, by which policy and rule."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files

Row = dict[str, str]
BY_LABS = ("measured", "existence")
"""The policies by which recorded runs of labs decide."""


@cache
def claims() -> dict[str, Row]:
    """The rows by id, in the article's order."""
    text = files("labs.model").joinpath("claims.csv").read_text("utf-8")
    return {row["id"]: row for row in csv.DictReader(text.splitlines())}


def policy_of(claim: str) -> str:
    """How its word is reached: measured, existence, documents or none."""
    return claims()[claim]["policy"]


def labs_of(claim: str) -> list[str]:
    """The numbers of the labs that its row names (L3.2); those alone may judge it."""
    return re.findall(r"L\d\.\d", claims()[claim]["lab"])
