"""Every lab once for real: the point that its panel begins with, measured on brokers that run, as after `labs up`.

A new lab is asked without a line here. The notebooks measure more of each, in `make test-all`.
"""

from __future__ import annotations

import json

import pytest

from labs.experiments import EXPERIMENTS
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.machine import UNSEEN
from labs.model.observer import Observer
from labs.pages.state import card_rest

TRIES = 3
"""A machine that stood still for half a second makes a run void, as its reader is told; the next one is asked then."""


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_lab_measures_the_point_that_its_panel_begins_with(
    name: str, endpoints: dict[str, Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABS_BACKEND", endpoints["redis"].backend)
    lab, steps = EXPERIMENTS[name], list[tuple[float, str]]()
    settings = lab.settings() | {one.name: one.default[:1] for one in lab.controls if one.kind == "many"}
    for _ in range(TRIES):
        steps.clear()
        found = lab.run(settings, Observer(lambda share, text: steps.append((share, text))))
        if not any(one.void for one in found):
            break
    assert [lab.look.key(digest.settings) for digest in found] == [*map(lab.look.key, lab.points_of(settings))]
    for one in found:
        digest = Digest.from_json(json.loads(json.dumps(one.to_json(), allow_nan=False)))
        assert not digest.void
        assert digest.lab == name
        assert len(digest.repeats) == digest.card["repeats"] >= 1
        assert "broker_cpu" not in digest.card, "the processes of a broker of ours are known"
        lines = dict(map(tuple, card_rest(digest.card)))
        assert lines, digest.card
        assert not {"not recorded", UNSEEN} & set(lines.values()), lines
        rows = lab.look.view(digest)["rows"]
        assert rows
        assert {len(row) for row in rows} == {len(lab.look.columns)}
    assert {one.claim for one in lab.judged(found)} <= set(lab.claims)
    assert steps
    assert all(0 <= share <= 1 and text for share, text in steps), steps
    assert [share for share, _ in steps] == sorted(share for share, _ in steps), steps
