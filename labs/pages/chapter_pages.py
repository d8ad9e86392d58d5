"""The first and the last page of a chapter: what is asked and in whose words, and what the labs and documents answered.

Both follow the registry and the verdicts: a lab that comes, or a claim whose word changes, changes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from labs.experiments import EXPERIMENTS
from labs.model.claims import labs_of
from labs.model.text import capital, enumerated, how_many, in_words
from labs.pages import chapter_answers, claim_board, course, in_short, parts
from labs.pages.article import article
from labs.pages.chapter_answers import answers
from labs.pages.claims import NO_CHECK, NO_TEST, UNDECIDED, WORDS, split
from labs.pages.course import Chapter, Page

Entry = Mapping[str, Any]
Entries = Sequence[Entry]
SAID = {
    "holds": ("holds as it stands", "hold as they stand"),
    "holds with conditions": ("holds with conditions", "hold with conditions"),
    "no longer holds": ("no longer holds", "no longer hold"),
    "never held": ("never held", "never held"),
    UNDECIDED: ("is undecided here", "are undecided here"),
    NO_CHECK: ("cannot be checked", "cannot be checked"),
    NO_TEST: ("is not tested yet", "are not tested yet"),
}
"""What is said of one claim with that word, and of several."""
BINS = ((0, 0, "none"), (1, 2, "one or two"), (3, 5, "three to five"), (6, 99, "six or more"))
"""The least, the most, and the option of a guess at how many claims hold."""
LABELS = ("When it holds", "On Monday")


def chapter(number: int) -> Chapter:
    """The chapter of that number. ValueError if there is none."""
    found = next((one for one in course.chapters() if one.number == number), None)
    if found is None:
        raise ValueError(f"there is no chapter {number}; there are {len(course.chapters())}")
    return found


def of_chapter(one: Chapter, entries: Entries) -> list[Entry]:
    """What the board says of the chapter's claims."""
    return [entry for entry in entries if entry["id"] in one.claims]


def says(one: Chapter, entries: Entries, pages: Sequence[Page]) -> str:
    """A few words of the article, each with what puts it to the test."""
    known = {entry["id"]: entry for entry in entries}
    items = (f"<li>{_quoted(known[claim])}<p>{_tested(known[claim], pages)}</p></li>" for claim in one.quoted)
    of = f"{capital(in_words(len(one.quoted)))} of the chapter’s {in_words(len(one.claims))} claims:"
    return f'<p>{of}</p><ul class="chapter-says">{"".join(items)}</ul>'


def _quoted(entry: Entry) -> str:
    return f'<p><q cite="{escape(article().url)}">{escape(entry["words"])}</q></p>'


def _tested(entry: Entry, pages: Sequence[Page]) -> str:
    """Where a claim is put to the test, without what came out."""
    where = course.panels().get(entry["page"])
    page = next((page for page in pages if page.stem == where), None)
    if page is not None:
        return f'Put to the test: <a href="{page.stem}.html">{escape(page.title)}</a>'
    if entry["decided"] == "documents":
        return "Looked up in documents."
    return "Nothing could decide it." if entry["word"] == NO_CHECK else "Not put to the test yet."


def guess(one: Chapter, entries: Entries, _pages: Sequence[Page]) -> str:
    """How many of the chapter's claims hold as they stand: a guess before anything is shown."""
    own = of_chapter(one, entries)
    holding = sum(entry["word"] == "holds" for entry in own)
    right = next(option for least, most, option in BINS if least <= holding <= most)
    ask = f"The article makes {in_words(len(own))} claims in this chapter. How many of them hold as they stand?"
    options = tuple(option for least, _, option in BINS if least <= len(own))
    measured = f"{right}. {told(one, entries)}"
    return parts.choice(parts.Choice(f"chapter-{one.number}", ask, options, measured))


def way(one: Chapter, _entries: Entries, pages: Sequence[Page]) -> str:
    """The chapter's pages between the first and the last, with their minutes."""
    between = [page for page in pages if page.chapter == one.number and not page.opens and not page.closes]
    items = "".join(
        f'<li><a href="{page.stem}.html">{escape(page.title)}</a> <span class="meta">{page.minutes} minutes</span></li>'
        for page in between
    )
    return f'<ol class="chapter-way">{items}</ol>'


def able(one: Chapter, _entries: Entries, _pages: Sequence[Page]) -> str:
    """What a reader can say afterwards, by the labs that are there, each a link to the page that answers it."""
    here = {EXPERIMENTS[lab].number: page for lab, page in course.labs_of(one.number).items()}
    items = "".join(
        f'<li><a href="{here[number].stem}.html">{escape(said)}</a></li>'
        for number, said in one.able.items()
        if number in here
    )
    return f'<ul class="chapter-able">{items}</ul>'


def told(one: Chapter, entries: Entries) -> str:
    """How many claims have which word, as a sentence."""
    own = of_chapter(one, entries)
    counts = Counter(entry["word"] for entry in own)
    found = [(counts[word], SAID[word]) for word in WORDS if counts[word]]
    if len(found) == 1:
        return f"All {in_words(len(own))} claims of the chapter {found[0][1][1]}."
    said = enumerated([f"{how_many(count)} {verbs[count > 1]}" for count, verbs in found])
    return f"Of the chapter’s {in_words(len(own))} claims {said}."


def answer(one: Chapter, entries: Entries, _pages: Sequence[Page]) -> str:
    """The question of the chapter's first page, and what can be said to it now."""
    said = (chapter_answers.told(each, entries, SAID) for each in answers() if each.chapter == one.number)
    items = "".join(f"<li>{text}</li>" for text in said)
    return f'<p class="chapter-asked">{escape(one.asks)}</p><ul class="chapter-answer">{items}</ul>'


def known(one: Chapter, entries: Entries, _pages: Sequence[Page]) -> str:
    """The strip of the chapter's claims; each square leads to its claim below."""
    return claim_board.strip(of_chapter(one, entries), linked=True, of=f"The claims of chapter {one.number}")


def found(one: Chapter, _entries: Entries, _pages: Sequence[Page]) -> str:
    """What each lab of the chapter that says something in short answered, on which condition, and what to do."""
    here = {lab: page for lab, page in course.labs_of(one.number).items() if EXPERIMENTS[lab].short}
    items = "".join(_answer(lab, page) for lab, page in here.items())
    return f'<div class="chapter-found">{items}</div>'


def _answer(lab: str, page: Page) -> str:
    short = in_short.of(lab)
    head = f'<h3><a href="{page.stem}.html">{escape(page.title)}</a></h3><p>{parts.coded(short.answer)}</p>'
    more = zip(LABELS, (short.condition, short.monday), strict=True)
    return head + "".join(f"<p><strong>{label}</strong> {parts.coded(text)}</p>" for label, text in more if text)


def claims(one: Chapter, entries: Entries, _pages: Sequence[Page]) -> str:
    """Each claim of the chapter as the board has it."""
    return "".join(claim_board.listed(of_chapter(one, entries)).values())


def left(one: Chapter, entries: Entries, pages: Sequence[Page]) -> str:
    """The claims without a verdict, each with what it waits for."""
    waiting = [entry for entry in of_chapter(one, entries) if entry["decided"] == "open"]
    if not waiting:
        return "<p>Nothing: each claim of the chapter has its verdict, or it is said why none is possible.</p>"
    items = "".join(f"<li>{_waits(entry, pages)}</li>" for entry in waiting)
    return f'<ul class="chapter-left">{items}</ul>'


def _waits(entry: Entry, pages: Sequence[Page]) -> str:
    link = f'<a class="id" href="#{entry["id"].lower()}">{entry["id"]}</a>'
    why = split(entry["evidence"])[0] if entry["evidence"] else "It is not tested yet."
    return f"{link} {escape(entry['claim'])} {escape(capital(why))}{_where(entry, pages)}"


def _where(entry: Entry, pages: Sequence[Page]) -> str:
    """The pages whose labs the claim waits for, each a link."""
    wanted = labs_of(entry["id"])
    stems = dict.fromkeys(stem for lab, stem in course.panels().items() if EXPERIMENTS[lab].number in wanted)
    links = [f'<a href="{page.stem}.html">{escape(page.title)}</a>' for page in pages if page.stem in stems]
    return f" Measured by: {' · '.join(links)}" if links else ""


def onward(one: Chapter, _entries: Entries, pages: Sequence[Page]) -> str:
    """Where the story goes on: the next chapter's question, or what to choose and what to do on Monday."""
    first = next((page for page in pages if page.opens and (page.chapter or 0) > one.number), None)
    if first is None:
        return (
            '<p>Which broker for which task: <a href="choose.html">Choose</a>. What all of it means for your next '
            'working day: <a href="monday.html">On Monday</a>.</p>'
        )
    title = chapter(first.chapter or 0).title
    return f'<p>{escape(title)}: <a href="{first.stem}.html">{escape(first.title)}</a></p>'


PARTS: dict[str, Callable[[Chapter, Entries, Sequence[Page]], str]] = {
    "says": says, "guess": guess, "way": way, "able": able, "answer": answer, "known": known, "found": found,
    "claims": claims, "left": left, "onward": onward,
}  # fmt: skip
"""What `{chapter-says} 2` and its like show."""


def part(name: str, number: int, entries: Entries) -> str:
    """One part of a chapter's first or last page, as HTML."""
    return PARTS[name](chapter(number), entries, course.pages())
