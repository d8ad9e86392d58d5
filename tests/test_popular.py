"""Claim C05: its word follows from three independent measures of popularity, each with its figures and its bias."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from labs.pages import claim_board, popular, recount_choose
from labs.pages.claims import board
from labs.pages.pages import claim_line

MOST_WORDS = 15
AHEAD = {"Redis": {"a": 4, "b": 5}, "Kafka": {"a": 8}, "RabbitMQ": {"a": 3}, "NATS": {"a": 2}}
FOURTH = AHEAD | {"NATS": {"a": 2, "b": 2}}
EQUAL = AHEAD | {"NATS": {"a": 3}}
TOLD, OTHERWISE = ["Kafka", "RabbitMQ", "Redis", "NATS"], ["Kafka", "RabbitMQ", "NATS", "Redis"]


def planted(of: Any, number: int = 0) -> dict[str, Any]:
    """A measure of these figures, or of this order."""
    source = {"title": "t", "url": "https://far.example", "says": "so"}
    known = {"name": f"count {number}", "of": "here", "read": "2026-11-30", "bias": "Ours.", "beside": {}}
    return known | {"source": [source], "order" if isinstance(of, list) else "figures": of}


def as_toml(measures: list[Any]) -> str:
    """The same as the file has it, as much of it as the second count reads."""
    text = ""
    for of in measures:
        text += "[[proxy]]\n"
        if isinstance(of, list):
            text += f"order = {of!r}\n"
        else:
            parts = {name: ", ".join(f"{part} = {n}" for part, n in found.items()) for name, found in of.items()}
            text += "[proxy.figures]\n" + "".join(f'"{name}" = {{ {found} }}\n' for name, found in parts.items())
    return text


@pytest.mark.parametrize(
    ("measures", "word"),
    [
        ([AHEAD, AHEAD, TOLD], "holds"),
        ([AHEAD, FOURTH, TOLD], "holds with conditions"),
        ([FOURTH, EQUAL, TOLD], "holds with conditions"),
        ([AHEAD, AHEAD, OTHERWISE], "holds with conditions"),
        ([FOURTH, EQUAL, OTHERWISE], "never held"),
    ],
    ids=["all", "two", "an order alone", "all but an order", "none, and one in which the third is not alone"],
)
def test_the_word_says_in_how_many_measures_the_three_lead_by_both_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measures: list[Any], word: str
) -> None:
    monkeypatch.setattr(popular, "proxies", lambda: tuple(map(planted, measures, range(9))))
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "popular.toml").write_text(as_toml(measures))
    assert popular.verdict()["word"] == word == recount_choose.c05(tmp_path)


def test_the_first_sentence_names_the_measures_that_say_so_and_those_that_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for measures, told in (
        ([AHEAD, FOURTH], "one of two measures: in count 0, and not in count 1."),
        ([AHEAD, TOLD], "two of two measures: in count 0 and count 1."),
        ([FOURTH, OTHERWISE], "none of two measures: not in count 0 and count 1."),
    ):
        monkeypatch.setattr(popular, "proxies", lambda of=measures: tuple(map(planted, of, range(9))))
        assert popular.verdict()["evidence"] == f"The three lead in {told}"
        assert popular.verdict()["items"][0][0].startswith("Count 0 (here): ")


def test_the_three_kinds_of_measure_that_the_rule_asks_for_are_there_with_sources_date_and_bias() -> None:
    assert [one["name"] for one in popular.proxies()] == ["client downloads", "job adverts", "a survey"]
    for one in popular.proxies():
        assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", one["read"])
        assert len(one["bias"].split(". ")) >= 3
        assert one["source"]
        for source in one["source"]:
            assert source["url"].startswith("https://")
            assert 1 <= len(source["says"].split()) <= MOST_WORDS, source
    hosts = [{source["url"] for source in one["source"]} for one in popular.proxies()]
    assert len(set.union(*hosts)) == sum(map(len, hosts)), "no document speaks in two measures"


def test_the_figures_that_a_source_quotes_are_those_that_are_counted() -> None:
    downloads, adverts, _survey = popular.proxies()
    known = {name: count for parts in downloads["figures"].values() for name, count in parts.items()}
    quoted = re.findall(r'(\d+),"([\w-]+)"', downloads["source"][0]["says"])
    assert len(quoted) == 4
    assert all(known[name] == int(count) for count, name in quoted)
    last = {name.removeprefix("Amazon "): parts["2024-05"] for name, parts in adverts["figures"].items()}
    quoted = re.findall(r"(\w+):\{count:(\d+)", adverts["source"][0]["says"])
    assert len(quoted) == 4
    assert all(last[name] == int(count) for name, count in quoted)
    assert {len(parts) for parts in adverts["figures"].values()} == {12}


def test_what_the_bias_says_of_the_figures_is_true_of_them() -> None:
    downloads, adverts, _survey = popular.proxies()
    counts = popular.totals(downloads)
    with_celery = counts | {"RabbitMQ": counts["RabbitMQ"] + downloads["beside"]["amqp"]}
    assert sorted(with_celery, key=lambda name: -with_celery[name])[:3] == ["Redis", "Kafka", "RabbitMQ"]
    assert list(counts).index("RabbitMQ") > 3
    months = [f"2024-{month:02}" for month in range(1, 6)]
    late = {name: sum(parts[month] for month in months) for name, parts in adverts["figures"].items()}
    assert late["Amazon SQS"] > late["RabbitMQ"]
    assert all(name.startswith("Amazon ") for name in set(adverts["figures"]) - set(popular.THREE))


def test_every_figure_that_is_counted_stands_in_the_evidence() -> None:
    items = popular.verdict()["items"]
    assert [one[0].partition(" (")[0] for one in items] == ["Client downloads", "Job adverts", "A survey"]
    told = " ".join(part for one in items for part in one)
    for count in ("Redis 195.1", "Google Pub/Sub 51.2", "RabbitMQ 15.3", "Redis 88", "RabbitMQ 17", "Amazon SQS 9"):
        assert f"{count}," in told
    assert "RabbitMQ, then Kafka, then Redis. Bias: " in told
    assert "of 4,025 adverts" in told
    assert "{" not in told


def test_the_evidence_stands_item_by_item_on_the_board_and_on_a_page() -> None:
    [entry] = [one for one in board() if one["id"] == "C05"]
    for html in (claim_board.listed([entry])[entry["section"]], claim_line(entry)):
        assert '<li class="item">Client downloads (PyPI' in html
        assert html.count('<ul><li class="item">Bias: ') == len(popular.proxies())
