"""Where the site will stand and where its source is: two settings, empty until somebody publishes it.

Without LABS_SITE_URL a page has no canonical address, no card, and the site no sitemap and no feed: each of them
needs a whole address, and none is made up. Without LABS_REPOSITORY_URL no page offers to edit it or to tell us.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from labs.model import environ

WITHOUT = (
    "No base address is set, so the site has no canonical addresses, social cards, sitemap or feed. "
    "To publish it: LABS_SITE_URL=https://the.address/of/it/ make book"
)
ARCHIVE, PAPER = "redis-kafka-rabbitmq.zip", "redis-kafka-rabbitmq.pdf"
BRANCH = "main"
FORMS = {
    "github": ("{at}/edit/{branch}/{file}", "{at}/issues/new?title={title}"),
    "gitlab": ("{at}/-/edit/{branch}/{file}", "{at}/-/issues/new?issue%5Btitle%5D={title}"),
}
"""A word in the host of a repository -> how the addresses are made at which a file is edited and an issue begun."""


def _checked(name: str) -> str:
    """The address in that variable, with one slash at its end; empty if it is not set. ValueError if it is none."""
    address = environ.read(name).strip()
    parts = urlsplit(address)
    if not address:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{name} must be like https://example.org/path/, got {address!r}")
    return address.rstrip("/") + "/"


def site() -> str:
    """The base address of the published site, ending in a slash; empty if none is set."""
    return _checked("LABS_SITE_URL")


def repository() -> str:
    """The address of the repository without a slash at its end; empty if none is set."""
    return _checked("LABS_REPOSITORY_URL").rstrip("/")


def links(file: str, title: str) -> list[tuple[str, str]]:
    """(words, address) of what a reader may do about a page whose source is `file`; none without a repository."""
    at = repository()
    if not at:
        return []
    form = next((form for word, form in FORMS.items() if word in (urlsplit(at).hostname or "")), None)
    if form is None:  # an unknown kind of server: its forms have other addresses
        return [("The source of this book", at)]
    said = {"at": at, "branch": BRANCH, "file": quote(file), "title": quote(f"{title}: ")}
    return [("Edit this page", form[0].format(**said)), ("Tell us what is wrong here", form[1].format(**said))]


def downloads(above: str) -> list[tuple[str, str]]:
    """(words, address) of the files to take along, where the build is told that they will be beside the pages."""
    if environ.read("LABS_OFFLINE") != "1":
        return []
    return [("All of it to take along (zip)", above + ARCHIVE), ("The book on paper (PDF)", above + PAPER)]
