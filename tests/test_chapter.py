"""Chapter one is the pattern for the others: every claim judged, no figure typed."""

import re
from pathlib import Path

import pytest

from labs.experiments import experiment
from labs.pages.claims import board
from labs.pages.course import chapters

PAGES = sorted((Path(__file__).parent.parent / "book").glob("01-*.md"))
NAMES = {"202", "99"}
"""Not figures: HTTP's status for accepted, and the percentile."""
PARTS = "at-a-glance|guess|repeat|take-along|quiz|lab-panel|claim|drawing"


def prose(text: str) -> str:
    """What a reader reads as text: no directives, code, roles, addresses or numbers of lists and headings."""
    text = re.sub(rf"(?ms)^(`{{3,}})(\{{({PARTS})\}}|sh|python|toml|text).*?^\1\s*$", "", text)
    text = re.sub(r"`+[^`\n]*\n?[^`\n]*`+", "", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return re.sub(r"(?m)^(#+ )?\d+\. ", "", text)


def typed(text: str) -> list[str]:
    """Numbers in the prose that are no setting of the page's labs."""
    allowed = set(NAMES)
    for name in re.findall(r"\{lab-panel\} (\S+)", text):
        for control in experiment(name).controls:
            allowed |= {str(control.default), *(str(option.value) for option in control.options)}
    return [number for number in re.findall(r"(?<![\w.-])\d(?:[\d,.]*\d)?", prose(text)) if number not in allowed]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_no_figure_is_typed(page: Path) -> None:
    assert typed(page.read_text("utf-8")) == []


def test_a_typed_figure_would_be_found() -> None:
    text = PAGES[0].read_text("utf-8")
    assert typed(f"{text}\nHalf of the calls took 3.4 ms and 1,200 were lost; in `code 7` nothing is.\n") == [
        "3.4",
        "1,200",
    ]


def test_every_claim_of_the_chapter_has_a_verdict_from_a_run_or_a_document() -> None:
    first = chapters()[0]
    words = {entry["id"]: entry["word"] for entry in board() if entry["id"] in first.claims}
    assert len(words) == len(first.claims) == 11
    assert "not tested yet" not in words.values()
