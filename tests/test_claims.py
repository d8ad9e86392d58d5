"""The claim board: a verdict comes from a run, or from a document where the rule says so."""

import pytest

from labs.pages.claims import WORDS, board, claims, judged
from labs.pages.documents import documented

NO_MEASUREMENT = ("Documentation", "Judgement", "No verdict")


@pytest.mark.parametrize("claim", documented())
def test_a_document_judges_only_what_no_measurement_decides(claim: str) -> None:
    found = documented()[claim]
    assert claims()[claim]["verdict_rule"].startswith(NO_MEASUREMENT)
    assert claim not in judged()
    assert found.word in WORDS[:-1]
    assert all(source.url.startswith("https://") for source in found.sources)


def test_the_board_links_what_was_read_and_only_that() -> None:
    entries = {entry["id"]: entry for entry in board()}
    assert len(entries) == len(claims())
    for claim, entry in entries.items():
        assert bool(entry["read"]) == (claim in documented())
        assert (entry["word"] == "not tested yet") == (claim not in documented() and claim not in judged())
