"""The observer of a run, and of a part of one."""

from __future__ import annotations

import pytest

from labs.model.observer import CancelledError, Observer


def test_a_part_is_its_share_of_the_whole_and_bears_its_label() -> None:
    told: list[tuple[float, str]] = []
    whole = Observer(progress=lambda share, text: told.append((share, text)))
    whole.part(1, 4, "second").progress(0.5, "at work")
    whole.part(1, 4).part(1, 2, "half").progress(0.0, "begun")
    whole.slice(0.6).progress(0.5, "rest")
    assert told == [(0.375, "second: at work"), (0.375, "half: begun"), (0.8, "rest")]


def test_a_part_that_says_more_than_all_does_not_reach_into_the_next() -> None:
    told: list[float] = []
    Observer(progress=lambda share, _text: told.append(share)).part(0, 2).progress(7.0, "over")
    assert told == [0.5]


def test_progress_never_falls_when_a_part_begins_again_or_is_late() -> None:
    told: list[tuple[float, str]] = []
    whole = Observer(progress=lambda share, text: told.append((share, text)))
    end = whole.slice(0.65)
    for text in ("first try", "second try"):
        end.progress(0.0, text)
        end.progress(1.0, f"{text} over")
    whole.progress(0.0, "stopping")
    assert [share for share, _ in told] == [0.65, 1.0, 1.0, 1.0, 1.0]
    assert [text for _, text in told] == ["first try", "first try over", "second try", "second try over", "stopping"]


def test_a_part_hands_on_the_cancel_and_that_all_are_connected() -> None:
    calls: list[str] = []
    whole = Observer(cancelled=lambda: not calls.append("asked"), connected=lambda: calls.append("connected"))
    part = whole.part(0, 2, "one")
    part.connected()
    assert part.cancelled()
    assert calls == ["connected", "asked"]


def test_one_that_is_not_told_can_still_stop_the_run() -> None:
    told: list[float] = []
    silent = Observer(progress=lambda share, _text: told.append(share), cancelled=lambda: True).silently()
    silent.progress(0.5, "")
    assert silent.cancelled()
    assert not told


def test_a_run_that_is_to_stop_stops_at_the_next_check_and_says_when() -> None:
    Observer().check("never")
    with pytest.raises(CancelledError, match="cancelled at message 5"):
        Observer(cancelled=lambda: True).part(0, 2).check("at message 5")
