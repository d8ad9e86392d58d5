"""What stands around the pages: descriptions, cards, lists for machines, icons, a wrong address, the archive."""

from __future__ import annotations

import re
import struct
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup

from labs.model.paths import PROJECT
from labs.pages import build, course
from labs.pages.claims import WORDS
from labs.pages.site import address, archive, card, head, icons, lists, menu, missing, paper
from tests.conftest import REPOSITORY_URL, SITE_URL

BASE = "https://example.org/brokers/"


# ---- addresses


@pytest.mark.parametrize("text", ["example.org/x", "ftp://example.org/", "https://", "https://example.org/?a=1"])
def test_an_address_that_is_none_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("LABS_SITE_URL", text)
    with pytest.raises(SystemExit, match=r"LABS_SITE_URL must be like https://example\.org/path/"):
        build.main()


def test_an_address_ends_in_one_slash_and_none_stays_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_SITE_URL", "https://example.org/brokers")
    assert address.site() == BASE
    monkeypatch.delenv("LABS_SITE_URL")
    assert address.site() == ""


@pytest.mark.parametrize(
    ("at", "edit"),
    [
        ("https://github.com/a/b/", "https://github.com/a/b/edit/main/book/claims.md"),
        ("https://gitlab.example.org/a/b", "https://gitlab.example.org/a/b/-/edit/main/book/claims.md"),
        ("https://code.example.org/a/b", "https://code.example.org/a/b"),
        ("", None),
    ],
)
def test_a_page_can_be_edited_and_answered_only_where_there_is_a_repository(
    monkeypatch: pytest.MonkeyPatch, at: str, edit: str | None
) -> None:
    monkeypatch.setenv("LABS_REPOSITORY_URL", at)
    found = address.links("book/claims.md", "Which claims hold?")
    assert next((link for _words, link in found), None) == edit
    assert all("Which%20claims%20hold%3F" in link for words, link in found if "wrong" in words)


# ---- the head of a page


def test_a_description_is_whole_sentences_and_never_longer_than_a_search_engine_shows() -> None:
    assert head.described(["", "One is here. Two is too.", "Another."]) == "One is here. Two is too."
    assert head.described([f"{'a' * 90}. {'B' * 90}."]) == f"{'a' * 90}."
    cut = head.described([f"word, {'longer ' * 40}"])
    assert len(cut) <= head.LIMIT
    assert cut.endswith("longer…")
    assert head.described([]) == ""


def test_a_title_with_markup_stays_text_in_the_head() -> None:
    page = head.Head('<b> & "it"', "'><script>", "book/x.html", "_static/cards/x.png", "said")
    found = head.tags(page, "A & B", BASE, f"{BASE}feed.xml")
    assert "<script>" not in found
    assert 'content="&lt;b&gt; &amp; &quot;it&quot;"' in found
    assert f'content="{BASE}_static/cards/x.png"' in found


def test_without_a_base_address_the_head_names_no_host() -> None:
    found = head.tags(head.Head("A", "B", "book/x.html", "_static/cards/x.png", "said"), "C", "", "")
    assert "http" not in found
    assert "og:image" not in found
    assert 'property="og:title" content="A"' in found


# ---- the card


def pixels(png: bytes) -> np.ndarray:
    """What a reader of PNG makes of it; each checksum has to be right."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, parts = 8, {}
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size : at + 12 + size]) == (zlib.crc32(kind + data),)
        parts[kind], at = data, at + 12 + size
    width, height = struct.unpack(">II", parts[b"IHDR"][:8])
    lines = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(height, width, 3)


def test_a_card_has_a_square_for_each_claim_and_fades_those_that_a_page_is_not_about() -> None:
    claims = [(WORDS[at % len(WORDS)], at != 1) for at in range(73)]
    found = pixels(card.card(claims))
    assert found.shape == (630, 1200, 3)
    left, top = 48, 64
    corners = [
        tuple(found[top + at // 13 * 86 + 3, left + at % 13 * 86 + 3].tolist()) for at in range(73)
    ]  # beside every sign
    assert corners[0] == (0x1B, 0x7F, 0x4B)
    assert corners[1] != corners[1 + len(WORDS)]
    assert corners[8] == (0x8A, 0x61, 0x00)
    assert tuple(found[top + 5 * 86 + 3, left + 8 * 86 + 3].tolist()) == (255, 255, 255)


def test_each_verdict_has_a_sign_of_its_own_on_the_card() -> None:
    told = {word: card.tile(word, True) for word in WORDS}
    signs = {word: (tile != tile[0, 0]).any(axis=2).tobytes() for word, tile in told.items()}
    alike = {"undecided here", "not tested yet"}
    assert len({signs[word] for word in WORDS if word not in alike}) == len(WORDS) - len(alike)
    assert signs["undecided here"] not in {signs[word] for word in WORDS if word not in alike}


# ---- lists for machines


@pytest.fixture
def changelog(tmp_path: Path) -> Path:
    """A changelog in a repository of its own: two paragraphs, the second one day younger."""
    path = tmp_path / "CHANGELOG.md"
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    texts = ["# Changelog\n\n## 1\n\nOld & gone.\nIt was *slow*.\n", "\n**New:** `labs x` is <fast>. More.\n"]
    for day, text in enumerate(texts, 1):
        with path.open("a") as file:
            file.write(text)
        subprocess.run([*git, "add", "."], check=True)
        when = f"2026-11-0{day}T12:00:00+01:00"
        dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        subprocess.run([*git, "commit", "-q", "-m", "x"], check=True, env=dates)
    return path


def test_the_feed_has_the_changelogs_paragraphs_newest_first_with_the_dates_that_git_knows(changelog: Path) -> None:
    tree = ElementTree.fromstring(lists.feed(lists.news(changelog), "A & B", BASE))
    atom = "{http://www.w3.org/2005/Atom}"
    entries = [(one.findtext(f"{atom}title"), one.findtext(f"{atom}updated")) for one in tree.iter(f"{atom}entry")]
    assert entries == [
        ("New: labs x is <fast>.", "2026-11-02T12:00:00+01:00"),
        ("Old & gone.", "2026-11-01T12:00:00+01:00"),
    ]
    assert tree.findtext(f"{atom}updated") == "2026-11-02T12:00:00+01:00"
    assert [one.text for one in tree.iter(f"{atom}content")] == [
        "New: labs x is <fast>. More.",
        "Old & gone. It was slow.",
    ]
    names = [one.text for one in tree.iter(f"{atom}id")]
    assert len(set(names)) == len(names) == 3


def test_without_the_history_there_is_no_feed_rather_than_one_with_made_up_dates(
    changelog: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shallow = tmp_path_factory.mktemp("shallow")
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{changelog.parent}", str(shallow)], check=True)
    assert lists.news(shallow / "CHANGELOG.md") == []
    alone = tmp_path_factory.mktemp("alone") / "CHANGELOG.md"
    alone.write_text(changelog.read_text())
    assert lists.news(alone) == []


def test_a_sitemap_is_xml_whatever_an_address_has_in_it() -> None:
    tree = ElementTree.fromstring(lists.sitemap([f"{BASE}a&b.html", f"{BASE}c.html"]))
    assert [one.text for one in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")] == [
        f"{BASE}a&b.html",
        f"{BASE}c.html",
    ]


# ---- icons, a wrong address, the archive, files of the repository


def test_an_icon_that_nobody_has_drawn_is_named_and_a_known_one_keeps_what_the_theme_needs() -> None:
    found = icons.drawn('<i class="theme-switch fa-solid fa-moon fa-lg" data-mode="dark"></i>')
    assert found.startswith(
        '<svg class="icon theme-switch fa-lg" aria-hidden="true" viewBox="0 0 24 24" data-mode="dark">'
    )
    with pytest.raises(ValueError, match="fa-rocket"):
        icons.drawn('<span class="fa-solid fa-rocket"></span>')


def test_the_page_for_a_wrong_address_loads_nothing_and_lists_every_page() -> None:
    pages = [(f"book/{page.stem}.html", page.title) for page in course.pages()]
    found = missing.missing("A <b>", pages, "")
    assert not re.search(r'(src|href)="(https?:|//|\.\./|/)', found)
    assert found.count("<li>") == len(pages)
    assert "<b>" not in found


def test_the_archive_has_every_file_once_and_is_the_same_when_made_again(tmp_path: Path) -> None:
    site = tmp_path / "html"
    (site / "book").mkdir(parents=True)
    (site / "book" / "index.html").write_text("<h1>a</h1>")
    (site / address.PAPER).write_bytes(b"%PDF")
    first = archive.archive(site, tmp_path / "a.zip").read_bytes()
    (site / "book" / "index.html").touch()
    assert archive.archive(site, site / address.ARCHIVE).read_bytes() == first
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        assert [name.partition("/")[2] for name in packed.namelist()] == ["READ-ME.txt", "book/index.html"]


MOST_SHEETS = 600
"""Of the whole book: with every fold printed it had 767."""


def test_the_book_on_paper_has_every_page_of_the_table_of_contents_in_its_order() -> None:
    found = paper.contents(PROJECT / "book" / "_toc.yml")
    for_authors = menu.for_authors()
    for_readers = [page.stem for page in course.pages() if page.stem not in for_authors]
    assert [stem for chapter in found for stem in chapter.stems] == ["index", *for_readers]
    assert len(for_readers) == len(course.pages()) - 1


def test_what_a_citation_says_is_what_the_project_says() -> None:
    cited = yaml.safe_load((PROJECT / "CITATION.cff").read_text("utf-8"))
    project = (PROJECT / "pyproject.toml").read_text("utf-8")
    assert f'version = "{cited["version"]}"' in project
    assert cited["title"].partition("? ")[2] in project
    assert set(cited) >= {"cff-version", "message", "title", "authors"}


def test_a_published_site_is_made_by_pinned_actions_and_names_the_place_that_it_is_published_at() -> None:
    for path in (PROJECT / ".github" / "workflows").glob("*.yml"):
        used = re.findall(r"uses: (\S+)", path.read_text("utf-8"))
        assert used
        assert [one for one in used if not re.fullmatch(r"actions/[a-z-]+@v\d+", one)] == []
    steps = yaml.safe_load((PROJECT / ".github/workflows/site.yml").read_text("utf-8"))["jobs"]["site"]["steps"]
    [made] = [step for step in steps if step.get("run") == "make site"]
    assert set(made["env"]) == {"LABS_SITE_URL", "LABS_REPOSITORY_URL"}


# ---- the built site


def heads(site: Path) -> dict[str, BeautifulSoup]:
    """Page -> its head."""
    files = sorted(site.glob("book/*.html"))
    return {path.stem: BeautifulSoup(path.read_text("utf-8").partition("</head>")[0], "html.parser") for path in files}


def said(page: BeautifulSoup, name: str) -> str:
    """What the page's meta element of that name says; empty if there is none, an error if there are two."""
    found = page.select(f"meta[name='{name}'], meta[property='{name}']")
    assert len(found) <= 1, name
    return str(found[0]["content"]) if found else ""


def test_every_page_has_a_description_of_its_own_a_canonical_address_and_a_card_that_is_there(site: Path) -> None:
    found = heads(site)
    assert len(found) > 20
    texts = {name: said(page, "description") for name, page in found.items()}
    assert {name: text for name, text in texts.items() if not 30 <= len(text) <= head.LIMIT} == {}
    assert len(set(texts.values())) == len(texts)
    for name, page in found.items():
        assert [one["href"] for one in page.select("link[rel=canonical]")] == [f"{SITE_URL}book/{name}.html"]
        assert said(page, "og:url") == f"{SITE_URL}book/{name}.html"
        assert said(page, "og:description") == texts[name]
        assert (site / said(page, "og:image").removeprefix(SITE_URL)).read_bytes()[:4] == b"\x89PNG"
        assert [one["href"] for one in page.select("link[rel=alternate]")] in ([], [f"{SITE_URL}feed.xml"])


def test_the_sitemap_has_every_page_but_those_for_authors_and_no_menu_has_these(site: Path) -> None:
    listed = re.findall(r"<loc>(.*?)</loc>", (site / "sitemap.xml").read_text("utf-8"))
    pages, for_authors = {path.stem for path in site.glob("book/*.html")}, menu.for_authors()
    assert for_authors <= pages
    assert set(listed) == {f"{SITE_URL}book/{stem}.html" for stem in pages - for_authors}
    for path in site.glob("book/*.html"):
        navigation = BeautifulSoup(path.read_text("utf-8"), "html.parser").select("nav.bd-links a, .prev-next-area a")
        assert len(navigation) > 20
        assert [a["href"] for a in navigation if Path(str(a["href"])).stem in for_authors] == []


def test_every_page_can_be_edited_and_answered_where_its_source_is(site: Path) -> None:
    for path in site.glob("book/*.html"):
        links = BeautifulSoup(path.read_text("utf-8"), "html.parser").select(".site-links a")
        assert str(links[0]["href"]) == f"{REPOSITORY_URL}/edit/main/book/{path.stem}.md"
        assert (PROJECT / "book" / f"{path.stem}.md").is_file()
        assert str(links[1]["href"]).startswith(f"{REPOSITORY_URL}/issues/new?title=")


def test_no_page_asks_for_an_icon_font_or_a_launcher_and_none_is_beside_them(site: Path) -> None:
    assert list(site.rglob("fa-solid*")) == list(site.rglob("sphinx-thebe*")) == []
    for path in site.glob("**/*.html"):
        assert not re.search(r"fontawesome|thebe|fa-solid", path.read_text("utf-8")), path.name


def test_on_paper_every_name_is_one_elements_and_every_link_leads_within_the_book(site: Path) -> None:
    document = paper.combined(site, paper.contents(PROJECT / "book" / "_toc.yml"))
    body = BeautifulSoup(document.partition("<body>")[2], "html.parser")
    assert "not in this document: the data and the run card" in body.select(".paper-contents")[0].get_text()
    names = [str(one["id"]) for one in body.select("[id]")]
    assert [name for name, times in Counter(names).items() if times > 1] == []
    links = [str(a["href"]) for a in body.select("a[href]")]
    assert len(links) > 100
    assert [link for link in links if link.startswith("#") and unquote(link[1:]) not in names] == []
    assert [link for link in links if not re.match(r"#|https?://", link)] == []


@pytest.mark.browser
@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_whole_book_is_printed_with_an_outline_and_every_panel_drawn(site: Path, tmp_path: Path) -> None:
    document = paper.combined(site, paper.contents(PROJECT / "book" / "_toc.yml"), SITE_URL)
    made = paper.printed(site, document, tmp_path / "book.pdf").read_bytes()
    assert made.startswith(b"%PDF-")
    assert 60 < paper.pages_of(made) < MOST_SHEETS
    assert b"/Outlines" in made


@pytest.mark.browser
@pytest.mark.long
def test_a_panel_that_cannot_be_drawn_is_not_printed_without_a_word(site: Path, tmp_path: Path) -> None:
    document = paper.combined(site, [paper.Chapter("", ("05-4-latency-ladder",))]).replace(
        "panels/latency", "panels/no"
    )
    with pytest.raises(RuntimeError, match="could not be drawn"):
        paper.printed(site, document, tmp_path / "book.pdf")
    assert not (tmp_path / "book.pdf").exists()
