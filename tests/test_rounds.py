"""Recording in rounds: what is merged, in which order, what is kept when it is interrupted. No broker but memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from labs.experiments import EXPERIMENTS
from labs.judge.merging import merged
from labs.judge.recording import load
from labs.model.digest import Digest
from labs.model.paths import RECORDED

RECORDINGS = sorted(path for path in RECORDED.glob("*.json") if path.stem in EXPERIMENTS)


def rounds_of(digest: Digest) -> list[Digest]:
    """A recorded point as the rounds that it was."""
    sum_up = EXPERIMENTS[digest.lab].sum_up
    card = {**digest.card, "repeats": 1}
    return [replace(digest, repeats=[one], card=card, **sum_up([one])) for one in digest.repeats]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_rounds_that_are_merged_are_the_point_that_many_repeats_gave(path: Path) -> None:
    digests = [one for one in load(path).digests if not one.settings.get("published")]
    assert digests
    for digest in digests:
        found = merged(rounds_of(digest), EXPERIMENTS[digest.lab].sum_up)
        assert found.repeats == digest.repeats
        assert found.median == digest.median
        assert found.card["repeats"] == len(digest.repeats)
        for name, kept in digest.spread.items():
            assert found.spread[name] == (pytest.approx(kept, rel=1e-4) if isinstance(kept, list) else kept)
