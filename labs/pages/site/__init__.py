"""What a stranger meets of the site before and beside its text: addresses, the head of a page, its card, the feed, the
icons, the page for an address that is none, and the same pages on paper and in an archive."""
