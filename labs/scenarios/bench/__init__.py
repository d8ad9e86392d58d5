"""`labs bench`: our generator beside each vendor's own tool, in interleaved rounds on the same broker."""
