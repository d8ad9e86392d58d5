"""What a reader follows: links, anchors, commands, the next page, the promised minutes, the words of the glossary."""

from __future__ import annotations

import re
import shlex
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from labs.__main__ import main
from labs.experiments import experiment
from labs.pages.course import pages
from labs.scenarios.bench.rows import ROWS
from labs.scenarios.promises.table import chosen
from tests.made import prose

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "book"
SHOWN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(BOOK.glob("*.md"))]
ORDER = [page.stem for page in pages()]
TARGETS = re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"))
WORDS_A_MINUTE, PANEL_MINUTES, QUIZ_MINUTES = 200, 3, 2


class Anchors(HTMLParser):
    """The ids of a page, its panels and the addresses that it points to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids |= {value for name in ("id", "name") if (value := found.get(name))}
        if panel := re.fullmatch(r"_static/panels/(.+)\.json", found.get("data-state") or ""):
            self.ids.add(f"lab={panel[1]}")
        self.links += [value for name in ("href", "src") if (value := found.get(name))]


def dead_links(site: Path) -> list[str]:
    files = [path for path in site.rglob("*.html") if "webpack-macros" not in path.name]  # templates of the theme
    parsed = {path.resolve(): Anchors(path.read_text("utf-8")) for path in files}
    dead = []
    for path, page in parsed.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            to = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            to = to / "index.html" if to.is_dir() else to
            name = unquote(parts.fragment).partition("&")[0]  # lab=...&rate=...: a view of that lab's panel
            lost = name and to in parsed and name not in parsed[to].ids
            if not to.exists() or lost:
                dead.append(f"{path.relative_to(site.resolve())}: {link}")
    return dead


def test_every_link_and_anchor_of_the_site_leads_somewhere(site: Path) -> None:
    assert dead_links(site) == []


def test_a_dead_link_and_a_dead_anchor_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p id="here"><a href="b.html">1</a><a href="#here">2</a><a href="#gone">3</a>')
    assert dead_links(tmp_path) == ["a.html: b.html", "a.html: #gone"]


@pytest.mark.parametrize("stem", ORDER)
def test_next_on_a_page_is_the_next_page(stem: str) -> None:
    said = re.findall(r"(?m)^Next: \[[^\]]+\]\(([^)]+)\.md\)", (BOOK / f"{stem}.md").read_text("utf-8"))
    after = ORDER[ORDER.index(stem) + 1 :]
    assert said in ([], after[:1])


@pytest.mark.parametrize("page", [page for page in pages() if page.minutes], ids=lambda page: page.stem)
def test_the_promised_minutes_are_enough_to_read_and_to_play_and_not_twice_that(page) -> None:  # type: ignore[no-untyped-def]
    text = (BOOK / f"{page.stem}.md").read_text("utf-8")
    needed = len(prose(text).split()) / WORDS_A_MINUTE
    needed += PANEL_MINUTES * len(
        re.findall(r"```\{(?:lab-panel|bench-table|bench-picture|choose|choose-scenarios)\}", text)
    )
    needed += QUIZ_MINUTES * text.count("```{quiz}")
    assert needed / 1.25 <= page.minutes <= max(2 * needed, 5), f"about {needed:.0f} minutes"


def commands() -> list[tuple[str, str]]:
    """Every command that a page shows: the lines of a shell block, and code in a sentence that begins with one."""
    found = []
    for path in SHOWN:
        text = path.read_text("utf-8")
        lines = [line for block in re.findall(r"(?ms)^```sh\s*?\n(.*?)^```", text) for line in block.splitlines()]
        lines += [code for code in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text) if re.match(r"(labs|make) [a-z]", code)]
        found += [(path.name, line.replace(".venv/bin/python -m labs", "labs")) for line in lines]
    return [(name, line) for name, line in found if re.search(r"(^|\s)(labs|make) ", line)]


@pytest.mark.parametrize(("page", "line"), sorted(set(commands())))
def test_a_command_that_a_page_shows_exists_with_its_arguments(
    page: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "@mine.txt" in line:  # the block above it
        monkeypatch.chdir(tmp_path)
        [mine] = re.findall(r"(?ms)^```text\n(exchange .*?)^```", (BOOK / page).read_text("utf-8"))
        Path("mine.txt").write_text(mine, "utf-8")
    words = [word for word in shlex.split(line, comments=True) if not re.fullmatch(r"[A-Z_]+=\S*", word)]
    tool, name, *rest = words
    if tool == "make":
        assert name in TARGETS, f"{page}: make has no target {name}"
        return
    if name == "--help":
        return
    assert name in main.commands, f"{page}: labs has no command {name}"
    if name in ("run", "record") and (not rest or rest[0] in ("LAB", "...", "own-delay")):
        return  # placeholders, and the example that CONTRIBUTING.md writes
    if "HOST" in line:  # an address is set in the environment as it is read: look at the names of the options only
        known = {name for option in main.commands[name].params for name in option.opts}
        assert {word for word in rest if word.startswith("--")} <= known
        return
    asked = main.commands[name].make_context(name, list(rest)).params
    if name == "run":
        experiment(asked["lab"]).settings(dict(pair.split("=", 1) for pair in asked["pairs"]))
    elif name == "promises":
        assert chosen(asked["names"])
    elif name == "bench":
        assert {row.id for row in ROWS} >= set(asked["names"])


def test_every_word_of_the_glossary_is_used_on_another_page() -> None:
    defined = re.findall(r"(?m)^([a-z][a-z -]+)\n  ", (BOOK / "glossary.md").read_text("utf-8"))
    assert len(defined) > 20
    texts = [
        *(path for path in SHOWN if path.stem != "glossary"),
        *(BOOK / "quiz").glob("*.toml"),
        ROOT / "labs" / "model" / "claims.csv",
    ]
    used = " ".join(path.read_text("utf-8").lower() for path in texts)
    assert [word for word in defined if not re.search(rf"\b{re.escape(word[:-1])}", used)] == []
